//! Scores made probabilities. Every calibration is monotone: a higher score never has a lower probability.
//!
//! With outcomes: isotonic regression (Zadrozny and Elkan 2002) where there are many, Platt's logistic curve (Platt 1999, as in
//! Lin, Lin and Weng 2007) where there are few. Without any: the [`Tail`] of the scores themselves.

mod isotonic;
mod platt;
mod tail;

use borsh::{BorshDeserialize, BorshSerialize};

pub use isotonic::Isotonic;
pub use platt::Platt;
pub use tail::Tail;

use crate::error::LearnError;

/// Isotonic regression follows chance where there are fewer outcomes of either kind.
const ISOTONIC_EACH_MIN: usize = 100;

/// How a score becomes a probability.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Calibration {
    /// No outcomes are known.
    Tail(Tail),
    /// Few are.
    Platt(Platt),
    /// Many are.
    Isotonic(Isotonic),
}

impl Calibration {
    /// From scores whose outcomes are known: isotonic with a hundred or more of each kind, else by Platt. They must be other
    /// rows than the model was fitted on, or the probabilities are too sure.
    pub fn by_outcomes(scores: &[f64], outcomes: &[bool]) -> Result<Self, LearnError> {
        let yes = outcomes.iter().filter(|outcome| **outcome).count();
        if yes.min(outcomes.len() - yes) >= ISOTONIC_EACH_MIN {
            return Ok(Self::Isotonic(Isotonic::of(scores, outcomes)?));
        }
        Ok(Self::Platt(Platt::of(scores, outcomes)?))
    }

    /// From scores alone; `prior` is the share of rows that are assumed to be what is looked for.
    pub fn by_tail(scores: &[f64], prior: f64) -> Result<Self, LearnError> {
        Ok(Self::Tail(Tail::of(scores, prior)?))
    }

    /// Of a score that is not a number, the lowest.
    pub fn probability(&self, score: f64) -> f64 {
        let score = if score.is_nan() { f64::NEG_INFINITY } else { score };
        match self {
            Self::Tail(tail) => tail.probability(score),
            Self::Platt(platt) => platt.probability(score),
            Self::Isotonic(isotonic) => isotonic.probability(score),
        }
    }

    /// The share of scores as high as this, of those that were seen; as many as all where outcomes and not scores were counted.
    pub fn share(&self, score: f64) -> f64 {
        match self {
            Self::Tail(tail) => tail.share(score),
            Self::Platt(_) | Self::Isotonic(_) => 1.0,
        }
    }

    /// That the parts fit together, which a file may only claim.
    pub fn check(&self) -> Result<(), &'static str> {
        let good = match self {
            Self::Tail(tail) => tail.is_whole(),
            Self::Platt(platt) => platt.is_whole(),
            Self::Isotonic(isotonic) => isotonic.is_whole(),
        };
        if good { Ok(()) } else { Err("the calibration is not monotone") }
    }
}

/// That every score has an outcome and both kinds occur.
fn check(scores: &[f64], outcomes: &[bool]) -> Result<(), LearnError> {
    if scores.len() != outcomes.len() {
        let (scores, outcomes) = (scores.len(), outcomes.len());
        return Err(LearnError::Labels(format!("{scores} scores, but {outcomes} outcomes")));
    }
    finite(scores)?;
    if outcomes.iter().all(|outcome| *outcome) || !outcomes.contains(&true) {
        return Err(LearnError::Labels("the outcomes are all the same: nothing can be learnt from them".to_owned()));
    }
    Ok(())
}

/// That there are scores, all of them finite.
fn finite(scores: &[f64]) -> Result<(), LearnError> {
    if scores.is_empty() {
        return Err(LearnError::NoRows);
    }
    match scores.iter().position(|score| !score.is_finite()) {
        Some(at) => Err(LearnError::Labels(format!("score {} is {}, not a finite number", at + 1, scores[at]))),
        None => Ok(()),
    }
}

/// Where `value` stands between `from` and `to`, as a share; the middle if they are one.
fn share(from: f64, to: f64, value: f64) -> f64 {
    if to > from { ((value - from) / (to - from)).clamp(0.0, 1.0) } else { 0.5 }
}

#[cfg(test)]
mod tests;
