//! The SQL view of the ledger: a fold over accepted transactions.

use veridose_contract::{NetworkId, Party, Transaction};

use crate::StoreError;

/// The network as its file describes it: where the fold begins.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The network.
    pub network: NetworkId,
    /// Founding members.
    pub members: Vec<Party>,
    /// Approvals that admit another member.
    pub threshold: u32,
}

/// Writer of the view.
#[derive(Debug, Clone)]
pub struct Projection {}

impl Projection {
    pub(crate) async fn open(_: crate::database::Database, _: crate::Vault, _: Founding) -> Result<Self, StoreError> {
        Ok(Self {})
    }

    /// Index of the first entry that is not in the view yet.
    pub async fn next_index(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Takes in entries, which must follow the cursor: rows and cursor are written in one SQL transaction. Entries that the view
    /// already has are passed over. Returns the new cursor.
    pub async fn apply(&self, entries: &[(u64, &Transaction)]) -> Result<u64, StoreError> {
        todo!()
    }

    /// Empties every table of the view and sets the cursor to the beginning.
    pub async fn reset(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Every row of every table in one fixed order, for comparing two views.
    pub async fn dump(&self) -> Result<Vec<String>, StoreError> {
        todo!()
    }
}
