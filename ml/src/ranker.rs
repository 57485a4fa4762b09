//! Which case comes first: a ranker that learns from the outcomes of cases, and one for before there are any.
//!
//! | ranker | when | a row's score |
//! |---|---|---|
//! | [`Unlabelled`] | fewer than [`OUTCOMES_EACH_MIN`] outcomes of either kind | Fisher's sum of `-ln p` over the columns |
//! | [`Logistic`] | from then on | the logit of being what is looked for |
//! | [`Boosted`] | where it was better on later rows, see [`choose`] | the logit, by boosted trees |
//!
//! Every score is `base + contributions`, added in the order of the columns: the very same bits, not only nearly.

mod boosted;
mod choose;
mod logistic;
mod metrics;
mod unlabelled;

use borsh::{BorshDeserialize, BorshSerialize};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

pub use boosted::{Boosted, BoostedSettings};
pub use choose::{Choice, Comparison, Outcome, choose};
pub use logistic::Logistic;
pub use metrics::{Metrics, average_precision};
pub use unlabelled::Unlabelled;

use crate::columns::Columns;
use crate::error::LearnError;

/// Fewer outcomes of either kind teach nothing that holds.
pub const OUTCOMES_EACH_MIN: usize = 20;

/// A fitted ranker.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Ranker {
    /// Learnt from the rows alone.
    Unlabelled(Unlabelled),
    /// Learnt from outcomes, a weight a column.
    Logistic(Logistic),
    /// Learnt from outcomes, by trees.
    Boosted(Boosted),
}

impl Ranker {
    /// The columns that it was fitted on.
    pub fn columns(&self) -> &Columns {
        match self {
            Self::Unlabelled(ranker) => &ranker.columns,
            Self::Logistic(ranker) => &ranker.columns,
            Self::Boosted(ranker) => &ranker.columns,
        }
    }

    /// What a score is before any column is looked at.
    pub fn base(&self) -> f64 {
        match self {
            Self::Unlabelled(_) => 0.0,
            Self::Logistic(ranker) => ranker.level,
            Self::Boosted(ranker) => ranker.base,
        }
    }

    /// A score for each row: higher is more suspicious.
    pub fn score(&self, rows: ArrayView2<'_, f64>) -> Result<Array1<f64>, LearnError> {
        Ok(self.contributions(rows)?.rows().into_iter().map(|row| self.sum(row)).collect())
    }

    /// The score of one row.
    pub fn score_row(&self, row: ArrayView1<'_, f64>) -> Result<f64, LearnError> {
        Ok(self.score(row.insert_axis(ndarray::Axis(0)))?[0])
    }

    /// What each column adds to each row's score.
    pub fn contributions(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, LearnError> {
        self.columns().check(rows.ncols())?;
        let width = rows.ncols();
        let mut found = vec![0.0; rows.len()];
        found.par_chunks_mut(width).enumerate().for_each_init(
            || vec![0.0; width],
            |values, (row, out)| {
                self.columns().read_row(rows.row(row), values);
                self.explain(values, out);
            },
        );
        Ok(Array2::from_shape_vec(rows.dim(), found).expect("as many as the rows have cells"))
    }

    /// The score that contributions add up to.
    pub fn sum(&self, contributions: ArrayView1<'_, f64>) -> f64 {
        contributions.iter().fold(self.base(), |sum, part| sum + part)
    }

    /// The probability that a score stands for; none of a ranker that knows no outcomes: [`crate::calibrate`] makes one of it.
    pub fn probability(&self, score: f64) -> Option<f64> {
        match self {
            Self::Unlabelled(_) => None,
            Self::Logistic(_) | Self::Boosted(_) => Some(logistic(score)),
        }
    }

    /// That the parts fit together, which a file may only claim.
    pub fn check(&self) -> Result<(), &'static str> {
        let good = match self {
            Self::Unlabelled(ranker) => ranker.is_whole(),
            Self::Logistic(ranker) => ranker.is_whole(),
            Self::Boosted(ranker) => ranker.is_whole(),
        };
        if good { Ok(()) } else { Err("the ranker is not whole") }
    }

    fn explain(&self, values: &[f64], out: &mut [f64]) {
        match self {
            Self::Unlabelled(ranker) => ranker.explain(values, out),
            Self::Logistic(ranker) => ranker.explain(values, out),
            Self::Boosted(ranker) => ranker.explain(values, out),
        }
    }
}

fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// That every row has an outcome and there are both kinds; how many are what is looked for.
fn check(rows: usize, outcomes: &[bool]) -> Result<usize, LearnError> {
    if rows != outcomes.len() {
        return Err(LearnError::Labels(format!("{rows} rows, but {} outcomes", outcomes.len())));
    }
    match outcomes.iter().filter(|outcome| **outcome).count() {
        yes if yes > 0 && yes < rows => Ok(yes),
        _ => Err(LearnError::Labels("the outcomes are all the same: nothing can be learnt from them".to_owned())),
    }
}

#[cfg(test)]
mod tests;
