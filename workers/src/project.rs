//! The projection follows the ledger.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use veridose_contract::{Action, Transaction};
use veridose_ledger::{Ledger, LedgerError};
use veridose_store::{Store, StoreError};

/// Entries that are read at once.
const ENTRIES_PER_READ_MAX: usize = 512;
/// Wait after a failure, doubled with each one that follows, up to the second figure.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(10);

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

    /// Follows the ledger until `shutdown` is done. A failure is logged and tried again from the cursor; nothing is skipped.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let (mut size, mut erasures) = (self.ledger.subscribe(), self.store.vault.erasures());
        let mut retry = RETRY_FIRST;
        loop {
            size.mark_unchanged();
            erasures.mark_unchanged();
            let failed = self.catch_up().await.is_err_and(|error| {
                let failures = self.failed();
                tracing::error!(error = %chain(&error), failures, "the projection failed and tries again");
                true
            });
            let pause = retry;
            let wake = async {
                if failed {
                    tokio::time::sleep(pause).await;
                    return true;
                }
                // Both senders live as long as this projector.
                tokio::select! {
                    changed = size.changed() => changed.is_ok(),
                    changed = erasures.changed() => changed.is_ok(),
                }
            };
            retry = if failed { retry.saturating_mul(2).min(RETRY_LAST) } else { RETRY_FIRST };
            tokio::select! {
                () = &mut shutdown => return,
                go_on = wake => if !go_on { return },
            }
        }
    }

    /// Takes in everything that the ledger has now, and what was erased in the vault.
    pub async fn catch_up(&self) -> Result<u64, ProjectError> {
        let mut projected = self.store.projection.next_index().await?;
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

    fn failed(&self) -> u32 {
        self.progress.send_modify(|progress| progress.failures = progress.failures.saturating_add(1));
        self.progress.borrow().failures
    }
}

fn concerns_members(transaction: &Transaction) -> bool {
    transaction.body.commands.iter().any(|command| matches!(command.action, Action::Admit(_) | Action::UpdateParty(_)))
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
