//! The log: the only truth. An append-only list of entries under a Merkle tree (RFC 6962), published as C2SP tlog-tiles
//! with a signed checkpoint.
//!
//! ```text
//! log/checkpoint            signed note: origin, size, root
//! log/tile/L/N[.p/W]        hashes, 256 a tile
//! log/tile/entries/N[.p/W]  entries, each after its length (u16, big-endian)
//! log/bodies/XX/ROOT        bodies too large for an entry, named by their Merkle root
//! trees/XX/ROOT             roots of the subtrees of 256 leaves of such a body, for receipts
//! wal/SIZE                  write-ahead segments: what is acknowledged and not yet in full, durable tiles
//! ```
//!
//! An entry is durable once its block stands in the write-ahead segment (one fsync for a whole group). Tiles and the
//! checkpoint follow within a publishing interval and are derived: whatever a crash leaves of them is written anew.
//! The files in `trees` are derived too, and never synced: one that is missing or does not lead to its root is made anew.
//! A segment starts with the tree's right edge, so recovery needs no partial tile. It is removed when all that came before
//! the next segment lies in full tiles that were synced.

mod begin;
mod checkpoint;
mod entry;
mod publish;
mod read;
mod store;
mod tree;
mod wal;

pub(crate) use begin::begin_at;
pub use checkpoint::{LogKey, LogVerifier, SignedCheckpoint};
pub use entry::{INLINE_MAX, LoggedEntry, encode as encode_entry};
pub(crate) use publish::{Place, bundle, tile_path};
pub(crate) use read::{read_body, split_bundle};
pub(crate) use store::{Log, LogWriter, body_name, failed, recover, segment_starts};
pub(crate) use tree::{Edge, FullTile, Hash, TILE};

#[cfg(test)]
mod tests;
