//! How far off the forecasts were when the last values were not yet known, and so how far off they may be now.
//!
//! Split conformal prediction (Lei and others 2018): errors on the logarithm, each divided by its series' own size of
//! error, are pooled over the series of a method and the neighbouring steps. They are counted from their median, because what all series did
//! together in the held-back time, a year of growth say, is no rule for the next. What a series itself shows is drawn towards the
//! pool, because a few errors say little.

use crate::to_f64;

/// A series' own errors count as much as the pool's when there are so many of them. Errors of neighbouring periods come
/// together, so a year of them is no more than a few.
const OWN_ERRORS: f64 = 40.0;
/// Steps on either side whose errors are pooled with a step's own.
const NEIGHBOURS: usize = 1;
/// The least size of error that is told from none.
const SIZE_MIN: f64 = 1e-4;

/// Errors of one series, step by step, for each time that its last values were held back.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(pub(super) Vec<Vec<f64>>);

impl Held {
    fn sizes(&self) -> impl Iterator<Item = f64> {
        self.0.iter().flatten().map(|error| error.abs())
    }
}

/// The error of a forecast, on the logarithm.
pub(super) fn error(forecast: f64, value: f64) -> f64 {
    value.ln_1p() - forecast.ln_1p()
}

/// Errors of many series, made comparable.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    mean: f64,
    /// Sorted, counted from their median, for each step.
    steps: Vec<Vec<f64>>,
}

impl Pool {
    /// Of the series that one method forecast.
    pub(super) fn of(held: &[&Held], horizon: usize) -> Self {
        let count = held.iter().map(|held| held.sizes().count()).sum::<usize>();
        let mean = held.iter().flat_map(|held| held.sizes()).sum::<f64>() / to_f64(count.max(1));
        let mut pool = Self { mean: mean.max(SIZE_MIN), steps: vec![Vec::new(); horizon] };
        for held in held {
            for (time, errors) in held.0.iter().enumerate() {
                // By what the other times alone show: measured by themselves, errors would look smaller than new ones.
                let others = held.0.iter().enumerate().filter(|(other, _)| *other != time);
                let size = pool.size(&Held(others.map(|(_, errors)| errors.clone()).collect()));
                for (step, error) in errors.iter().enumerate() {
                    let near = step.saturating_sub(NEIGHBOURS)..=(step + NEIGHBOURS).min(horizon - 1);
                    pool.steps[near].iter_mut().for_each(|errors| errors.push(error / size));
                }
            }
        }
        pool.steps.iter_mut().for_each(|errors| centre(errors));
        pool
    }

    /// A series' size of error.
    pub(super) fn size(&self, held: &Held) -> f64 {
        let count = to_f64(held.sizes().count());
        let own = held.sizes().sum::<f64>();
        ((own + OWN_ERRORS * self.mean) / (count + OWN_ERRORS)).max(SIZE_MIN)
    }

    /// The value that is not passed with the given probability; the forecast itself where nothing is known of errors.
    pub(super) fn quantile(&self, forecast: f64, step: usize, size: f64, probability: f64) -> f64 {
        off(forecast, rank(&self.steps[step], probability).unwrap_or(0.0) * size)
    }

    /// The mean over all errors seen.
    pub(super) fn mean(&self, forecast: f64, step: usize, size: f64) -> f64 {
        let errors = &self.steps[step];
        let sum: f64 = errors.iter().map(|error| off(forecast, error * size)).sum();
        if errors.is_empty() { forecast } else { sum / to_f64(errors.len()) }
    }
}

/// Sorts the errors, and counts them from their median.
fn centre(errors: &mut [f64]) {
    errors.sort_by(f64::total_cmp);
    let median = errors.get(errors.len() / 2).copied().unwrap_or(0.0);
    for error in errors {
        *error -= median;
    }
}

/// The value that is so far from the forecast, on the logarithm.
fn off(forecast: f64, error: f64) -> f64 {
    (forecast.ln_1p() + error).exp_m1().max(0.0)
}

/// The error of that rank among one more than there are, so that a value yet unseen is covered.
fn rank(sorted: &[f64], probability: f64) -> Option<f64> {
    let count = sorted.len();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between zero and the count.
    let up = |share: f64| (to_f64(count + 1) * share).ceil().max(1.0) as usize;
    let place = if probability >= 0.5 { up(probability) } else { (count + 1).saturating_sub(up(1.0 - probability)) };
    sorted.get(place.clamp(1, count.max(1)) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_one_more_than_there_are() {
        let errors: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!([0.1, 0.5, 0.9].map(|share| rank(&errors, share)), [Some(1.0), Some(5.0), Some(9.0)]);
        assert_eq!(rank(&[], 0.9), None);
        assert_eq!(rank(&[3.0], 0.1), Some(3.0));
    }

    #[test]
    fn an_interval_widens_with_the_series_own_errors() {
        let errors = |size: f64| Held([size, -size].repeat(20).into_iter().map(|error| vec![error; 4]).collect());
        let (calm, wild) = (errors(0.1), errors(1.0));
        let pool = Pool::of(&[&calm, &wild], 4);
        let width = |held: &Held| {
            let size = pool.size(held);
            pool.quantile(100.0, 0, size, 0.9) - pool.quantile(100.0, 0, size, 0.1)
        };
        assert!(width(&wild) > 1.5 * width(&calm));
        assert!(width(&calm) > 0.0);
    }
}
