//! The log in memory and on disk: opening it after any crash, and appending.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use veridose_contract::merkle;

use super::checkpoint::{LogKey, SignedCheckpoint};
use super::publish::Publisher;
use super::tree::{Edge, FullTile, Hash, TILE};
use super::wal::{self, Base, Block};
use crate::LedgerError;
use crate::io::{Append, Disk};

/// A segment longer than this is followed by a new one.
const SEGMENT_BYTES_MAX: u64 = 16 << 20;

/// The log, for readers and the publisher.
pub(crate) struct Log {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    pub(super) key: LogKey,
    pub(super) tail: RwLock<Tail>,
    /// Starts of the segments that exist, in order.
    pub(super) segments: Mutex<Vec<u64>>,
    pub(super) publisher: Mutex<Publisher>,
}

/// The end of the log that is not in full tiles on disk.
pub(crate) struct Tail {
    pub(crate) edge: Edge,
    /// Full tiles that were not written yet.
    pub(super) tiles: BTreeMap<(u8, u64), Arc<Vec<Hash>>>,
    /// Index of the first of `entries`, a multiple of 256: bundles before it are on disk.
    pub(crate) start: u64,
    pub(crate) entries: Vec<Arc<[u8]>>,
    pub(super) checkpoint: Option<Arc<SignedCheckpoint>>,
}

impl Tail {
    fn push(&mut self, entry: &[u8]) {
        let mut full = Vec::new();
        self.edge.push(entry, &mut full);
        for FullTile { level, number, hashes } in full {
            self.tiles.insert((level, number), Arc::new(hashes));
        }
        self.entries.push(entry.into());
    }
}

/// The one that appends.
pub(crate) struct LogWriter {
    log: Arc<Log>,
    segment: Box<dyn Append>,
    length: u64,
    failed: bool,
}

impl Log {
    /// Opens the log, or starts an empty one, and recovers what a crash left.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path, key: LogKey) -> Result<(Arc<Self>, LogWriter), LedgerError> {
        let checkpoint = read_checkpoint(&*disk, folder, &key)?;
        let mut starts = segment_starts(&*disk, folder)?;
        if starts.is_empty() {
            if checkpoint.is_some() {
                return Err(LedgerError::damaged("the log", "there is a checkpoint but no write-ahead segment"));
            }
            let first = segment_path(folder, 0);
            disk.replace(&first, &wal::encode(&Base::default()), true).map_err(failed("create", &first))?;
            starts.push(0);
        }
        let (tail, length) = recover(&*disk, folder, &starts)?;
        let last = segment_path(folder, starts[starts.len() - 1]);
        let segment = disk.append(&last, length).map_err(failed("open", &last))?;
        let log = Arc::new(Self {
            publisher: Mutex::new(Publisher::open(&*disk, folder, &tail.edge)?),
            disk,
            folder: folder.to_owned(),
            key,
            tail: RwLock::new(tail),
            segments: Mutex::new(starts),
        });
        if let Some(checkpoint) = checkpoint {
            log.expect_prefix(checkpoint.size, &checkpoint.root, "the published checkpoint")?;
            log.write_tail().checkpoint = Some(Arc::new(checkpoint));
        }
        let writer = LogWriter { log: Arc::clone(&log), segment, length, failed: false };
        Ok((log, writer))
    }

    /// Refuses a log that does not start with the tree that was seen before.
    pub(crate) fn expect_prefix(&self, size: u64, root: &Hash, who: &str) -> Result<(), LedgerError> {
        let have = self.size();
        if size > have {
            return Err(LedgerError::Forked(format!("{who} has {size} entries, the log has {have}")));
        }
        if self.root_at(size)? != *root {
            return Err(LedgerError::Forked(format!("{who} has another root for the first {size} entries")));
        }
        Ok(())
    }

    pub(crate) fn size(&self) -> u64 {
        self.read_tail().edge.size()
    }

    /// Size and root.
    pub(crate) fn head(&self) -> (u64, Hash) {
        let tail = self.read_tail();
        (tail.edge.size(), tail.edge.root())
    }

    pub(crate) fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.read_tail().checkpoint.clone()
    }

    pub(crate) const fn key(&self) -> &LogKey {
        &self.key
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("log").join(name)
    }

    // A panic while a lock is held leaves the tail as it was: every change under the lock is a few assignments.
    pub(super) fn read_tail(&self) -> std::sync::RwLockReadGuard<'_, Tail> {
        self.tail.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_tail(&self) -> std::sync::RwLockWriteGuard<'_, Tail> {
        self.tail.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn segments(&self) -> MutexGuard<'_, Vec<u64>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogWriter {
    /// Appends a group: when this returns, all of it is durable. After an error nothing more is appended, because what
    /// the disk holds is not known until the log is opened again.
    pub(crate) fn append(&mut self, bodies: &[(Hash, Vec<u8>)], entries: &[Vec<u8>]) -> Result<(), LedgerError> {
        if self.failed {
            return Err(LedgerError::Configuration("an earlier write failed".to_owned()));
        }
        self.failed = true;
        let disk = &self.log.disk;
        for (root, body) in bodies {
            // Named by its content and put in place in one step: whatever crash comes, it is whole or not there.
            let path = self.log.path(&body_name(root));
            disk.replace(&path, body, true).map_err(failed("write", &path))?;
        }
        let block = wal::encode(&Block { first: self.log.size(), entries: entries.to_vec() });
        let segments = self.log.segments().last().copied().unwrap_or_default();
        let path = segment_path(&self.log.folder, segments);
        self.segment.append_and_sync(&block).map_err(failed("append to", &path))?;
        // From here on the group survives any crash.
        self.length += block.len() as u64;
        let mut tail = self.log.write_tail();
        for entry in entries {
            tail.push(entry);
        }
        drop(tail);
        if self.length > SEGMENT_BYTES_MAX {
            self.rotate()?;
        }
        self.failed = false;
        Ok(())
    }

    /// Starts a new segment at the current size; the old one goes once the publisher has synced all it held.
    fn rotate(&mut self) -> Result<(), LedgerError> {
        let tail = self.log.read_tail();
        let size = tail.edge.size();
        let open = usize::try_from(size % TILE as u64).expect("less than 256");
        let bundle = tail.entries[tail.entries.len() - open..].iter().map(|entry| entry.to_vec()).collect();
        let base = wal::encode(&Base { edge: tail.edge.clone(), bundle });
        drop(tail);
        let path = segment_path(&self.log.folder, size);
        self.log.disk.replace(&path, &base, true).map_err(failed("create", &path))?;
        self.length = base.len() as u64;
        self.segment = self.log.disk.append(&path, self.length).map_err(failed("open", &path))?;
        self.log.segments().push(size);
        Ok(())
    }
}

