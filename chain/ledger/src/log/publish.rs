//! Publishing: tiles, bundles and a signed checkpoint for what is durable.
//!
//! Order: tiles first, then the checkpoint that needs them. A crash in between leaves tiles that nobody asks for and that
//! the next publication writes again. Full tiles are synced before the segment that could restore them is removed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use tlog_tiles::Tile;

use super::checkpoint::SignedCheckpoint;
use super::store::{Log, failed, segment_path};
use super::tree::{Edge, Hash, TILE};
use crate::LedgerError;
use crate::io::Disk;

/// What the publisher remembers from one publication to the next.
pub(super) struct Publisher {
    /// Full tiles and bundles that were written and not synced.
    unsynced: Vec<PathBuf>,
    /// Partial tiles of the last checkpoint, and of the one before, whose readers may still be at it.
    partial: [BTreeSet<PathBuf>; 2],
}

impl Publisher {
    /// Takes over what partial tiles an earlier run left at the right edge.
    pub(super) fn open(disk: &dyn Disk, folder: &Path, edge: &Edge) -> Result<Self, LedgerError> {
        let mut left = BTreeSet::new();
        for (place, number) in places(edge) {
            let path = folder.join("log").join(tile_path(place, number, 1));
            let Some(partial) = path.parent() else { continue };
            let names = disk.list(partial).map_err(failed("list", partial))?;
            left.extend(names.iter().map(|name| partial.join(name)));
        }
        Ok(Self { unsynced: Vec::new(), partial: [left, BTreeSet::new()] })
    }
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Hashes(u8),
    Entries,
}

/// Path of a tile below the log's folder, as C2SP tlog-tiles writes it.
pub(crate) fn tile_path(place: Place, number: u64, width: usize) -> String {
    let width = u32::try_from(width).expect("at most 256");
    // The crate writes the tile's height first, as the Go module does; C2SP fixed the height and left it out.
    match place {
        Place::Hashes(level) => Tile::new(8, level, number, width, false).path().replacen("tile/8/", "tile/", 1),
        Place::Entries => Tile::new(8, 0, number, width, true).path().replacen("tile/8/data/", "tile/entries/", 1),
    }
}

/// The unfilled tiles at the right edge.
fn places(edge: &Edge) -> impl Iterator<Item = (Place, u64)> + '_ {
    let hashes =
        (0..edge.level_count()).map(|level| (Place::Hashes(level), edge.size() >> (8 * (u32::from(level) + 1))));
    std::iter::once((Place::Entries, edge.size() >> 8)).chain(hashes)
}

/// Entries one after the other, each after its length.
pub(crate) fn bundle<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).expect("an entry with its body inline stays below 65,536 bytes");
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    bytes
}

impl Log {
    /// Publishes what is durable now, unless the checkpoint already covers it.
    pub(crate) fn publish(&self) -> Result<Arc<SignedCheckpoint>, LedgerError> {
        let mut publisher = self.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = self.read_tail();
        if let Some(checkpoint) = &tail.checkpoint
            && checkpoint.size == tail.edge.size()
        {
            return Ok(Arc::clone(checkpoint));
        }
        let (edge, tiles, start, entries) = (tail.edge.clone(), tail.tiles.clone(), tail.start, tail.entries.clone());
        drop(tail);

        for ((level, number), hashes) in &tiles {
            publisher.unsynced.push(self.write(Place::Hashes(*level), *number, TILE, hashes.as_flattened())?);
        }
        let mut partial = BTreeSet::new();
        for (number, chunk) in (start >> 8..).zip(entries.chunks(TILE)) {
            let bytes = bundle(chunk.iter().map(AsRef::as_ref));
            let path = self.write(Place::Entries, number, chunk.len(), &bytes)?;
            if chunk.len() == TILE {
                publisher.unsynced.push(path);
            } else {
                partial.insert(path);
            }
        }
        for (place, number) in places(&edge) {
            let Place::Hashes(level) = place else { continue };
            let hashes: &[Hash] = edge.level(level);
            if !hashes.is_empty() {
                partial.insert(self.write(place, number, hashes.len(), hashes.as_flattened())?);
            }
        }
        let checkpoint = Arc::new(self.key.sign(edge.size(), edge.root())?);
        let path = self.path("checkpoint");
        self.disk.replace(&path, checkpoint.text.as_bytes(), true).map_err(failed("write", &path))?;
        self.published(&edge, tiles.keys().copied(), &checkpoint);
        self.clean(&mut publisher, partial, edge.size())?;
        Ok(checkpoint)
    }

    /// A checkpoint over all that is durable. Where the disk takes no more, it is signed and not published: what was
    /// acknowledged can still be proved.
    pub(crate) fn checkpoint_now(&self) -> Result<Arc<SignedCheckpoint>, LedgerError> {
        self.publish().or_else(|error| {
            tracing::warn!(%error, "a checkpoint is given out that could not be published");
            let (size, root) = self.head();
            Ok(Arc::new(self.key.sign(size, root)?))
        })
    }

    fn write(&self, place: Place, number: u64, width: usize, bytes: &[u8]) -> Result<PathBuf, LedgerError> {
        let path = self.path(&tile_path(place, number, width));
        self.disk.replace(&path, bytes, false).map_err(failed("write", &path))?;
        Ok(path)
    }

    /// Lets go of what now lies in full tiles on disk.
    fn published(&self, edge: &Edge, tiles: impl Iterator<Item = (u8, u64)>, checkpoint: &Arc<SignedCheckpoint>) {
        let mut tail = self.write_tail();
        for tile in tiles {
            tail.tiles.remove(&tile);
        }
        let full = edge.size() & !(TILE as u64 - 1);
        let written = usize::try_from(full - tail.start).expect("no more than are in memory");
        tail.entries.drain(..written);
        tail.start = full;
        tail.checkpoint = Some(Arc::clone(checkpoint));
    }

    /// Removes partial tiles that no checkpoint in use needs, and segments whose entries are all in synced tiles.
    fn clean(&self, publisher: &mut Publisher, partial: BTreeSet<PathBuf>, size: u64) -> Result<(), LedgerError> {
        let [last, before] = std::mem::take(&mut publisher.partial);
        for path in before.iter().filter(|path| !last.contains(*path) && !partial.contains(*path)) {
            self.disk.remove(path).map_err(failed("remove", path))?;
        }
        publisher.partial = [partial, last];
        let second = self.segments().get(1).copied();
        if second.is_some_and(|second| second <= size) {
            for path in publisher.unsynced.drain(..) {
                self.disk.sync(&path).map_err(failed("sync", &path))?;
            }
            let first = self.segments().remove(0);
            let path = segment_path(&self.folder, first);
            self.disk.remove(&path).map_err(failed("remove", &path))?;
        }
        Ok(())
    }
}
