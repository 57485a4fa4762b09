//! Write-ahead segments: what makes an entry durable.
//!
//! A segment is a base block (the tree's right edge and the entries of the unfilled bundle at its start) and then a block
//! for each group commit. A block is `"VDWB" ‖ length u32 ‖ CRC-32 u32 ‖ payload`, little-endian, the checksum over length
//! and payload. A crash can leave the last block in part; that block was acknowledged to nobody and is cut off. Anything
//! else that does not read is damage, and is named.

use borsh::{BorshDeserialize, BorshSerialize};

use super::tree::Edge;
use crate::LedgerError;

const MAGIC: &[u8; 4] = b"VDWB";
const HEAD: usize = 12;

/// Where a segment starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Base {
    pub(crate) edge: Edge,
    /// Entries of the bundle that is not full yet.
    pub(crate) bundle: Vec<Vec<u8>>,
}

/// One group commit.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Block {
    pub(crate) first: u64,
    pub(crate) entries: Vec<Vec<u8>>,
}

/// A segment as it was read.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) base: Base,
    pub(crate) blocks: Vec<Block>,
    /// Bytes up to the end of the last whole block.
    pub(crate) length: u64,
    /// Whether bytes follow that are no whole block.
    pub(crate) torn: bool,
}

pub(crate) fn encode(payload: &impl BorshSerialize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([0; 8]);
    payload.serialize(&mut bytes).expect("writing to a Vec does not fail");
    let length = u32::try_from(bytes.len() - HEAD).expect("a block is bounded by the queue of the writer");
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&bytes[4..8], &bytes[HEAD..]);
    bytes[8..HEAD].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn checksum(length: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(payload);
    hasher.finalize()
}

/// The payload of the block at the start of `bytes`, if a whole one stands there.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..HEAD)?;
    let word = |range: std::ops::Range<usize>| Some(u32::from_le_bytes(head.get(range)?.try_into().ok()?));
    let payload = bytes.get(HEAD..)?.get(..usize::try_from(word(4..8)?).ok()?)?;
    (head.starts_with(MAGIC) && word(8..12)? == checksum(&head[4..8], payload)).then_some(payload)
}

/// Reads a segment. A block that does not read while a whole one follows it was whole once: that is damage.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Segment, LedgerError> {
    let damaged = |at: usize, problem: &str| LedgerError::damaged(format!("{name} at byte {at}"), problem);
    let base = payload(bytes).ok_or_else(|| damaged(0, "the base block does not match its checksum"))?;
    let mut at = HEAD + base.len();
    let base: Base = borsh::from_slice(base).map_err(|error| damaged(0, &error.to_string()))?;
    let mut blocks = Vec::new();
    while let Some(found) = bytes.get(at..).and_then(payload) {
        blocks.push(borsh::from_slice(found).map_err(|error| damaged(at, &error.to_string()))?);
        at += HEAD + found.len();
    }
    let rest = &bytes[at..];
    if (1..rest.len()).any(|later| rest[later..].starts_with(MAGIC) && payload(&rest[later..]).is_some()) {
        return Err(damaged(at, "a block does not match its checksum, and whole ones follow it"));
    }
    Ok(Segment { base, blocks, length: at as u64, torn: !rest.is_empty() })
}
