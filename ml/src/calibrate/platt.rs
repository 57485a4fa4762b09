//! Platt's curve: the logistic function of a straight line, fitted by Newton's method to outcomes that are drawn a little towards one
//! another (Lin, Lin and Weng 2007), so that a few outcomes that a score separates do not make it certain.

use borsh::{BorshDeserialize, BorshSerialize};

use super::check;
use crate::error::LearnError;
use crate::to_f64;

const ROUNDS_MAX: usize = 100;
const HALVINGS_MAX: usize = 40;

/// `1 / (1 + e^-(slope * (score - centre) / spread + level))`.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Platt {
    centre: f64,
    spread: f64,
    slope: f64,
    level: f64,
}

impl Platt {
    /// A score that falls where the outcomes rise is not turned round: then all scores have the share of the outcomes.
    pub(super) fn of(scores: &[f64], outcomes: &[bool]) -> Result<Self, LearnError> {
        check(scores, outcomes)?;
        let count = to_f64(scores.len());
        let centre = scores.iter().map(|score| score / count).sum::<f64>();
        let spread = scores.iter().map(|score| (score - centre).powi(2) / count).sum::<f64>().sqrt();
        let spread = if spread > 0.0 && spread.is_finite() { spread } else { 1.0 };
        let yes = to_f64(outcomes.iter().filter(|outcome| **outcome).count());
        let aims = [1.0 / (count - yes + 2.0), (yes + 1.0) / (yes + 2.0)];
        let row = |(score, outcome): (&f64, &bool)| ((score - centre) / spread, aims[usize::from(*outcome)]);
        let rows: Vec<(f64, f64)> = scores.iter().zip(outcomes).map(row).collect();
        let level = ((yes + 1.0) / (count - yes + 1.0)).ln();
        let (slope, found) = newton(&rows, level);
        let (slope, level) = if slope >= 0.0 { (slope, found) } else { (0.0, level) };
        Ok(Self { centre, spread, slope, level })
    }

    pub(super) fn probability(&self, score: f64) -> f64 {
        let line = if self.slope > 0.0 { self.slope * ((score - self.centre) / self.spread) } else { 0.0 };
        logistic(line + self.level)
    }

    pub(super) fn is_whole(&self) -> bool {
        let numbers = [self.centre, self.spread, self.slope, self.level];
        numbers.iter().all(|number| number.is_finite()) && self.spread > 0.0 && self.slope >= 0.0
    }
}

/// Slope and level at which the cross-entropy is least.
fn newton(rows: &[(f64, f64)], level: f64) -> (f64, f64) {
    let (mut slope, mut level) = (0.0, level);
    let mut loss = cross_entropy(rows, slope, level);
    for _ in 0..ROUNDS_MAX {
        // The gradient, and the matrix of second derivatives with a little on its diagonal.
        let (mut by_slope, mut by_level, mut second) = (0.0, 0.0, [1e-12, 0.0, 1e-12]);
        for (x, aim) in rows {
            let probability = logistic(slope * x + level);
            let (error, weight) = (probability - aim, probability * (1.0 - probability));
            (by_slope, by_level) = (by_slope + error * x, by_level + error);
            second = [second[0] + weight * x * x, second[1] + weight * x, second[2] + weight];
        }
        let determinant = second[0] * second[2] - second[1] * second[1];
        let step_slope = (second[2] * by_slope - second[1] * by_level) / determinant;
        let step_level = (second[0] * by_level - second[1] * by_slope) / determinant;
        let mut length = 1.0;
        let better = (0..HALVINGS_MAX).find_map(|_| {
            let (new_slope, new_level) = (slope - length * step_slope, level - length * step_level);
            let new = cross_entropy(rows, new_slope, new_level);
            length /= 2.0;
            (new < loss).then_some((new_slope, new_level, new))
        });
        let Some((new_slope, new_level, new)) = better else { break };
        (slope, level, loss) = (new_slope, new_level, new);
    }
    (slope, level)
}

fn cross_entropy(rows: &[(f64, f64)], slope: f64, level: f64) -> f64 {
    let loss = |(x, aim): &(f64, f64)| {
        let line = slope * x + level;
        // ln(1 + e^line) without overflow.
        line.max(0.0) + (-line.abs()).exp().ln_1p() - aim * line
    };
    rows.iter().map(loss).sum()
}

fn logistic(line: f64) -> f64 {
    1.0 / (1.0 + (-line).exp())
}
