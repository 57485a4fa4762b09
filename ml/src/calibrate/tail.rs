//! What a score is worth before any outcome is known: how few of the scores seen were as high.
//!
//! The share of scores as high, `p`, is counted, a row more than there are, and beyond the highest fiftieth continued as an exponential tail of
//! their mean excess (peaks over threshold), so that a score above all others still tells how far. From `p` follows the probability
//! `1 / (1 + (1 - prior) / prior * (-e p ln p))` for `p < 1/e`, else the prior: the bound of Sellke, Bayarri and Berger (2001) on what a
//! p-value can say. So it is an upper bound, right as far as the assumed prior is.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{finite, share};
use crate::error::LearnError;
use crate::to_f64;

/// Scores that are kept of those seen.
const KNOTS_MAX: usize = 1024;
/// The share of scores that the exponential tail stands for.
const TAIL_SHARE: f64 = 0.02;
/// A tail of fewer scores is not trusted: the count then ends it.
const TAIL_MIN: usize = 10;

/// The distribution of the scores seen.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Tail {
    pub(super) prior: f64,
    /// Rising scores, each with the share of scores as high, falling.
    pub(super) knots: Vec<(f64, f64)>,
    /// The mean excess of the tail over the last knot; zero where there is no tail.
    pub(super) excess: f64,
}

impl Tail {
    pub(crate) fn of(scores: &[f64], prior: f64) -> Result<Self, LearnError> {
        finite(scores)?;
        if !(prior > 0.0 && prior < 1.0) {
            let expected = "a share between 0 and 1, neither of them".to_owned();
            return Err(LearnError::Setting { name: "prior", value: prior.to_string(), expected });
        }
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between zero and the count.
        let tail = (to_f64(count) * TAIL_SHARE) as usize;
        let tail = if tail >= TAIL_MIN { tail } else { 0 };
        let begin = (count - 1) - tail.min(count - 1);
        let over: f64 = sorted[begin..].iter().map(|score| (score - sorted[begin]) / to_f64(tail.max(1))).sum();
        let knot = |at: usize| {
            let score = sorted[at];
            let lower = sorted.partition_point(|other| *other < score);
            (score, to_f64(count - lower + 1) / to_f64(count + 1))
        };
        let places = KNOTS_MAX.min(begin + 1);
        let mut knots: Vec<(f64, f64)> = (0..places).map(|at| knot(begin * at / (places - 1).max(1))).collect();
        if tail == 0 {
            knots.push(knot(count - 1));
        }
        knots.dedup_by(|next, last| next.0 <= last.0);
        Ok(Self { prior, knots, excess: if tail > 0 { over } else { 0.0 } })
    }

    /// The share of scores as high as this.
    pub fn share(&self, score: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.0 < score);
        let last = next.checked_sub(1).map(|last| self.knots[last]);
        match (last, self.knots.get(next)) {
            (None, _) => 1.0,
            (Some((_, part)), None) if self.excess <= 0.0 => part,
            (Some((from, part)), None) => part * (-(score - from) / self.excess).exp(),
            (Some((from, above)), Some((to, below))) => above * (below / above).powf(share(from, *to, score)),
        }
    }

    pub(super) fn probability(&self, score: f64) -> f64 {
        let share = self.share(score);
        if share >= (-1.0_f64).exp() {
            return self.prior;
        }
        // Far out the share is zero in floating point, and so is its product with its logarithm.
        let against = if share > 0.0 { -std::f64::consts::E * share * share.ln() } else { 0.0 };
        1.0 / (1.0 + (1.0 - self.prior) / self.prior * against)
    }

    pub(crate) fn is_whole(&self) -> bool {
        let falls = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 >= pair[1].1;
        let good = |knot: &(f64, f64)| knot.0.is_finite() && knot.1 > 0.0 && knot.1 <= 1.0;
        let numbers = self.prior > 0.0 && self.prior < 1.0 && self.excess >= 0.0 && self.excess.is_finite();
        numbers && !self.knots.is_empty() && self.knots.windows(2).all(falls) && self.knots.iter().all(good)
    }
}
