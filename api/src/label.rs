//! Labels: the symbols that scanners read, and what stands beside them for people (GS1 General Specifications, sections 4.14
//! "Human readable interpretation" and 5 "Data carriers").
//!
//! A pack has a GS1 `DataMatrix` (ECC 200) with product, serial number, expiry and lot; a container a GS1-128 with its SSCC. Symbols are
//! modules; how large they are is for whoever draws them, within the bounds that stand here.

mod pdf;

use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use veridose_gs1::{Epc, Expiry, Lot, Sgtin, Sscc};

pub(crate) use pdf::document;

/// Width of a module of a `DataMatrix` on packs of medicine, in millimetres: the target of the symbol specification table for regulated
/// healthcare items (at least 0.254).
pub(crate) const MATRIX_MODULE_MM: f32 = 0.38;
/// Width of the narrowest bar of a GS1-128 on logistic units, in millimetres: the least of the table for items scanned in
/// distribution.
pub(crate) const BAR_MODULE_MM: f32 = 0.495;
/// Height of those bars, in millimetres: the least of the same table.
pub(crate) const BAR_HEIGHT_MM: f32 = 31.75;
/// Empty modules around a `DataMatrix`.
pub(crate) const MATRIX_QUIET: usize = 1;
/// Empty modules on either side of a GS1-128.
pub(crate) const BAR_QUIET: usize = 10;

/// FNC1 as a separator.
const SEPARATOR: &str = "\u{1d}";

/// Something that gets a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    /// A pack.
    Pack {
        /// Which one.
        pack: Sgtin,
        /// Its lot and last day of use, where they are known.
        lot: Option<Lot>,
        /// Last day of use.
        expiry: Option<Expiry>,
        /// What it is called.
        product: String,
    },
    /// A case or pallet.
    Container(Sscc),
}

/// Dark modules of a symbol, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Modules in a row.
    pub(crate) width: usize,
    /// Rows; a linear symbol has one.
    pub(crate) height: usize,
    dark: Vec<bool>,
}

/// A run of dark modules in a row: where it begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Column from 0.
    pub(crate) x: usize,
    /// Row from 0, from above.
    pub(crate) y: usize,
    /// Modules.
    pub(crate) length: usize,
}

impl Symbol {
    /// The dark runs, which draw the symbol.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (at, _) in self.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let (x, y) = (at % self.width, at / self.width);
            match runs.last_mut() {
                Some(run) if run.y == y && run.x + run.length == x => run.length += 1,
                Some(_) | None => runs.push(Run { x, y, length: 1 }),
            }
        }
        runs
    }
}

impl Label {
    /// The label of a pack or container by its Digital Link.
    pub(crate) fn of(link: &str, lot: Option<Lot>, expiry: Option<Expiry>, product: &str) -> Option<Self> {
        match Epc::parse(link).ok()? {
            Epc::Sgtin(pack) => Some(Self::Pack { pack, lot, expiry, product: product.to_owned() }),
            Epc::Sscc(unit) => Some(Self::Container(unit)),
            Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_) => None,
        }
    }

    /// What the symbol says for people: each Application Identifier in parentheses before its data, a line each.
    pub(crate) fn readable(&self) -> Vec<String> {
        match self {
            Self::Pack { pack, lot, expiry, .. } => [
                Some(format!("(01){}", pack.gtin)),
                Some(format!("(21){}", pack.serial)),
                expiry.map(|day| format!("(17){}", day.yymmdd())),
                lot.as_ref().map(|lot| format!("(10){lot}")),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Self::Container(unit) => vec![unit.name()],
        }
    }

    /// What else helps people and is in no symbol: titles of the data (section 4.14, "non-HRI text").
    pub(crate) fn beside(&self) -> Vec<String> {
        match self {
            Self::Pack { lot, expiry, product, .. } => [
                Some(product.clone()).filter(|name| !name.is_empty()),
                lot.as_ref().map(|lot| format!("LOT {lot}")),
                expiry.map(|day| format!("EXP {day}")),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Self::Container(unit) => vec!["SSCC".to_owned(), unit.to_string()],
        }
    }

    /// The symbol; nothing where the data fit none, which GS1's lengths forbid.
    pub(crate) fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::Pack { pack, lot, expiry, .. } => {
                // The separator stands behind data of no fixed length, where more follows.
                let expiry = expiry.map(|day| format!("17{}", day.yymmdd())).unwrap_or_default();
                let lot = lot.as_ref().map(|lot| format!("10{lot}")).unwrap_or_default();
                let separator = if expiry.is_empty() && lot.is_empty() { "" } else { SEPARATOR };
                matrix(format!("01{}21{}{separator}{expiry}{lot}", pack.gtin, pack.serial).as_bytes())
            }
            Self::Container(unit) => bars(&unit.to_string()),
        }
    }
}

