//! Forecasts of a whole panel, with what may come of them.

use std::num::NonZero;

use super::conformal::{Held, Pool, error};
use super::error::ForecastError;
use super::period::Period;
use super::point::{self, Method};
use super::series::{Panel, Series};

/// Periods ahead at most.
pub const HORIZON_MAX: usize = 1_000;
/// Periods of a cycle at most.
pub const SEASON_MAX: usize = 400;
/// Values that a history keeps at least when its last ones are held back.
const HISTORY_MIN: usize = 24;
/// Times that the last values of each series are held back, at most and all series together at least.
const HELD_MAX: usize = 12;
const HELD_ENOUGH: usize = 60;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Periods ahead.
    pub horizon: usize,
    /// Periods of a cycle: 12 for months of a year; 1 for none.
    pub season: usize,
}

impl Settings {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<(), ForecastError> {
        within("horizon", self.horizon, HORIZON_MAX)?;
        within("season", self.season, SEASON_MAX)
    }
}

/// A number that must lie between 1 and its limit.
pub(super) fn within(name: &'static str, value: usize, max: usize) -> Result<(), ForecastError> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(ForecastError::Setting { name, value, expected: format!("1 to {max}") })
}

/// What may come in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// The period.
    pub period: Period,
    /// On average.
    pub mean: f64,
    /// As likely more as less.
    pub median: f64,
    /// Bounds of which nine in ten values lie above the first and nine in ten below the second.
    pub tenths: (f64, f64),
    /// Bounds that hold 95 in 100 values.
    pub bounds_95: (f64, f64),
}

/// What may come of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The series.
    pub series: String,
    /// How it was forecast.
    pub method: Method,
    /// Period after period.
    pub outlook: Vec<Outlook>,
}

/// How a course is made of a history: the values, the season, the horizon, the method that the history calls for, and the
/// parts that were found on the way, where they are known.
pub(super) type Course = fn(&[f64], usize, usize, Method, Option<point::Parts>) -> Vec<f64>;

/// Forecasts every series of the panel.
pub fn predict(panel: &Panel, settings: &Settings) -> Result<Vec<Prediction>, ForecastError> {
    settings.check()?;
    Ok(predict_by(panel, settings, point::forecast))
}

/// A series' course, and its errors when its last values were held back.
struct Draft {
    method: Method,
    course: Vec<f64>,
    held: Held,
}

pub(super) fn predict_by(panel: &Panel, settings: &Settings, course: Course) -> Vec<Prediction> {
    let times = HELD_ENOUGH.div_ceil(panel.series.len().max(1)).min(HELD_MAX);
    let drafts = in_parallel(&panel.series, |series| draft(series, settings, course, times));
    let pools = [Method::Seasonal, Method::Smooth, Method::Intermittent].map(|method| {
        let held: Vec<&Held> = drafts.iter().filter(|draft| draft.method == method).map(|draft| &draft.held).collect();
        (method, Pool::of(&held, settings.horizon))
    });
    let prediction = |(series, draft): (&Series, Draft)| {
        let (_, pool) = pools.iter().find(|(method, _)| *method == draft.method).expect("each method has its pool");
        let size = pool.size(&draft.held);
        let outlook = draft.course.iter().enumerate().map(|(step, value)| {
            let at = |probability: f64| pool.quantile(*value, step, size, probability);
            Outlook {
                period: panel.end.plus(step + 1),
                mean: pool.mean(*value, step, size),
                median: *value,
                tenths: (at(0.1).min(*value), at(0.9).max(*value)),
                bounds_95: (at(0.025).min(*value), at(0.975).max(*value)),
            }
        });
        Prediction { series: series.name.clone(), method: draft.method, outlook: outlook.collect() }
    };
    panel.series.iter().zip(drafts).map(prediction).collect()
}

fn draft(series: &Series, settings: &Settings, course: Course, times: usize) -> Draft {
    let &Settings { horizon, season } = settings;
    let values = series.values.as_slice();
    let (method, parts) = point::method(values, season);
    let held = (1..=times).filter_map(|time| {
        let known = values.len().checked_sub(time * horizon).filter(|known| *known >= HISTORY_MIN)?;
        let (known, rest) = values.split_at(known);
        // By the same method, so that the errors are the method's own.
        let course = course(known, season, horizon, method, None);
        Some(course.iter().zip(rest).map(|(forecast, value)| error(*forecast, *value)).collect())
    });
    let held = Held(held.collect());
    Draft { method, course: course(values, season, horizon, method, parts), held }
}

/// The same as one after the other, on all cores.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let chunk = items.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let parts = items.chunks(chunk).map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        let join = |part: std::thread::ScopedJoinHandle<'_, Vec<R>>| match part.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        parts.into_iter().flat_map(join).collect()
    })
}
