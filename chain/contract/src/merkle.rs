//! The Merkle tree of RFC 6962 (section 2.1) over SHA-256: root, inclusion path and its check.

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

/// Hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// What must be known of a tree to go on with it: the roots of its full subtrees, the largest first. Logarithmic in size.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Frontier {
    size: u64,
    /// With their heights, each lower than the one before.
    subtrees: Vec<(u8, [u8; 32])>,
}

impl Frontier {
    /// Appends a leaf's hash.
    pub fn push(&mut self, leaf: [u8; 32]) {
        let mut node = (0u8, leaf);
        while let Some(left) = self.subtrees.pop_if(|left| left.0 == node.0) {
            node = (node.0.saturating_add(1), node_hash(&left.1, &node.1));
        }
        self.subtrees.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Leaves so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root over them; SHA-256 of nothing for none.
    pub fn root(&self) -> [u8; 32] {
        let Some((last, rest)) = self.subtrees.split_last() else { return Sha256::digest([]).into() };
        rest.iter().rev().fold(last.1, |right, left| node_hash(&left.1, &right))
    }
}

/// Root over leaf hashes. Memory is logarithmic in their number.
pub fn root(leaves: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut frontier = Frontier::default();
    leaves.for_each(|leaf| frontier.push(leaf));
    frontier.root()
}

/// The inclusion path of the leaf at an index, from the leaf upwards (RFC 6962, 2.1.1); nothing for an index beyond.
pub fn path(leaves: &[[u8; 32]], index: usize) -> Option<Vec<[u8; 32]>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut part, mut index, mut path) = (leaves, index, Vec::new());
    while part.len() > 1 {
        let (left, right) = part.split_at_checked(split(part.len()))?;
        let (kept, other) = if index < left.len() { (left, right) } else { (right, left) };
        index = if index < left.len() { index } else { index.checked_sub(left.len())? };
        path.push(root(other.iter().copied()));
        part = kept;
    }
    path.reverse();
    Some(path)
}

/// The largest power of two that is smaller than the number of leaves, which is at least two.
fn split(leaves: usize) -> usize {
    leaves.saturating_sub(1).checked_ilog2().map_or(0, |power| 1 << power)
}

/// Whether the path leads from the leaf, at that index of a tree of that size, to the root (RFC 9162, 2.1.3.2).
pub fn verify(leaf: &[u8; 32], index: u64, size: u64, path: &[[u8; 32]], root: &[u8; 32]) -> bool {
    let Some(mut last) = size.checked_sub(1) else { return false };
    if index > last {
        return false;
    }
    let (mut position, mut hash) = (index, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            hash = node_hash(sibling, &hash);
            // A right edge has no sibling on the levels that its node is carried up unchanged.
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight leaves of the reference tests of RFC 6962.
    fn reference() -> Vec<[u8; 32]> {
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .iter()
            .map(|data| leaf_hash(&hex::decode(data).expect("valid hex")))
            .collect()
    }

    #[test]
    fn roots_are_those_of_the_reference() {
        let expected = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, text) in expected {
            assert_eq!(hex::encode(root(reference().into_iter().take(size))), text, "size {size}");
        }
    }

    #[test]
    fn every_path_verifies_and_no_other_does() {
        for size in 1..=33u8 {
            let leaves: Vec<_> = (0..size).map(|leaf| leaf_hash(&[leaf])).collect();
            let root = root(leaves.iter().copied());
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(&leaves, index).expect("index in range");
                let check = |leaf: &[u8; 32], at: usize, size: u8, path: &[[u8; 32]]| {
                    verify(leaf, at as u64, size.into(), path, &root)
                };
                assert!(check(leaf, index, size, &path), "leaf {index} of {size}");
                assert!(!check(&leaf_hash(b"other"), index, size, &path));
                assert!(!check(leaf, usize::from(size), size, &path));
                for other in (0..leaves.len()).filter(|other| *other != index) {
                    assert!(!check(leaf, other, size, &path), "leaf {index} of {size} passes as {other}");
                }
                let mut longer = path.clone();
                longer.push([0; 32]);
                assert!(!check(leaf, index, size, &longer));
            }
            assert_eq!(path(&leaves, leaves.len()), None);
        }
    }
}
