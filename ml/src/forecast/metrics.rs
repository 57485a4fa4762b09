//! How far a forecast was off.

use crate::to_f64;

/// The mean error one cycle ahead within the history, absolute and squared: what the scaled errors are divided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) absolute: f64,
    pub(super) squared: f64,
}

impl Scale {
    /// Nothing if the history is too short or repeats itself exactly (Hyndman, Koehler 2006).
    pub(super) fn of(history: &[f64], season: usize) -> Option<Self> {
        let errors = || history.iter().skip(season).zip(history).map(|(later, earlier)| later - earlier);
        let count = to_f64(history.len().checked_sub(season).filter(|count| *count > 0)?);
        let absolute = errors().map(f64::abs).sum::<f64>() / count;
        let squared = errors().map(|error| error * error).sum::<f64>() / count;
        (absolute > 0.0).then_some(Self { absolute, squared })
    }
}

/// Errors of one series at one origin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errors {
    /// Mean absolute scaled error (Hyndman, Koehler 2006).
    pub(super) mase: f64,
    /// Root mean squared scaled error (the M5 competition, Makridakis and others 2022).
    pub(super) rmsse: f64,
    /// Sum of absolute errors, and of the values: their quotient over all series is the weighted absolute percentage error.
    pub(super) absolute: f64,
    pub(super) total: f64,
}

impl Errors {
    pub(super) fn of(course: &[f64], actual: &[f64], scale: Scale) -> Self {
        let errors = || course.iter().zip(actual).map(|(forecast, value)| value - forecast);
        let steps = to_f64(actual.len().max(1));
        let absolute = errors().map(f64::abs).sum::<f64>();
        let squared = errors().map(|error| error * error).sum::<f64>();
        Self {
            mase: absolute / steps / scale.absolute,
            rmsse: (squared / steps / scale.squared).sqrt(),
            absolute,
            total: actual.iter().sum(),
        }
    }
}

/// The loss of one quantile forecast (Koenker, Bassett 1978).
pub(super) fn pinball(level: f64, quantile: f64, value: f64) -> f64 {
    if value >= quantile { level * (value - quantile) } else { (1.0 - level) * (quantile - value) }
}
