//! One ledger, whichever kind runs below.

use tokio::sync::watch;
use veridose_contract::{Header, ItemKey, NetworkId, Transaction, TxId};

use crate::embedded::{Committed, Consistency, Embedded, Entry};
use crate::error::{LedgerError, Stale, SubmitError};
#[cfg(feature = "fabric")]
use crate::fabric::Fabric;
use crate::log::{LogVerifier, SignedCheckpoint};
use crate::proof::{Attestations, Receipt};
use crate::state::StateView;

/// The ledger.
pub enum Ledger {
    /// In this process, on this machine.
    Embedded(Embedded),
    /// On a Hyperledger Fabric channel, with a replica in this process.
    #[cfg(feature = "fabric")]
    Fabric(Fabric),
}

impl Ledger {
    /// Submits a signed transaction; `Ok` means that it is durable and its effects can be read.
    pub async fn submit(&self, transaction: Transaction) -> Result<Committed, SubmitError> {
        match self {
            Self::Embedded(ledger) => ledger.submit(transaction).await,
            #[cfg(feature = "fabric")]
            Self::Fabric(ledger) => ledger.submit(transaction).await,
        }
    }

    /// The durable state as it is now; it does not change while it is held.
    pub fn state(&self) -> StateView {
        self.replica().state()
    }

    /// Transactions from an index on, at most `max` and [`crate::ENTRIES_MAX`].
    pub fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, LedgerError> {
        self.replica().entries(from, max)
    }

    /// Transactions on the ledger.
    pub fn size(&self) -> u64 {
        self.replica().size()
    }

    /// Follows the number of transactions.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.replica().subscribe()
    }

    /// Indexes of the transactions that changed an item after it came into being, newest first; its batch names the one
    /// that made it.
    pub fn history(&self, item: &ItemKey, max: usize) -> Result<Vec<u64>, LedgerError> {
        self.replica().history(item, max)
    }

    /// Index of a transaction.
    pub fn index_of(&self, id: &TxId) -> Result<Option<u64>, LedgerError> {
        self.replica().index_of(id)
    }

    /// The header of a transaction: who signed what, without the cost of reading a large body.
    pub fn header(&self, index: u64) -> Result<Header, LedgerError> {
        self.replica().header(index)
    }

    /// A receipt for a transaction and the items of it; without items, for its commands.
    pub fn receipt(&self, index: u64, items: &[ItemKey]) -> Result<Receipt, LedgerError> {
        self.replica().receipt(index, items)
    }

    /// The newest signed checkpoint.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        self.replica().checkpoint()
    }

    /// Proof that the newest checkpoint continues the log of `from` entries.
    pub fn consistency(&self, from: u64) -> Result<Consistency, LedgerError> {
        self.replica().consistency(from)
    }

    /// The log's public key.
    pub fn verifier(&self) -> LogVerifier {
        self.replica().verifier()
    }

    /// What transactions name the network by.
    pub fn network_id(&self) -> NetworkId {
        self.replica().network_id()
    }

    /// Whether other processes write to it too.
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Embedded(_) => false,
            #[cfg(feature = "fabric")]
            Self::Fabric(_) => true,
        }
    }

    /// Why nothing is written any more, if so.
    pub fn read_only(&self) -> Option<&str> {
        self.replica().read_only()
    }

    /// What peers of several organisations sign of a transaction, to go with its receipt; nothing where one node is all.
    pub async fn attest(&self, index: u64) -> Result<Option<Attestations>, LedgerError> {
        match self {
            Self::Embedded(ledger) => std::future::ready(ledger.header(index).map(|_| None)).await,
            #[cfg(feature = "fabric")]
            Self::Fabric(ledger) => ledger.attest(index).await.map(Some),
        }
    }

    /// Whether what is read now is current: always, unless other organisations write too and were not heard of.
    pub fn check_fresh(&self) -> Result<(), Stale> {
        match self {
            Self::Embedded(_) => Ok(()),
            #[cfg(feature = "fabric")]
            Self::Fabric(ledger) => ledger.check_fresh(),
        }
    }

    /// The log and state in this process, from which everything is read.
    pub fn replica(&self) -> &Embedded {
        match self {
            Self::Embedded(ledger) => ledger,
            #[cfg(feature = "fabric")]
            Self::Fabric(ledger) => ledger.replica(),
        }
    }
}
