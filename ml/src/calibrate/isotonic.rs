//! Isotonic regression: the rising steps that lie nearest to the outcomes, by pooling neighbours that fall.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{check, share};
use crate::error::LearnError;
use crate::to_f64;

/// Steps, with straight lines between one and the next.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Isotonic(Vec<Step>);

#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
struct Step {
    from: f64,
    to: f64,
    probability: f64,
}

/// Scores that are pooled.
struct Pool {
    from: f64,
    to: f64,
    yes: usize,
    count: usize,
}

impl Pool {
    fn share(&self) -> f64 {
        to_f64(self.yes) / to_f64(self.count)
    }
}

impl Isotonic {
    pub(super) fn of(scores: &[f64], outcomes: &[bool]) -> Result<Self, LearnError> {
        check(scores, outcomes)?;
        let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(outcomes.iter().copied()).collect();
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut pools: Vec<Pool> = Vec::new();
        for (score, outcome) in rows {
            // Equal scores are one pool, whatever their outcomes.
            match pools.last_mut().filter(|last| last.to >= score) {
                Some(last) => (last.yes, last.count) = (last.yes + usize::from(outcome), last.count + 1),
                None => pools.push(Pool { from: score, to: score, yes: usize::from(outcome), count: 1 }),
            }
        }
        let mut rising: Vec<Pool> = Vec::with_capacity(pools.len());
        for mut pool in pools {
            while let Some(last) = rising.pop_if(|last| last.share() >= pool.share()) {
                pool = Pool { from: last.from, to: pool.to, yes: last.yes + pool.yes, count: last.count + pool.count };
            }
            rising.push(pool);
        }
        let steps = rising.iter().map(|pool| Step { from: pool.from, to: pool.to, probability: pool.share() });
        Ok(Self(steps.collect()))
    }

    pub(super) fn probability(&self, score: f64) -> f64 {
        let next = self.0.partition_point(|step| step.to < score);
        let Some(step) = self.0.get(next) else { return self.0.last().map_or(0.0, |step| step.probability) };
        match next.checked_sub(1).map(|last| self.0[last]) {
            Some(last) if score < step.from => {
                last.probability + share(last.to, step.from, score) * (step.probability - last.probability)
            }
            _ => step.probability,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        let rises = |pair: &[Step]| pair[0].to < pair[1].from && pair[0].probability <= pair[1].probability;
        let good = |step: &Step| step.from <= step.to && (0.0..=1.0).contains(&step.probability);
        !self.0.is_empty() && self.0.windows(2).all(rises) && self.0.iter().all(good)
    }
}
