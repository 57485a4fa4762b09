//! The host of the contract: who signed and whether it may, and one transaction applied after another. The embedded
//! ledger and the chaincode both run this, so that neither lets through what the other refuses.

mod authenticate;
mod closing;
mod group;

pub(crate) use authenticate::check_header;
pub use authenticate::{Keys, Refusal, check_clock, check_signature, check_standing, stands};
pub use closing::{Closing, check_closing};
pub use group::{Group, Refused, Taken};

/// How far a transaction's time may lie from the host's clock, unless a host is told otherwise.
pub const CLOCK_SKEW_MAX_MS: i64 = 10 * 60 * 1_000;
