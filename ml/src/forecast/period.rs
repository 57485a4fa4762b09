//! Days, ISO weeks and months as numbers, so that a gap is a difference.

use std::collections::BTreeSet;
use std::fmt;

use time::{Date, Duration, Month};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// `2026-11-21`.
    Daily,
    /// `2026-W47`, ISO 8601.
    Weekly,
    /// `2026-11`.
    Monthly,
}

impl Frequency {
    /// Periods of the cycle that demand most often follows: the week for days, the year for the others.
    pub const fn cycle(self) -> usize {
        match self {
            Self::Daily => 7,
            Self::Weekly => 52,
            Self::Monthly => 12,
        }
    }
}

/// A period of some frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How long it is.
    pub(crate) frequency: Frequency,
    /// Periods since the one that holds the first day of the year 0; consecutive ones differ by one.
    pub(crate) ordinal: i32,
    /// Of a week or month that is written as its first day: which day of the week from Monday on, or of the month, counted from 0.
    pub(crate) day: Option<i32>,
}

impl PartialOrd for Frequency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Frequency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

impl Period {
    /// Reads a day, an ISO week or a month.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreadable =
            || format!("`{text}` is no period, expected a day 2026-11-21, a week 2026-W47 or a month 2026-11");
        let digits = |part: &str, length: usize| {
            let plain = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.split('-');
        let (year, middle, day) = (parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(unreadable());
        }
        let year = year.and_then(|year| digits(year, 4)).ok_or_else(unreadable)?;
        let middle = middle.ok_or_else(unreadable)?;
        if let Some(week) = middle.strip_prefix('W') {
            let week = digits(week, 2).filter(|_| day.is_none()).ok_or_else(unreadable)?;
            let week = u8::try_from(week).map_err(|_| unreadable())?;
            let monday = Date::from_iso_week_date(year.into(), week, time::Weekday::Monday);
            let monday = monday.map_err(|_| format!("{year} has no week {week:02}"))?;
            return Ok(Self { frequency: Frequency::Weekly, ordinal: monday.to_julian_day().div_euclid(7), day: None });
        }
        let month = digits(middle, 2).and_then(|month| u8::try_from(month).ok()).ok_or_else(unreadable)?;
        let month = Month::try_from(month).map_err(|_| format!("`{text}` has no such month"))?;
        let Some(day) = day else {
            let ordinal = i32::from(year) * 12 + i32::from(u8::from(month)) - 1;
            return Ok(Self { frequency: Frequency::Monthly, ordinal, day: None });
        };
        let day = digits(day, 2).and_then(|day| u8::try_from(day).ok()).ok_or_else(unreadable)?;
        let date = Date::from_calendar_date(year.into(), month, day);
        let date = date.map_err(|_| format!("`{text}` is no day of the calendar"))?;
        Ok(Self { frequency: Frequency::Daily, ordinal: date.to_julian_day(), day: None })
    }

    /// What these days stand for: each for its month where all are the first of one, each for its week where all are the same day of it.
    /// None where they are days, and of one day alone.
    pub(crate) fn longer(days: &BTreeSet<i32>) -> Option<(Frequency, i32)> {
        let first = *days.first().filter(|_| days.len() > 1)?;
        let is_first = |day: &i32| Date::from_julian_day(*day).is_ok_and(|date| date.day() == 1);
        if days.iter().all(is_first) {
            return Some((Frequency::Monthly, 0));
        }
        let day = first.rem_euclid(7);
        days.iter().all(|other| other.rem_euclid(7) == day).then_some((Frequency::Weekly, day))
    }

    /// The week or month of a day, as [`Self::longer`] says.
    pub(crate) fn of_day(julian: i32, (frequency, day): (Frequency, i32)) -> Self {
        let ordinal = match frequency {
            Frequency::Daily => julian,
            Frequency::Weekly => julian.div_euclid(7),
            Frequency::Monthly => {
                Date::from_julian_day(julian).map_or(0, |date| date.year() * 12 + i32::from(u8::from(date.month())) - 1)
            }
        };
        Self { frequency, ordinal, day: Some(day) }
    }

    /// The period so many further on.
    #[must_use]
    pub fn plus(self, periods: usize) -> Self {
        let periods = i32::try_from(periods).unwrap_or(i32::MAX);
        Self { ordinal: self.ordinal.saturating_add(periods), ..self }
    }

    /// The period so many before.
    #[must_use]
    pub fn minus(self, periods: usize) -> Self {
        let periods = i32::try_from(periods).unwrap_or(i32::MAX);
        Self { ordinal: self.ordinal.saturating_sub(periods), ..self }
    }

    /// How long it is.
    pub const fn frequency(self) -> Frequency {
        self.frequency
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frequency {
            Frequency::Monthly => {
                write!(f, "{:04}-{:02}", self.ordinal.div_euclid(12), self.ordinal.rem_euclid(12) + 1)?;
                self.day.map_or(Ok(()), |day| write!(f, "-{:02}", day + 1))
            }
            Frequency::Weekly if self.day.is_some() => {
                let first = self.ordinal.saturating_mul(7).saturating_add(self.day.unwrap_or(0));
                fmt::Display::fmt(&Self { frequency: Frequency::Daily, ordinal: first, day: None }, f)
            }
            Frequency::Weekly => {
                // Julian day 0 was a Monday, so weeks begin at multiples of seven.
                let monday = Date::from_julian_day(self.ordinal.saturating_mul(7)).unwrap_or(Date::MAX);
                let (year, week, _) = monday.to_iso_week_date();
                write!(f, "{year:04}-W{week:02}")
            }
            Frequency::Daily => {
                let date = Date::from_julian_day(self.ordinal).unwrap_or(Date::MAX - Duration::DAY);
                write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_written_and_counted() {
        let cases = [
            ("2026-12", "2027-01"),
            ("2020-W53", "2021-W01"),
            ("2026-W52", "2026-W53"),
            ("2024-02-28", "2024-02-29"),
            ("2025-12-31", "2026-01-01"),
        ];
        for (text, next) in cases {
            let period = Period::parse(text).expect(text);
            assert_eq!(period.to_string(), text);
            assert_eq!(period.plus(1).to_string(), next);
            assert_eq!(period.plus(1).minus(1), period);
            assert_eq!(period.plus(1), Period::parse(next).expect(next));
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in
            ["", "2026", "26-11", "2026-13", "2026-W54", "2021-W53", "2025-02-29", "2026-11-21-1", "2026-1", "x-y"]
        {
            assert!(Period::parse(text).is_err(), "{text}");
        }
    }
}
