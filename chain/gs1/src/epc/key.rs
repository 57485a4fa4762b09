//! GS1 keys other than those of packs, lots, containers and places.

use crate::ai::{Ai, Element, InLink, check};
use crate::error::Error;
use crate::gtin::Gtin;

/// A key with the qualifiers that single out the thing. Its data obey the table of Application Identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    ai: Ai,
    value: String,
    qualifiers: Vec<Element>,
}

impl Key {
    pub(crate) fn new(ai: Ai, value: &str, mut qualifiers: Vec<Element>) -> Result<Self, Error> {
        check(ai, value)?;
        for qualifier in &qualifiers {
            check(qualifier.ai, &qualifier.value)?;
        }
        // The finest level alone names the thing: a serial number makes the lot and the variant superfluous.
        qualifiers.retain(|qualifier| qualifier.ai != Ai::VARIANT);
        if qualifiers.iter().any(|qualifier| qualifier.ai == Ai::SERIAL) {
            qualifiers.retain(|qualifier| qualifier.ai != Ai::LOT);
        }
        Ok(Self { ai, value: value.to_owned(), qualifiers })
    }

    /// A pack with a serial number that an authority gave out, as tobacco has.
    pub(crate) fn third_party(gtin: Gtin, serial: &str) -> Result<Self, Error> {
        Self::new(Ai::GTIN, &gtin.to_string(), vec![Element::new(Ai::THIRD_PARTY_SERIAL, serial)])
    }

    /// Which key.
    pub const fn ai(&self) -> Ai {
        self.ai
    }

    /// Its data, the check digit included.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What singles the thing out, in the standard's order.
    pub fn qualifiers(&self) -> &[Element] {
        &self.qualifiers
    }

    pub(crate) fn qualifier(&self, ai: Ai) -> Option<&str> {
        self.qualifiers.iter().find(|element| element.ai == ai).map(|element| element.value.as_str())
    }

    pub(crate) fn elements(&self) -> Vec<Element> {
        let key = Element::new(self.ai, self.value.as_str());
        std::iter::once(key).chain(self.qualifiers.iter().cloned()).collect()
    }
}

/// The sequences of qualifiers that a primary key takes; `None` for what is no key.
pub(crate) fn qualifiers(ai: Ai) -> Option<&'static [&'static [u16]]> {
    match ai.row().in_link {
        InLink::Key(sequences) => Some(sequences),
        InLink::Attribute | InLink::NotAttribute => None,
    }
}

/// Whether the one identifier qualifies the other in a path.
pub(crate) fn may_qualify(ai: Ai, key: Ai) -> bool {
    let sequences = qualifiers(key).unwrap_or_default();
    sequences.iter().any(|sequence| sequence.iter().any(|number| Ai::known(*number) == ai))
}
