//! What a scanner, a web link or a person at a keyboard hands in, read into Application Identifiers.

mod diagnosis;
mod form;
mod mistake;
mod pairing;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::ai::{Ai, Element, InLink, Separator, check};
use crate::epc::Epc;
use crate::error::{Error, shorten};
use crate::expiry::Expiry;
use crate::gtin::Gtin;
use crate::keys::{Lot, Serial, Sgtin, Sscc};
use crate::link;
pub use diagnosis::{Code, Diagnosis};
pub use mistake::{swap_case, swap_yz};

/// No scan is longer: the largest two-dimensional symbol holds 7,089 digits.
pub const SCAN_BYTES_MAX: usize = 8_192;
/// No scan has more elements; a symbol of the longest kind holds a dozen.
pub const SCAN_ELEMENTS_MAX: usize = 64;
/// FNC1 as scanners transmit it: the ASCII group separator.
pub(crate) const GROUP_SEPARATOR: char = '\u{1D}';

/// A scan whose every element is valid by itself and with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scan {
    elements: Vec<Element>,
    notes: Vec<Diagnosis>,
}

/// Reads a scan in any of its forms.
///
/// * element strings, behind a symbology identifier (`]d2`, `]C1`, `]e0`, `]Q3`, `]J1`) or without one, with FNC1 as the
///   group separator (0x1D) or as what keyboards and logs make of it: `␝`, `^]`, `^`, `|`, `<GS>`, `{GS}`, `[GS]`,
///   `<FNC1>`, `{FNC1}`, `\x1D`, `\u001D`;
/// * bracketed `(01)…(17)…(10)…(21)…`; a parenthesis in a value stays there unless it encloses an identifier that has
///   not come yet, and `\(` is always part of the value;
/// * Digital Link URIs of any domain, also with attributes in the query;
/// * EPC URNs;
/// * the digits of a GTIN or an SSCC alone.
///
/// The elements may come in any order. Nothing is corrected: what is wrong comes back as a [`Diagnosis`], perhaps with a
/// suggestion; what is only odd, such as an expiry without a day, is among the scan's [`Scan::notes`].
///
/// ```
/// use veridose_gs1::scan;
/// let scan = scan::parse("]d201095060001343521725123110ABC123\u{1D}21XYZ")?;
/// assert_eq!(scan.sgtin().expect("a pack").name(), "(01)09506000134352(21)XYZ");
/// assert_eq!(scan, scan::parse("(01)09506000134352(17)251231(10)ABC123(21)XYZ")?);
/// assert_eq!(
///     scan.digital_link().as_deref(),
///     Some("https://id.gs1.org/01/09506000134352/10/ABC123/21/XYZ?17=251231")
/// );
/// let diagnosis = scan::parse("(01)09506000134351(21)XYZ").unwrap_err();
/// assert_eq!(diagnosis.suggestion.as_deref(), Some("(01)09506000134352(21)XYZ"));
/// # Ok::<(), scan::Diagnosis>(())
/// ```
pub fn parse(text: &str) -> Result<Scan, Diagnosis> {
    if text.len() > SCAN_BYTES_MAX {
        let message = format!("the scan has {} bytes, at most {SCAN_BYTES_MAX} are read", text.len());
        return Err(Diagnosis::new(Code::TooLong, message));
    }
    let text = text.trim();
    match read(text) {
        Ok(mut scan) => {
            scan.notes.extend(mistake::notes(text, &scan.elements));
            Ok(scan)
        }
        Err(diagnosis) => Err(mistake::explain(text, diagnosis)),
    }
}

/// Reads without looking for the mistakes that people and keyboards make.
fn read(text: &str) -> Result<Scan, Diagnosis> {
    let mut elements = form::read(text)?;
    for element in &elements {
        check(element.ai, &element.value).map_err(|error| Diagnosis::of(element.ai, &error))?;
    }
    without_repeats(&mut elements)?;
    let notes = pairing::check(&elements)?;
    Ok(Scan { elements, notes })
}

