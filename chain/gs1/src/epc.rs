//! What an EPCIS event names: one value for each thing, whether it came as an EPC URN or as a Digital Link URI.

mod key;
mod plain;
#[cfg(test)]
mod tests;
mod urn;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ai::{Ai, Element, check};
use crate::error::Error;
use crate::gtin::Gtin;
use crate::keys::{Gln, Lot, Serial, Sgln, Sgtin, Sscc};
use crate::link;
pub use key::Key;
pub use plain::plain_pack;

/// No identifier is longer.
const CHARACTERS_MAX: usize = 2_048;

/// A thing, a class of things, a place or a party, named by a URI.
///
/// The finest level counts: a Digital Link with lot and serial is the pack, as the event hash of CBV 2.0 section 8.9
/// asks. Two values are equal when they name the same thing. URIs of other schemes, private ones and other web
/// addresses are kept as they are, since a trading partner may name things its own way.
///
/// ```
/// use veridose_gs1::Epc;
/// let urn = Epc::parse("urn:epc:id:sgtin:4012345.011111.9876")?;
/// let link = Epc::parse("https://example.com/gtin/4012345111118/ser/9876?17=271231")?;
/// assert_eq!(urn, link);
/// assert_eq!(urn.to_string(), "https://id.gs1.org/01/04012345111118/21/9876");
/// assert_eq!(link.urn(7)?, "urn:epc:id:sgtin:4012345.011111.9876");
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Epc {
    /// A pack: `sgtin`, `/01/…/21/…`.
    Sgtin(Sgtin),
    /// A lot: `lgtin`, `/01/…/10/…`.
    Lgtin(Gtin, Lot),
    /// A product: `idpat:sgtin:….*`, `/01/…`.
    Gtin(Gtin),
    /// A container: `sscc`, `/00/…`.
    Sscc(Sscc),
    /// A place: `sgln`, `/414/…`.
    Sgln(Sgln),
    /// A party: `pgln`, `/417/…`.
    Pgln(Gln),
    /// Any other GS1 key: assets, documents, services, components, coupons, shipments.
    Key(Key),
    /// Any other URI, as it was given.
    Other(String),
}

