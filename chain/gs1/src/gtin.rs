//! GTIN: the number of a product, in all its lengths and from an NDC.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::{checked_number, number, with_check_digit};
use crate::error::Error;

/// Ten to the 13th: what the packaging indicator of a GTIN-14 counts in.
const INDICATOR: u64 = 10_000_000_000_000;
/// The GS1 prefix 03 of US drugs, in front of the ten digits of an NDC.
const NDC_PREFIX: u64 = 30_000_000_000;

/// A Global Trade Item Number. GTIN-8, 12, 13 and 14 of the same product are equal: all are kept as 14 digits.
///
/// ```
/// use veridose_gs1::Gtin;
/// let gtin = Gtin::parse("9506000134352")?;
/// assert_eq!(gtin.to_string(), "09506000134352");
/// assert_eq!(gtin, Gtin::parse("09506000134352")?);
/// let error = Gtin::parse("9506000134353").unwrap_err();
/// assert_eq!(error.to_string(), r#"GTIN: the check digit of "9506000134353" is 3, but its other digits give 2"#);
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gtin(u64);

impl Gtin {
    /// Parses 8, 12, 13 or 14 digits of which the last is the check digit.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.len() {
            8 | 12 | 13 | 14 => checked_number("GTIN", text).map(Self),
            _ => Err(Error::length("GTIN", "8, 12, 13 or 14 digits", text)),
        }
    }

    /// From its digits but the check digit; none if one is no digit.
    pub(crate) fn of_digits(mut digits: impl Iterator<Item = u8>) -> Option<Self> {
        let number = digits.try_fold(0_u64, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit.wrapping_sub(b'0')))?;
            number.checked_mul(10)?.checked_add(digit)
        })?;
        (number < INDICATOR).then(|| Self(with_check_digit(number)))
    }

    /// From its number, check digit included.
    pub fn from_number(number: u64) -> Result<Self, Error> {
        Self::parse(&format!("{number:014}"))
    }

    /// From a National Drug Code of the US Food and Drug Administration.
    ///
    /// The FDA's ten digits (labeler-product-package as 4-4-2, 5-3-2 or 5-4-1, with hyphens, or ten digits alone) become
    /// a GTIN by the GS1 prefix 03 in front and a check digit behind: `0` indicator, `03`, ten digits, check digit (GS1 US,
    /// "Applying GS1 system of supply chain standards for DSCSA"; 21 CFR 207.33 for the NDC's forms). The eleven digits
    /// 5-4-2 of billing (45 CFR 162.1002) pad one segment with a zero, which is dropped again. Labeler codes of five
    /// digits do not start with 0, so a zero there is the padding; where both the product and the package start with 0
    /// the padding cannot be told and the code is refused with that reason.
    ///
    /// ```
    /// use veridose_gs1::Gtin;
    /// assert_eq!(Gtin::from_ndc("0002-1433-80")?.to_string(), "00300021433802");
    /// assert_eq!(Gtin::from_ndc("00002-1433-80")?, Gtin::from_ndc("0002-1433-80")?);
    /// # Ok::<(), veridose_gs1::Error>(())
    /// ```
    pub fn from_ndc(text: &str) -> Result<Self, Error> {
        let mut digits = String::with_capacity(text.len());
        digits.extend(text.chars().filter(|found| *found != '-'));
        let mut lengths = [0usize; 3];
        let mut segments = 0;
        for segment in text.split('-') {
            if let Some(length) = lengths.get_mut(segments) {
                *length = segment.len();
            }
            segments += 1;
        }
        match (segments, lengths) {
            (3, [4, 4, 2] | [5, 3, 2] | [5, 4, 1]) | (1, [10, _, _]) => {}
            (3, [5, 4, 2]) | (1, [11, _, _]) => {
                number("NDC", &digits)?;
                digits.remove(ndc_padding(text, &digits)?);
            }
            _ => {
                let fix = "write it as 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits with hyphens";
                return Err(Error::form("NDC", "the segments have other lengths than an NDC's", fix, text));
            }
        }
        Ok(Self(with_check_digit(NDC_PREFIX + number("NDC", &digits)?)))
    }

    /// The same product in another packaging: indicator 0 for the pack, 1 to 8 for cases, 9 for variable measure.
    pub fn with_indicator(self, indicator: u8) -> Result<Self, Error> {
        if indicator > 9 {
            let given = indicator.to_string();
            return Err(Error::form("GTIN indicator", "more than one digit", "use 0 to 9", &given));
        }
        let without = self.0 / 10 % (INDICATOR / 10);
        Ok(Self(with_check_digit(u64::from(indicator) * (INDICATOR / 10) + without)))
    }

    /// The packaging indicator, the first of the 14 digits.
    pub fn indicator(self) -> u8 {
        u8::try_from(self.0 / INDICATOR).expect("a GTIN has 14 digits, so its first is one digit")
    }

    /// The 14 digits as a number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The canonical name of the product: `(01)GTIN14`.
    pub fn name(self) -> String {
        format!("(01){self}")
    }
}

