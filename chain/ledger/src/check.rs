//! `ledger check`: everything again from the beginning, trusting nothing that was computed before.
//!
//! Each tile and bundle is hashed anew against the signed checkpoint, the write-ahead segments against both; each
//! transaction's certificate and signature are judged at its place; the contract is applied on a fresh state, and that is
//! compared, record by record, with the one that is served.

mod files;

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use veridose_contract::Transaction;

use crate::LedgerError;
use crate::embedded::{Entry, begin, lock, replay};
use crate::host::Keys;
use crate::io::Local;
use crate::log::{Edge, LogVerifier, LoggedEntry, failed};
use crate::network::Network;
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
    let mut applied = begin(network, &fresh)?;
    let mut edge = Edge::default();
    if height.size == 0 {
        compare_all(&served, &fresh, height, applied, &mut report)?;
    }
    for number in 0.. {
        let entries = files.bundle(number, &mut edge)?;
        let bodies = entries.iter().zip(applied.size..).map(|(bytes, index)| transaction(&files, index, bytes));
        let entries = bodies.collect::<Result<Vec<_>, _>>()?;
        // The state may end inside this bundle: it is compared where it ends.
        let ends = entries.iter().position(|entry| entry.index + 1 == height.size);
        let (before, after) = entries.split_at(ends.map_or(entries.len(), |place| place + 1));
        let reached = Applied { network: network.id, size: edge.size(), root: edge.root() };
        fresh.commit(replay(network, &fresh, &keys, before)?, reached)?;
        if ends.is_some() {
            let compared = if after.is_empty() { reached } else { height };
            compare_all(&served, &fresh, height, compared, &mut report)?;
        }
        fresh.commit(replay(network, &fresh, &keys, after)?, reached)?;
        applied = reached;
        progress(Progress { entries: applied.size, of: files.size() });
        if applied.size == files.size() {
            break;
        }
    }
    Ok(report)
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

fn transaction(files: &Files<'_>, index: u64, bytes: &[u8]) -> Result<Entry, LedgerError> {
    let entry = LoggedEntry::decode(bytes)
        .map_err(|error| LedgerError::damaged(format!("entry {index}"), error.to_string()))?;
    let body = files.body(&entry)?;
    Ok(Entry { index, transaction: Transaction { header: entry.header, signature: entry.signature, body } })
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
