//! The tree's right edge: for each level of tiles, the hashes of the tile that is not full yet. Appending needs no more.

use veridose_contract::merkle::{leaf_hash, node_hash};

/// A node of the tree.
pub(crate) type Hash = [u8; 32];

/// Entries or hashes in a full tile.
pub(crate) const TILE: usize = 256;

/// A full tile of hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FullTile {
    pub(crate) level: u8,
    pub(crate) number: u64,
    pub(crate) hashes: Vec<Hash>,
}

/// Right edge of a tree of `size` entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub(crate) struct Edge {
    size: u64,
    /// For each level of tiles, from the leaves up, fewer than 256 hashes.
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The unfilled tile of a level.
    pub(crate) fn level(&self, level: u8) -> &[Hash] {
        self.levels.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn level_count(&self) -> u8 {
        u8::try_from(self.levels.len()).expect("64 bits of size make at most 8 levels of 256")
    }

    /// Appends an entry; tiles that became full go to `full`, leaves first.
    pub(crate) fn push(&mut self, entry: &[u8], full: &mut Vec<FullTile>) {
        self.push_hash(leaf_hash(entry), full);
    }

    fn push_hash(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        let mut hash = leaf;
        self.size += 1;
        for level in 0u8.. {
            if self.level_count() == level {
                self.levels.push(Vec::with_capacity(TILE));
            }
            let tile = &mut self.levels[usize::from(level)];
            tile.push(hash);
            if tile.len() < TILE {
                return;
            }
            let hashes = std::mem::take(tile);
            hash = subtree(&hashes);
            full.push(FullTile { level, number: (self.size - 1) >> (8 * (u32::from(level) + 1)), hashes });
        }
    }

    /// Root of the tree (RFC 6962, 2.1).
    pub(crate) fn root(&self) -> Hash {
        // Left to right on each level, highest level first: the largest full subtrees come first.
        let parts: Vec<Hash> = self.levels.iter().rev().flat_map(|tile| powers(tile)).collect();
        match parts.split_last() {
            None => veridose_contract::merkle::root(std::iter::empty()),
            Some((last, rest)) => rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// The full subtrees that a tile's hashes fall into, largest first.
fn powers(tile: &[Hash]) -> Vec<Hash> {
    let mut rest = tile;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let width = 1 << rest.len().ilog2();
        let (part, tail) = rest.split_at(width);
        parts.push(subtree(part));
        rest = tail;
    }
    parts
}

/// Root of a full subtree over a power of two of hashes; a tile is full and a part has at least one, so none is empty.
pub(crate) fn subtree(hashes: &[Hash]) -> Hash {
    if let [one] = hashes {
        return *one;
    }
    let (left, right) = hashes.split_at(hashes.len() / 2);
    node_hash(&subtree(left), &subtree(right))
}
