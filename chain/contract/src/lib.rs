//! The rules of the ledger: one deterministic contract that the embedded ledger and the Fabric chaincode both run.
//!
//! Invariants: no clock, file, thread, randomness, float or hash map; arithmetic is checked; state is read by exact key
//! only; a refused transaction writes nothing. Time comes from the transaction.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod blind;
mod command;
mod id;
pub mod limits;
pub mod merkle;
mod rejection;
mod transaction;

pub use command::{
    Action, Certificate, Command, Consent, DecommissionReason, Discrepancy, DiscrepancyKind, HandoffKind, Party,
    Purpose, QuarantineTarget, RecallTarget, Role,
};
pub use id::{
    Commitment, ConsentId, Day, Fingerprint, IdempotencyKey, ItemKey, LotKey, NetworkId, OfferId, PartyId, ProductKey,
    Site, Subject, Timestamp, TxId,
};
pub use rejection::{Code, Rejection};
pub use transaction::{Body, Header, Signature, Transaction};
