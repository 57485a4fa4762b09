//! How rows are scored, and which columns made them unusual.

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2, Slice};
use rayon::prelude::*;

use super::{Cut, IsolationForest, Tree};
use crate::error::LearnError;
use crate::to_f64;

/// Rows that go through a tree while it is in the processor's nearest memory.
const BLOCK: usize = 128;
/// Rows that go through a tree side by side, so that one need not wait for another's memory.
const LANES: usize = 16;

/// Ranks of a column, one for each row that goes side by side.
type Lanes = [u32; LANES];

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
        let mut ranks = vec![[0; LANES]; out.len()];
        self.rank(row.insert_axis(Axis(0)), &mut ranks);
        for tree in &self.trees {
            let mut node = 0;
            for _ in 0..self.depth {
                let cut = tree.cuts[node];
                let next = 2 * node + if cut.is_right(&ranks, 0) { 2 } else { 1 };
                out[cut.column as usize] += tree.paths[node] - tree.paths[next];
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
        let score = |ranks: &mut Vec<Lanes>, (number, scores): (usize, &mut [f64])| {
            ranks.resize(scores.len().div_ceil(LANES) * width, [0; LANES]);
            let first = number * BLOCK;
            self.rank(rows.slice_axis(Axis(0), Slice::from(first..first + scores.len())), ranks);
            let mut paths = [[0.0; LANES]; BLOCK / LANES];
            for tree in &self.trees {
                for (ranks, paths) in ranks.chunks_exact(width).zip(&mut paths) {
                    tree.add_paths(ranks, self.depth, paths);
                }
            }
            for (score, path) in scores.iter_mut().zip(paths.as_flattened()) {
                *score = self.log_score(*path).exp2();
            }
        };
        scores.par_chunks_mut(BLOCK).enumerate().for_each_init(Vec::new, score);
    }

    /// Under each value of the rows, how many places there are at which a tree cuts its column. Rows that go side by side stand
    /// together, column after column.
    fn rank(&self, rows: ArrayView2<'_, f64>, ranks: &mut [Lanes]) {
        let width = self.columns.count();
        // Column after column, so that its places are at hand.
        for (column, places) in self.places.iter().enumerate() {
            for (row, value) in rows.column(column).iter().enumerate() {
                let value = self.columns.read(column, *value);
                let rank = places.partition_point(|place| *place < value);
                ranks[row / LANES * width + column][row % LANES] = u32::try_from(rank).unwrap_or(u32::MAX);
            }
        }
    }

    /// Of the sum of a row's path lengths. One row alone says nothing: then every score is one half.
    fn log_score(&self, paths: f64) -> f64 {
        if self.unit > 0.0 { -paths / (self.unit * to_f64(self.trees.len())) } else { -1.0 }
    }
}

impl Cut {
    fn is_right(self, ranks: &[Lanes], lane: usize) -> bool {
        ranks[self.column as usize][lane] > self.place
    }
}

impl Tree {
    /// Level after level; nodes are counted from the left of theirs, so that the children of `n` are `2n` and `2n + 1`.
    fn add_paths(&self, ranks: &[Lanes], depth: u8, paths: &mut [f64; LANES]) {
        let mut nodes = [0_u32; LANES];
        for level in 0..depth {
            let before = (1 << level) - 1;
            let cuts = &self.cuts[before..=2 * before];
            for (lane, node) in nodes.iter_mut().enumerate() {
                let right = cuts[*node as usize].is_right(ranks, lane);
                *node = (*node << 1) | u32::from(right);
            }
        }
        let leaves = &self.paths[self.cuts.len()..];
        for (path, node) in paths.iter_mut().zip(nodes) {
            *path += leaves[node as usize];
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
