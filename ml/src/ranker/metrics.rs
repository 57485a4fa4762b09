//! How good a ranking is.

use super::logistic;
use crate::to_f64;

/// Of scores whose outcomes are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// The area under the curve of precision and recall, as average precision. Chance has the share of what is looked for.
    pub average_precision: f64,
    /// The mean squared error of the probabilities.
    pub brier: f64,
    /// The mean cross-entropy of the probabilities, in nats.
    pub log_loss: f64,
}

impl Metrics {
    /// Of logits of what each turned out to be.
    pub fn of_logits(logits: &[f64], outcomes: &[bool]) -> Self {
        let mean = |error: fn(f64, bool) -> f64| {
            let errors = logits.iter().zip(outcomes).map(|(logit, outcome)| error(*logit, *outcome));
            errors.sum::<f64>() / to_f64(logits.len().max(1))
        };
        Self {
            average_precision: average_precision(logits, outcomes),
            brier: mean(|logit, outcome| (logistic(logit) - f64::from(u8::from(outcome))).powi(2)),
            log_loss: mean(|logit, outcome| {
                let wrong = if outcome { -logit } else { logit };
                wrong.max(0.0) + (-wrong.abs()).exp().ln_1p()
            }),
        }
    }
}

/// The mean, over what is looked for, of the precision down to it. Equal scores are one step: their order says nothing.
pub fn average_precision(scores: &[f64], outcomes: &[bool]) -> f64 {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(outcomes.iter().copied()).collect();
    order.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (mut found, mut looked, mut sum) = (0, 0, 0.0);
    for equal in order.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let new = equal.iter().filter(|row| row.1).count();
        (found, looked) = (found + new, looked + equal.len());
        sum += to_f64(new) * to_f64(found) / to_f64(looked);
    }
    if found == 0 { 0.0 } else { sum / to_f64(found) }
}
