//! A disk that fails on purpose.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::io::{Append, Disk, Local};

/// How the chosen operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written, and the disk is full from then on.
    Full,
    /// Only the first half of the bytes is written before the disk fails for good.
    Torn,
    /// All bytes are written, but the sync says that it failed, and everything after it too.
    Sync,
}

#[derive(Debug, Clone)]
pub(crate) struct FaultyDisk {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    /// Writes until the fault; counted down.
    left: AtomicU64,
    broken: AtomicBool,
    paths: Mutex<Vec<String>>,
}

impl FaultyDisk {
    /// The fault strikes at write number `after`.
    pub(crate) fn new(fault: Fault, after: u64) -> Self {
        let left = AtomicU64::new(after);
        Self { state: Arc::new(State { fault, left, broken: AtomicBool::new(false), paths: Mutex::default() }) }
    }

    pub(crate) fn struck(&self) -> bool {
        self.state.broken.load(Ordering::SeqCst)
    }
}

impl State {
    /// Whether this write is the one that fails; an error if the disk failed before.
    fn strikes(&self, path: &Path) -> io::Result<bool> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(self.error());
        }
        let last = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if last {
            self.broken.store(true, Ordering::SeqCst);
            self.paths.lock().expect("no panic while it is held").push(path.display().to_string());
        }
        Ok(last)
    }

    fn error(&self) -> io::Error {
        match self.fault {
            Fault::Full => io::Error::new(io::ErrorKind::StorageFull, "no space left on device"),
            Fault::Torn | Fault::Sync => io::Error::other("input/output error"),
        }
    }
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Local.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Local.list(folder)
    }

    fn replace(&self, path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
        if self.state.strikes(path)? {
            // Put in place in one step: it is there in full, or not at all.
            if self.state.fault == Fault::Sync {
                Local.replace(path, bytes, sync)?;
            }
            return Err(self.state.error());
        }
        Local.replace(path, bytes, sync)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        if self.state.strikes(path)? { Err(self.state.error()) } else { Local.sync(path) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Local.remove(path)
    }

    fn append(&self, path: &Path, length: u64) -> io::Result<Box<dyn Append>> {
        let inner = Local.append(path, length)?;
        Ok(Box::new(FaultyAppend { inner, state: Arc::clone(&self.state) }))
    }
}

#[derive(Debug)]
struct FaultyAppend {
    inner: Box<dyn Append>,
    state: Arc<State>,
}

impl Append for FaultyAppend {
    fn append_and_sync(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.state.strikes(Path::new("write-ahead segment"))? {
            match self.state.fault {
                Fault::Full => {}
                Fault::Torn => self.inner.append_and_sync(&bytes[..bytes.len() / 2])?,
                Fault::Sync => self.inner.append_and_sync(bytes)?,
            }
            return Err(self.state.error());
        }
        self.inner.append_and_sync(bytes)
    }
}
