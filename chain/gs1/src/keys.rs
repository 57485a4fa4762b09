//! Serial numbers, lots, containers and places.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::{CSET_82, checked_number};
use crate::error::Error;
use crate::gtin::Gtin;

/// Debug, and serde's way in and out, by the one text form.
macro_rules! text_form {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                Self::parse(&text)
            }
        }
        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }
    };
}
pub(crate) use text_form;

/// An identifier of one to twenty characters of GS1's set 82, case-sensitive.
macro_rules! text_of_twenty {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses 1 to 20 characters of GS1's set 82; case is kept and matters.
            pub fn parse(text: &str) -> Result<Self, Error> {
                if text.is_empty() || text.len() > 20 {
                    return Err(Error::length($kind, "1 to 20 characters", text));
                }
                CSET_82.check($kind, text)?;
                Ok(Self(text.to_owned()))
            }

            /// The text, as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        text_form!($name);
    };
}

text_of_twenty!(
    /// A serial number, AI (21). Case matters: `ab1` and `AB1` are two packs.
    ///
    /// ```
    /// use veridose_gs1::Serial;
    /// assert_eq!(Serial::parse("Ab-1")?.as_str(), "Ab-1");
    /// assert!(Serial::parse("123456789012345678901").is_err());
    /// # Ok::<(), veridose_gs1::Error>(())
    /// ```
    Serial,
    "serial number"
);
text_of_twenty!(
    /// A batch or lot number, AI (10). Case matters.
    Lot,
    "lot"
);

/// The canonical name of a lot: `(01)GTIN14(10)LOT`.
pub fn lot_name(gtin: &Gtin, lot: &Lot) -> String {
    format!("(01){gtin}(10){lot}")
}

/// A pack: a product's number and a serial number.
///
/// ```
/// use veridose_gs1::{Gtin, Serial, Sgtin};
/// let pack = Sgtin { gtin: Gtin::parse("9506000134352")?, serial: Serial::parse("ABC")? };
/// assert_eq!(pack.name(), "(01)09506000134352(21)ABC");
/// assert_eq!(Sgtin::parse("(01)09506000134352(21)ABC")?, pack);
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sgtin {
    /// The product.
    pub gtin: Gtin,
    /// Which of them.
    pub serial: Serial,
}

impl Sgtin {
    /// Parses the canonical name. [`crate::scan::parse`] takes the other forms.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let parts = name.strip_prefix("(01)").and_then(|rest| rest.split_at_checked(14));
        let Some((gtin, Some(serial))) = parts.map(|(gtin, rest)| (gtin, rest.strip_prefix("(21)"))) else {
            return Err(Error::form("SGTIN", "not a pack's name", "write it as (01)GTIN14(21)SERIAL", name));
        };
        Ok(Self { gtin: Gtin::parse(gtin)?, serial: Serial::parse(serial)? })
    }

    /// The canonical name of the pack: `(01)GTIN14(21)SERIAL`.
    pub fn name(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Sgtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(01){}(21){}", self.gtin, self.serial)
    }
}

text_form!(Sgtin);

/// A Serial Shipping Container Code: a case, a pallet, any logistic unit.
///
/// ```
/// use veridose_gs1::Sscc;
/// assert_eq!(Sscc::parse("376104250021234569")?.name(), "(00)376104250021234569");
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sscc(u64);

impl Sscc {
    /// Parses 18 digits of which the last is the check digit.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() == 18 {
            return checked_number("SSCC", text).map(Self);
        }
        Err(Error::length("SSCC", "18 digits", text))
    }

    /// From its number, check digit included.
    pub fn from_number(number: u64) -> Result<Self, Error> {
        Self::parse(&format!("{number:018}"))
    }

    /// The 18 digits as a number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The canonical name of the container: `(00)SSCC`.
    pub fn name(self) -> String {
        format!("(00){self}")
    }
}

impl fmt::Display for Sscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:018}", self.0)
    }
}

text_form!(Sscc);

/// A Global Location Number: a place or a party.
///
/// ```
/// use veridose_gs1::Gln;
/// assert_eq!(Gln::from_number(614_141_000_005)?, Gln::parse("0614141000005")?);
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gln(u64);

impl Gln {
    /// Parses 13 digits of which the last is the check digit.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() == 13 {
            return checked_number("GLN", text).map(Self);
        }
        Err(Error::length("GLN", "13 digits", text))
    }

    /// From its number, check digit included: how a place stands on the ledger.
    pub fn from_number(number: u64) -> Result<Self, Error> {
        Self::parse(&format!("{number:013}"))
    }

    /// The 13 digits as a number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Gln {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

text_form!(Gln);

