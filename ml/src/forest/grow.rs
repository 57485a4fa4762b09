//! How the trees are grown.

use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{ArrayBase, ArrayView2, Data, Ix2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Cut, IsolationForest, IsolationForestValidParams, THROUGH, Tree};
use crate::columns::Columns;
use crate::error::LearnError;
use crate::to_f64;

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, LearnError> for IsolationForestValidParams {
    type Object = IsolationForest;

    /// Labels are not looked at; columns without a name are numbered.
    fn fit(&self, data: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<IsolationForest, LearnError> {
        let names = match data.feature_names() {
            [] => (1..=data.records.ncols()).map(|column| format!("column {column}")).collect(),
            names => names.to_vec(),
        };
        self.grow(&names, data.records.view())
    }
}

impl IsolationForestValidParams {
    /// A forest of `rows`, whose columns are called `names`.
    pub fn grow(&self, names: &[String], rows: ArrayView2<'_, f64>) -> Result<IsolationForest, LearnError> {
        let columns = Columns::of(names, rows)?;
        if u32::try_from(rows.nrows()).is_err() {
            return Err(LearnError::Limit { what: format!("{} rows", rows.nrows()), max: u32::MAX as usize });
        }
        let sample = self.sample.min(rows.nrows());
        let depth = sample.next_power_of_two().trailing_zeros();
        let tree = |number| {
            let mut chance = ChaCha8Rng::seed_from_u64(self.seed);
            chance.set_stream(number);
            Plot::of(&columns, rows, sample, depth, chance).tree()
        };
        let grown: Vec<(Vec<Option<Found>>, Vec<f64>)> = (0..self.trees as u64).into_par_iter().map(tree).collect();
        let places = places(columns.count(), grown.iter().flat_map(|(cuts, _)| cuts.iter().flatten()));
        let ranked = |cut: &Option<Found>| cut.map_or(THROUGH, |cut| cut.ranked(&places));
        let tree =
            |(cuts, paths): (Vec<Option<Found>>, Vec<f64>)| Tree { cuts: cuts.iter().map(ranked).collect(), paths };
        let trees = grown.into_par_iter().map(tree).collect();
        let depth = u8::try_from(depth).expect("twelve at most");
        Ok(IsolationForest { columns, places, depth, unit: mean_depth(sample), trees })
    }
}

/// A cut as a tree finds it: rows whose value is greater go to the right.
#[derive(Debug, Clone, Copy)]
struct Found {
    at: f64,
    column: u16,
}

impl Found {
    fn ranked(self, places: &[Vec<f64>]) -> Cut {
        let place = places[usize::from(self.column)].partition_point(|place| *place < self.at);
        Cut { place: u32::try_from(place).expect("limited"), column: u32::from(self.column) }
    }
}

/// Where each column is cut, rising, each place once.
fn places<'f>(columns: usize, cuts: impl Iterator<Item = &'f Found>) -> Vec<Vec<f64>> {
    let mut places = vec![Vec::new(); columns];
    cuts.for_each(|cut| places[usize::from(cut.column)].push(cut.at));
    places.par_iter_mut().for_each(|places| {
        places.sort_unstable_by(f64::total_cmp);
        // Both zeros are one place.
        places.dedup_by(|a, b| *a <= *b);
    });
    places
}

/// A sample of the rows, and the tree that grows on it.
struct Plot {
    /// Column after column.
    values: Vec<f64>,
    sample: usize,
    depth: u32,
    /// Shuffled again for each cut.
    columns: Vec<u16>,
    chance: ChaCha8Rng,
    cuts: Vec<Option<Found>>,
    paths: Vec<f64>,
}

impl Plot {
    fn of(columns: &Columns, rows: ArrayView2<'_, f64>, sample: usize, depth: u32, mut chance: ChaCha8Rng) -> Self {
        let drawn = rand::seq::index::sample(&mut chance, rows.nrows(), sample);
        let mut values = Vec::with_capacity(sample * columns.count());
        for column in 0..columns.count() {
            values.extend(drawn.iter().map(|row| columns.read(column, rows[(row, column)])));
        }
        let inner = (1 << depth) - 1;
        let (cuts, paths) = (vec![None; inner], vec![0.0; 2 * inner + 1]);
        let columns = (0..columns.count()).map(|column| u16::try_from(column).expect("limited")).collect();
        Self { values, sample, depth, columns, chance, cuts, paths }
    }

    /// The cut of every node above the last level, and the mean path length at every node.
    fn tree(mut self) -> (Vec<Option<Found>>, Vec<f64>) {
        let mut rows: Vec<u16> = (0..self.sample).map(|row| u16::try_from(row).expect("limited")).collect();
        self.grow(0, 0, &mut rows);
        (self.cuts, self.paths)
    }

    /// Grows the tree from a node on, whose rows are given; returns their mean path length.
    fn grow(&mut self, node: usize, depth: u32, rows: &mut [u16]) -> f64 {
        let cut = if depth < self.depth && rows.len() > 1 { self.cut(rows) } else { None };
        let Some(cut) = cut else {
            let path = f64::from(depth) + mean_depth(rows.len());
            self.end(node, path);
            return path;
        };
        self.cuts[node] = Some(cut);
        let left = self.part(cut, rows);
        let (lower, upper) = rows.split_at_mut(left);
        let (count_lower, count_upper) = (to_f64(lower.len()), to_f64(upper.len()));
        let sum = self.grow(2 * node + 1, depth + 1, lower) * count_lower
            + self.grow(2 * node + 2, depth + 1, upper) * count_upper;
        let path = sum / (count_lower + count_upper);
        self.paths[node] = path;
        path
    }

    /// A place between the least and the greatest value of a column in which the rows differ, if there is one.
    fn cut(&mut self, rows: &[u16]) -> Option<Found> {
        for first in 0..self.columns.len() {
            let other = self.chance.gen_range(first..self.columns.len());
            self.columns.swap(first, other);
            let column = self.columns[first];
            let values = self.column(column);
            let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
            for row in rows {
                let value = values[usize::from(*row)];
                (least, greatest) = (least.min(value), greatest.max(value));
            }
            if least < greatest {
                let share: f64 = self.chance.r#gen();
                // Not least + share * (greatest - least): the difference may be infinite.
                let at = least * (1.0 - share) + greatest * share;
                return Some(Found { at: if at >= least && at < greatest { at } else { least }, column });
            }
        }
        None
    }

    fn column(&self, column: u16) -> &[f64] {
        &self.values[usize::from(column) * self.sample..][..self.sample]
    }

    /// Puts the rows that go to the left before the others; how many they are.
    fn part(&self, cut: Found, rows: &mut [u16]) -> usize {
        let values = self.column(cut.column);
        let mut left = 0;
        for at in 0..rows.len() {
            if values[usize::from(rows[at])] <= cut.at {
                rows.swap(left, at);
                left += 1;
            }
        }
        left
    }

    /// Ends the tree at a node: below it every way leads to the same path length.
    fn end(&mut self, node: usize, path: f64) {
        let (mut first, mut count) = (node, 1);
        while first < self.paths.len() {
            self.paths[first..first + count].fill(path);
            (first, count) = (2 * first + 1, 2 * count);
        }
    }
}

/// `c(n)`: the mean depth at which a search for what is not there ends in a binary search tree of `rows`.
pub(super) fn mean_depth(rows: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let rows = to_f64(rows);
            2.0 * ((rows - 1.0).ln() + EULER) - 2.0 * (rows - 1.0) / rows
        }
    }
}
