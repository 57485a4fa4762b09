//! How good the forecasts would have been.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::ForecastError;
use super::metrics::{Errors, Scale, pinball};
use super::period::Period;
use super::point::{self, Method};
use super::predict::{Course, Prediction, Settings, predict_by, within};
use super::series::{Panel, Series};
use crate::to_f64;

/// Origins at most.
pub const ORIGINS_MAX: usize = 1_000;
/// Values before the origin without which a series is not scored.
const SCORED_FROM: usize = 36;
/// Values above zero among them without which it is not.
const DEMANDS_MIN: usize = 10;

/// What is to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// What is forecast at each origin.
    pub settings: Settings,
    /// Origins: the last one lies a horizon before the end, each other one a horizon before the next.
    pub origins: usize,
    /// Periods between the values whose difference scales the errors.
    pub scale_season: usize,
}

/// Means over the series, then over the origins; not a number (JSON: null) if no series could be scored.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Scores {
    /// Mean absolute scaled error.
    pub mase: f64,
    /// Root mean squared scaled error.
    pub rmsse: f64,
    /// Weighted absolute percentage error: all absolute errors by all values.
    pub wape: f64,
    /// Quantile loss of the tenth, the half and the nine tenths, scaled as the MASE is.
    pub pinball: f64,
    /// Share of the values within the bounds that should hold 80 %.
    pub coverage_80: f64,
    /// Share of the values within the bounds that should hold 95 %.
    pub coverage_95: f64,
    /// Milliseconds of one core for a series at one origin.
    pub ms_per_series: f64,
    /// Series that were scored at one origin at least.
    pub series: usize,
    /// Series that were forecast and never scored: too short, too few demands, or without a scale.
    pub skipped: usize,
}

/// The project's forecasts, and what one gets for nothing.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Backtest {
    /// The project's forecasts.
    #[serde(flatten)]
    pub scores: Scores,
    /// The value a cycle ago, with bounds made the same way.
    pub seasonal_naive: Scores,
}

/// Tries the forecasts at each origin. `clock` tells the time that has passed since some moment.
pub fn backtest(panel: &Panel, trial: &Trial, clock: &dyn Fn() -> Duration) -> Result<Backtest, ForecastError> {
    trial.settings.check()?;
    within("origins", trial.origins, ORIGINS_MAX)?;
    within("mase-season", trial.scale_season, super::predict::SEASON_MAX)?;
    let naive: Course = |values, season, horizon, _: Method, _| point::seasonal_naive(values, season, horizon);
    Ok(Backtest { scores: run(panel, trial, point::forecast, clock), seasonal_naive: run(panel, trial, naive, clock) })
}

fn run(panel: &Panel, trial: &Trial, course: Course, clock: &dyn Fn() -> Duration) -> Scores {
    let horizon = trial.settings.horizon;
    let mut scored = BTreeSet::new();
    let (mut sums, mut origins, mut spent, mut forecasts) = (Scores::default(), 0usize, Duration::ZERO, 0usize);
    for origin in (1..=trial.origins).rev() {
        let Some(known) = cut(panel, origin * horizon) else { continue };
        let started = clock();
        let predictions = predict_by(&known, &trial.settings, course);
        spent += clock().saturating_sub(started);
        forecasts += predictions.len();
        let mut tally = Tally::default();
        // The panel's series that had begun are those of the cut, in the same order.
        let begun = panel.series.iter().filter(|series| series.values.len() > origin * horizon);
        for (prediction, series) in predictions.iter().zip(begun) {
            let (known, rest) = series.values.split_at(series.values.len() - origin * horizon);
            if let Some(scale) = scale(known, trial.scale_season) {
                tally.add(prediction, &rest[..horizon], scale);
                scored.insert(prediction.series.clone());
            }
        }
        if tally.series > 0 {
            tally.into_sums(&mut sums);
            origins += 1;
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Not a number where nothing was scored: a zero would look perfect.
    let mean = |sum: f64| sum / to_f64(origins);
    Scores {
        mase: mean(sums.mase),
        rmsse: mean(sums.rmsse),
        wape: mean(sums.wape),
        pinball: mean(sums.pinball),
        coverage_80: mean(sums.coverage_80),
        coverage_95: mean(sums.coverage_95),
        ms_per_series: spent.as_secs_f64() * 1e3 * to_f64(cores) / to_f64(forecasts.max(1)),
        series: scored.len(),
        skipped: panel.series.len() - scored.len(),
    }
}

/// The panel as it was so many periods ago, with the series that had begun.
fn cut(panel: &Panel, periods: usize) -> Option<Panel> {
    let known = panel.series.iter().filter_map(|series| {
        let left = series.values.len().checked_sub(periods).filter(|left| *left > 0)?;
        Some(Series { values: series.values[..left].to_vec(), ..series.clone() })
    });
    let series: Vec<Series> = known.collect();
    let ordinal = panel.end.ordinal - i32::try_from(periods).ok()?;
    (!series.is_empty()).then_some(Panel { end: Period { ordinal, ..panel.end }, series, ..*panel })
}

fn scale(history: &[f64], season: usize) -> Option<Scale> {
    let demands = history.iter().filter(|value| **value > 0.0).count();
    (history.len() >= SCORED_FROM && demands >= DEMANDS_MIN).then(|| Scale::of(history, season)).flatten()
}

/// Sums over the series of one origin.
#[derive(Debug, Default)]
struct Tally {
    series: usize,
    values: usize,
    mase: f64,
    rmsse: f64,
    absolute: f64,
    total: f64,
    pinball: f64,
    within_80: usize,
    within_95: usize,
}

impl Tally {
    fn add(&mut self, prediction: &Prediction, actual: &[f64], scale: Scale) {
        let course: Vec<f64> = prediction.outlook.iter().map(|outlook| outlook.median).collect();
        let errors = Errors::of(&course, actual, scale);
        self.series += 1;
        self.mase += errors.mase;
        self.rmsse += errors.rmsse;
        self.absolute += errors.absolute;
        self.total += errors.total;
        let mut loss = 0.0;
        for (outlook, value) in prediction.outlook.iter().zip(actual) {
            let holds = |(low, high): (f64, f64)| usize::from((low..=high).contains(value));
            self.within_80 += holds(outlook.tenths);
            self.within_95 += holds(outlook.bounds_95);
            self.values += 1;
            loss += pinball(0.1, outlook.tenths.0, *value)
                + pinball(0.5, outlook.median, *value)
                + pinball(0.9, outlook.tenths.1, *value);
        }
        self.pinball += loss / 3.0 / to_f64(actual.len()) / scale.absolute;
    }

    fn into_sums(self, sums: &mut Scores) {
        let (series, values) = (to_f64(self.series), to_f64(self.values));
        sums.mase += self.mase / series;
        sums.rmsse += self.rmsse / series;
        sums.wape += if self.total > 0.0 { self.absolute / self.total } else { 0.0 };
        sums.pinball += self.pinball / series;
        sums.coverage_80 += to_f64(self.within_80) / values;
        sums.coverage_95 += to_f64(self.within_95) / values;
    }
}
