//! The most likely course: the median of a few simple methods, which errs less than the best of them does (Petropoulos,
//! Svetunkov 2020).

use augurs::mstl::stlrs::{MstlParams, StlParams};

use super::intermittent::{imapa, interval};
use super::smooth::{self, level, theta};
use crate::to_f64;

/// From this mean interval between demands on a series is intermittent (Syntetos, Boylan, Croston 2005).
const INTERMITTENT_FROM: f64 = 1.32;

/// From this strength on a season is worth following.
const SEASON_STRENGTH_MIN: f64 = 0.4;

/// How a series was forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Decomposed into trend and season; median of smoothing and theta on the logarithm, smoothing of the values, and the
    /// value a cycle ago.
    Seasonal,
    /// Too short for a season, or with a weak one: median of smoothing with and without a trend, of the values and of
    /// their logarithms.
    Smooth,
    /// Demand now and then: mean of IMAPA of the values and of their logarithms.
    Intermittent,
}

impl Method {
    /// What it is called wherever it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seasonal => "seasonal",
            Self::Smooth => "smooth",
            Self::Intermittent => "intermittent",
        }
    }
}

/// A history without its season, and the season's last cycle.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    rest: Vec<f64>,
    cycle: Vec<f64>,
}

/// Which method a history calls for; `season` is the number of periods of a cycle, 1 for none. Where it is the seasonal
/// one, the logarithms' parts come with it.
pub(super) fn method(values: &[f64], season: usize) -> (Method, Option<Parts>) {
    if interval(values) >= INTERMITTENT_FROM {
        return (Method::Intermittent, None);
    }
    if season < 2 || values.len() <= 2 * season {
        return (Method::Smooth, None);
    }
    let logs = logarithms(values);
    let parts = decompose(&logs, season, false).filter(|parts| strength(&logs, &parts.rest) >= SEASON_STRENGTH_MIN);
    if parts.is_some() { (Method::Seasonal, parts) } else { (Method::Smooth, None) }
}

/// By how much the changes from period to period shrink when the season is taken out: 0 not at all, 1 to nothing. As the
/// strength of seasonality of Wang, Smith, Hyndman 2006, on differences, so that a trend does not hide a season.
fn strength(values: &[f64], rest: &[f64]) -> f64 {
    let spread = |values: &[f64]| {
        let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = changes.iter().sum::<f64>() / to_f64(changes.len().max(1));
        changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>()
    };
    let all = spread(values);
    if all > 0.0 { 1.0 - spread(rest) / all } else { 0.0 }
}

/// What follows by that method; never below zero. `parts` are those of [`method`] for the same values, where they are known.
pub(super) fn forecast(
    values: &[f64],
    season: usize,
    horizon: usize,
    method: Method,
    parts: Option<Parts>,
) -> Vec<f64> {
    let logs = logarithms(values);
    let flat = |value: f64| vec![value; horizon];
    let courses = match method {
        Method::Intermittent => vec![flat(imapa(values)), flat(imapa(&logs).exp_m1())],
        Method::Smooth => vec![
            flat(level(values)),
            flat(level(&logs).exp_m1()),
            smooth::forecast(values, horizon),
            exponents(smooth::forecast(&logs, horizon)),
        ],
        Method::Seasonal => seasonal(values, &logs, season, horizon, parts),
    };
    medians(&courses, horizon)
}

/// The value a cycle ago; the last one while there was no cycle.
pub(super) fn seasonal_naive(values: &[f64], season: usize, horizon: usize) -> Vec<f64> {
    let cycle = match values.len() {
        0 => return vec![0.0; horizon],
        count if count >= season => &values[count - season..],
        count => &values[count - 1..],
    };
    cycle.iter().copied().cycle().take(horizon).collect()
}

