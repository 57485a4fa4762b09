//! GS1 Application Identifiers: what each one's data looks like and which ones go together.

mod rule;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::check::CharacterSet;
use crate::error::Error;
pub(crate) use rule::Rule;
use table::TABLE;
pub(crate) use value::check;

/// An Application Identifier that GS1 has allocated: two to four digits that say what the data behind them mean.
///
/// ```
/// use veridose_gs1::Ai;
/// assert_eq!(Ai::parse("01")?, Ai::GTIN);
/// assert_eq!(Ai::parse("3103")?.to_string(), "3103");
/// assert!(Ai::parse("04").is_err());
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
// The digits as a number: those of two digits are below 100, of three below 1000, so that no two are alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ai(u16);

impl Ai {
    /// (00) SSCC.
    pub const SSCC: Self = Self(0);
    /// (01) GTIN.
    pub const GTIN: Self = Self(1);
    /// (10) Batch or lot.
    pub const LOT: Self = Self(10);
    /// (17) Expiry date.
    pub const EXPIRY: Self = Self(17);
    /// (21) Serial number.
    pub const SERIAL: Self = Self(21);
    /// (22) Consumer product variant.
    pub const VARIANT: Self = Self(22);
    /// (235) Third-party-controlled serial number.
    pub const THIRD_PARTY_SERIAL: Self = Self(235);
    /// (254) Extension of a GLN.
    pub const EXTENSION: Self = Self(254);
    /// (414) GLN of a place.
    pub const PLACE: Self = Self(414);
    /// (417) GLN of a party.
    pub const PARTY: Self = Self(417);

    /// Parses the digits of an allocated identifier, without parentheses.
    pub fn parse(digits: &str) -> Result<Self, Error> {
        Self::find(digits).ok_or_else(|| {
            let fix = "use an Application Identifier of the GS1 General Specifications, section 3";
            Error::form("AI", "an identifier that GS1 has not allocated", fix, digits)
        })
    }

    /// The identifier of exactly these digits.
    pub(crate) fn find(digits: &str) -> Option<Self> {
        let (ai, rest) = Self::lead(digits)?;
        rest.is_empty().then_some(ai)
    }

    /// The identifier that an element string starts with, and what follows it. The first two digits tell how long it is
    /// (GS1 General Specifications, figure 7.8.2).
    pub(crate) fn lead(text: &str) -> Option<(Self, &str)> {
        let length = match text.get(..2)?.as_bytes() {
            b"23" | b"24" | b"25" | b"40" | b"41" | b"42" | b"71" => 3,
            [b'3', b'1'..=b'6' | b'9'] | [b'4', b'3'] | [b'7', b'0' | b'2'] | [b'8', b'0'..=b'2'] => 4,
            _ => 2,
        };
        let (digits, rest) = text.split_at_checked(length)?;
        let number = digits
            .bytes()
            .try_fold(0u16, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0')))?;
        row(number).map(|_| (Self(number), rest))
    }

    pub(crate) const fn known(number: u16) -> Self {
        Self(number)
    }

    pub(crate) fn row(self) -> &'static Row {
        row(self.0).expect("an identifier is only made from a number that the table has")
    }

    /// What a person calls it, for the identifiers a pharmacy meets.
    pub fn noun(self) -> &'static str {
        match self.0 {
            0 => "SSCC",
            1 => "GTIN",
            2 => "contained GTIN",
            10 => "lot",
            11 => "production date",
            15 => "best-before date",
            16 => "sell-by date",
            17 => "expiry date",
            21 => "serial number",
            37 => "count",
            253 => "GDTI",
            254 => "GLN extension",
            255 => "GCN",
            401 => "GINC",
            402 => "GSIN",
            410..=417 => "GLN",
            710..=717 => "national drug number",
            8003 => "GRAI",
            8004 => "GIAI",
            8006 => "ITIP",
            8010 => "CPI",
            8011 => "CPI serial",
            8013 => "GMN",
            8017 | 8018 => "GSRN",
            _ => "value",
        }
    }

    /// Whether both lie in one ten, as 3102 and 3103 do.
    pub(crate) const fn is_in_ten_of(self, other: Self) -> bool {
        self.0 / 10 == other.0 / 10
    }

    /// Whether the identifier lies in the pattern.
    pub(crate) const fn is(self, pattern: Pattern) -> bool {
        pattern.0 <= self.0 && self.0 <= pattern.1
    }
}

fn row(number: u16) -> Option<&'static Row> {
    let behind = TABLE.partition_point(|row| row.first <= number);
    let row = TABLE.get(behind.checked_sub(1)?)?;
    (number <= row.last && number % 10 <= row.last_digit_max).then_some(row)
}

/// One identifier with its data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Element {
    /// What the data mean.
    pub ai: Ai,
    /// The data, without separators or escapes; case-sensitive.
    pub value: String,
}

impl Element {
    pub(crate) fn new(ai: Ai, value: impl Into<String>) -> Self {
        Self { ai, value: value.into() }
    }
}

impl fmt::Display for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }
}

impl Serialize for Ai {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Identifiers from the first to the last, both included: `31nn` is 3100 to 3199.
#[derive(Clone, Copy)]
pub(crate) struct Pattern(u16, u16);

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 - self.0 {
            0 => write!(f, "{:02}", self.0),
            1..10 => write!(f, "{}n", self.0 / 10),
            _ => write!(f, "{}nn", self.0 / 100),
        }
    }
}

/// Whether a separator must stand behind the data when more follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Separator {
    /// FNC1 ends the data.
    Needed,
    /// The length is predefined: no separator.
    Predefined,
}

/// Where the identifier stands in a Digital Link URI.
#[derive(Clone, Copy)]
pub(crate) enum InLink {
    /// Not as an attribute: only in the path, as a qualifier of a key, if at all.
    NotAttribute,
    /// In the query.
    Attribute,
    /// In the path, as the primary key with these sequences of qualifiers; in the query of another key too.
    Key(&'static [&'static [u16]]),
}

/// Whether a component may be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// One component of an identifier's data.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) set: CharacterSet,
    pub(crate) length_min: usize,
    pub(crate) length_max: usize,
    pub(crate) presence: Presence,
    pub(crate) rule: Rule,
}

/// What GS1 says of one identifier, or of several that differ only in their number.
pub(crate) struct Row {
    first: u16,
    last: u16,
    /// Identifiers of the range end in 0 to this digit: 3100 to 3105, then 3110 to 3115.
    last_digit_max: u16,
    pub(crate) separator: Separator,
    pub(crate) in_link: InLink,
    pub(crate) parts: &'static [Part],
    /// Others that must come with it: one of these groups, whole.
    pub(crate) requires: &'static [&'static [Pattern]],
    /// Others that may not come with it.
    pub(crate) excludes: &'static [Pattern],
    /// Excludes the others of its own ten, as 3103 excludes 3102.
    pub(crate) excludes_own_ten: bool,
}
