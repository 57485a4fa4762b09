//! The ledger: submit, read, follow, prove.
//!
//! Invariants: the log alone is the truth, and what is acknowledged is durable in it; the state store is a cache that can
//! be made anew from the log and never runs ahead of it; what is read from disk is checked before it is given out.

mod backup;
pub mod check;
mod embedded;
mod error;
#[cfg(feature = "fabric")]
pub mod fabric;
pub mod host;
pub mod io;
mod ledger;
mod log;
mod network;
mod parallel;
pub mod pki;
pub mod proof;
pub mod signer;
mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod wire;

pub use backup::SavedLog;
pub use embedded::{
    COMMANDS_SHOWN_MAX, Clock, Committed, Consistency, ENTRIES_MAX, Embedded, Entry, Options, is_in_use,
};
pub use error::{ChannelError, LedgerError, Stale, SubmitError, Unauthentic};
pub use ledger::Ledger;
pub use log::{INLINE_MAX, LogKey, LogVerifier, LoggedEntry, SignedCheckpoint, encode_entry};
pub use network::Network;
pub use proof::Receipt;
pub use signer::{Signer, prepare, unsigned};
pub use state::StateView;