/// What tells places with one GLN apart: AI (254), 1 to 20 characters. `0` alone means none (EPC TDS 6.3.3).
pub type Extension = Serial;

/// A place, perhaps a spot within it. An extension `0` is none at all.
///
/// ```
/// use veridose_gs1::Sgln;
/// assert_eq!(Sgln::parse("(414)4012345000115(254)987")?.gln().number(), 4_012_345_000_115);
/// assert_eq!(Sgln::parse("(414)4012345000115(254)0")?.to_string(), "(414)4012345000115");
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sgln {
    gln: Gln,
    extension: Option<Extension>,
}

impl Sgln {
    /// Parses the canonical name. [`crate::Epc::parse`] takes URNs and links.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let Some((gln, rest)) = name.strip_prefix("(414)").and_then(|rest| rest.split_at_checked(13)) else {
            return Err(not_a_place(name));
        };
        let extension = match rest.strip_prefix("(254)") {
            Some(extension) => Some(Extension::parse(extension)?),
            None if rest.is_empty() => None,
            None => return Err(not_a_place(name)),
        };
        Ok(Self::new(Gln::parse(gln)?, extension))
    }

    /// A place; the extension `0` is how an EPC says that there is none.
    pub fn new(gln: Gln, extension: Option<Extension>) -> Self {
        Self { gln, extension: extension.filter(|extension| extension.as_str() != "0") }
    }

    /// The location's number.
    pub const fn gln(&self) -> Gln {
        self.gln
    }

    /// The spot within it.
    pub const fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// The canonical name: `(414)GLN` or `(414)GLN(254)EXTENSION`.
    pub fn name(&self) -> String {
        self.to_string()
    }
}

fn not_a_place(name: &str) -> Error {
    Error::form("SGLN", "not a place's name", "write it as (414)GLN or (414)GLN(254)EXTENSION", name)
}

text_form!(Sgln);

impl fmt::Display for Sgln {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(414){}", self.gln)?;
        self.extension.as_ref().map_or(Ok(()), |extension| write!(f, "(254){extension}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::with_check_digit;

    #[test]
    fn case_is_never_folded() {
        let upper = Serial::parse("ABC").expect("a serial");
        let lower = Serial::parse("abc").expect("a serial");
        assert_ne!(upper, lower);
        assert_eq!(serde_json::to_string(&lower).expect("text"), "\"abc\"");
    }

    #[test]
    fn extension_zero_is_none() {
        let gln = Gln::parse("4012345000115").expect("a GLN");
        let zero = Serial::parse("0").expect("an extension");
        assert_eq!(Sgln::new(gln, Some(zero)), Sgln::new(gln, None));
        assert_eq!(Sgln::new(gln, Serial::parse("987").ok()).name(), "(414)4012345000115(254)987");
    }

    #[test]
    fn a_name_that_is_not_a_places_is_refused() {
        for name in ["", "(414)", "(414)4012345000115x", "(414)4012345000115(254)", "(414)4012345000116"] {
            Sgln::parse(name).expect_err(name);
        }
    }

    #[test]
    fn a_name_that_is_not_a_packs_is_refused() {
        for name in ["", "(01)", "(01)09506000134352", "(01)09506000134352(10)A", "(01)0950600013435ä(21)A"] {
            Sgtin::parse(name).expect_err(name);
        }
    }

    proptest! {
        #[test]
        fn sgtin_round_trip(digits in 0u64..10_000_000_000_000, serial in crate::tests::cset_82(20)) {
            let gtin = Gtin::from_number(with_check_digit(digits)).expect("its check digit fits");
            let pack = Sgtin { gtin, serial: Serial::parse(&serial).expect("of the set") };
            prop_assert_eq!(Sgtin::parse(&pack.name()), Ok(pack.clone()));
            let json = serde_json::to_string(&pack).expect("text");
            prop_assert_eq!(serde_json::from_str::<Sgtin>(&json).expect("its own text"), pack);
        }

        #[test]
        fn sscc_and_gln_round_trip(digits in 0u64..1_000_000_000_000) {
            let sscc = Sscc::from_number(with_check_digit(digits * 99_999)).expect("its check digit fits");
            prop_assert_eq!(Sscc::parse(&sscc.to_string()), Ok(sscc));
            let gln = Gln::from_number(with_check_digit(digits)).expect("its check digit fits");
            prop_assert_eq!(Gln::parse(&gln.to_string()), Ok(gln));
        }

        #[test]
        fn any_text(text in ".*") {
            let _ = (Serial::parse(&text), Lot::parse(&text), Sgtin::parse(&text), Sscc::parse(&text), Gln::parse(&text));
        }
    }
}
