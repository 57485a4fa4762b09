//! Logistic regression, linfa's, on standardised columns.

use borsh::{BorshDeserialize, BorshSerialize};
use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, ArrayView2};

use super::{check, logistic};
use crate::columns::{Columns, moments};
use crate::error::LearnError;

/// The ridge on the standardised weights.
const RIDGE: f64 = 1.0;
/// The ridge on what is added to a first guess: weights are drawn from about half a unit of the logit, so it takes several
/// outcomes to say otherwise than the guess.
const RIDGE_BESIDE: f64 = 4.0;
/// Rounds over all columns when adding to a first guess.
const ROUNDS_BESIDE: usize = 200;
const ROUNDS_MAX: u64 = 500;
const GRADIENT_MIN: f64 = 1e-6;
/// Values are cut off so many standard deviations from the mean, so that one far value does not decide alone.
const STANDARD_MAX: f64 = 8.0;

/// A weight a column. A contribution is `weight * (value - mean) / deviation`, the deviation limited to eight.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Logistic {
    pub(super) columns: Columns,
    pub(super) level: f64,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
struct Term {
    centre: f64,
    spread: f64,
    weight: f64,
}

impl Term {
    fn standard(&self, value: f64) -> f64 {
        ((value - self.centre) / self.spread).clamp(-STANDARD_MAX, STANDARD_MAX)
    }
}

impl Logistic {
    /// From `rows`, whose columns are called `names`, and what each turned out to be.
    pub fn fit(names: &[String], rows: ArrayView2<'_, f64>, outcomes: &[bool]) -> Result<Self, LearnError> {
        let columns = Columns::of(names, rows)?;
        check(rows.nrows(), outcomes)?;
        let mut known = columns.read_rows(rows);
        let mut terms: Vec<Term> = known.columns().into_iter().map(|column| term(&column.to_vec())).collect();
        for mut row in known.rows_mut() {
            row.iter_mut().zip(&terms).for_each(|(value, term)| *value = term.standard(*value));
        }
        let data = Dataset::new(known, Array1::from(outcomes.to_vec()));
        let params =
            LogisticRegression::default().alpha(RIDGE).max_iterations(ROUNDS_MAX).gradient_tolerance(GRADIENT_MIN);
        let failed =
            |error: linfa_logistic::error::Error| LearnError::Fit(linfa::Error::NotConverged(error.to_string()));
        let fitted = params.fit(&data).map_err(failed)?;
        // linfa's weights are for the outcome that is more frequent.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        terms.iter_mut().zip(fitted.params()).for_each(|(term, weight)| term.weight = sign * weight);
        Ok(Self { columns, level: sign * fitted.intercept(), terms })
    }

    /// The same where the first of the columns is a logit that somebody else guessed: it counts as it is, and the others say by
    /// how much it is wrong. Few outcomes change little. Values of the others are taken as they are, zero adding nothing.
    pub fn beside(names: &[String], rows: ArrayView2<'_, f64>, outcomes: &[bool]) -> Result<Self, LearnError> {
        let columns = Columns::of(names, rows)?;
        check(rows.nrows(), outcomes)?;
        let known = columns.read_rows(rows);
        let mut terms = vec![Term { centre: 0.0, spread: 1.0, weight: 0.0 }; known.ncols()];
        terms[0].weight = 1.0;
        let mut logits: Vec<f64> = known.column(0).iter().map(|value| terms[0].standard(*value)).collect();
        for _ in 0..ROUNDS_BESIDE {
            let mut moved: f64 = 0.0;
            for (term, column) in terms.iter_mut().zip(known.columns()).skip(1) {
                let (mut slope, mut curvature) = (-RIDGE_BESIDE * term.weight, RIDGE_BESIDE);
                for ((value, logit), outcome) in column.iter().zip(&logits).zip(outcomes) {
                    let (value, probability) = (term.standard(*value), logistic(*logit));
                    slope += value * (f64::from(u8::from(*outcome)) - probability);
                    // A quarter is the greatest curvature there is: such a step never overshoots (Böhning, Lindsay 1988).
                    curvature += value * value / 4.0;
                }
                let step = slope / curvature;
                term.weight += step;
                moved = moved.max(step.abs());
                for (value, logit) in column.iter().zip(&mut logits) {
                    *logit += step * term.standard(*value);
                }
            }
            if moved < GRADIENT_MIN {
                break;
            }
        }
        Ok(Self { columns, level: 0.0, terms })
    }

    pub(super) fn explain(&self, values: &[f64], out: &mut [f64]) {
        for ((out, value), term) in out.iter_mut().zip(values).zip(&self.terms) {
            *out = term.weight * term.standard(*value);
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        let finite =
            |term: &Term| [term.centre, term.weight].iter().all(|number| number.is_finite()) && term.spread > 0.0;
        self.terms.len() == self.columns.count() && self.level.is_finite() && self.terms.iter().all(finite)
    }
}

fn term(values: &[f64]) -> Term {
    let (centre, spread) = moments(values);
    Term { centre, spread, weight: 0.0 }
}