/// Reads the segments and puts together the tail they describe; also how long the last one is up to its last whole block.
pub(crate) fn recover(disk: &dyn Disk, folder: &Path, starts: &[u64]) -> Result<(Tail, u64), LedgerError> {
    let mut tail: Option<Tail> = None;
    let mut length = 0;
    for (position, start) in starts.iter().enumerate() {
        let path = segment_path(folder, *start);
        let name = path.display().to_string();
        let segment = wal::read(&name, &disk.read(&path).map_err(failed("read", &path))?)?;
        if segment.torn && position + 1 < starts.len() {
            return Err(LedgerError::damaged(
                name,
                "its last block does not match its checksum, and another segment follows",
            ));
        }
        let tail = match &mut tail {
            Some(tail) if tail.edge == segment.base.edge => tail,
            Some(_) => return Err(LedgerError::damaged(name, "it does not continue the segment before")),
            none => none.insert(tail_of(&segment.base)),
        };
        if tail.edge.size() != *start {
            return Err(LedgerError::damaged(name, "it does not start where its name says"));
        }
        for block in &segment.blocks {
            if block.first != tail.edge.size() {
                return Err(LedgerError::damaged(name, format!("a block of entry {} is out of place", block.first)));
            }
            block.entries.iter().for_each(|entry| tail.push(entry));
        }
        length = segment.length;
    }
    tail.map(|tail| (tail, length)).ok_or_else(|| LedgerError::damaged("the log", "there is no write-ahead segment"))
}

fn tail_of(base: &Base) -> Tail {
    Tail {
        edge: base.edge.clone(),
        tiles: BTreeMap::new(),
        start: base.edge.size() - base.bundle.len() as u64,
        entries: base.bundle.iter().map(|entry| entry.as_slice().into()).collect(),
        checkpoint: None,
    }
}

fn read_checkpoint(disk: &dyn Disk, folder: &Path, key: &LogKey) -> Result<Option<SignedCheckpoint>, LedgerError> {
    let path = folder.join("log/checkpoint");
    match disk.read(&path) {
        Ok(bytes) => {
            let text =
                String::from_utf8(bytes).map_err(|_| LedgerError::damaged("the checkpoint", "it is not text"))?;
            key.verifier().check(&text).map(Some)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", &path)(error)),
    }
}

pub(crate) fn segment_starts(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>, LedgerError> {
    let folder = folder.join("wal");
    let names = disk.list(&folder).map_err(failed("list", &folder))?;
    let mut starts: Vec<u64> =
        names.iter().filter_map(|name| name.strip_suffix(".wal")).filter_map(|name| name.parse().ok()).collect();
    starts.sort_unstable();
    Ok(starts)
}

pub(super) fn segment_path(folder: &Path, start: u64) -> PathBuf {
    folder.join("wal").join(format!("{start:020}.wal"))
}

pub(crate) fn body_name(root: &Hash) -> String {
    format!("bodies/{}", spread(root))
}

pub(super) fn tree_path(folder: &Path, root: &Hash) -> PathBuf {
    folder.join("trees").join(spread(root))
}

/// A file's name in one of 256 folders.
fn spread(root: &Hash) -> String {
    let name = hex::encode(root);
    format!("{}/{name}", &name[..2])
}

/// Names the file and what was tried on it.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Disk { action, path, source }
}

/// Hash of an entry as a leaf of the tree.
pub(super) fn leaf(entry: &[u8]) -> Hash {
    merkle::leaf_hash(entry)
}