/// The same element twice, as from two symbols on one pack, counts once; two values for one identifier are refused.
fn without_repeats(elements: &mut Vec<Element>) -> Result<(), Diagnosis> {
    let mut at = 1;
    while let Some(element) = elements.get(at) {
        match elements.iter().take(at).find(|earlier| earlier.ai == element.ai) {
            Some(earlier) if earlier.value == element.value => {
                elements.remove(at);
            }
            Some(earlier) => {
                let (ai, noun) = (element.ai, element.ai.noun());
                let message = format!("({ai}) {noun} stands twice, as {:?} and as {:?}", earlier.value, element.value);
                let twice = Diagnosis::new(Code::Repeated, message).about(ai);
                return Err(twice.with("given", shorten(&earlier.value)).with("other", shorten(&element.value)));
            }
            None => at += 1,
        }
    }
    Ok(())
}

impl Scan {
    /// The elements, in the order in which they came.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// What is odd about the scan without being wrong.
    pub fn notes(&self) -> &[Diagnosis] {
        &self.notes
    }

    /// The data of one identifier.
    pub fn value(&self, ai: Ai) -> Option<&str> {
        self.elements.iter().find(|element| element.ai == ai).map(|element| element.value.as_str())
    }

    /// The product.
    pub fn gtin(&self) -> Option<Gtin> {
        Gtin::parse(self.value(Ai::GTIN)?).ok()
    }

    /// The serial number.
    pub fn serial(&self) -> Option<Serial> {
        Serial::parse(self.value(Ai::SERIAL)?).ok()
    }

    /// The lot.
    pub fn lot(&self) -> Option<Lot> {
        Lot::parse(self.value(Ai::LOT)?).ok()
    }

    /// The expiry date; the reference year, usually the current one, decides the century.
    pub fn expiry(&self, reference_year: i32) -> Option<Expiry> {
        Expiry::from_yymmdd(self.value(Ai::EXPIRY)?, reference_year).ok()
    }

    /// The pack: product and serial number.
    pub fn sgtin(&self) -> Option<Sgtin> {
        Some(Sgtin { gtin: self.gtin()?, serial: self.serial()? })
    }

    /// The container.
    pub fn sscc(&self) -> Option<Sscc> {
        Sscc::parse(self.value(Ai::SSCC)?).ok()
    }

    /// The finest thing that the scan names: a pack rather than its lot or product.
    pub fn epc(&self) -> Option<Epc> {
        Epc::of_elements(&self.elements).ok()?
    }

    /// The EPC URN of that thing, for the length of its company prefix.
    pub fn urn(&self, prefix_length: u8) -> Option<Result<String, Error>> {
        Some(self.epc()?.urn(prefix_length))
    }

    /// The canonical Digital Link with every element: the key and its qualifiers in the path, the rest in the query.
    /// `None` without a key.
    pub fn digital_link(&self) -> Option<String> {
        let sequences = |element: &&Element| match element.ai.row().in_link {
            InLink::Key(sequences) => Some((element.ai, sequences)),
            InLink::Attribute | InLink::NotAttribute => None,
        };
        let keys = || self.elements.iter().filter_map(|element| sequences(&element));
        let (key, sequences) = keys().find(|(ai, _)| *ai == Ai::GTIN).or_else(|| keys().next())?;
        let present = |number: &&u16| self.value(Ai::known(**number)).is_some();
        let sequence = sequences.iter().max_by_key(|sequence| sequence.iter().filter(present).count());
        let mut path = vec![key];
        path.extend(sequence.into_iter().copied().flatten().filter(present).map(|number| Ai::known(*number)));
        let query = self.elements.iter().filter(|element| !path.contains(&element.ai));
        Some(link::write(
            path.iter().filter_map(|ai| Some((*ai, self.value(*ai)?))),
            query.map(|element| (element.ai, element.value.as_str())),
        ))
    }

    /// The element string as a symbol holds it, with group separators where they must stand.
    pub fn element_string(&self) -> String {
        let mut text = String::with_capacity(64);
        for (at, element) in self.elements.iter().enumerate() {
            text.push_str(&element.ai.to_string());
            text.push_str(&element.value);
            if element.ai.row().separator == Separator::Needed && at + 1 < self.elements.len() {
                text.push(GROUP_SEPARATOR);
            }
        }
        text
    }

    /// The form that stands beside a symbol, for people. An opening parenthesis in a value is written `\(`.
    pub fn bracketed(&self) -> String {
        form::bracketed(&self.elements)
    }

    /// The scans that this one may have been before a keyboard changed it: with the case of all letters swapped (caps
    /// lock), with Y and Z swapped (German layout). For a pack that is not found: look these up and suggest the one that
    /// exists, never take it.
    pub fn likely_misreads(&self) -> Vec<(Code, Self)> {
        mistake::misreads(self)
    }
}
