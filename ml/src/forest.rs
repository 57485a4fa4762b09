//! The isolation forest (Liu, Ting and Zhou 2008): what a few random cuts set apart from the rest is unusual.
//!
//! Each tree cuts a sample of 256 rows, drawn without replacement, at random places of random columns, at most as deep as the
//! sample's logarithm. A row's path length is the depth of its leaf plus `c(n)`, the mean depth of a search tree of the
//! `n` rows that the leaf still holds. The score is `2^(-mean path length / c(sample))`: near one is unusual, well under one half is not.
//!
//! | parameter | default | may be |
//! |---|---|---|
//! | `trees` | 200 | 1 to 1,000 |
//! | `sample` | 256 | 2 to 4,096, and never more than there are rows |
//! | `seed` | 0 | any: each tree draws from its own stream of `ChaCha8`, so the threads do not matter |

mod grow;
mod params;
mod score;

use borsh::{BorshDeserialize, BorshSerialize};

pub use params::{IsolationForestParams, IsolationForestValidParams, SAMPLE_MAX, TREES_MAX};

use crate::columns::Columns;

/// A fitted forest.
///
/// It takes rows of the columns that it was fitted on; [`Columns`] says what missing and infinite values are read as.
/// A value is only ever compared with the places at which the trees cut its column, so a row is first read as ranks among those:
/// the trees then compare whole numbers, and lose nothing.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct IsolationForest {
    columns: Columns,
    /// Of every column the places at which any tree cuts it, rising.
    places: Vec<Vec<f64>>,
    /// Of every tree.
    depth: u8,
    /// `c` of the sample's size: what path lengths are measured by. Zero when one row was all there was.
    unit: f64,
    trees: Vec<Tree>,
}

/// A complete binary tree, laid out by levels: the children of `n` are `2n + 1` and `2n + 2`. A leaf above the last
/// level goes on to the left without a further cut, so that every row takes the same number of steps.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
struct Tree {
    /// Of every node above the last level.
    cuts: Vec<Cut>,
    /// Of every node: the mean path length of the sample's rows that came by. On the last level it is the leaf's.
    paths: Vec<f64>,
}

/// Rows whose value is greater than the place of this number go to the right: those with more than so many places under their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Cut {
    place: u32,
    column: u32,
}

/// No cut: every value goes to the left.
const THROUGH: Cut = Cut { place: u32::MAX, column: 0 };

impl IsolationForest {
    /// What may be set, with defaults.
    pub fn params() -> IsolationForestParams {
        IsolationForestParams::default()
    }

    /// The columns that it was fitted on.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// That the parts fit together, which a file may only claim.
    pub fn check(&self) -> Result<(), &'static str> {
        let inner = 1_usize.checked_shl(u32::from(self.depth)).unwrap_or(0).wrapping_sub(1);
        let whole = |tree: &Tree| {
            let known = |cut: &Cut| {
                let places = self.places.get(cut.column as usize).map_or(0, Vec::len);
                *cut == THROUGH || (cut.place as usize) < places
            };
            tree.cuts.len() == inner && tree.paths.len() == 2 * inner + 1 && tree.cuts.iter().all(known)
        };
        let rising =
            |places: &Vec<f64>| places.is_sorted_by(|a, b| a < b) && places.iter().all(|place| place.is_finite());
        if self.places.len() != self.columns.count() || !self.places.iter().all(rising) {
            return Err("the places of the isolation forest's cuts are not in order");
        }
        if self.depth <= 12 && !self.trees.is_empty() && self.trees.iter().all(whole) {
            return Ok(());
        }
        Err("a tree of the isolation forest is not whole")
    }
}

#[cfg(test)]
mod tests;
