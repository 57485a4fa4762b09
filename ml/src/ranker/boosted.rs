//! Boosted trees for a yes or no (Friedman 2001), by Newton's steps on the log loss (as in Chen and Guestrin 2016), over binned columns.

use borsh::{BorshDeserialize, BorshSerialize};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use super::{check, logistic};
use crate::columns::Columns;
use crate::error::LearnError;
use crate::to_f64;

/// Values of a column are told apart by so many bins at most.
const BINS_MAX: usize = 64;

/// How the trees are grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoostedSettings {
    /// How many trees.
    pub rounds: usize,
    /// How many cuts deep, 1 to 8.
    pub depth: usize,
    /// How much of each tree's step is taken.
    pub rate: f64,
    /// The fewest rows on either side of a cut.
    pub rows_min: usize,
    /// Added to the curvature: draws the steps towards none.
    pub ridge: f64,
}

impl Default for BoostedSettings {
    fn default() -> Self {
        Self { rounds: 100, depth: 3, rate: 0.1, rows_min: 10, ridge: 1.0 }
    }
}

/// The trees. A cut's column is credited with what its step changes in the value of the node (Saabas 2014).
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Boosted {
    pub(super) columns: Columns,
    pub(super) base: f64,
    /// Each a list of nodes, the root first.
    trees: Vec<Vec<Node>>,
}

/// Rows whose value is greater go to the right. The value is counted from the root's, which is part of the base.
#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
struct Node {
    value: f64,
    cut: Option<Cut>,
}

#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
struct Cut {
    column: u16,
    at: f64,
    /// The place of the left child; the right one follows it.
    left: u32,
}

impl Boosted {
    /// From `rows`, whose columns are called `names`, and what each turned out to be.
    pub fn fit(
        names: &[String],
        rows: ArrayView2<'_, f64>,
        outcomes: &[bool],
        settings: &BoostedSettings,
    ) -> Result<Self, LearnError> {
        settings.check()?;
        let columns = Columns::of(names, rows)?;
        let yes = to_f64(check(rows.nrows(), outcomes)?);
        let first = (yes / (to_f64(outcomes.len()) - yes)).ln();
        let binned: Vec<Binned> =
            (0..columns.count()).into_par_iter().map(|at| Binned::of(&columns, rows, at)).collect();
        let mut boosted = Self { columns, base: first, trees: Vec::with_capacity(settings.rounds) };
        let mut logits = vec![first; outcomes.len()];
        for _ in 0..settings.rounds {
            let step = |(logit, outcome): (&f64, &bool)| {
                let probability = logistic(*logit);
                let curvature = (probability * (1.0 - probability)).max(1e-16);
                Sums { slope: f64::from(u8::from(*outcome)) - probability, curvature, rows: 1 }
            };
            let steps: Vec<Sums> = logits.iter().zip(outcomes).map(step).collect();
            let mut grower =
                Grower { binned: &binned, steps: &steps, settings, nodes: Vec::new(), logits: &mut logits };
            let root = grower.grow();
            boosted.base += root;
            boosted.trees.push(grower.nodes);
        }
        Ok(boosted)
    }

    pub(super) fn explain(&self, values: &[f64], out: &mut [f64]) {
        for tree in &self.trees {
            let mut node = &tree[0];
            while let Some(cut) = &node.cut {
                let column = usize::from(cut.column);
                let next = &tree[cut.left as usize + usize::from(values[column] > cut.at)];
                out[column] += next.value - node.value;
                node = next;
            }
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        let good = |tree: &Vec<Node>| {
            // Children stand after their parent, so every walk ends.
            let node = |(place, node): (usize, &Node)| {
                node.value.is_finite()
                    && node.cut.is_none_or(|cut| {
                        let left = cut.left as usize;
                        usize::from(cut.column) < self.columns.count() && left > place && left + 1 < tree.len()
                    })
            };
            !tree.is_empty() && tree.iter().enumerate().all(node)
        };
        self.base.is_finite() && self.trees.iter().all(good)
    }
}

impl BoostedSettings {
    fn check(&self) -> Result<(), LearnError> {
        let wrong = |name, value: String, expected: &str| {
            Err(LearnError::Setting { name, value, expected: expected.to_owned() })
        };
        match self {
            Self { rounds: 0 | 2001.., .. } => wrong("rounds", self.rounds.to_string(), "1 to 2000"),
            Self { depth: 0 | 9.., .. } => wrong("depth", self.depth.to_string(), "1 to 8"),
            _ if !(self.rate > 0.0 && self.rate <= 1.0) => wrong("rate", self.rate.to_string(), "over 0, at most 1"),
            _ if !(self.ridge >= 0.0 && self.ridge.is_finite()) => wrong("ridge", self.ridge.to_string(), "0 or more"),
            _ => Ok(()),
        }
    }
}

/// A column, each value replaced by its bin.
struct Binned {
    /// Values up to the first are in the first bin, and so on; what is greater than the last in one more.
    ends: Vec<f64>,
    bins: Vec<u8>,
}

impl Binned {
    fn of(columns: &Columns, rows: ArrayView2<'_, f64>, at: usize) -> Self {
        let values: Vec<f64> = rows.index_axis(Axis(1), at).iter().map(|value| columns.read(at, *value)).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let end = |bin: usize| sorted[(sorted.len() * bin / BINS_MAX).saturating_sub(1)];
        let mut ends: Vec<f64> = (1..BINS_MAX).map(end).collect();
        ends.dedup_by(|next, last| next <= last);
        let bin = |value: &f64| u8::try_from(ends.partition_point(|end| end < value)).expect("few bins");
        let bins = values.iter().map(bin).collect();
        Self { ends, bins }
    }
}

/// Of some rows: the slope and the curvature of the log likelihood in the logit.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    slope: f64,
    curvature: f64,
    rows: usize,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.slope += other.slope;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }

    fn less(&self, other: &Self) -> Self {
        Self {
            slope: self.slope - other.slope,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    fn gain(&self, ridge: f64) -> f64 {
        self.slope * self.slope / (self.curvature + ridge)
    }
}

/// The best cut of some rows.
#[derive(Debug, Clone, Copy)]
struct Best {
    gain: f64,
    column: usize,
    bin: usize,
}

struct Grower<'a> {
    binned: &'a [Binned],
    steps: &'a [Sums],
    settings: &'a BoostedSettings,
    nodes: Vec<Node>,
    logits: &'a mut [f64],
}

