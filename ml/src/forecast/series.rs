//! Many series read from one file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::error::ForecastError;
use super::period::{Frequency, Period};

/// Series in one file at most.
pub const SERIES_MAX: usize = 100_000;
/// Values in one file at most, those of missing periods included.
pub const VALUES_MAX: usize = 50_000_000;
/// Periods from a series' first value to the file's last period at most: days of half a century.
const PERIODS_MAX: usize = 20_000;
/// Bytes of a series' name at most.
const NAME_BYTES_MAX: usize = 256;

/// What was needed of something, period after period.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// The period of the first value.
    pub start: Period,
    /// One a period, none left out.
    pub values: Vec<f64>,
}

/// Series of one frequency that all end together.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// How long a period is.
    pub frequency: Frequency,
    /// The last period of every series.
    pub end: Period,
    /// By name.
    pub series: Vec<Series>,
}

impl Panel {
    /// Reads a CSV file with the columns `series`, `period` and `value`, in any order and beside others. A period that
    /// is missing is zero from a series' first value to the file's last period; a period that stands twice is an error. Days that are
    /// all the first of a month stand for their months, days that are all the same day of the week for their weeks.
    pub fn read(input: impl Read) -> Result<Self, ForecastError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let headings = reader.headers()?.clone();
        let column = |column: &'static str| {
            headings.iter().position(|heading| heading == column).ok_or(ForecastError::Column { column })
        };
        let (name_at, period_at, value_at) = (column("series")?, column("period")?, column("value")?);
        let mut raw: BTreeMap<String, BTreeMap<i32, f64>> = BTreeMap::new();
        let (mut frequency, mut last) = (None, i32::MIN);
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let fault = |problem: String| ForecastError::Line { line, problem };
            let field = |at: usize| record.get(at).unwrap_or_default();
            let period = Period::parse(field(period_at)).map_err(fault)?;
            if *frequency.get_or_insert(period.frequency) != period.frequency {
                return Err(fault(format!("`{}` is not of the kind that the first period is", field(period_at))));
            }
            let value = number(field(value_at)).map_err(fault)?;
            let name = field(name_at);
            if name.is_empty() || name.len() > NAME_BYTES_MAX {
                return Err(fault(format!("a series' name has 1 to {NAME_BYTES_MAX} bytes")));
            }
            last = last.max(period.ordinal);
            if !raw.contains_key(name) {
                limit(raw.len() + 1, SERIES_MAX, "series")?;
                raw.insert(name.to_owned(), BTreeMap::new());
            }
            let values = raw.get_mut(name).expect("inserted just now");
            if values.insert(period.ordinal, value).is_some() {
                return Err(fault(format!("series {name} has a second value for {period}")));
            }
        }
        let frequency = frequency.ok_or(ForecastError::Empty)?;
        let at = |ordinal: i32| Period { frequency, ordinal, day: None };
        if frequency == Frequency::Daily {
            let days: BTreeSet<i32> = raw.values().flat_map(BTreeMap::keys).copied().collect();
            if let Some(longer) = Period::longer(&days) {
                let of_day = |day: i32| Period::of_day(day, longer);
                for values in raw.values_mut() {
                    let days = std::mem::take(values);
                    *values = days.into_iter().map(|(day, value)| (of_day(day).ordinal, value)).collect();
                }
                return Self::filled(raw, of_day(last));
            }
        }
        Self::filled(raw, at(last))
    }

    /// From values by series and period: those that are missing are zero.
    fn filled(raw: BTreeMap<String, BTreeMap<i32, f64>>, end: Period) -> Result<Self, ForecastError> {
        let at = |ordinal: i32| Period { ordinal, ..end };
        let length = |start: i32| usize::try_from(end.ordinal.abs_diff(start)).unwrap_or(usize::MAX).saturating_add(1);
        let starts = || raw.values().filter_map(|values| values.keys().next().copied());
        if let Some(start) = starts().min() {
            let what = format!("periods from {} to {end}", at(start));
            limit(length(start), PERIODS_MAX, &what)?;
        }
        limit(starts().fold(0, |sum: usize, start| sum.saturating_add(length(start))), VALUES_MAX, "values")?;
        let series = raw.into_iter().filter_map(|(name, found)| {
            let start = *found.keys().next()?;
            let mut values = vec![0.0; length(start)];
            for (ordinal, value) in found {
                values[usize::try_from(ordinal.abs_diff(start)).ok()?] = value;
            }
            Some(Series { name, start: at(start), values })
        });
        Ok(Self { frequency: end.frequency, end, series: series.collect() })
    }
}

