//! One ledger, whichever kind runs below.

use tokio::sync::watch;
use veridose_contract::{Header, ItemKey, NetworkId, Transaction, TxId};

use crate::embedded::{Committed, Consistency, Embedded, Entry};
use crate::error::{LedgerError, SubmitError};
use crate::log::{LogVerifier, SignedCheckpoint};
use crate::proof::Receipt;
use crate::state::StateView;

/// The ledger.
pub enum Ledger {
    /// In this process, on this machine.
    Embedded(Embedded),
}

impl Ledger {
    /// Submits a signed transaction; `Ok` means that it is durable and its effects can be read.
    pub async fn submit(&self, transaction: Transaction) -> Result<Committed, SubmitError> {
        match self {
            Self::Embedded(ledger) => ledger.submit(transaction).await,
        }
    }

    /// The durable state as it is now; it does not change while it is held.
    pub fn state(&self) -> StateView {
        match self {
            Self::Embedded(ledger) => ledger.state(),
        }
    }

    /// Transactions from an index on, at most `max` and [`crate::ENTRIES_MAX`].
    pub fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.entries(from, max),
        }
    }

    /// Transactions on the ledger.
    pub fn size(&self) -> u64 {
        match self {
            Self::Embedded(ledger) => ledger.size(),
        }
    }

    /// Follows the number of transactions.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        match self {
            Self::Embedded(ledger) => ledger.subscribe(),
        }
    }

    /// Indexes of the transactions that changed an item after it came into being, newest first; its batch names the one
    /// that made it.
    pub fn history(&self, item: &ItemKey, max: usize) -> Result<Vec<u64>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.history(item, max),
        }
    }

    /// Index of a transaction.
    pub fn index_of(&self, id: &TxId) -> Result<Option<u64>, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.index_of(id),
        }
    }

    /// The header of a transaction: who signed what, without the cost of reading a large body.
    pub fn header(&self, index: u64) -> Result<Header, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.header(index),
        }
    }

    /// A receipt for a transaction and the items of it; without items, for its commands.
    pub fn receipt(&self, index: u64, items: &[ItemKey]) -> Result<Receipt, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.receipt(index, items),
        }
    }

    /// The newest signed checkpoint.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.checkpoint(),
        }
    }

    /// Proof that the newest checkpoint continues the log of `from` entries.
    pub fn consistency(&self, from: u64) -> Result<Consistency, LedgerError> {
        match self {
            Self::Embedded(ledger) => ledger.consistency(from),
        }
    }

    /// The log's public key.
    pub fn verifier(&self) -> LogVerifier {
        match self {
            Self::Embedded(ledger) => ledger.verifier(),
        }
    }

    /// What transactions name the network by.
    pub fn network_id(&self) -> NetworkId {
        match self {
            Self::Embedded(ledger) => ledger.network_id(),
        }
    }

    /// Why nothing is written any more, if so.
    pub fn read_only(&self) -> Option<&str> {
        match self {
            Self::Embedded(ledger) => ledger.read_only(),
        }
    }
}