fn seasonal(values: &[f64], logs: &[f64], season: usize, horizon: usize, parts: Option<Parts>) -> Vec<Vec<f64>> {
    let mut courses = vec![seasonal_naive(values, season, horizon)];
    if let Some(parts) = parts.or_else(|| decompose(logs, season, false)) {
        courses.push(exponents(with_season(smooth::forecast(&parts.rest, horizon), &parts.cycle)));
        courses.push(exponents(with_season(theta(&parts.rest, horizon), &parts.cycle)));
    }
    if let Some(parts) = decompose(logs, season, true) {
        courses.push(exponents(with_season(smooth::forecast(&parts.rest, horizon), &parts.cycle)));
    }
    if let Some(parts) = decompose(values, season, false) {
        courses.push(with_season(smooth::forecast(&parts.rest, horizon), &parts.cycle));
    }
    courses
}

/// Takes the season out (STL: Cleveland and others 1990).
fn decompose(values: &[f64], season: usize, robust: bool) -> Option<Parts> {
    let mut inner = StlParams::new();
    inner.robust(robust);
    let parts = MstlParams::new().stl_params(inner).fit(values, &[season]).ok()?;
    let seasonal = parts.seasonal().first()?;
    let rest = values.iter().zip(seasonal).map(|(value, season)| value - season).collect();
    Some(Parts { rest, cycle: seasonal[seasonal.len() - season..].to_vec() })
}

fn with_season(course: Vec<f64>, cycle: &[f64]) -> Vec<f64> {
    course.into_iter().zip(cycle.iter().cycle()).map(|(value, season)| value + season).collect()
}

fn logarithms(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln_1p()).collect()
}

fn exponents(course: Vec<f64>) -> Vec<f64> {
    course.into_iter().map(f64::exp_m1).collect()
}

/// Step by step; a course that ran away counts for no more than any other.
fn medians(courses: &[Vec<f64>], horizon: usize) -> Vec<f64> {
    let at = |step: usize| {
        let mut values: Vec<f64> =
            courses.iter().map(|course| course[step]).filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let median = match (values.len() / 2, values.len() % 2) {
            (0, 0) => 0.0,
            (half, 0) => f64::midpoint(values[half - 1], values[half]),
            (half, _) => values[half],
        };
        median.max(0.0)
    };
    (0..horizon).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_that_is_there_goes_on() {
        let wave = |place: usize| 100.0 + 40.0 * (std::f64::consts::TAU * to_f64(place) / 12.0).sin();
        let values: Vec<f64> = (0..72).map(wave).collect();
        let (method, parts) = method(&values, 12);
        assert_eq!(method, Method::Seasonal);
        assert_eq!(forecast(&values, 12, 12, method, parts), forecast(&values, 12, 12, method, None));
        for (step, value) in forecast(&values, 12, 12, Method::Seasonal, None).into_iter().enumerate() {
            assert!((value - wave(72 + step)).abs() < 5.0, "step {step}: {value}");
        }
    }

    #[test]
    fn each_history_has_its_method() {
        let sparse: Vec<f64> = (0..60).map(|place| if place % 4 == 0 { 3.0 } else { 0.0 }).collect();
        assert_eq!(method(&sparse, 12).0, Method::Intermittent);
        assert_eq!(method(&[5.0; 60], 12).0, Method::Smooth);
        assert_eq!(method(&[5.0, 6.0, 7.0], 12).0, Method::Smooth);
        assert_eq!(method(&[], 12).0, Method::Smooth);
    }

    #[test]
    fn short_histories_have_forecasts_too() {
        for values in [&[][..], &[0.0], &[4.0], &[0.0, 0.0, 3.0]] {
            for method in [Method::Seasonal, Method::Smooth, Method::Intermittent] {
                let course = forecast(values, 12, 3, method, None);
                assert!(
                    course.len() == 3 && course.iter().all(|value| value.is_finite() && *value >= 0.0),
                    "{values:?}"
                );
            }
        }
        assert_eq!(seasonal_naive(&[1.0, 2.0, 3.0], 2, 3), vec![2.0, 3.0, 2.0]);
        assert_eq!(seasonal_naive(&[1.0], 2, 2), vec![1.0, 1.0]);
    }
}
