//! How rows are scored, and which columns made them unusual.

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2, Slice};
use rayon::prelude::*;

use super::{IsolationForest, Tree};
use crate::error::LearnError;
use crate::to_f64;

/// Rows that go through a tree while it is in the processor's nearest memory.
const BLOCK: usize = 128;
/// Rows that go through a tree side by side, so that one need not wait for another's memory.
const LANES: usize = 8;

impl IsolationForest {
    /// A score for each row, between 0 and 1: higher is more unusual. The same numbers as [`Self::score_row`] gives.
    pub fn score(&self, rows: ArrayView2<'_, f64>) -> Result<Array1<f64>, LearnError> {
        self.columns.check(rows.ncols())?;
        let mut scores = vec![0.0; rows.nrows()];
        self.score_into(rows, &mut scores);
        Ok(Array1::from(scores))
    }

    /// The score of one row.
    pub fn score_row(&self, row: ArrayView1<'_, f64>) -> Result<f64, LearnError> {
        Ok(self.score(row.insert_axis(Axis(0)))?[0])
    }

    /// What each column adds to each row's score, in its logarithm to base two: `log2(score) = base + sum of the row`,
    /// but for rounding, where [`Self::base`] is what is known before any column is looked at.
    ///
    /// A cut's column is credited with what the step changes in the mean path length of the sample's rows (path
    /// attribution as in Saabas 2014, "Interpreting random forests", with path length in place of the label), a shorter path counted as positive.
    pub fn contributions(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, LearnError> {
        self.columns.check(rows.ncols())?;
        let width = rows.ncols();
        let mut found = vec![0.0; rows.len()];
        found.par_chunks_mut(width).enumerate().for_each(|(row, out)| self.explain(rows.row(row), out));
        Ok(Array2::from_shape_vec(rows.dim(), found).expect("as many as the rows have cells"))
    }

    /// The logarithm, to base two, of the score of a row of which nothing is known.
    pub fn base(&self) -> f64 {
        self.log_score(self.trees.iter().map(|tree| tree.paths[0]).sum())
    }

    fn explain(&self, row: ArrayView1<'_, f64>, out: &mut [f64]) {
        let mut values = vec![0.0; out.len()];
        self.columns.read_row(row, &mut values);
        for tree in &self.trees {
            let mut node = 0;
            for _ in 0..self.depth {
                let cut = tree.cuts[node];
                let next = tree.next(node, &values);
                out[usize::from(cut.column)] += tree.paths[node] - tree.paths[next];
                node = next;
            }
        }
        let unit = if self.unit > 0.0 { self.unit * to_f64(self.trees.len()) } else { 1.0 };
        for sum in out {
            *sum /= unit;
        }
    }

    fn score_into(&self, rows: ArrayView2<'_, f64>, scores: &mut [f64]) {
        let width = self.columns.count();
        let score = |values: &mut Vec<f64>, (number, scores): (usize, &mut [f64])| {
            values.resize(scores.len().next_multiple_of(LANES) * width, 0.0);
            let first = number * BLOCK;
            let block = rows.slice_axis(Axis(0), Slice::from(first..first + scores.len()));
            for (row, out) in block.rows().into_iter().zip(values.chunks_exact_mut(width)) {
                self.columns.read_row(row, out);
            }
            let mut paths = [0.0; BLOCK];
            for tree in &self.trees {
                for (rows, paths) in values.chunks_exact(LANES * width).zip(paths.chunks_exact_mut(LANES)) {
                    tree.add_paths(rows, width, self.depth, paths);
                }
            }
            for (score, path) in scores.iter_mut().zip(paths) {
                *score = self.log_score(path).exp2();
            }
        };
        scores.par_chunks_mut(BLOCK).enumerate().for_each_init(Vec::new, score);
    }

    /// Of the sum of a row's path lengths. One row alone says nothing: then every score is one half.
    fn log_score(&self, paths: f64) -> f64 {
        if self.unit > 0.0 { -paths / (self.unit * to_f64(self.trees.len())) } else { -1.0 }
    }
}

impl Tree {
    fn next(&self, node: usize, row: &[f64]) -> usize {
        let cut = &self.cuts[node];
        let right = row[usize::from(cut.column)] > cut.at;
        // 2n + 1 or 2n + 2, without a check for overflow in the innermost of all loops.
        ((node << 1) | usize::from(right)).wrapping_add(1)
    }

    fn add_paths(&self, rows: &[f64], width: usize, depth: u8, paths: &mut [f64]) {
        let mut nodes = [0; LANES];
        for _ in 0..depth {
            for (node, row) in nodes.iter_mut().zip(rows.chunks_exact(width)) {
                *node = self.next(*node, row);
            }
        }
        for (path, node) in paths.iter_mut().zip(nodes) {
            *path += self.paths[node];
        }
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for IsolationForest {
    /// Panics, as linfa's models do, where the data have another number of columns; [`IsolationForest::score`] does not.
    fn predict_inplace(&self, rows: &ArrayBase<D, Ix2>, scores: &mut Array1<f64>) {
        *scores = self.score(rows.view()).expect("as many columns as the forest was fitted on");
    }

    fn default_target(&self, rows: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(rows.nrows())
    }
}
