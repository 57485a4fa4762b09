//! The Merkle tree of RFC 6962 (section 2.1) over SHA-256: root, inclusion path and its check.

use sha2::{Digest, Sha256};

/// Hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root over leaf hashes; SHA-256 of nothing for no leaves. Memory is logarithmic in their number.
pub fn root(leaves: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    // One entry a level: the hash of a full subtree whose right sibling has not come yet.
    let mut stack: Vec<(u32, [u8; 32])> = Vec::new();
    for leaf in leaves {
        let mut node = (0u32, leaf);
        while let Some(left) = stack.pop_if(|left| left.0 == node.0) {
            node = (node.0.saturating_add(1), node_hash(&left.1, &node.1));
        }
        stack.push(node);
    }
    let Some(last) = stack.pop() else { return Sha256::digest([]).into() };
    stack.into_iter().rev().fold(last.1, |right, left| node_hash(&left.1, &right))
}
