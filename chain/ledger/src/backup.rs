//! The log in a backup: the entries, the bodies beside them and the checkpoint over both, laid out as in the ledger's own folder.
//! Tiles of hashes, write-ahead segments and the state are derived, and a restore makes them again.

use std::path::{Path, PathBuf};

use crate::embedded::{Embedded, Window, begin, decode, replay};
use crate::host::Keys;
use crate::io::{Disk as _, Local};
use crate::log::{
    Edge, LogVerifier, LoggedEntry, Place, SignedCheckpoint, TILE, begin_at, body_name, bundle, failed, read_body,
    split_bundle, tile_path,
};
use crate::network::Network;
use crate::state::{Applied, StateStore};
use crate::{LedgerError, check};

impl Embedded {
    /// Publishes a checkpoint over everything that is durable at this moment.
    pub fn checkpoint_now(&self) -> Result<SignedCheckpoint, LedgerError> {
        Ok((*self.log().publish()?).clone())
    }

    /// Copies the log up to a checkpoint into a folder, while it goes on. Nothing is synced.
    pub fn save(&self, checkpoint: &SignedCheckpoint, to: &Path) -> Result<(), LedgerError> {
        let mut from = 0;
        while from < checkpoint.size {
            let width = usize::try_from(checkpoint.size - from).unwrap_or(TILE).min(TILE);
            let entries = self.log().entry_bytes(from, width)?;
            if entries.len() != width {
                return Err(LedgerError::damaged("the log", format!("entries from {from} on are missing")));
            }
            for (index, bytes) in (from..).zip(&entries) {
                let entry = decode(index, bytes)?;
                if entry.body.is_none() {
                    let name = body_name(&entry.header.body_root);
                    copy(&self.log().path(&name), &to.join("log").join(name), false)?;
                }
            }
            let path = bundle_path(to, from >> 8, width);
            Local.replace(&path, &bundle(entries.iter().map(AsRef::as_ref)), false).map_err(failed("write", &path))?;
            from += width as u64;
        }
        let path = to.join("log/checkpoint");
        Local.replace(&path, checkpoint.text.as_bytes(), false).map_err(failed("write", &path))
    }
}

/// The log in a backup.
#[derive(Debug)]
pub struct SavedLog {
    folder: PathBuf,
    checkpoint: SignedCheckpoint,
}

impl SavedLog {
    /// Opens it, if its checkpoint is signed with the log's key.
    pub fn open(folder: &Path, verifier: &LogVerifier) -> Result<Self, LedgerError> {
        let path = folder.join("log/checkpoint");
        let text = String::from_utf8(Local.read(&path).map_err(failed("read", &path))?);
        let text = text.map_err(|_| LedgerError::damaged("the checkpoint", "it is not text"))?;
        Ok(Self { folder: folder.to_owned(), checkpoint: verifier.check(&text)? })
    }

    /// The checkpoint up to which it goes.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Checks everything from the beginning: each entry stands in the checkpoint's tree, each signature and each transaction holds at its
    /// place. `scratch` is a folder that is made for it, and that the caller removes.
    pub fn check(
        &self,
        network: &Network,
        scratch: &Path,
        progress: &mut dyn FnMut(check::Progress),
    ) -> Result<(), LedgerError> {
        let fresh = StateStore::open(scratch)?;
        let keys = Keys::default();
        begin(network, &fresh)?;
        let mut edge = Edge::default();
        while edge.size() < self.checkpoint.size {
            let entries = self.bundle(edge.size() >> 8)?;
            let mut rest = entries.as_slice();
            while !rest.is_empty() {
                let body = |entry: &LoggedEntry| read_body(&Local, &self.folder, entry);
                let window = Window::read(network, &fresh, &keys, edge.size(), rest, body)?;
                let (some, others) = rest.split_at(window.entries.len());
                for entry in some {
                    edge.push(entry, &mut Vec::new());
                }
                let applied = Applied { network: network.id, size: edge.size(), root: edge.root() };
                fresh.commit(replay(network, &fresh, &keys, &window)?, applied)?;
                rest = others;
            }
            progress(check::Progress { entries: edge.size(), of: self.checkpoint.size });
        }
        self.expect(&edge)
    }

    /// Lays a ledger's folder out that goes on from the checkpoint. Nothing counts as a log before all of it is durable there.
    pub fn restore(&self, to: &Path) -> Result<(), LedgerError> {
        let mut edge = Edge::default();
        let mut rest = Vec::new();
        while edge.size() < self.checkpoint.size {
            let number = edge.size() >> 8;
            let entries = self.bundle(number)?;
            let mut full = Vec::new();
            for (index, bytes) in (number << 8..).zip(&entries) {
                edge.push(bytes, &mut full);
                let entry = decode(index, bytes)?;
                if entry.body.is_none() {
                    read_body(&Local, &self.folder, &entry)?;
                    let name = body_name(&entry.header.body_root);
                    copy(&self.folder.join("log").join(&name), &to.join("log").join(name), true)?;
                }
            }
            for tile in full {
                let path = to.join("log").join(tile_path(Place::Hashes(tile.level), tile.number, TILE));
                Local.replace(&path, tile.hashes.as_flattened(), true).map_err(failed("write", &path))?;
            }
            let path = bundle_path(to, number, entries.len());
            let bytes = bundle(entries.iter().map(Vec::as_slice));
            Local.replace(&path, &bytes, true).map_err(failed("write", &path))?;
            rest = if entries.len() == TILE { Vec::new() } else { entries };
        }
        self.expect(&edge)?;
        begin_at(&Local, to, edge, rest, &self.checkpoint)
    }

    fn bundle(&self, number: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let width = usize::try_from(self.checkpoint.size - (number << 8)).unwrap_or(TILE).min(TILE);
        let path = bundle_path(&self.folder, number, width);
        let name = path.display().to_string();
        let entries = split_bundle(&name, &Local.read(&path).map_err(failed("read", &path))?)?;
        if entries.len() == width {
            return Ok(entries);
        }
        Err(LedgerError::damaged(name, format!("it holds {} entries, not {width}", entries.len())))
    }

    fn expect(&self, edge: &Edge) -> Result<(), LedgerError> {
        if edge.root() == self.checkpoint.root {
            return Ok(());
        }
        Err(LedgerError::damaged("the checkpoint", "its root is not that of the entries in the backup"))
    }
}

fn bundle_path(folder: &Path, number: u64, width: usize) -> PathBuf {
    folder.join("log").join(tile_path(Place::Entries, number, width))
}

fn copy(from: &Path, to: &Path, sync: bool) -> Result<(), LedgerError> {
    if to.exists() {
        return Ok(());
    }
    let bytes = Local.read(from).map_err(failed("read", from))?;
    Local.replace(to, &bytes, sync).map_err(failed("write", to))
}