fn limit(count: usize, max: usize, what: &str) -> Result<(), ForecastError> {
    if count <= max { Ok(()) } else { Err(ForecastError::Limit { what: format!("{count} {what}"), max }) }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Ok(value) if value < 0.0 => Err(format!("{text} is below zero: what was returned is no demand, leave it out")),
        Ok(_) | Err(_) => Err(format!("`{text}` is not a number of units")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Panel, String> {
        Panel::read(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn gaps_are_zero_up_to_the_last_period_of_the_file() {
        let panel = read("value,series,period\n3,b,2026-02\n1,a,2025-11\n2,a,2026-01\n").expect("readable");
        assert_eq!(panel.end.to_string(), "2026-02");
        let [a, b] = panel.series.as_slice() else { panic!("two series") };
        assert_eq!((a.start.to_string(), a.values.as_slice()), ("2025-11".to_owned(), &[1.0, 0.0, 2.0, 0.0][..]));
        assert_eq!((b.start.to_string(), b.values.as_slice()), ("2026-02".to_owned(), &[3.0][..]));
    }

    #[test]
    fn days_that_begin_weeks_or_months_stand_for_them() {
        let panel = |days: &[&str]| {
            let lines = days.iter().map(|day| format!("a,{day},2\n")).collect::<Vec<_>>().concat();
            read(&format!("series,period,value\n{lines}")).expect("readable")
        };
        let told = |days: &[&str]| {
            let panel = panel(days);
            let next = panel.end.plus(1).to_string();
            (panel.frequency, panel.series[0].values.clone(), panel.end.to_string(), next)
        };
        let text = |end: &str, next: &str| (end.to_owned(), next.to_owned());
        // Sundays; a week is missing.
        let (frequency, values, end, next) = told(&["2024-12-22", "2025-01-05"]);
        assert_eq!((frequency, values.as_slice()), (Frequency::Weekly, &[2.0, 0.0, 2.0][..]));
        assert_eq!((end, next), text("2025-01-05", "2025-01-12"));
        let (frequency, values, end, next) = told(&["2024-12-01", "2025-02-01"]);
        assert_eq!((frequency, values.as_slice()), (Frequency::Monthly, &[2.0, 0.0, 2.0][..]));
        assert_eq!((end, next), text("2025-02-01", "2025-03-01"));
        assert_eq!(told(&["2025-01-05", "2025-01-12", "2025-01-13"]).0, Frequency::Daily);
        assert_eq!(told(&["2025-01-06"]).0, Frequency::Daily);
    }

    #[test]
    fn a_span_of_ages_is_refused() {
        let told = read("series,period,value\na,0001-01-01,1\nb,9999-12-31,1\n").expect_err("refused");
        assert_eq!(told, "3652059 periods from 0001-01-01 to 9999-12-31, at most 20000");
    }

    #[test]
    fn a_fault_names_its_line() {
        let heading = "series,period,value\n";
        let told = |lines: &str| read(&format!("{heading}{lines}")).expect_err("refused");
        assert_eq!(told("a,2026-01,x\n"), "line 2: `x` is not a number of units");
        assert_eq!(told("a,2026-01,NaN\n"), "line 2: `NaN` is not a number of units");
        assert!(told("a,2026-01,1\na,2026-02,-1\n").starts_with("line 3: -1 is below zero"));
        assert!(told("a,2026-01,1\na,2026-01,1\n").contains("second value for 2026-01"));
        assert!(told("a,2026-01,1\na,2026-W01,1\n").starts_with("line 3:"));
        assert_eq!(told(""), "the file has no values");
        assert!(read("series,period\na,2026-01\n").expect_err("refused").contains("`value`"));
    }
}
