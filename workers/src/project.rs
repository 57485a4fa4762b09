//! The projection follows the ledger. Of several processes on one database one writes the view; the others look how far it is, and take
//! it over when the owner is gone.

mod follow;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use veridose_contract::{Action, Transaction};
use veridose_ledger::{Ledger, LedgerError};
use veridose_store::{Claim, Store, StoreError};

pub use follow::Duty;

/// Entries that are read at once.
const ENTRIES_PER_READ_MAX: usize = 512;
/// How long a replica that has just taken the view over may take to reach where the last owner was.
const REPLICA_LAG_MAX: Duration = Duration::from_secs(10);

/// Why the projection does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The ledger could not be read.
    #[error("failed to read the ledger")]
    Ledger(#[from] LedgerError),
    /// The view could not be written.
    #[error("failed to write the view")]
    Store(#[from] StoreError),
    /// The view is ahead of the ledger: it belongs to another one, or the ledger was restored from a backup.
    #[error("the view has {projected} transactions, the ledger only {ledger}; rebuild the view")]
    Ahead {
        /// In the view.
        projected: u64,
        /// On the ledger.
        ledger: u64,
    },
    /// The view was made from another ledger.
    #[error("the view was made from another ledger: its transaction {index} is not the ledger's; rebuild the view")]
    OtherLedger {
        /// Where they differ.
        index: u64,
    },
    /// Nobody writes the view.
    #[error("no process has brought the view on for {} s; it has {projected} transactions, the ledger {ledger}", since.as_secs())]
    Stalled {
        /// For how long.
        since: Duration,
        /// In the view.
        projected: u64,
        /// On the ledger.
        ledger: u64,
    },
}

/// How far the projection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Transactions in the view.
    pub projected: u64,
    /// Transactions on the ledger.
    pub ledger: u64,
    /// Attempts in a row that have failed.
    pub failures: u32,
}

impl Progress {
    /// Transactions that are not in the view yet.
    pub const fn lag(&self) -> u64 {
        self.ledger.saturating_sub(self.projected)
    }
}

/// Follows the ledger and tells how far it is.
#[derive(Clone)]
pub struct Projector {
    ledger: Arc<Ledger>,
    store: Store,
    progress: Arc<watch::Sender<Progress>>,
    members: Arc<watch::Sender<u64>>,
}

impl Projector {
    /// Reads the cursor; nothing runs yet.
    pub async fn new(ledger: Arc<Ledger>, store: Store) -> Result<Self, ProjectError> {
        let projected = store.projection.next_index().await?;
        let progress = Progress { projected, ledger: ledger.size(), failures: 0 };
        let (progress, members) = (watch::Sender::new(progress), watch::Sender::new(projected));
        Ok(Self { ledger, store, progress: Arc::new(progress), members: Arc::new(members) })
    }

    /// How far it is, for metrics and readiness.
    pub fn progress(&self) -> Progress {
        Progress { ledger: self.ledger.size(), ..*self.progress.borrow() }
    }

    /// Changes when the view has gone on.
    pub fn advances(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Changes when the view took in a change of the members.
    pub fn members(&self) -> watch::Receiver<u64> {
        self.members.subscribe()
    }

    /// Waits until the transaction at this index is in the view, so that who wrote it reads it; false after `patience`.
    pub async fn wait_for(&self, index: u64, patience: Duration) -> bool {
        let mut progress = self.progress.subscribe();
        let there = progress.wait_for(|progress| progress.projected > index);
        timeout(patience, there).await.is_ok_and(|seen| seen.is_ok())
    }

    /// Asks for the view. One that another ledger made is not taken: at the next transaction it would be neither's.
    pub async fn claim(&self, claim: Claim) -> Result<bool, ProjectError> {
        if !self.store.is_shared() {
            // Here a claim takes the view from a process that has it.
            self.same_ledger().await?;
        }
        let is_ours = self.store.projection.claim(claim).await?;
        if is_ours && let Err(error) = self.same_ledger().await {
            self.store.projection.release().await?;
            return Err(error);
        }
        Ok(is_ours)
    }

    /// What one process alone writes has all that its view has, and the same.
    async fn same_ledger(&self) -> Result<(), ProjectError> {
        let Some((index, tx)) = self.store.projection.last().await? else { return Ok(()) };
        let ledger = self.ledger.size();
        if index >= ledger {
            let projected = index.saturating_add(1);
            return if self.ledger.is_shared() { Ok(()) } else { Err(ProjectError::Ahead { projected, ledger }) };
        }
        if self.ledger.header(index)?.id() == tx { Ok(()) } else { Err(ProjectError::OtherLedger { index }) }
    }

    /// Whether this process writes the view.
    pub fn is_owner(&self) -> bool {
        self.store.projection.is_owner()
    }

    /// Takes in everything that the ledger has now, and what was erased in the vault. Only the view's owner may.
    pub async fn catch_up(&self) -> Result<u64, ProjectError> {
        let mut projected = self.store.projection.next_index().await?;
        if self.ledger.is_shared() {
            let mut size = self.ledger.subscribe();
            // What comes out is looked at below.
            let _ = timeout(REPLICA_LAG_MAX, size.wait_for(|size| *size >= projected)).await;
        }
        let ledger = self.ledger.size();
        if ledger < projected {
            return Err(ProjectError::Ahead { projected, ledger });
        }
        loop {
            let ledger = Arc::clone(&self.ledger);
            let read = tokio::task::spawn_blocking(move || ledger.entries(projected, ENTRIES_PER_READ_MAX));
            let entries = read.await.map_err(|_| StoreError::Closing)??;
            let batch: Vec<_> = entries.iter().map(|entry| (entry.index, &entry.transaction)).collect();
            projected = self.store.projection.apply(&batch).await?;
            if batch.iter().any(|(_, transaction)| concerns_members(transaction)) {
                self.members.send_replace(projected);
            }
            let ledger = self.ledger.size();
            self.progress.send_replace(Progress { projected, ledger, failures: 0 });
            if entries.is_empty() || projected >= ledger {
                return Ok(projected);
            }
        }
    }

    /// Drops the view and makes it again from the ledger and the vault.
    pub async fn rebuild(&self) -> Result<u64, ProjectError> {
        self.store.projection.reset().await?;
        self.catch_up().await
    }
}

fn concerns_members(transaction: &Transaction) -> bool {
    transaction.body.commands.iter().any(|command| matches!(command.action, Action::Admit(_) | Action::UpdateParty(_)))
}