impl Epc {
    /// Parses an EPC URN, a Digital Link URI of any domain, or any other URI.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > CHARACTERS_MAX {
            return Err(Error::length("EPC", format!("at most {CHARACTERS_MAX} characters"), text));
        }
        if let Some((gtin, serial)) = plain_pack(text) {
            return Ok(Self::Sgtin(Sgtin { gtin, serial: Serial::parse(serial)? }));
        }
        Self::parse_any(text)
    }

    /// In any form, also those that have to be unescaped.
    fn parse_any(text: &str) -> Result<Self, Error> {
        if text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:epc:")) {
            return urn::read(text);
        }
        if let Some(address) = link::web(text) {
            return match link::read(address)? {
                Some(link) => Self::of_link(text, &link.path),
                None if address.starts_with("id.gs1.org/") && link::is_compressed(address) => Err(compressed(text)),
                None => Self::other(text),
            };
        }
        Self::other(text)
    }

    /// A web address whose path only looks like a key, as `https://example.com/10/414/x` does, is kept as it is. So is a
    /// place, an asset or a document with a wrong check digit: published EPCIS examples have such, and an event is worth
    /// keeping for what moved. A pack or a container with a wrong one is refused, for what moved is not known then.
    fn of_link(text: &str, path: &[Element]) -> Result<Self, Error> {
        let is_tracked = path.first().is_some_and(|key| matches!(key.ai, Ai::GTIN | Ai::SSCC));
        match Self::of_elements(path) {
            Ok(Some(epc)) => Ok(epc),
            Err(error @ Error::CheckDigit { .. }) if is_tracked => Err(error),
            Err(_) | Ok(None) => Self::other(text),
        }
    }

    fn other(text: &str) -> Result<Self, Error> {
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if is_scheme && !text.contains(|found: char| found.is_whitespace() || found.is_control()) {
            return Ok(Self::Other(text.to_owned()));
        }
        let fix = "write it as an EPC URN, a GS1 Digital Link or another URI without spaces";
        Err(Error::form("EPC", "no URI", fix, text))
    }

    /// The finest thing that the elements name; `None` if there is no key among them.
    pub(crate) fn of_elements(elements: &[Element]) -> Result<Option<Self>, Error> {
        let find = |ai: Ai| elements.iter().find(|element| element.ai == ai).map(|element| element.value.as_str());
        if let Some(gtin) = find(Ai::GTIN) {
            let gtin = Gtin::parse(gtin)?;
            return Ok(Some(match (find(Ai::SERIAL), find(Ai::THIRD_PARTY_SERIAL), find(Ai::LOT)) {
                (Some(serial), _, _) => Self::Sgtin(Sgtin { gtin, serial: Serial::parse(serial)? }),
                (None, Some(serial), _) => Self::Key(Key::third_party(gtin, serial)?),
                (None, None, Some(lot)) => Self::Lgtin(gtin, Lot::parse(lot)?),
                (None, None, None) => Self::Gtin(gtin),
            }));
        }
        if let Some(sscc) = find(Ai::SSCC) {
            return Sscc::parse(sscc).map(|sscc| Some(Self::Sscc(sscc)));
        }
        let Some(key) = elements.iter().find(|element| key::qualifiers(element.ai).is_some()) else { return Ok(None) };
        let qualifiers = elements.iter().filter(|element| key::may_qualify(element.ai, key.ai));
        match key.ai {
            Ai::PLACE if find(Ai::known(7040)).is_none() => {
                let extension = find(Ai::EXTENSION).map(Serial::parse).transpose()?;
                Ok(Some(Self::Sgln(Sgln::new(Gln::parse(&key.value)?, extension))))
            }
            Ai::PARTY if find(Ai::known(7040)).is_none() => Gln::parse(&key.value).map(|gln| Some(Self::Pgln(gln))),
            ai => Key::new(ai, &key.value, qualifiers.cloned().collect()).map(|key| Some(Self::Key(key))),
        }
    }

    /// The canonical Digital Link URI; another URI is given back as it came.
    pub fn digital_link(&self) -> String {
        let elements = self.elements();
        if let Self::Other(uri) = self {
            return uri.clone();
        }
        link::write(elements.iter().map(|element| (element.ai, element.value.as_str())), [])
    }

    /// The same as Application Identifiers with their data; none for another URI.
    pub fn elements(&self) -> Vec<Element> {
        match self {
            Self::Sgtin(pack) => {
                vec![Element::new(Ai::GTIN, pack.gtin.to_string()), Element::new(Ai::SERIAL, pack.serial.as_str())]
            }
            Self::Lgtin(gtin, lot) => {
                vec![Element::new(Ai::GTIN, gtin.to_string()), Element::new(Ai::LOT, lot.as_str())]
            }
            Self::Gtin(gtin) => vec![Element::new(Ai::GTIN, gtin.to_string())],
            Self::Sscc(sscc) => vec![Element::new(Ai::SSCC, sscc.to_string())],
            Self::Sgln(place) => {
                let mut elements = vec![Element::new(Ai::PLACE, place.gln().to_string())];
                elements.extend(place.extension().map(|extension| Element::new(Ai::EXTENSION, extension.as_str())));
                elements
            }
            Self::Pgln(gln) => vec![Element::new(Ai::PARTY, gln.to_string())],
            Self::Key(key) => key.elements(),
            Self::Other(_) => Vec::new(),
        }
    }

    /// The EPC pure-identity URN. The number alone does not tell where the company prefix ends, so the caller says how
    /// long it is: 6 to 12 digits.
    pub fn urn(&self, prefix_length: u8) -> Result<String, Error> {
        urn::write(self, prefix_length)
    }

    /// The pack, if it is one.
    pub const fn sgtin(&self) -> Option<&Sgtin> {
        if let Self::Sgtin(pack) = self { Some(pack) } else { None }
    }

    /// The container, if it is one.
    pub const fn sscc(&self) -> Option<Sscc> {
        if let Self::Sscc(sscc) = self { Some(*sscc) } else { None }
    }

    /// The product of a pack, a lot or the product itself.
    pub const fn gtin(&self) -> Option<Gtin> {
        match self {
            Self::Sgtin(pack) => Some(pack.gtin),
            Self::Lgtin(gtin, _) | Self::Gtin(gtin) => Some(*gtin),
            Self::Sscc(_) | Self::Sgln(_) | Self::Pgln(_) | Self::Key(_) | Self::Other(_) => None,
        }
    }

    /// The lot, if it is one.
    pub const fn lot(&self) -> Option<&Lot> {
        if let Self::Lgtin(_, lot) = self { Some(lot) } else { None }
    }

    /// The place, if it is one.
    pub const fn sgln(&self) -> Option<&Sgln> {
        if let Self::Sgln(place) = self { Some(place) } else { None }
    }

    /// The number of a place or a party.
    pub const fn gln(&self) -> Option<Gln> {
        match self {
            Self::Sgln(place) => Some(place.gln()),
            Self::Pgln(gln) => Some(*gln),
            Self::Sgtin(_) | Self::Lgtin(..) | Self::Gtin(_) | Self::Sscc(_) | Self::Key(_) | Self::Other(_) => None,
        }
    }
}

