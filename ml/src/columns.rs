//! What a model knows of the columns that it was made from, and what it makes of values that are missing or infinite.

use borsh::{BorshDeserialize, BorshSerialize};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use crate::error::LearnError;
use crate::to_f64;

/// The most columns that a model takes.
pub const COLUMNS_MAX: usize = 4096;

/// The columns of the training data, in order.
///
/// A value that is not a number counts as missing and is read as the column's median; an infinite one is read as the least or
/// the greatest finite value that the training data had. A column without any finite value is read as zero.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Columns(Vec<Column>);

#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
struct Column {
    name: String,
    median: f64,
    least: f64,
    greatest: f64,
}

impl Columns {
    /// Of `rows`, whose columns are called `names`.
    pub fn of(names: &[String], rows: ArrayView2<'_, f64>) -> Result<Self, LearnError> {
        if rows.ncols() == 0 {
            return Err(LearnError::NoColumns);
        }
        if rows.nrows() == 0 {
            return Err(LearnError::NoRows);
        }
        if rows.ncols() > COLUMNS_MAX {
            return Err(LearnError::Limit { what: format!("{} columns", rows.ncols()), max: COLUMNS_MAX });
        }
        if names.len() != rows.ncols() {
            let expected = format!("{}, as many as the data have columns", rows.ncols());
            return Err(LearnError::Setting { name: "number of names", value: names.len().to_string(), expected });
        }
        let columns = (0..rows.ncols()).into_par_iter().map(|at| Column::of(&names[at], rows.index_axis(Axis(1), at)));
        Ok(Self(columns.collect()))
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| column.name.as_str())
    }

    /// That `found` columns are as many as these.
    pub fn check(&self, found: usize) -> Result<(), LearnError> {
        if found == self.count() {
            return Ok(());
        }
        let names: Vec<&str> = self.names().take(8).collect();
        Err(LearnError::Columns { expected: self.count(), found, names: names.join(", ") })
    }

    /// A value of the column as the model reads it: finite.
    pub(crate) fn read(&self, column: usize, value: f64) -> f64 {
        if value.is_finite() { value } else { self.0[column].stand_in(value) }
    }

    /// The rows as the model reads them.
    pub(crate) fn read_rows(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut known = Array2::zeros(rows.dim());
        for (row, mut out) in rows.rows().into_iter().zip(known.rows_mut()) {
            self.read_row(row, out.as_slice_mut().expect("a row of a matrix in row order"));
        }
        known
    }

    /// A row as the model reads it.
    pub(crate) fn read_row(&self, row: ArrayView1<'_, f64>, out: &mut [f64]) {
        for ((out, value), column) in out.iter_mut().zip(row).zip(&self.0) {
            *out = if value.is_finite() { *value } else { column.stand_in(*value) };
        }
    }
}

impl Column {
    fn of(name: &str, values: ArrayView1<'_, f64>) -> Self {
        let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let least = finite.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let greatest = finite.iter().copied().reduce(f64::max).unwrap_or(0.0);
        let middle = finite.len().saturating_sub(1) / 2;
        let median = match finite.len() {
            0 => 0.0,
            _ => *finite.select_nth_unstable_by(middle, f64::total_cmp).1,
        };
        Self { name: name.to_owned(), median, least, greatest }
    }

    fn stand_in(&self, value: f64) -> f64 {
        if value.is_nan() {
            self.median
        } else if value > 0.0 {
            self.greatest
        } else {
            self.least
        }
    }
}

/// Mean and standard deviation; the latter is 1 where the values do not differ.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let count = to_f64(values.len());
    let mean = values.iter().map(|value| value / count).sum::<f64>();
    let spread = values.iter().map(|value| (value - mean).powi(2) / count).sum::<f64>().sqrt();
    // A spread that is no more than the rounding of the mean is none.
    let told = spread.is_finite() && spread > mean.abs() * 1e-12;
    (mean, if told { spread } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn missing_and_infinite_values_are_read_by_the_rule() {
        let rows = array![[1.0, f64::NAN], [f64::NAN, f64::NAN], [5.0, f64::INFINITY], [3.0, f64::NAN]];
        let names = ["a".to_owned(), "b".to_owned()];
        let columns = Columns::of(&names, rows.view()).expect("good data");
        let mut out = [0.0; 2];
        for (value, read) in [(f64::NAN, 3.0), (f64::INFINITY, 5.0), (f64::NEG_INFINITY, 1.0), (9.0, 9.0)] {
            columns.read_row(array![value, value].view(), &mut out);
            assert_eq!(out[0].to_bits(), f64::to_bits(read));
        }
        assert_eq!(columns.read(1, f64::NAN).to_bits(), 0.0_f64.to_bits(), "a column without a finite value");
    }

    #[test]
    fn data_without_rows_or_columns_and_wrong_names_are_told() {
        let none = |rows, columns| {
            Columns::of(&vec![String::new(); columns], ArrayView2::from_shape((rows, columns), &[]).expect("empty"))
        };
        assert!(matches!(none(0, 3), Err(LearnError::NoRows)));
        assert!(matches!(none(3, 0), Err(LearnError::NoColumns)));
        let error = Columns::of(&[], array![[1.0]].view()).expect_err("no names");
        assert_eq!(error.to_string(), "number of names is 0, expected 1, as many as the data have columns");
        let columns = Columns::of(&["a".to_owned()], array![[1.0]].view()).expect("good data");
        assert_eq!(columns.check(2).expect_err("too many").to_string(), "the data have 2 columns, the model 1: a");
    }
}
