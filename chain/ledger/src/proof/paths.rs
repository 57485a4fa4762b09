//! Paths in the tree over a body.

use veridose_contract::merkle::{leaf_hash, node_hash};
use veridose_contract::{Body, ItemKey};

use crate::log::Hash;

/// Every level of the tree, leaves first: 64 bytes a leaf in all. Made once for a body, it gives a path for any number of
/// items, where [`veridose_contract::merkle::path`] hashes the whole body for each.
pub(crate) struct Paths(Vec<Vec<Hash>>);

impl Paths {
    pub(crate) fn new(body: &Body) -> Self {
        let mut levels = vec![body.leaves().map(|leaf| leaf_hash(&leaf)).collect::<Vec<_>>()];
        while let Some(level) = levels.last()
            && level.len() > 1
        {
            // A node without a sibling moves up as it is, which gives the tree of RFC 6962.
            let pairs = level.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(left, right),
                single => single[0],
            });
            levels.push(pairs.collect());
        }
        Self(levels)
    }

    pub(crate) fn leaf_count(&self) -> usize {
        self.0[0].len()
    }

    /// Siblings from the leaf up.
    pub(crate) fn path(&self, leaf: usize) -> Vec<Hash> {
        let places = std::iter::successors(Some(leaf), |place| Some(place / 2));
        self.0.iter().zip(places).filter_map(|(level, place)| level.get(place ^ 1).copied()).collect()
    }
}

/// Index of each command's head among the leaves.
pub(crate) fn head_leaf(body: &Body, command: usize) -> usize {
    body.commands.iter().take(command).map(|command| command.items.len() + 1).sum()
}

/// The leaf of an item of a command, as the contract lays it out.
pub(crate) fn item_leaf(command: u32, item: &ItemKey) -> Vec<u8> {
    let mut leaf = vec![1];
    leaf.extend(command.to_le_bytes());
    leaf.extend(item.as_bytes());
    leaf
}
