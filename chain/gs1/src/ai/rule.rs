//! What the data of an identifier must obey beyond length and character set.

use crate::check::{DIGITS, check_digit, check_pair};
use crate::expiry::{calendar, fields};

/// A rule over one component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    None,
    CheckDigit,
    CheckPair,
    CheckPairNotNumber,
    /// Starts with a GS1 company prefix, so with four digits at least.
    CompanyPrefix,
    /// YYMMDD where day 00 is the last of the month.
    DayOrMonth,
    Day,
    FullDay,
    HourMinute,
    Hour,
    Sixty,
    Zero,
    NotZero,
    NoLeadingZero,
    PercentEncoded,
    PieceOfTotal,
    PositionInSequence,
    Latitude,
    Longitude,
    Hyphen,
    Iban,
    Sex,
    YesNo,
    Winding,
    MediaType,
}

impl Rule {
    /// Whether the value, whose length and characters are right already, obeys.
    pub(crate) fn holds(self, value: &str) -> bool {
        let pair = |at: usize| value.get(at..at + 2).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(u16::MAX);
        match self {
            Self::None => true,
            Self::CheckDigit => is_checked(value),
            Self::CheckPair => has_check_pair(value),
            Self::CheckPairNotNumber => has_check_pair(value) && !DIGITS.has_all(value),
            Self::CompanyPrefix => value.get(..4).is_some_and(|prefix| DIGITS.has_all(prefix)),
            Self::DayOrMonth => is_day(value, true),
            Self::Day => is_day(value, false),
            Self::FullDay => is_full_day(value),
            Self::HourMinute => pair(0) < 24 && pair(2) < 60,
            Self::Hour => pair(0) < 24,
            Self::Sixty => pair(0) < 60,
            Self::Zero => value == "0",
            Self::NotZero => value.bytes().any(|digit| digit != b'0'),
            Self::NoLeadingZero => !value.starts_with('0') || value == "0",
            Self::PercentEncoded => is_percent_encoded(value),
            Self::PieceOfTotal => (1..=pair(2)).contains(&pair(0)),
            Self::PositionInSequence => is_position(value),
            Self::Latitude => value.parse::<u64>().is_ok_and(|degrees| degrees <= 1_800_000_000),
            Self::Longitude => value.parse::<u64>().is_ok_and(|degrees| degrees <= 3_600_000_000),
            Self::Hyphen => value == "-",
            Self::Iban => is_iban(value),
            Self::Sex => matches!(value, "0" | "1" | "2" | "9"),
            Self::YesNo => matches!(value, "0" | "1"),
            Self::Winding => matches!(value, "0" | "1" | "9"),
            Self::MediaType => matches!(pair(0), 1..=10 | 80..=99),
        }
    }

    /// What the rule asks for, to complete "is not …".
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::None => "nothing more",
            Self::CheckDigit => "a last digit that checks the others",
            Self::CheckPair => "a last pair of characters that checks the others",
            Self::CheckPairNotNumber => "a letter somewhere and a last pair of characters that checks the others",
            Self::CompanyPrefix => "a GS1 company prefix, at least four digits, in front",
            Self::DayOrMonth => "a date YYMMDD, or YYMM00 for the last day of the month",
            Self::Day => "a date YYMMDD",
            Self::FullDay => "a date YYYYMMDD",
            Self::HourMinute => "a time HHMM from 0000 to 2359",
            Self::Hour => "an hour from 00 to 23",
            Self::Sixty => "two digits from 00 to 59",
            Self::Zero => "the digit 0",
            Self::NotZero => "a number above zero",
            Self::NoLeadingZero => "a number without leading zeros",
            Self::PercentEncoded => "two hexadecimal digits after each %",
            Self::PieceOfTotal => "a piece number from 01 to the total",
            Self::PositionInSequence => "a position and a total such as 1/2",
            Self::Latitude => "a latitude from 0000000000 to 1800000000",
            Self::Longitude => "a longitude from 0000000000 to 3600000000",
            Self::Hyphen => "a hyphen",
            Self::Iban => "an IBAN whose check digits fit",
            Self::Sex => "0, 1, 2 or 9 (ISO/IEC 5218)",
            Self::YesNo => "0 or 1",
            Self::Winding => "0, 1 or 9",
            Self::MediaType => "a media type from 01 to 10 or 80 to 99",
        }
    }
}

fn is_checked(value: &str) -> bool {
    let number = value.bytes().fold(0u64, |number, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit & 15)));
    u64::from(check_digit(number / 10)) == number % 10
}

fn has_check_pair(value: &str) -> bool {
    let Some((text, pair)) = value.len().checked_sub(2).and_then(|at| value.split_at_checked(at)) else {
        return false;
    };
    Rule::CompanyPrefix.holds(value) && check_pair(text).is_some_and(|expected| expected == *pair.as_bytes())
}

fn is_day(value: &str, month_alone: bool) -> bool {
    let Some((year, month, day)) = fields(value) else { return false };
    // 2000 to 2099 have a leap year wherever 1951 to 2050 have one.
    let day = if month_alone && day == 0 { 1 } else { day };
    calendar(2000 + i32::from(year), month, day).is_some()
}

fn is_full_day(value: &str) -> bool {
    let Some((year, month_and_day)) = value.split_at_checked(4) else { return false };
    let Some((month, day)) = month_and_day.split_at_checked(2) else { return false };
    match (year.parse(), month.parse(), day.parse()) {
        (Ok(year), Ok(month), Ok(day)) => calendar(year, month, day).is_some(),
        _ => false,
    }
}

fn is_percent_encoded(value: &str) -> bool {
    value.split('%').skip(1).all(|rest| rest.get(..2).is_some_and(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit())))
}

fn is_position(value: &str) -> bool {
    let digit = |text: &str| text.parse::<u8>().ok().filter(|digit| *digit > 0);
    value.split_once('/').is_some_and(|(position, total)| {
        digit(position).zip(digit(total)).is_some_and(|(position, total)| position <= total)
    })
}

/// ISO 13616: the first four characters moved behind, letters as 10 to 35, the remainder modulo 97 is 1.
fn is_iban(value: &str) -> bool {
    let Some((front, rest)) = value.split_at_checked(4) else { return false };
    let remainder = rest.chars().chain(front.chars()).try_fold(0u32, |remainder, character| {
        let digit = character.to_digit(36).filter(|_| !character.is_ascii_lowercase())?;
        Some((remainder * if digit < 10 { 10 } else { 100 } + digit) % 97)
    });
    remainder == Some(1)
}
