//! The single values of an event: URIs, times, offsets and numbers. Each keeps the text that was received.

use std::fmt;

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::error::{Fault, shown};
use crate::limits::NUMBER_CHARS_MAX;

macro_rules! text_form {
    ($name:ident) => {
        impl $name {
            /// The text as received.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

/// An identifier as received: an EPC URN, a GS1 Digital Link, a UUID URN or any other URI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri(Box<str>);
text_form!(Uri);

impl Uri {
    /// Parses a URI: a scheme, a colon, and no space or control character.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let scheme_chars = text.bytes().position(|byte| byte == b':').unwrap_or(0);
        let scheme_ok = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && text.as_bytes()[..scheme_chars]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'));
        // Every byte is looked at, so that the compiler can look at many at once.
        let odd = text.bytes().filter(|byte| *byte <= b' ' || *byte == 0x7f).count();
        let body_ok = scheme_chars + 1 < text.len() && odd == 0;
        if scheme_chars > 0 && scheme_ok && body_ok {
            Ok(Self(text.into()))
        } else {
            Err(Fault::new(
                format!("{} is not a URI", shown(text)),
                "give a URN such as urn:epc:id:sgtin:… or a GS1 Digital Link, without spaces",
            ))
        }
    }
}

/// A date and time with its zone, as received and as an instant.
#[derive(Debug, Clone)]
pub struct Timestamp {
    text: Box<str>,
    instant: OffsetDateTime,
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Timestamp {}

impl Timestamp {
    /// Parses an `xsd:dateTimeStamp`, such as `2023-03-27T06:45:16.123Z`. Digits beyond nanoseconds stay in the text only.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let instant = instant(text.as_bytes()).ok_or_else(|| {
            Fault::new(
                format!("{} is not a date and time with a zone", shown(text)),
                "write it like 2023-03-27T06:45:16Z or 2023-03-27T06:45:16.123-05:00",
            )
        })?;
        Ok(Self { text: text.into(), instant })
    }

    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant that the text names, to the nanosecond.
    pub fn instant(&self) -> OffsetDateTime {
        self.instant
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

/// `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`. Midnight may be written as 24:00:00 of the day before.
fn instant(text: &[u8]) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' || rest.first() != Some(&b'T') {
        return None;
    }
    let (clock, rest) = rest[1..].split_at_checked(8)?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let year = i32::try_from(digits(&date[..4])?).ok()?;
    let month = Month::try_from(u8::try_from(digits(&date[5..7])?).ok()?).ok()?;
    let day = u8::try_from(digits(&date[8..])?).ok()?;
    let mut date = Date::from_calendar_date(year, month, day).ok()?;
    let mut hour = u8::try_from(digits(&clock[..2])?).ok()?;
    let minute = u8::try_from(digits(&clock[3..5])?).ok()?;
    let second = u8::try_from(digits(&clock[6..])?).ok()?;
    let (nanosecond, zone) = fraction(rest)?;
    if hour == 24 && minute == 0 && second == 0 && nanosecond == 0 {
        hour = 0;
        date = date.next_day()?;
    }
    let time = Time::from_hms_nano(hour, minute, second, nanosecond).ok()?;
    let offset = if zone == b"Z" { UtcOffset::UTC } else { offset(zone)? };
    let instant = OffsetDateTime::new_in_offset(date, time, offset);
    // The first and last hours of the calendar have no UTC form.
    instant.checked_to_offset(UtcOffset::UTC)?;
    Some(instant)
}

fn fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let kept = count.min(9);
    let scale = 10_u32.pow(u32::try_from(9 - kept).ok()?);
    Some((digits(&rest[..kept])? * scale, &rest[count..]))
}

fn offset(text: &[u8]) -> Option<UtcOffset> {
    let [sign, tens, ones, b':', minutes @ ..] = text else { return None };
    let hour = i8::try_from(digits(&[*tens, *ones])?).ok()?;
    let minute = i8::try_from(digits(minutes)?).ok()?;
    if minutes.len() != 2 || minute > 59 || hour > 14 || (hour == 14 && minute > 0) {
        return None;
    }
    match sign {
        b'+' => UtcOffset::from_hms(hour, minute, 0).ok(),
        b'-' => UtcOffset::from_hms(-hour, -minute, 0).ok(),
        _ => None,
    }
}

/// The offset from UTC in force where the event happened, such as `-05:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneOffset(Box<str>);
text_form!(ZoneOffset);

impl ZoneOffset {
    /// Parses `±hh:mm`, at most 14:00.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if offset(text.as_bytes()).is_some() {
            return Ok(Self(text.into()));
        }
        Err(Fault::new(format!("{} is not an offset from UTC", shown(text)), "write it like +00:00 or -05:00"))
    }
}

/// A number as received, in a spelling that both XML and JSON accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);
text_form!(Number);

impl Number {
    /// Parses a decimal or floating-point number. `+5`, `.5` and `5.` of XML become `5`, `0.5` and `5.0`; infinities
    /// and not-a-number have no JSON form and are refused.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let fault = || Fault::new(format!("{} is not a number", shown(text)), "write digits, such as 12 or 12.5");
        if text.len() > NUMBER_CHARS_MAX {
            return Err(fault());
        }
        spelled(text).map(|number| Self(number.into())).ok_or_else(fault)
    }

    /// Parses a number of things or an amount: as [`Number::parse`], without an exponent and not below zero.
    pub fn parse_quantity(text: &str) -> Result<Self, Fault> {
        let number = Self::parse(text)?;
        if number.0.bytes().any(|byte| matches!(byte, b'e' | b'E' | b'-')) {
            return Err(Fault::new(
                format!("{} is not a quantity", shown(text)),
                "write a decimal without sign and exponent, such as 12 or 12.5",
            ));
        }
        Ok(number)
    }

    /// The nearest binary number.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().expect("the grammar of a number is a part of what f64 accepts")
    }
}

/// The number in JSON's grammar, if it is one.
fn spelled(text: &str) -> Option<String> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = match mantissa.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    if whole.is_empty() && decimals.is_none_or(str::is_empty) || !all_digits(whole) || !decimals.is_none_or(all_digits)
    {
        return None;
    }
    let unpadded = whole.trim_start_matches('0');
    let mut number = format!("{sign}{}", if unpadded.is_empty() { "0" } else { unpadded });
    if let Some(decimals) = decimals {
        number.push('.');
        number.push_str(if decimals.is_empty() { "0" } else { decimals });
    }
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        // Three digits are more than any measured value needs.
        if power.is_empty() || power.len() > 3 || !all_digits(power) {
            return None;
        }
        number.push('e');
        number.push_str(exponent);
    }
    Some(number)
}

#[cfg(test)]
mod tests;
