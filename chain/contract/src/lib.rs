//! The rules of the ledger: one deterministic contract that the embedded ledger and the Fabric chaincode both run.
//!
//! Invariants: no clock, file, thread, randomness, float or hash map; arithmetic is checked; state is read by exact key
//! only; a refused transaction writes nothing. Time comes from the transaction.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod access;
mod apply;
pub mod blind;
mod case;
mod claim;
mod command;
mod execute;
mod genesis;
mod id;
mod key;
pub mod limits;
pub mod merkle;
mod overlay;
pub mod read;
pub mod record;
mod rejection;
mod standing;
mod state;
mod study;
#[cfg(test)]
mod tests;
mod transaction;

/// Version of the rules. Hosts of one ledger run the same: another version may judge a transaction otherwise.
pub const VERSION: u32 = 1;

pub use apply::{Creator, Outcome, apply};
pub use case::{CaseOutcome, CaseStage, CaseStep};
pub use claim::{ClaimStep, ClaimVerdict};
pub use command::{
    AccessAnchor, Action, Certificate, Command, Consent, CredentialKind, DataForm, DataKind, Decision,
    DecommissionReason, Discrepancy, DiscrepancyKind, HandoffKind, Model, NoPurpose, Party, Purpose, QuarantineTarget,
    RecallTarget, Role, SignedBy, StudyKind,
};
pub use genesis::{Genesis, GenesisError, genesis_writes, network_id};
pub use id::{
    AccessLogId, BatchId, CaseId, Commitment, ConsentId, ContentKey, CredentialId, Day, DispenseId, DocumentId,
    ErasureId, Fingerprint, IdError, IdempotencyKey, ItemKey, LotKey, ModelId, NetworkId, OfferId, PartyId, Person,
    ProductKey, Site, StudyId, Subject, Timestamp, TxId,
};
pub use key::{decides_membership, item as item_key, network as network_key, party_of};
pub use overlay::Writes;
pub use rejection::{ApplyError, Code, Rejection};
pub use standing::{Covered, QuarantineStanding, RecallStanding, Standing, resolve};
pub use state::{StateError, StateRead};
pub use study::{DocumentKind, SignatureMeaning, StudyDocument, StudyStep};
pub use transaction::{Body, Header, SUBTREE_LEAVES, Signature, Transaction};
