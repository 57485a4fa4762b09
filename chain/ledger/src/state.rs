//! The state store: what the contract reads and writes, in fjall. A cache of the log: it is never synced, may lag behind
//! after a crash, and can be made anew. Its records, its indexes and how far it has come are written in one batch, so it
//! is always the state after some whole group of the log.
//!
//! Records and indexes lie in one keyspace: in two, the one that grows slowly keeps the other's journal, which each start
//! would read again. The contract's keys begin with a small letter (its `key.rs`), the indexes' with a capital.
//!
//! Each value carries a CRC-32 over key and value, judged at each read.

#[cfg(feature = "fabric")]
mod channel;
mod journal;
mod manifest;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, Readable, Snapshot};
use veridose_contract::{ItemKey, NetworkId, StateError, StateRead, TxId};

use crate::LedgerError;
use crate::host::Taken;
use crate::log::{Hash, failed};
#[cfg(feature = "fabric")]
pub(crate) use channel::{Cursor, Mark};

/// How far the state has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub(crate) struct Applied {
    pub(crate) network: NetworkId,
    /// Entries applied.
    pub(crate) size: u64,
    /// Root of the log over them.
    pub(crate) root: Hash,
}

const APPLIED: &[u8] = b"A";
const TRANSACTION: u8 = b'T';
const HISTORY: u8 = b'H';
/// Where what only a replica of a channel has begins.
const CHANNEL: u8 = b'C';
/// Where the contract's keys begin.
const RECORDS: &[u8] = b"a";
/// What is written and in no table yet: a start after a kill reads it from the journal, in a fraction of a second.
const MEMTABLE_BYTES_MAX: u64 = 32 << 20;
/// Journals that wait for their tables; the least that the store takes is 64 MiB.
const JOURNAL_BYTES_MAX: u64 = 96 << 20;
const CACHE_BYTES: u64 = 256 << 20;
/// Bytes of an identifier that an index keeps: a collision of 128 bits does not happen by chance, and an index only leads
/// to entries, which are compared in full.
const INDEXED: usize = 16;

/// The store.
#[derive(Clone)]
pub(crate) struct StateStore {
    database: Database,
    keyspace: Keyspace,
}

/// What one group of entries changes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) records: HashMap<Vec<u8>, Option<Vec<u8>>>,
    pub(crate) transactions: Vec<(TxId, u64)>,
    pub(crate) touched: Vec<(ItemKey, u64)>,
}

impl Changes {
    /// What a group changes whose first transaction is entry `first`.
    pub(crate) fn of(taken: Taken, first: u64) -> Self {
        Self {
            records: taken.records,
            transactions: taken.transactions.into_iter().zip(first..).collect(),
            touched: taken.touched.into_iter().map(|(item, place)| (item, first + place as u64)).collect(),
        }
    }
}

