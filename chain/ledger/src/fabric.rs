//! The ledger on a Hyperledger Fabric channel that several organisations run.
//!
//! The channel gives the order and the endorsement; every node keeps a *replica*: the same log, state and proofs as the
//! embedded ledger's, fed from the channel's blocks. All reads come from it. It runs the contract again on what was
//! endorsed and compares what is written, so an endorser that lied is found by every member, and as all replicas hold the
//! same entries in the same order, their checkpoints witness each other.
//!
//! A transaction goes: joined with others that wait → endorsed by peers of as many organisations as the policy demands →
//! ordered → validated by each peer → in a block → taken in by the replica → answered.

mod attest;
mod block;
mod connection;
mod deliver;
mod evidence;
mod failure;
mod follower;
mod fresh;
mod gateway;
mod identity;
mod intake;
mod link;
mod migrate;
mod msp;
mod open;
mod policy;
mod profile;
mod proposal;
mod retry;
mod settle;
mod submit;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use veridose_contract::Transaction;

pub use migrate::{Agreed, agree, bring};
pub use profile::{Peer, Profile};

use crate::embedded::{Committed, Embedded};
use crate::error::{LedgerError, Stale, SubmitError};
use crate::proof::Attestations;
use link::Shared;
use submit::Waiting;

/// Which channel, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The connection profile.
    pub profile: PathBuf,
    /// The channel.
    pub channel: String,
    /// The contract's chaincode on it.
    pub chaincode: String,
    /// The node's client certificate (PEM).
    pub certificate: PathBuf,
    /// The key to it (PEM).
    pub key: PathBuf,
    /// How old what is read as current may be.
    pub stale_max: Duration,
}

/// How long closing waits for what is being written.
const CLOSE_MAX: Duration = Duration::from_secs(30);

/// The ledger on a channel. Dropping it ends its tasks; what was not answered then has an unknown outcome.
pub struct Fabric {
    link: Shared,
    in_flight: Arc<Semaphore>,
    in_flight_max: usize,
    queue: mpsc::Sender<Waiting>,
    tasks: Vec<JoinHandle<()>>,
}

impl Fabric {
    /// Submits a signed transaction. When this returns `Ok`, the channel has taken it and this node's replica shows it.
    pub async fn submit(&self, transaction: Transaction) -> Result<Committed, SubmitError> {
        if let Some(reason) = self.replica().read_only() {
            return Err(SubmitError::ReadOnly(reason.to_owned()));
        }
        let id = transaction.header.id();
        if let Some(index) = self.replica().index_of(&id).map_err(|error| SubmitError::Failed(error.to_string()))? {
            self.replica().check_signature(&transaction)?;
            return Ok(Committed { index, id, repeated: true });
        }
        let in_flight_max = self.in_flight_max;
        let permit =
            Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| SubmitError::Overloaded { in_flight_max })?;
        let (answer, committed) = oneshot::channel();
        let bytes = transaction.encode();
        let waiting = Waiting { transaction, id, bytes, answer, doubts: 0, permit };
        self.queue.send(waiting).await.map_err(|_| SubmitError::Closed)?;
        committed.await.map_err(|_| SubmitError::Closed)?
    }

    /// Has peers of several organisations sign that the transaction at a place in the log stands.
    pub async fn attest(&self, index: u64) -> Result<Attestations, LedgerError> {
        attest::attest(&self.link, &self.replica().header(index)?).await
    }

    /// This node's replica, from which everything is read.
    pub fn replica(&self) -> &Embedded {
        &self.link.replica
    }

    /// Ends its tasks, and returns when nothing of it writes any more, or after [`CLOSE_MAX`].
    pub(crate) async fn close(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            // Aborted or not: that it ended is all that matters.
            let _ = task.await;
        }
        let begin = tokio::time::Instant::now();
        // What a task had handed to a thread holds the link until it is done.
        while Arc::strong_count(&self.link) > 1 && begin.elapsed() < CLOSE_MAX {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether what is read now is current within the bound.
    pub fn check_fresh(&self) -> Result<(), Stale> {
        self.link.fresh.check()
    }
}

impl Drop for Fabric {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
