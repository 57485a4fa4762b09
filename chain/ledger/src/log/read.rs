//! Reading the log: entries, bodies, hashes and proofs. What is read from disk is checked before it is given out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tlog_tiles::{HashReader, Tile, split_stored_hash_index};
use veridose_contract::{Body, merkle};

use super::LoggedEntry;
use super::publish::{Place, tile_path};
use super::store::{Log, body_name, failed, leaf, tree_path};
use super::tree::{Edge, Hash, TILE};
use crate::LedgerError;
use crate::io::Disk;

impl Log {
    /// The bytes of up to `max` entries from `from` on.
    pub(crate) fn entry_bytes(&self, from: u64, max: usize) -> Result<Vec<Arc<[u8]>>, LedgerError> {
        let mut found: Vec<Arc<[u8]>> = Vec::new();
        while found.len() < max {
            let next = from + found.len() as u64;
            let wanted = max - found.len();
            let tail = self.read_tail();
            if next >= tail.edge.size() {
                break;
            }
            if next >= tail.start {
                let skip = usize::try_from(next - tail.start).expect("no more than are in memory");
                found.extend(tail.entries.iter().skip(skip).take(wanted).cloned());
                break;
            }
            drop(tail);
            let bundle = self.full_bundle(next >> 8)?;
            let skip = usize::try_from(next % TILE as u64).expect("less than 256");
            found.extend(bundle.into_iter().skip(skip).take(wanted).map(Arc::from));
        }
        Ok(found)
    }

    /// One entry.
    pub(crate) fn entry(&self, index: u64) -> Result<Arc<[u8]>, LedgerError> {
        self.entry_bytes(index, 1)?.pop().ok_or_else(|| LedgerError::NotFound(format!("entry {index}")))
    }

    /// The body of an entry, from the entry or from beside it.
    pub(crate) fn body(&self, entry: &LoggedEntry) -> Result<Body, LedgerError> {
        read_body(&*self.disk, &self.folder, entry)
    }

    /// The body of an entry with the roots of its subtrees, for paths. A body whose subtrees were kept is not hashed again:
    /// each path must be checked against the root that was signed.
    pub(crate) fn body_with_subtrees(&self, entry: &LoggedEntry) -> Result<(Body, Vec<Hash>), LedgerError> {
        let root = &entry.header.body_root;
        if entry.body.is_none()
            && let Ok(bytes) = self.disk.read(&tree_path(&self.folder, root))
            && let (subtrees, []) = bytes.as_chunks::<32>()
            && merkle::root(subtrees.iter().copied()) == *root
        {
            return Ok((read_beside(&*self.disk, &self.folder, root)?.0, subtrees.to_vec()));
        }
        let body = self.body(entry)?;
        let subtrees = body.subtrees();
        if entry.body.is_none() {
            self.keep_subtrees(root, &subtrees);
        }
        Ok((body, subtrees))
    }

    /// Keeps what a receipt for the body would have to hash again. If it fails, the next receipt takes longer.
    pub(crate) fn keep_subtrees(&self, root: &Hash, subtrees: &[Hash]) {
        if let Err(error) = self.disk.replace(&tree_path(&self.folder, root), subtrees.as_flattened(), false) {
            tracing::warn!(%error, "failed to keep the subtrees of a body");
        }
    }

    /// A bundle whose entries match the tile over them.
    fn full_bundle(&self, number: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let path = self.path(&tile_path(Place::Entries, number, TILE));
        let name = path.display().to_string();
        let bytes = self.disk.read(&path).map_err(failed("read", &path))?;
        let entries = split_bundle(&name, &bytes)?;
        let hashes = self.view().tile(0, number)?;
        if entries.len() != TILE {
            return Err(LedgerError::damaged(name, format!("it holds {} entries, not {TILE}", entries.len())));
        }
        for (index, (entry, hash)) in (number << 8..).zip(entries.iter().zip(hashes.iter())) {
            if leaf(entry) != *hash {
                let tile = self.path(&tile_path(Place::Hashes(0), number, TILE));
                let what = format!("entry {index} in {name}, or its hash in {}", tile.display());
                return Err(LedgerError::damaged(what, "the two do not match"));
            }
        }
        Ok(entries)
    }

