//! A log that goes on from entries which lie in full tiles: what it needs to be opened.

use std::path::Path;

use super::SignedCheckpoint;
use super::publish::{Place, tile_path};
use super::store::{failed, segment_path};
use super::tree::Edge;
use super::wal::{self, Base};
use crate::LedgerError;
use crate::io::Disk;

/// Writes the unfilled tiles of hashes, a segment that starts at the tree's edge, and the checkpoint over it. `rest` are the entries of
/// the bundle that is not full. Until the checkpoint is there, which is last, nothing counts as a log.
pub(crate) fn begin_at(
    disk: &dyn Disk,
    folder: &Path,
    edge: Edge,
    rest: Vec<Vec<u8>>,
    checkpoint: &SignedCheckpoint,
) -> Result<(), LedgerError> {
    let write = |path: &Path, bytes: &[u8]| disk.replace(path, bytes, true).map_err(failed("write", path));
    for level in 0..edge.level_count() {
        let hashes = edge.level(level);
        if !hashes.is_empty() {
            let number = edge.size() >> (8 * (u32::from(level) + 1));
            let path = folder.join("log").join(tile_path(Place::Hashes(level), number, hashes.len()));
            write(&path, hashes.as_flattened())?;
        }
    }
    let segment = segment_path(folder, edge.size());
    write(&segment, &wal::encode(&Base { edge, bundle: rest }))?;
    write(&folder.join("log/checkpoint"), checkpoint.text.as_bytes())
}
