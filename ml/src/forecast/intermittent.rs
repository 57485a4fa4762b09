//! Demand that comes now and then.

use super::smooth::level;
use crate::to_f64;

/// Sums of so many values each, the last one whole.
fn aggregate(values: &[f64], width: usize) -> Vec<f64> {
    values[values.len() % width..].chunks_exact(width).map(|chunk| chunk.iter().sum()).collect()
}

/// Forecast of the sums of so many periods, spread evenly.
fn at_width(values: &[f64], width: usize) -> f64 {
    level(&aggregate(values, width)) / to_f64(width)
}

/// The mean number of periods from one demand to the next; the length of the series if there is none.
pub(super) fn interval(values: &[f64]) -> f64 {
    let demands = values.iter().filter(|value| **value > 0.0).count();
    to_f64(values.len()) / to_f64(demands.max(1))
}

/// The mean interval, rounded, and few enough that there are at least three sums to smooth.
fn widest(values: &[f64]) -> usize {
    let wished = interval(values).round().max(1.0);
    let possible = (values.len() / 3).max(1);
    (1..=possible).rev().find(|width| to_f64(*width) <= wished).unwrap_or(1)
}

/// IMAPA (Petropoulos, Kourentzes 2015): smoothed at every scale up to that of the mean interval (ADIDA, Nikolopoulos and others
/// 2011), and the mean of these.
pub(super) fn imapa(values: &[f64]) -> f64 {
    let widest = widest(values);
    (1..=widest).map(|width| at_width(values, width)).sum::<f64>() / to_f64(widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_period_means_a_third_a_period() {
        let values: Vec<f64> = (0..60).map(|place| if place % 3 == 2 { 6.0 } else { 0.0 }).collect();
        assert!((imapa(&values) - 2.0).abs() < 1.0);
        assert!((interval(&values) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_stays_nothing() {
        assert!(imapa(&[0.0; 20]).abs() < f64::EPSILON);
        assert!(imapa(&[]).abs() < f64::EPSILON);
    }
}