impl Grower<'_> {
    /// Grows a tree and adds it to the logits; returns the root's value, from which the nodes' are counted.
    fn grow(&mut self) -> f64 {
        let rows: Vec<u32> = (0..self.steps.len()).map(|row| u32::try_from(row).expect("limited by memory")).collect();
        self.nodes.push(Node { value: 0.0, cut: None });
        let root = self.value(&self.sums(&rows));
        self.part(0, rows, self.settings.depth, root);
        root
    }

    fn part(&mut self, place: usize, rows: Vec<u32>, depth: usize, root: f64) {
        let sums = self.sums(&rows);
        let value = self.value(&sums);
        self.nodes[place].value = value - root;
        let Some(best) = (depth > 0).then(|| self.best(&rows, &sums)).flatten() else {
            for row in &rows {
                self.logits[*row as usize] += value;
            }
            return;
        };
        let column = &self.binned[best.column];
        let goes_left = |row: &u32| usize::from(column.bins[*row as usize]) <= best.bin;
        let (left_rows, right_rows): (Vec<u32>, Vec<u32>) = rows.into_iter().partition(goes_left);
        let left = self.nodes.len();
        let cut = Cut {
            column: u16::try_from(best.column).expect("limited"),
            at: column.ends[best.bin],
            left: u32::try_from(left).expect("few nodes"),
        };
        self.nodes[place].cut = Some(cut);
        self.nodes.extend([Node { value: 0.0, cut: None }; 2]);
        self.part(left, left_rows, depth - 1, root);
        self.part(left + 1, right_rows, depth - 1, root);
    }

    fn sums(&self, rows: &[u32]) -> Sums {
        let mut sums = Sums::default();
        for row in rows {
            sums.add(&self.steps[*row as usize]);
        }
        sums
    }

    fn value(&self, sums: &Sums) -> f64 {
        self.settings.rate * sums.slope / (sums.curvature + self.settings.ridge)
    }

    /// The columns are searched side by side; of equal cuts the first column's first counts, whatever the threads.
    fn best(&self, rows: &[u32], sums: &Sums) -> Option<Best> {
        let found: Vec<Option<Best>> =
            (0..self.binned.len()).into_par_iter().map(|column| self.best_of(column, rows, sums)).collect();
        found.into_iter().flatten().reduce(|best, next| if next.gain > best.gain { next } else { best })
    }

    fn best_of(&self, column: usize, rows: &[u32], sums: &Sums) -> Option<Best> {
        let Binned { ends, bins } = &self.binned[column];
        let mut by_bin = [Sums::default(); BINS_MAX];
        for row in rows {
            by_bin[usize::from(bins[*row as usize])].add(&self.steps[*row as usize]);
        }
        let ridge = self.settings.ridge;
        let mut left = Sums::default();
        let mut best: Option<Best> = None;
        for (bin, part) in by_bin.iter().enumerate().take(ends.len()) {
            left.add(part);
            let right = sums.less(&left);
            if left.rows < self.settings.rows_min.max(1) || right.rows < self.settings.rows_min.max(1) {
                continue;
            }
            let gain = left.gain(ridge) + right.gain(ridge) - sums.gain(ridge);
            if gain > best.map_or(1e-9, |best| best.gain) {
                best = Some(Best { gain, column, bin });
            }
        }
        best
    }
}
