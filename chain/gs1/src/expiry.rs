//! The day after which a pack may not be dispensed.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::check::DIGITS;
use crate::error::Error;

/// Julian day of 1970-01-01.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// An expiry date. A pack may be dispensed on it, and no longer after it.
///
/// ```
/// use veridose_gs1::Expiry;
/// let expiry = Expiry::from_yymmdd("280200", 2026)?; // day 00: the last of the month
/// assert_eq!(expiry.to_string(), "2028-02-29");
/// assert_eq!(expiry, Expiry::parse("2028-02-29")?);
/// assert_eq!(expiry.yymmdd(), "280229");
/// # Ok::<(), veridose_gs1::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expiry(Date);

impl Expiry {
    /// Parses the ISO form `YYYY-MM-DD`. A time zone or a time of day behind it, as in `xsd:date` and `xsd:dateTime`,
    /// does not move the day: the day printed on the pack is meant.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::date("expiry", "YYYY-MM-DD", text);
        let (date, rest) = text.split_at_checked(10).ok_or_else(wrong)?;
        if !rest.is_empty() && !rest.starts_with(['Z', 'T', '+', '-']) {
            return Err(wrong());
        }
        let (year, month_and_day) = date.split_once('-').ok_or_else(wrong)?;
        let (month, day) = month_and_day.split_once('-').ok_or_else(wrong)?;
        let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
            return Err(wrong());
        };
        calendar(i32::from(year), month, day).map(Self).ok_or_else(wrong)
    }

    /// Parses the six digits `YYMMDD` of AI (17), (11), (15) and the like. Day 00 is the last day of the month (GS1
    /// General Specifications 3.4.7). The century is the one that puts the year between 49 before and 50 after the
    /// reference year (section 7.12), which the caller gives, since this crate has no clock.
    pub fn from_yymmdd(text: &str, reference_year: i32) -> Result<Self, Error> {
        let wrong = || Error::date("expiry", "YYMMDD with a month from 01 to 12 and a day of that month, or 00", text);
        let (year, month, day) = fields(text).ok_or_else(wrong)?;
        let year = full_year(year, reference_year);
        let day = if day == 0 { days_of(year, month).ok_or_else(wrong)? } else { day };
        calendar(year, month, day).map(Self).ok_or_else(wrong)
    }

    /// From days since 1970-01-01; `None` outside the years 0 to 9999.
    pub fn from_day(day: i32) -> Option<Self> {
        let date = Date::from_julian_day(day.checked_add(EPOCH_JULIAN_DAY)?).ok()?;
        (date.year() >= 0).then_some(Self(date))
    }

    /// Days since 1970-01-01.
    pub const fn day(self) -> i32 {
        self.0.to_julian_day() - EPOCH_JULIAN_DAY
    }

    /// The six digits of AI (17).
    pub fn yymmdd(self) -> String {
        format!("{:02}{:02}{:02}", self.0.year() % 100, u8::from(self.0.month()), self.0.day())
    }
}

/// Year, month and day of six digits.
pub(crate) fn fields(text: &str) -> Option<(u16, u16, u16)> {
    if text.len() != 6 || !DIGITS.has_all(text) {
        return None;
    }
    let pair = |at: usize| text.get(at..at + 2)?.parse().ok();
    Some((pair(0)?, pair(2)?, pair(4)?))
}

/// A number of exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u16> {
    (text.len() == length && DIGITS.has_all(text)).then(|| text.parse().ok())?
}

/// A day of the calendar, if there is one.
pub(crate) fn calendar(year: i32, month: u16, day: u16) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

/// How many days a month has.
fn days_of(year: i32, month: u16) -> Option<u16> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Some(u16::from(month.length(year)))
}

/// GS1 General Specifications 7.12: 51 to 99 ahead of the reference is the last century, 50 to 99 behind it the next.
fn full_year(two_digits: u16, reference_year: i32) -> i32 {
    let century = reference_year.saturating_sub(reference_year.rem_euclid(100));
    let year = century.saturating_add(i32::from(two_digits));
    match i32::from(two_digits) - reference_year.rem_euclid(100) {
        51.. => year.saturating_sub(100),
        ..=-50 => year.saturating_add(100),
        -49..=50 => year,
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

crate::keys::text_form!(Expiry);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_century_follows_the_reference_year() {
        for (digits, reference, date) in [
            ("760101", 2026, "2076-01-01"),
            ("770101", 2026, "1977-01-01"),
            ("990101", 2026, "1999-01-01"),
            ("250101", 2026, "2025-01-01"),
            ("100101", 2060, "2110-01-01"),
            ("110101", 2060, "2011-01-01"),
            ("000131", 1999, "2000-01-31"),
        ] {
            assert_eq!(Expiry::from_yymmdd(digits, reference).expect(digits).to_string(), date, "{digits} {reference}");
        }
    }

    #[test]
    fn day_zero_is_the_last_of_the_month() {
        for (digits, date) in [("260200", "2026-02-28"), ("280200", "2028-02-29"), ("261200", "2026-12-31")] {
            assert_eq!(Expiry::from_yymmdd(digits, 2026).expect(digits).to_string(), date);
        }
    }

    #[test]
    fn dates_that_are_none() {
        for digits in ["261301", "260230", "260001", "26010", "2601011", "26010A", "", "ä601"] {
            Expiry::from_yymmdd(digits, 2026).expect_err(digits);
        }
        for text in ["2026-02-30", "2026-2-3", "26-02-03", "2026-02-03x", "", "2026-02-0ä", "2026/02/03"] {
            Expiry::parse(text).expect_err(text);
        }
        for text in ["2026-02-03Z", "2026-02-03+01:00", "2026-02-03T00:00:00Z"] {
            assert_eq!(Expiry::parse(text).expect(text).to_string(), "2026-02-03");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(Expiry::parse("1970-01-01").expect("a date").day(), 0);
        assert_eq!(Expiry::parse("2026-11-21").expect("a date").day(), 20_778);
    }

    proptest! {
        #[test]
        fn round_trip(day in -700_000i32..2_900_000) {
            let expiry = Expiry::from_day(day).expect("within the years");
            prop_assert_eq!(expiry.day(), day);
            prop_assert_eq!(Expiry::parse(&expiry.to_string()), Ok(expiry));
        }

        #[test]
        fn six_digits_round_trip(offset in -49i32..=50, reference in 1950i32..2150, of_year in 0i32..365) {
            let first = Expiry::parse(&format!("{:04}-01-01", reference + offset)).expect("a year").day();
            let expiry = Expiry::from_day(first + of_year).expect("within the years");
            prop_assert_eq!(Expiry::from_yymmdd(&expiry.yymmdd(), reference), Ok(expiry));
        }

        #[test]
        fn any_text(text in ".*", reference in any::<i32>(), day in any::<i32>()) {
            let _ = (Expiry::parse(&text), Expiry::from_yymmdd(&text, reference), Expiry::from_day(day));
        }
    }
}
