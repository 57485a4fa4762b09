//! Exponential smoothing: a level, with or without a trend that may fade (Hyndman, Koehler, Ord, Snyder 2008, ch. 3).

use crate::to_f64;

/// Weights of the newest value in the level.
const ALPHAS: [f64; 13] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];
/// Weight of the newest slope in the trend, as a share of the level's.
const BETA_SHARES: [f64; 5] = [0.0, 0.05, 0.1, 0.2, 0.4];
/// How much of the trend is left a period later.
const DAMPINGS: [f64; 5] = [1.0, 0.98, 0.95, 0.9, 0.8];
/// The trend begins as the slope of the first values.
const WARM_UP: usize = 12;

#[derive(Debug, Clone, Copy)]
struct Weights {
    alpha: f64,
    beta: f64,
    phi: f64,
}

#[derive(Debug, Clone, Copy)]
struct State {
    level: f64,
    trend: f64,
}

/// The sum of squared errors one step ahead, and where it ends.
fn run(values: &[f64], begin: State, weights: Weights) -> (f64, State) {
    values.iter().fold((0.0, begin), |(sum, state), value| {
        let error = value - state.level - weights.phi * state.trend;
        let next = State {
            level: state.level + weights.phi * state.trend + weights.alpha * error,
            trend: weights.phi * state.trend + weights.beta * weights.alpha * error,
        };
        (error.mul_add(error, sum), next)
    })
}

/// The level after the last value, for the weight that errs least one step ahead.
pub(super) fn level(values: &[f64]) -> f64 {
    let Some(first) = values.first() else { return 0.0 };
    let begin = State { level: *first, trend: 0.0 };
    let tries = ALPHAS.map(|alpha| run(values, begin, Weights { alpha, beta: 0.0, phi: 0.0 }));
    least(tries).map_or(*first, |state| state.level)
}

/// What follows: without a trend, with one, or with one that fades, as the corrected information criterion decides.
pub(super) fn forecast(values: &[f64], horizon: usize) -> Vec<f64> {
    if values.len() < 8 {
        return vec![level(values); horizon];
    }
    let warm_up = values.len().min(WARM_UP);
    let (mean, slope) = line(&values[..warm_up]);
    let flat = State { level: mean, trend: 0.0 };
    let rising = State { level: mean - slope * to_f64(warm_up) / 2.0, trend: slope };
    let mut best = (f64::INFINITY, flat, 0.0);
    for alpha in ALPHAS {
        consider(&mut best, values, flat, Weights { alpha, beta: 0.0, phi: 0.0 }, 3.0);
        for beta in BETA_SHARES {
            for phi in DAMPINGS {
                let parameters = if phi < 1.0 { 6.0 } else { 5.0 };
                consider(&mut best, values, rising, Weights { alpha, beta, phi }, parameters);
            }
        }
    }
    let (_, State { level, trend }, phi) = best;
    let steps = std::iter::successors(Some(phi), |power| Some(power * phi));
    steps
        .take(horizon)
        .scan(0.0, |sum, power| {
            *sum += power;
            Some(level + *sum * trend)
        })
        .collect()
}

fn consider(best: &mut (f64, State, f64), values: &[f64], begin: State, weights: Weights, parameters: f64) {
    let (squares, end) = run(values, begin, weights);
    let criterion = information(squares, to_f64(values.len()), parameters);
    if criterion < best.0 {
        *best = (criterion, end, weights.phi);
    }
}

/// Akaike's criterion, corrected for short series (Hurvich, Tsai 1989).
fn information(squares: f64, count: f64, parameters: f64) -> f64 {
    // A series without any error is told apart by its parameters alone.
    let fit = count * (squares / count).max(1e-12).ln();
    fit + 2.0 * parameters + 2.0 * parameters * (parameters + 1.0) / (count - parameters - 1.0).max(0.5)
}

fn least<const N: usize>(tries: [(f64, State); N]) -> Option<State> {
    tries.into_iter().min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, state)| state)
}

/// Mean and slope of the straight line through the values (least squares).
pub(super) fn line(values: &[f64]) -> (f64, f64) {
    let count = to_f64(values.len());
    let middle = (count - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let (mut above, mut below) = (0.0, 0.0);
    for (place, value) in values.iter().enumerate() {
        let x = to_f64(place) - middle;
        above += x * (value - mean);
        below += x * x;
    }
    (mean, if below > 0.0 { above / below } else { 0.0 })
}

/// The theta method: the mean of a level and of half the long slope (Assimakopoulos, Nikolopoulos 2000; the form of
/// Hyndman, Billah 2003).
pub(super) fn theta(values: &[f64], horizon: usize) -> Vec<f64> {
    let level = level(values);
    let (_, slope) = line(values);
    (0..horizon).map(|step| level + slope / 2.0 * to_f64(step + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_goes_on() {
        let values: Vec<f64> = (0..60).map(|x| 3.0 + 2.0 * f64::from(x)).collect();
        for (step, value) in forecast(&values, 6).into_iter().enumerate() {
            let due = 3.0 + 2.0 * to_f64(60 + step);
            assert!((value - due).abs() < 0.05 * due, "step {step}: {value}, due {due}");
        }
    }

    #[test]
    fn a_level_stays() {
        assert_eq!(forecast(&[5.0; 30], 3), vec![5.0; 3]);
        assert_eq!(theta(&[5.0; 30], 2), vec![5.0; 2]);
        assert!((level(&[]) - 0.0).abs() < f64::EPSILON);
        assert_eq!(forecast(&[7.0], 2), vec![7.0; 2]);
    }

    #[test]
    fn a_new_level_is_learnt() {
        let mut values = vec![10.0; 40];
        values.extend([50.0; 20]);
        assert!((level(&values) - 50.0).abs() < 1.0);
    }
}