impl StateStore {
    /// Opens the store, or makes it. Where its files are damaged the database's own code may panic instead of answering;
    /// that is an error like any other, because the state can be made anew.
    pub(crate) fn open(folder: &Path) -> Result<Self, LedgerError> {
        if !folder.exists() {
            Self::make(folder)?;
        }
        manifest::check(folder)?;
        journal::check(folder)?;
        std::panic::catch_unwind(|| Self::open_sound(folder)).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(LedgerError::State(format!("its files are damaged: {}", said.unwrap_or("the database gave up"))))
        })
    }

    /// Makes an empty store. The database does not open one that a kill left half made, so it is made elsewhere and moved.
    fn make(folder: &Path) -> Result<(), LedgerError> {
        let making = making(folder);
        remove(&making)?;
        drop(Self::open_sound(&making)?);
        std::fs::rename(&making, folder).map_err(failed("make", folder))
    }

    /// Takes the store away, at once or not at all.
    pub(crate) fn discard(folder: &Path) -> Result<(), LedgerError> {
        let making = making(folder);
        remove(&making)?;
        if folder.exists() {
            std::fs::rename(folder, &making).map_err(failed("take away", folder))?;
        }
        remove(&making)
    }

    fn open_sound(folder: &Path) -> Result<Self, LedgerError> {
        let database = Database::builder(folder)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(2)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES_MAX);
        let keyspace = database.keyspace("state", options)?;
        Ok(Self { database, keyspace })
    }

    pub(crate) fn applied(&self) -> Result<Option<Applied>, LedgerError> {
        let Some(bytes) = self.keyspace.get(APPLIED)? else { return Ok(None) };
        let bytes = unsealed(APPLIED, &bytes)?;
        let applied =
            borsh::from_slice(bytes).map_err(|error| LedgerError::damaged("the state's height", error.to_string()))?;
        Ok(Some(applied))
    }

    /// Writes a group's changes and the new height, all or nothing.
    pub(crate) fn commit(&self, changes: Changes, applied: Applied) -> Result<(), LedgerError> {
        let mut batch = self.database.batch();
        // The store is sorted: going through it once in order is much quicker than jumping about.
        let mut records: Vec<_> = changes.records.into_iter().collect();
        records.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (key, value) in records {
            match value {
                Some(value) => {
                    let value = sealed(&key, value);
                    batch.insert(&self.keyspace, key, value);
                }
                None => batch.remove(&self.keyspace, key),
            }
        }
        for (id, index) in changes.transactions {
            let key = prefixed(TRANSACTION, id.as_bytes());
            let value = sealed(&key, index.to_be_bytes().to_vec());
            batch.insert(&self.keyspace, key, value);
        }
        for (item, index) in changes.touched {
            let mut key = prefixed(HISTORY, item.as_bytes());
            key.extend(index.to_be_bytes());
            batch.insert(&self.keyspace, key, []);
        }
        let applied = borsh::to_vec(&applied).expect("writing to a Vec does not fail");
        batch.insert(&self.keyspace, APPLIED, sealed(APPLIED, applied));
        batch.commit()?;
        Ok(())
    }

    /// Writes what is in memory to tables and merges those.
    pub(crate) fn compact(&self) -> Result<(), LedgerError> {
        self.keyspace.rotate_memtable_and_wait()?;
        Ok(self.keyspace.major_compact()?)
    }

    pub(crate) fn snapshot(&self) -> StateView {
        StateView { snapshot: self.database.snapshot(), keyspace: self.keyspace.clone() }
    }

    pub(crate) fn index_of(&self, id: &TxId) -> Result<Option<u64>, LedgerError> {
        let key = prefixed(TRANSACTION, id.as_bytes());
        let Some(bytes) = self.keyspace.get(&key)? else { return Ok(None) };
        let bytes = unsealed(&key, &bytes)?.try_into();
        let bytes = bytes
            .map_err(|_| LedgerError::damaged(format!("the index of transaction {id}"), "it is not of 8 bytes"))?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    /// Entries that changed an item after it came into being, newest first.
    pub(crate) fn history(&self, item: &ItemKey, max: usize) -> Result<Vec<u64>, LedgerError> {
        let prefix = prefixed(HISTORY, item.as_bytes());
        let found = self.keyspace.prefix(&prefix).rev().take(max);
        found
            .map(|entry| {
                let key = entry.key()?;
                let index = key.get(prefix.len()..).and_then(|bytes| bytes.try_into().ok());
                index
                    .map(u64::from_be_bytes)
                    .ok_or_else(|| LedgerError::damaged(format!("the history of {item}"), "a key is cut short"))
            })
            .collect()
    }

    /// Every record in the order of keys, checked.
    pub(crate) fn records(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), LedgerError>> + use<> {
        self.snapshot().records()
    }

    /// Every index entry that follows from the log, in the order of keys.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), LedgerError>> + use<> {
        let entries = self.database.snapshot().range(&self.keyspace, ..RECORDS);
        entries
            .map(|entry| {
                let (key, value) = entry.into_inner()?;
                Ok((key.to_vec(), value.to_vec()))
            })
            .filter(|entry| !matches!(entry, Ok((key, _)) if key == APPLIED || key.first() == Some(&CHANNEL)))
    }
}

impl StateRead for StateStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let found = self.keyspace.get(key).map_err(StateError::new)?;
        found.map(|value| unsealed(key, &value).map(<[u8]>::to_vec).map_err(StateError::new)).transpose()
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StateError> {
        self.keyspace.contains_key(key).map_err(StateError::new)
    }
}

/// The durable state at one moment; later transactions do not show.
pub struct StateView {
    snapshot: Snapshot,
    keyspace: Keyspace,
}

impl StateView {
    /// Every record in the order of keys, checked: what two ledgers must have the same.
    pub fn records(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), LedgerError>> + use<> {
        self.snapshot.range(&self.keyspace, RECORDS..).map(|entry| {
            let (key, value) = entry.into_inner()?;
            Ok((key.to_vec(), unsealed(&key, &value)?.to_vec()))
        })
    }
}

impl StateRead for StateView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let found = self.snapshot.get(&self.keyspace, key).map_err(StateError::new)?;
        found.map(|value| unsealed(key, &value).map(<[u8]>::to_vec).map_err(StateError::new)).transpose()
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StateError> {
        self.snapshot.contains_key(&self.keyspace, key).map_err(StateError::new)
    }
}

/// Where a store is made, and what is left of one that was taken away.
fn making(folder: &Path) -> PathBuf {
    folder.with_extension("new")
}

fn remove(folder: &Path) -> Result<(), LedgerError> {
    if folder.exists() { std::fs::remove_dir_all(folder).map_err(failed("remove", folder)) } else { Ok(()) }
}

fn prefixed(prefix: u8, id: &[u8; 32]) -> Vec<u8> {
    let mut key = vec![prefix];
    key.extend(&id[..INDEXED]);
    key
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize().to_le_bytes()
}

fn sealed(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(key, &value);
    value.extend(checksum);
    value
}

fn unsealed<'a>(key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], LedgerError> {
    match stored.split_last_chunk::<4>() {
        Some((value, found)) if *found == checksum(key, value) => Ok(value),
        Some(_) | None => {
            Err(LedgerError::damaged(format!("state record {}", hex::encode(key)), "its checksum does not match"))
        }
    }
}

#[cfg(test)]
mod tests;
