//! The log's files, read for a check.

use std::path::Path;
use std::sync::Arc;

use veridose_contract::Body;

use crate::LedgerError;
use crate::io::Disk;
use crate::log::{
    Edge, FullTile, Hash, LogVerifier, LoggedEntry, Place, SignedCheckpoint, TILE, failed, read_body, recover,
    segment_starts, split_bundle, tile_path,
};

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries checked.
    pub entries: u64,
    /// Entries in the log.
    pub of: u64,
}

pub(super) struct Files<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    checkpoint: SignedCheckpoint,
    /// What the write-ahead segments say of the end of the log.
    edge: Edge,
    start: u64,
    entries: Vec<Arc<[u8]>>,
}

impl<'a> Files<'a> {
    pub(super) fn open(disk: &'a dyn Disk, folder: &'a Path, verifier: &LogVerifier) -> Result<Self, LedgerError> {
        let path = folder.join("log/checkpoint");
        let text = disk.read(&path).map_err(failed("read", &path))?;
        let text = String::from_utf8(text).map_err(|_| LedgerError::damaged("the checkpoint", "it is not text"))?;
        let checkpoint = verifier.check(&text)?;
        let (tail, _) = recover(disk, folder, &segment_starts(disk, folder)?)?;
        if checkpoint.size > tail.edge.size() {
            let problem = format!("the checkpoint has {} entries, the log has {}", checkpoint.size, tail.edge.size());
            return Err(LedgerError::Forked(problem));
        }
        Ok(Self { disk, folder, checkpoint, edge: tail.edge, start: tail.start, entries: tail.entries })
    }

    pub(super) const fn size(&self) -> u64 {
        self.edge.size()
    }

    pub(super) const fn checkpoint(&self) -> u64 {
        self.checkpoint.size
    }

    pub(super) fn body(&self, entry: &LoggedEntry) -> Result<Body, LedgerError> {
        read_body(self.disk, self.folder, entry)
    }

    /// The entries of a bundle, from its tile as far as the checkpoint goes and from the segments beyond it. Each is put into
    /// the tree, whose tiles and root must be those on disk.
    pub(super) fn bundle(&self, number: u64, edge: &mut Edge) -> Result<Vec<Vec<u8>>, LedgerError> {
        let first = number << 8;
        let published = usize::try_from((self.checkpoint.size - first.min(self.checkpoint.size)).min(TILE as u64))
            .expect("at most 256");
        let mut entries = Vec::new();
        if published > 0 {
            let (name, bytes) = self.tile(Place::Entries, number, published)?;
            entries = split_bundle(&name, &bytes)?;
            if entries.len() != published {
                return Err(LedgerError::damaged(name, format!("it holds {} entries, not {published}", entries.len())));
            }
        }
        for (place, index) in (first..first + TILE as u64).enumerate() {
            if index == self.checkpoint.size {
                self.match_checkpoint(edge)?;
            }
            let logged = index.checked_sub(self.start).and_then(|place| self.entries.get(usize::try_from(place).ok()?));
            match (entries.get(place), logged) {
                (Some(published), Some(logged)) if **logged != **published => {
                    let problem = "its bundle and its write-ahead segment do not match";
                    return Err(LedgerError::damaged(format!("entry {index}"), problem));
                }
                (Some(_), _) => {}
                (None, Some(logged)) => entries.push(logged.to_vec()),
                (None, None) => break,
            }
            let mut full = Vec::new();
            edge.push(&entries[place], &mut full);
            full.iter().try_for_each(|tile| self.match_tile(tile))?;
        }
        if edge.size() == self.size() {
            if self.checkpoint.size == self.size() {
                self.match_checkpoint(edge)?;
            }
            if *edge != self.edge {
                return Err(LedgerError::damaged("the write-ahead segments", "their tree is not that of the entries"));
            }
        }
        Ok(entries)
    }

    /// A full tile that the checkpoint covers must be what the entries make.
    fn match_tile(&self, tile: &FullTile) -> Result<(), LedgerError> {
        let end = (tile.number + 1) << (8 * (u32::from(tile.level) + 1));
        if end > self.checkpoint.size {
            return Ok(());
        }
        let (name, bytes) = self.tile(Place::Hashes(tile.level), tile.number, TILE)?;
        differs(&name, &bytes, &tile.hashes)
    }

    /// The partial tiles of the checkpoint, and its root.
    fn match_checkpoint(&self, edge: &Edge) -> Result<(), LedgerError> {
        if edge.root() != self.checkpoint.root {
            return Err(LedgerError::damaged("the checkpoint", "its root is not that of the entries"));
        }
        for level in 0..edge.level_count() {
            let hashes = edge.level(level);
            if !hashes.is_empty() {
                let number = edge.size() >> (8 * (u32::from(level) + 1));
                let (name, bytes) = self.tile(Place::Hashes(level), number, hashes.len())?;
                differs(&name, &bytes, hashes)?;
            }
        }
        Ok(())
    }

    fn tile(&self, place: Place, number: u64, width: usize) -> Result<(String, Vec<u8>), LedgerError> {
        let path = self.folder.join("log").join(tile_path(place, number, width));
        let bytes = self.disk.read(&path).map_err(failed("read", &path))?;
        Ok((path.display().to_string(), bytes))
    }
}

fn differs(name: &str, bytes: &[u8], hashes: &[Hash]) -> Result<(), LedgerError> {
    if bytes == hashes.as_flattened() {
        return Ok(());
    }
    let at = bytes.chunks(32).zip(hashes).position(|(found, hash)| found != hash.as_slice()).unwrap_or(hashes.len());
    Err(LedgerError::damaged(name, format!("hash {at} is not that of the entries")))
}
