//! Dates and moments as FHIR writes them: with as much precision as is known.

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime};
use veridose_contract::Timestamp;

/// A span of time as long as what was written is precise. What is written without a zone counts in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its first millisecond.
    pub start: Timestamp,
    /// The millisecond after its last one.
    pub end: Timestamp,
}

impl Moment {
    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss` with fraction and zone.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 10 {
            return Self::exact(text);
        }
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        let mut parts = text.split('-');
        let year = parts.next().filter(|part| digits(part, 4))?.parse().ok()?;
        let mut two = || match parts.next() {
            None => Some(None),
            Some(part) => part.parse::<u8>().ok().filter(|_| digits(part, 2)).map(Some),
        };
        let (month, day) = (two()?, two()?);
        if parts.next().is_some() || year == 0 {
            return None;
        }
        let first = Date::from_calendar_date(year, Month::try_from(month.unwrap_or(1)).ok()?, day.unwrap_or(1)).ok()?;
        let after = match (month, day) {
            (None, _) | (Some(12), None) => Date::from_calendar_date(year.checked_add(1)?, Month::January, 1).ok()?,
            (Some(month), None) => Date::from_calendar_date(year, Month::try_from(month).ok()?.next(), 1).ok()?,
            (Some(_), Some(_)) => first.next_day()?,
        };
        Some(Self { start: millis(first.midnight().assume_utc()), end: millis(after.midnight().assume_utc()) })
    }

    fn exact(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|_| text.as_bytes().get(10) == Some(&b'T'))?;
        let start = millis(at);
        let length = if text.contains('.') { 1 } else { 1_000 };
        Some(Self { start, end: Timestamp(start.0.checked_add(length)?) })
    }

    /// A moment to the millisecond, in UTC, as FHIR writes it.
    pub fn text(at: Timestamp) -> Option<String> {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0).checked_mul(1_000_000)?).ok()?;
        let (date, clock) = (at.date(), at.time());
        let (hour, minute, second, milli) = clock.as_hms_milli();
        Some(format!("{}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z", day_text(date)?))
    }

    /// The date or moment, so many days later, as precise as it was but for the time of day, which is dropped.
    pub fn shifted(text: &str, days: i64) -> Option<String> {
        let start = Self::parse(text)?.start;
        let at = OffsetDateTime::from_unix_timestamp(start.0.div_euclid(1_000)).ok()?;
        // A year or a month alone says too little to be moved by days: the year stays.
        if text.len() < 10 {
            return text.get(..4).map(str::to_owned);
        }
        day_text(at.date().checked_add(Duration::days(days))?)
    }
}

fn day_text(date: Date) -> Option<String> {
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9_999)?;
    Some(format!("{year:04}-{:02}-{:02}", u8::from(date.month()), date.day()))
}

fn millis(at: OffsetDateTime) -> Timestamp {
    Timestamp(at.unix_timestamp().saturating_mul(1_000).saturating_add(i64::from(at.millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_as_long_as_it_is_imprecise() {
        let days = |text: &str| Moment::parse(text).map(|moment| (moment.end.0 - moment.start.0) / 86_400_000);
        assert_eq!(days("2024"), Some(366));
        assert_eq!(days("2024-02"), Some(29));
        assert_eq!(days("2023-12"), Some(31));
        assert_eq!(days("2023-12-31"), Some(1));
        let second = Moment::parse("2023-12-31T10:00:00+02:00").expect("a moment");
        assert_eq!(second.end.0 - second.start.0, 1_000);
        assert_eq!(Moment::text(second.start).as_deref(), Some("2023-12-31T08:00:00.000Z"));
        for wrong in ["", "23", "2023-2", "2023-02-30", "2023-13", "2023-01-01T10:00", "2023-01-01T10:00:00", "2023-1x"]
        {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
