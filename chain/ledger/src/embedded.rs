//! The embedded ledger: one machine, one writer, nothing to install.
//!
//! A transaction goes: queue (bounded) → signature check on one of a few threads → the writer, which applies the contract
//! in order, makes the whole group durable in the log with one fsync, then writes the state, and only then answers.
//! A crash before the fsync loses what nobody was told of; one after it loses nothing, because the state is made up
//! from the log at the next start.

mod open;
mod receipt;
mod replay;
#[cfg(feature = "fabric")]
mod replica;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};
use veridose_contract::{Body, ItemKey, NetworkId, Timestamp, Transaction, TxId};

pub use open::is_in_use;
pub(crate) use open::lock;
pub use receipt::COMMANDS_SHOWN_MAX;
pub(crate) use replay::{Window, begin, replay};
#[cfg(feature = "fabric")]
pub(crate) use replica::{Fed, Feed, Submission};
use writer::Job;

use crate::error::{LedgerError, SubmitError};
use crate::host::{CLOCK_SKEW_MAX_MS, Keys};
use crate::io::{Disk, Local};
use crate::log::{Log, LogVerifier, LoggedEntry, SignedCheckpoint};
use crate::network::Network;
use crate::state::{StateStore, StateView};

/// Tells the host's time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Entries that one call of [`Embedded::entries`] gives at most.
pub const ENTRIES_MAX: usize = 4_096;

/// How the ledger runs.
#[derive(Clone)]
pub struct Options {
    /// The host's clock.
    pub clock: Clock,
    /// How far a transaction's time may lie from it.
    pub clock_skew_max_ms: i64,
    /// Transactions under way at once; a thousand items count as one more.
    pub in_flight_max: usize,
    /// Threads that check signatures.
    pub verifiers: usize,
    /// How often the checkpoint follows the log.
    pub publish_interval: Duration,
    /// The disk that the log is written to.
    pub disk: Arc<dyn Disk>,
}

impl Options {
    /// The usual settings with the given clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            clock_skew_max_ms: CLOCK_SKEW_MAX_MS,
            in_flight_max: 8_192,
            verifiers: std::thread::available_parallelism().map_or(2, usize::from),
            publish_interval: Duration::from_millis(100),
            disk: Arc::new(Local),
        }
    }
}

/// A transaction that is on the ledger for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Its place in the log.
    pub index: u64,
    /// Its name; that of the first transaction if this one repeats it.
    pub id: TxId,
    /// Whether an earlier transaction answered the same request.
    pub repeated: bool,
}

/// A transaction as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub index: u64,
    /// The transaction.
    pub transaction: Transaction,
}

impl Entry {
    fn new(index: u64, entry: LoggedEntry, body: Body) -> Self {
        Self { index, transaction: Transaction { header: entry.header, signature: entry.signature, body } }
    }
}

/// A consistency proof between two checkpoints' trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier size.
    pub from: u64,
    /// The checkpoint that continues it.
    pub checkpoint: SignedCheckpoint,
    /// RFC 6962 consistency proof.
    pub hashes: Vec<[u8; 32]>,
}

/// What the threads share.
pub(crate) struct Shared {
    network: Network,
    log: Arc<Log>,
    state: StateStore,
    keys: Keys,
    /// Why nothing is written any more, once something went wrong.
    read_only: OnceLock<String>,
    size: watch::Sender<u64>,
    options: Options,
    /// Held while the folder is in use, so that no second process opens it.
    _lock: std::fs::File,
}

