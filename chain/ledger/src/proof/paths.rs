//! Paths in the tree over a body.

use veridose_contract::merkle::{self, node_hash};
use veridose_contract::{Body, ItemKey, SUBTREE_LEAVES};

use crate::LedgerError;
use crate::log::Hash;

/// The tree over a body, of which the subtrees' roots are known: a path takes the hashing of the one subtree that it
/// starts in, where [`veridose_contract::merkle::path`] hashes the whole body.
pub(crate) struct Paths<'a> {
    body: &'a Body,
    root: Hash,
    leaves: usize,
    /// Every level of the tree over the subtrees, their roots first.
    upper: Vec<Vec<Hash>>,
}

impl<'a> Paths<'a> {
    /// `subtrees` as [`Body::subtrees`] gives them, `root` as it was signed.
    pub(crate) fn new(body: &'a Body, subtrees: Vec<Hash>, root: Hash) -> Self {
        Self { body, root, leaves: body.leaf_count(), upper: levels(subtrees) }
    }

    pub(crate) const fn leaf_count(&self) -> usize {
        self.leaves
    }

    /// Siblings from the leaf up. They lead to the root that was signed, or the body is not the one that was.
    pub(crate) fn path(&self, leaf: usize) -> Result<Vec<Hash>, LedgerError> {
        let subtree = leaf / SUBTREE_LEAVES;
        let start = subtree * SUBTREE_LEAVES;
        let lower = self.body.leaf_hashes(start..start + SUBTREE_LEAVES);
        let hash = lower.get(leaf - start).copied().unwrap_or_default();
        let mut path = siblings(&levels(lower), leaf - start);
        path.extend(siblings(&self.upper, subtree));
        if merkle::verify(&hash, leaf as u64, self.leaves as u64, &path, &self.root) {
            return Ok(path);
        }
        let what = format!("the body {}", hex::encode(self.root));
        Err(LedgerError::damaged(what, format!("its leaf {leaf} does not lead to the root that was signed")))
    }
}

/// Every level of a tree, leaves first.
fn levels(leaves: Vec<Hash>) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves];
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
    levels
}

fn siblings(levels: &[Vec<Hash>], place: usize) -> Vec<Hash> {
    let places = std::iter::successors(Some(place), |place| Some(place / 2));
    levels.iter().zip(places).filter_map(|(level, place)| level.get(place ^ 1).copied()).collect()
}

/// The leaf of an item of a command, as the contract lays it out.
pub(crate) fn item_leaf(command: u32, item: &ItemKey) -> Vec<u8> {
    let mut leaf = vec![1];
    leaf.extend(command.to_le_bytes());
    leaf.extend(item.as_bytes());
    leaf
}