    /// The tree as it is now, for proofs.
    pub(crate) fn view(&self) -> View<'_> {
        let tail = self.read_tail();
        View { log: self, edge: tail.edge.clone(), tiles: tail.tiles.clone() }
    }

    /// Root of the tree over the first `size` entries.
    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, LedgerError> {
        let view = self.view();
        if view.edge.size() == size {
            return Ok(view.edge.root());
        }
        tlog_tiles::tree_hash(size, &view).map(|hash| hash.0).map_err(|error| tiles(&error))
    }

    /// Inclusion proof of an entry in the tree of the checkpoint's size, checked.
    pub(crate) fn inclusion(&self, index: u64, size: u64, root: &Hash) -> Result<Vec<Hash>, LedgerError> {
        let entry = self.entry(index)?;
        let proof = tlog_tiles::prove_record(size, index, &self.view()).map_err(|error| tiles(&error))?;
        tlog_tiles::check_record(&proof, size, tlog_tiles::Hash(*root), index, tlog_tiles::Hash(leaf(&entry)))
            .map_err(|error| tiles(&error))?;
        Ok(proof.into_iter().map(|hash| hash.0).collect())
    }

    /// Proof that the tree of `new` entries and this root continues the one of `old`, checked.
    pub(crate) fn consistency(&self, old: u64, new: u64, root: &Hash) -> Result<Vec<Hash>, LedgerError> {
        let view = self.view();
        let before = tlog_tiles::tree_hash(old, &view).map_err(|error| tiles(&error))?;
        let proof = tlog_tiles::prove_tree(new, old, &view).map_err(|error| tiles(&error))?;
        tlog_tiles::check_tree(&proof, new, tlog_tiles::Hash(*root), old, before).map_err(|error| tiles(&error))?;
        Ok(proof.into_iter().map(|hash| hash.0).collect())
    }
}

/// The body of an entry, from the entry or from beside it; it has the root that was signed.
pub(crate) fn read_body(disk: &dyn Disk, folder: &Path, entry: &LoggedEntry) -> Result<Body, LedgerError> {
    let root = entry.header.body_root;
    let (body, place) = match &entry.body {
        Some(body) => (body.clone(), "the body in an entry".to_owned()),
        None => read_beside(disk, folder, &root)?,
    };
    if body.root() == root {
        Ok(body)
    } else {
        Err(LedgerError::damaged(place, "it does not have the root that was signed"))
    }
}

/// A body that lies beside the log, not compared with its root, and the file's name.
fn read_beside(disk: &dyn Disk, folder: &Path, root: &Hash) -> Result<(Body, String), LedgerError> {
    let path = folder.join("log").join(body_name(root));
    let bytes = disk.read(&path).map_err(failed("read", &path))?;
    let place = path.display().to_string();
    let body = borsh::from_slice(&bytes).map_err(|error| LedgerError::damaged(&place, error.to_string()))?;
    Ok((body, place))
}

fn tiles(error: &tlog_tiles::Error) -> LedgerError {
    LedgerError::damaged("a tile of the log", error.to_string())
}

/// The entries of a bundle.
pub(crate) fn split_bundle(name: &str, mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, LedgerError> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((entry, rest)) = rest.split_at_checked(length) else { break };
        entries.push(entry.to_vec());
        bytes = rest;
    }
    if bytes.is_empty() {
        Ok(entries)
    } else {
        Err(LedgerError::damaged(name, "an entry's length leads beyond its end"))
    }
}

/// The hashes of the tree at one moment.
pub(crate) struct View<'a> {
    log: &'a Log,
    edge: Edge,
    tiles: BTreeMap<(u8, u64), Arc<Vec<Hash>>>,
}

impl View<'_> {
    fn tile(&self, level: u8, number: u64) -> Result<Arc<Vec<Hash>>, LedgerError> {
        if number == self.edge.size() >> (8 * (u32::from(level) + 1)) {
            return Ok(Arc::new(self.edge.level(level).to_vec()));
        }
        if let Some(tile) = self.tiles.get(&(level, number)) {
            return Ok(Arc::clone(tile));
        }
        let path = self.log.path(&tile_path(Place::Hashes(level), number, TILE));
        let bytes = self.log.disk.read(&path).map_err(failed("read", &path))?;
        match bytes.as_chunks::<32>() {
            (hashes, []) if hashes.len() == TILE => Ok(Arc::new(hashes.to_vec())),
            _ => Err(LedgerError::damaged(path.display().to_string(), "it is not of 256 hashes")),
        }
    }
}

impl HashReader for View<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let mut seen: BTreeMap<(u8, u64), Arc<Vec<Hash>>> = BTreeMap::new();
        indexes
            .iter()
            .map(|index| {
                let tile = Tile::from_index(8, *index);
                let place = (tile.level(), tile.level_index());
                let hashes = if let Some(hashes) = seen.get(&place) {
                    Arc::clone(hashes)
                } else {
                    let hashes = self.tile(place.0, place.1);
                    let hashes = hashes.map_err(|error| tlog_tiles::Error::InvalidInput(error.to_string()))?;
                    seen.insert(place, Arc::clone(&hashes));
                    hashes
                };
                let (level, number) = split_stored_hash_index(*index);
                tile.hash_at_index(hashes.as_flattened(), *index).map_err(|error| {
                    tlog_tiles::Error::InvalidInput(format!("hash {number} of level {level}: {error}"))
                })
            })
            .collect()
    }
}