/// The embedded ledger. Dropping it ends its threads after what they have in hand, and publishes a last checkpoint.
pub struct Embedded {
    shared: Arc<Shared>,
    in_flight: Arc<Semaphore>,
    queue: Option<mpsc::Sender<Job>>,
    stop_publishing: Option<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Embedded {
    /// Submits a signed transaction. When this returns `Ok`, it is durable and its effects can be read.
    pub async fn submit(&self, transaction: Transaction) -> Result<Committed, SubmitError> {
        if let Some(reason) = self.shared.read_only.get() {
            return Err(SubmitError::ReadOnly(reason.clone()));
        }
        let in_flight_max = self.shared.options.in_flight_max;
        let weight = (1 + transaction.body.item_count() / 1_000).min(in_flight_max);
        let weight = u32::try_from(weight).expect("bounded by the number of permits");
        let permit = Arc::clone(&self.in_flight)
            .try_acquire_many_owned(weight)
            .map_err(|_| SubmitError::Overloaded { in_flight_max })?;
        let (answer, committed) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(SubmitError::Closed)?;
        queue.send(Job { transaction, answer, permit }).map_err(|_| SubmitError::Closed)?;
        committed.await.map_err(|_| SubmitError::Closed)?
    }

    /// The durable state as it is now; it does not change while it is held.
    pub fn state(&self) -> StateView {
        self.shared.state.snapshot()
    }

    /// Up to `max` (at most [`ENTRIES_MAX`]) transactions from an index on.
    pub fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, LedgerError> {
        // What is in the log and not yet in the state was acknowledged to nobody, so it does not show.
        let shown = self.size().saturating_sub(from);
        let max = max.min(ENTRIES_MAX).min(usize::try_from(shown).unwrap_or(usize::MAX));
        read_entries(&self.shared.log, from, max)
    }

    /// Transactions on the ledger.
    pub fn size(&self) -> u64 {
        *self.shared.size.borrow()
    }

    /// Follows the number of transactions.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.size.subscribe()
    }

    /// Indexes of the transactions that changed an item after it came into being, newest first.
    pub fn history(&self, item: &ItemKey, max: usize) -> Result<Vec<u64>, LedgerError> {
        self.shared.state.history(item, max)
    }

    /// Index of a transaction.
    pub fn index_of(&self, id: &TxId) -> Result<Option<u64>, LedgerError> {
        self.shared.state.index_of(id)
    }

    /// The newest signed checkpoint.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        match self.shared.log.checkpoint() {
            Some(checkpoint) => Ok((*checkpoint).clone()),
            None => self.shared.log.publish().map(|checkpoint| (*checkpoint).clone()),
        }
    }

    /// Proof that the newest checkpoint continues the log of `from` entries.
    pub fn consistency(&self, from: u64) -> Result<Consistency, LedgerError> {
        let checkpoint = self.checkpoint()?;
        if from == 0 || from > checkpoint.size {
            return Err(LedgerError::NotFound(format!("a log of {from} entries within {}", checkpoint.size)));
        }
        let hashes = self.shared.log.consistency(from, checkpoint.size, &checkpoint.root)?;
        Ok(Consistency { from, checkpoint, hashes })
    }

    /// Root of the log's tree over the first `size` entries.
    pub fn root_at(&self, size: u64) -> Result<[u8; 32], LedgerError> {
        self.shared.log.root_at(size)
    }

    /// The log's public key.
    pub fn verifier(&self) -> LogVerifier {
        self.shared.log.key().verifier().clone()
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.shared.network
    }

    /// What transactions name the network by.
    pub fn network_id(&self) -> NetworkId {
        self.shared.network.id
    }

    /// Why nothing is written any more, if so.
    pub fn read_only(&self) -> Option<&str> {
        self.shared.read_only.get().map(String::as_str)
    }

    /// Merges the tables of the state into as few as can be: less on disk, quicker reads. With many millions of items it
    /// takes some seconds of work beside the ledger's.
    pub fn compact(&self) -> Result<(), LedgerError> {
        self.shared.state.compact()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Folder of the tiles and the checkpoint: what can be served to the world as it lies.
    pub fn tiles_folder(&self) -> PathBuf {
        self.shared.log.path("")
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // The checkers end when the queue closes, the writer when they are gone; the publisher is told.
        self.queue = None;
        self.stop_publishing = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the ledger had panicked");
            }
        }
    }
}

fn read_entries(log: &Log, from: u64, max: usize) -> Result<Vec<Entry>, LedgerError> {
    let bytes = log.entry_bytes(from, max)?;
    let read = |(index, bytes): (u64, Arc<[u8]>)| {
        let entry = decode(index, &bytes)?;
        log.body(&entry).map(|body| Entry::new(index, entry, body))
    };
    (from..).zip(bytes).map(read).collect()
}

pub(crate) fn decode(index: u64, bytes: &[u8]) -> Result<LoggedEntry, LedgerError> {
    LoggedEntry::decode(bytes).map_err(|error| LedgerError::damaged(format!("entry {index}"), error.to_string()))
}

#[cfg(test)]
mod tests;