fn compressed(text: &str) -> Error {
    let fix = "resolve it first, or encode the uncompressed form";
    Error::form("Digital Link", "a compressed link, which is not read,", fix, text)
}

/// How many digits the company prefix of an EPC URN has, so that the URN can be written again from its value.
///
/// ```
/// assert_eq!(veridose_gs1::prefix_length("urn:epc:id:sscc:030001.41234567890"), Some(6));
/// assert_eq!(veridose_gs1::prefix_length("https://id.gs1.org/00/040123450000001112"), None);
/// ```
pub fn prefix_length(urn: &str) -> Option<u8> {
    urn::prefix_length(urn)
}

/// The canonical form that an event hash uses (CBV 2.0, 8.9): the Digital Link at `https://id.gs1.org` with GTIN-14 and
/// only the finest level. A link whose only fault is a check digit is normalised as well, so that the hash does not depend
/// on its domain. What is no GS1 identifier is given back as it came.
///
/// ```
/// use veridose_gs1::canonical_uri;
/// assert_eq!(canonical_uri("urn:epc:class:lgtin:4012345.012345.998877"), "https://id.gs1.org/01/04012345123456/10/998877");
/// assert_eq!(canonical_uri("urn:epc:id:bic:CSQU3054383"), "urn:epc:id:bic:CSQU3054383");
/// ```
pub fn canonical_uri(uri: &str) -> String {
    match Epc::parse(uri) {
        Ok(Epc::Other(_)) | Err(_) => misprinted(uri).unwrap_or_else(|| uri.to_owned()),
        Ok(epc) => epc.digital_link(),
    }
}

/// The canonical form of a link with wrong check digits; `None` if anything else is wrong with it.
fn misprinted(uri: &str) -> Option<String> {
    let mut path = link::read(link::web(uri)?).ok()??.path;
    let is_near =
        |element: &Element| matches!(check(element.ai, &element.value), Ok(()) | Err(Error::CheckDigit { .. }));
    if !path.iter().all(is_near) {
        return None;
    }
    let has_serial = path.iter().any(|element| element.ai == Ai::SERIAL);
    path.retain(|Element { ai, value }| match *ai {
        Ai::VARIANT => false,
        Ai::LOT => !has_serial,
        Ai::EXTENSION => value != "0",
        _ => true,
    });
    Some(link::write(path.iter().map(|element| (element.ai, element.value.as_str())), []))
}

impl fmt::Display for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digital_link())
    }
}

impl From<Epc> for String {
    fn from(epc: Epc) -> Self {
        epc.digital_link()
    }
}

impl TryFrom<String> for Epc {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for Epc {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}
