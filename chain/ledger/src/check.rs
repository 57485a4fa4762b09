//! `ledger check`: everything again from the beginning, trusting nothing that was computed before.
//!
//! Each tile and bundle is hashed anew against the signed checkpoint, the write-ahead segments against both; each
//! transaction's certificate and signature are judged at its place; the contract is applied on a fresh state, and that is
//! compared, record by record, with the one that is served.

mod files;

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::LedgerError;
use crate::embedded::{Window, begin, lock, replay};
use crate::host::Keys;
use crate::io::Local;
use crate::log::{Edge, LogVerifier, LoggedEntry, failed};
use crate::network::Network;
use crate::parallel::read_ahead;
use crate::state::{Applied, StateStore};

use files::Files;
pub use files::Progress;

/// Differences that a report names at most.
const DIFFERENCES_MAX: usize = 100;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries in the log.
    pub entries: u64,
    /// Entries that the signed checkpoint covers.
    pub checkpoint: u64,
    /// Entries that the state has taken in; a process that was killed may leave it behind the log, and the next start
    /// catches up.
    pub applied: u64,
    /// Records of the state that were compared.
    pub records: u64,
    /// State records that are not what the log says; the log itself is sound if this is reached.
    pub differences: Vec<String>,
}

/// Checks the ledger in a folder, which no process may have open. An error names the file, entry or record at fault.
pub fn check(
    folder: &Path,
    network: &Network,
    verifier: &LogVerifier,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, LedgerError> {
    let _lock = lock(folder)?;
    let files = Files::open(&Local, folder, verifier)?;
    let scratch = Scratch::create(folder)?;
    let fresh = StateStore::open(&scratch.0)?;
    let keys = Keys::default();
    let served = StateStore::open(&folder.join("state"))?;
    let height = served.applied()?.filter(|height| height.network == network.id && height.size <= files.size());
    let Some(height) = height else {
        return Err(LedgerError::damaged(
            "the state's height",
            "it is of another network, or beyond the end of the log",
        ));
    };
    let mut report = Report {
        entries: files.size(),
        checkpoint: files.checkpoint(),
        applied: height.size,
        records: 0,
        differences: Vec::new(),
    };
    let begun = begin(network, &fresh)?;
    if height.size == 0 {
        compare_all(&served, &fresh, height, begun, &mut report)?;
    }
    let mut bundles = Bundles { files: &files, number: 0, edge: Edge::default(), rest: Vec::new() };
    let read = || bundles.window(network, &fresh, &keys, height.size);
    read_ahead(read, |(window, reached)| {
        let size = window.end();
        let root = if size == reached.size() { reached.root() } else { height.root };
        let applied = Applied { network: network.id, size, root };
        fresh.commit(replay(network, &fresh, &keys, &window)?, applied)?;
        if size == height.size {
            compare_all(&served, &fresh, height, applied, &mut report)?;
        }
        progress(Progress { entries: size, of: files.size() });
        Ok(())
    })?;
    Ok(report)
}

/// The log from its beginning, bundle by bundle.
struct Bundles<'a> {
    files: &'a Files<'a>,
    /// Of the next bundle.
    number: u64,
    /// The tree over the bundles that were read.
    edge: Edge,
    /// Entries of the last one that were not given yet.
    rest: Vec<Vec<u8>>,
}

impl Bundles<'_> {
    /// The next entries, and the tree over all that were read. No window goes over the end of the served state, where
    /// the two states are compared.
    fn window(
        &mut self,
        network: &Network,
        fresh: &StateStore,
        keys: &Keys,
        height: u64,
    ) -> Result<Option<(Window, Edge)>, LedgerError> {
        if self.rest.is_empty() && (self.edge.size() < self.files.size() || self.number == 0) {
            self.rest = self.files.bundle(self.number, &mut self.edge)?;
            self.number += 1;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let from = self.edge.size() - self.rest.len() as u64;
        let until = height.checked_sub(from).filter(|count| *count > 0);
        let count = until.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX).min(self.rest.len());
        let body = |entry: &LoggedEntry| self.files.body(entry);
        let window = Window::read(network, fresh, keys, from, &self.rest[..count], body)?;
        self.rest.drain(..window.entries.len());
        Ok(Some((window, self.edge.clone())))
    }
}

/// Compares the served state with the fresh one, which stands at the same height.
fn compare_all(
    served: &StateStore,
    fresh: &StateStore,
    height: Applied,
    reached: Applied,
    report: &mut Report,
) -> Result<(), LedgerError> {
    if height != reached {
        let problem = format!("it is not that of the {} entries of the log", reached.size);
        return Err(LedgerError::damaged("the state's height", problem));
    }
    compare("record", served.records(), fresh.records(), report)?;
    compare("index entry", served.indexes(), fresh.indexes(), report)
}

type Pair = Result<(Vec<u8>, Vec<u8>), LedgerError>;

/// Walks two lists in the order of keys and notes each difference.
fn compare(
    what: &str,
    mut served: impl Iterator<Item = Pair>,
    mut fresh: impl Iterator<Item = Pair>,
    report: &mut Report,
) -> Result<(), LedgerError> {
    let mut left = served.next().transpose()?;
    let mut right = fresh.next().transpose()?;
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.0.cmp(&right.0),
        };
        let problem = match order {
            Ordering::Less => Some("stands in the state and not in the log"),
            Ordering::Greater => Some("is missing from the state"),
            Ordering::Equal if left != right => Some("is not what the log says"),
            Ordering::Equal => None,
        };
        let key = if order == Ordering::Greater { &right } else { &left };
        match (problem, key) {
            (Some(problem), Some((key, _))) if report.differences.len() < DIFFERENCES_MAX => {
                report.differences.push(format!("{what} {} {problem}", hex::encode(key)));
            }
            _ => report.records += 1,
        }
        if order.is_le() {
            left = served.next().transpose()?;
        }
        if order.is_ge() {
            right = fresh.next().transpose()?;
        }
    }
}

/// A folder for the fresh state, removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn create(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join("check");
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(failed("clear", &path))?;
        }
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "failed to remove the folder of the check");
        }
    }
}