/// Which of the eleven digits is the zero that pads an NDC.
fn ndc_padding(text: &str, digits: &str) -> Result<usize, Error> {
    let is_zero = |at: usize| digits.as_bytes().get(at) == Some(&b'0');
    let fix = "write the ten digits as they stand on the label, 4-4-2, 5-3-2 or 5-4-1";
    match (is_zero(0), is_zero(5), is_zero(9)) {
        (true, _, _) => Ok(0),
        (false, true, false) => Ok(5),
        (false, false, true) => Ok(9),
        (false, true, true) => {
            Err(Error::form("NDC", "product and package both start with 0, either may be the padding", fix, text))
        }
        (false, false, false) => Err(Error::form("NDC", "no segment of the eleven digits is padded with 0", fix, text)),
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

crate::keys::text_form!(Gtin);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_ndc_form_of_one_product_is_one_gtin() {
        for (forms, gtin) in [
            (["0777-3105-02", "00777-3105-02", "00777310502"], "00307773105025"),
            (["50242-040-62", "50242-0040-62", "50242004062"], "00350242040624"),
            (["12345-6789-1", "12345-6789-01", "12345678901"], "00312345678913"),
        ] {
            for form in forms {
                assert_eq!(Gtin::from_ndc(form).expect(form).to_string(), gtin, "{form}");
            }
        }
    }

    #[test]
    fn an_ndc_that_is_none_is_refused_with_the_reason() {
        for (ndc, reason) in [
            ("12345-0678-01", "either may be the padding"),
            ("12345-6789-12", "no segment"),
            ("123-456", "other lengths"),
            ("1234-5678-9X", "'X' at position 10"),
            ("", "other lengths"),
        ] {
            let error = Gtin::from_ndc(ndc).expect_err(ndc).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn indicators() {
        let pack = Gtin::parse("00300021433802").expect("a GTIN");
        let case = pack.with_indicator(5).expect("one digit");
        assert_eq!(case.indicator(), 5);
        assert_eq!(&case.to_string()[1..13], "030002143380");
        assert_eq!(case.with_indicator(0).expect("one digit"), pack);
        pack.with_indicator(10).expect_err("two digits");
    }

    proptest! {
        #[test]
        fn round_trip(digits in 0u64..INDICATOR) {
            let gtin = Gtin::from_number(with_check_digit(digits)).expect("its check digit fits");
            prop_assert_eq!(Gtin::parse(&gtin.to_string()), Ok(gtin));
            prop_assert_eq!(Gtin::from_number(gtin.number()), Ok(gtin));
            let json = serde_json::to_string(&gtin).expect("text");
            prop_assert_eq!(serde_json::from_str::<Gtin>(&json).expect("its own text"), gtin);
        }

        #[test]
        fn one_wrong_digit_is_always_noticed(digits in 0u64..INDICATOR, place in 0u32..14, by in 1u64..10) {
            let right = with_check_digit(digits);
            let unit = 10u64.pow(place);
            let wrong = right - right / unit % 10 * unit + (right / unit + by) % 10 * unit;
            prop_assert!(Gtin::from_number(wrong).is_err());
        }

        #[test]
        fn any_text(text in ".*") {
            let _ = Gtin::parse(&text);
            let _ = Gtin::from_ndc(&text);
        }
    }
}