fn matrix(data: &[u8]) -> Option<Symbol> {
    let code = DataMatrix::encode_gs1(data, SymbolList::default().enforce_square()).ok()?;
    let bitmap = code.bitmap();
    Some(Symbol { width: bitmap.width(), height: bitmap.height(), dark: bitmap.bits().to_vec() })
}

/// GS1-128: set C, FNC1, the identifier and its digits in pairs.
fn bars(sscc: &str) -> Option<Symbol> {
    let code = Code128::new(format!("\u{106}\u{179}00{sscc}")).ok()?;
    let dark: Vec<bool> = code.encode().iter().map(|module| *module == 1).collect();
    Some(Symbol { width: dark.len(), height: 1, dark })
}

#[cfg(test)]
mod tests {
    use veridose_gs1::scan;

    use super::*;

    fn pack() -> Label {
        let lot = Some(Lot::parse("ABC/1").expect("a lot"));
        let expiry = Some(Expiry::parse("2028-02-29").expect("a date"));
        Label::of("https://id.gs1.org/01/09506000134352/21/A%2F1", lot, expiry, "Alpinol").expect("a pack")
    }

    #[test]
    fn a_scanner_reads_what_the_label_says() {
        let label = pack();
        assert_eq!(label.readable(), ["(01)09506000134352", "(21)A/1", "(17)280229", "(10)ABC/1"]);
        let symbol = label.symbol().expect("a symbol");
        assert_eq!(symbol.width, symbol.height);
        let read = DataMatrix::decode(&symbol.dark, symbol.width).expect("a reader reads it");
        let text = String::from_utf8(read).expect("text");
        let scanned = scan::parse(&text.replacen('\u{e8}', "", 1)).or_else(|_| scan::parse(&text)).expect("a scan");
        assert_eq!(scanned, scan::parse(&label.readable().concat()).expect("the same"));
    }

    #[test]
    fn bars_of_a_container_have_their_start_their_length_and_their_stop() {
        let label = Label::of("https://id.gs1.org/00/095060000000000015", None, None, "").expect("a container");
        assert_eq!(label.readable(), ["(00)095060000000000015"]);
        let symbol = label.symbol().expect("a symbol");
        // Start C, FNC1, ten pairs and the check character of eleven modules each, and the stop of thirteen (ISO/IEC 15417).
        assert_eq!((symbol.width, symbol.height), (13 * 11 + 13, 1));
        let text: String = symbol.dark.iter().map(|dark| if *dark { '1' } else { '0' }).collect();
        assert!(text.starts_with("1101001110011110101110"), "start C and FNC1: {text}");
        assert!(text.ends_with("1100011101011"), "stop: {text}");
        let lengths: usize = symbol.runs().iter().map(|run| run.length).sum();
        assert_eq!(lengths, symbol.dark.iter().filter(|dark| **dark).count());
    }

    #[test]
    fn a_sheet_is_a_pdf_with_each_label() {
        let unit = Label::of("https://id.gs1.org/00/095060000000000015", None, None, "").expect("a container");
        let bytes = document("Labels", "en", &[vec![pack(); 22], vec![unit]].concat());
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-"));
        assert_eq!(
            text.matches("/Type /Page\n").count() + text.matches("/Type /Page ").count(),
            3,
            "two sheets and one of a case"
        );
        assert_eq!(text.matches("(21)A/1").count(), 22);
    }
}
