//! A ranking without outcomes: Fisher's method (1932) over the columns.

use borsh::{BorshDeserialize, BorshSerialize};
use ndarray::{ArrayView2, Axis};

use crate::calibrate::Tail;
use crate::columns::Columns;
use crate::error::LearnError;

/// Any share will do: only the tail's shape is used.
const PRIOR: f64 = 0.5;

/// Every column must be one in which higher is more suspicious. A row's score is the sum of `-ln p`, where `p` is the share of
/// the training rows that are as high in the column.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Unlabelled {
    pub(super) columns: Columns,
    tails: Vec<Tail>,
}

impl Unlabelled {
    /// From `rows`, whose columns are called `names`.
    pub fn fit(names: &[String], rows: ArrayView2<'_, f64>) -> Result<Self, LearnError> {
        let columns = Columns::of(names, rows)?;
        let tail = |column: usize| {
            let values = rows.index_axis(Axis(1), column);
            let values: Vec<f64> = values.iter().map(|value| columns.read(column, *value)).collect();
            Tail::of(&values, PRIOR)
        };
        let tails = (0..columns.count()).map(tail).collect::<Result<_, _>>()?;
        Ok(Self { columns, tails })
    }

    pub(super) fn explain(&self, values: &[f64], out: &mut [f64]) {
        for ((out, value), tail) in out.iter_mut().zip(values).zip(&self.tails) {
            // Beyond e^-700 a share is zero in floating point.
            *out = -tail.share(*value).max(f64::MIN_POSITIVE).ln();
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.tails.len() == self.columns.count() && self.tails.iter().all(Tail::is_whole)
    }
}
