//! What can go wrong with the ledger itself, and why a transaction was not taken.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use veridose_contract::{Rejection, StateError};

use crate::pki::PkiError;

/// The ledger could not do what was asked; no fault of a transaction.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk failed.
    #[error("failed to {action} {}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// What is stored is not what was written.
    #[error("{what} is damaged: {problem}")]
    Damaged {
        /// The file, entry or record.
        what: String,
        /// How it shows.
        problem: String,
    },
    /// The log is not a continuation of what this node has seen.
    #[error("the log was rolled back or forked: {0}")]
    Forked(String),
    /// The state store failed.
    #[error("failed to use the state store: {0}; `veridose ledger rebuild-state` makes it anew from the log")]
    State(String),
    /// The network file, a key or a name is not usable.
    #[error("{0}")]
    Configuration(String),
    /// There is no such entry, item or transaction.
    #[error("{0} is not on the ledger")]
    NotFound(String),
    /// A certificate or key.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The channel or a peer of it did not do what it was asked.
    #[error("{0}")]
    Channel(String),
    /// What peers give out is not signed by those whose word it would be.
    #[error("the channel's peers are not believed: {0}")]
    Untrusted(String),
    /// What the channel's endorsers signed is not what the contract says.
    #[error("the channel differs from the contract: {0}")]
    Differs(String),
}

impl LedgerError {
    pub(crate) fn damaged(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), problem: problem.into() }
    }
}

impl From<fjall::Error> for LedgerError {
    fn from(error: fjall::Error) -> Self {
        Self::State(error.to_string())
    }
}

impl From<StateError> for LedgerError {
    fn from(error: StateError) -> Self {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        Self::State(text)
    }
}

/// Why a transaction was not taken. Only after [`SubmitError::ReadOnly`] and [`ChannelError::Unknown`] may it still turn out
/// to have been: repeating it under its idempotency key is safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// The contract refused it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It is not known to come from whom it says.
    #[error("the transaction is not authentic: {0}")]
    Unauthenticated(Unauthentic),
    /// Too many transactions are under way; try again.
    #[error("the ledger is busy: {in_flight_max} transactions are under way")]
    Overloaded {
        /// How many may be.
        in_flight_max: usize,
    },
    /// Writing failed earlier, so nothing is written until the operator has looked; reads go on.
    #[error("the ledger is read-only: {0}")]
    ReadOnly(String),
    /// The state could not be read; says nothing about the transaction.
    #[error("{0}")]
    Failed(String),
    /// The channel did not take it, for no reason of its own.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The ledger is closing.
    #[error("the ledger is closed")]
    Closed,
}

/// Why a channel of several organisations did not take a transaction that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Nobody could be reached who takes it.
    #[error("the channel cannot be reached: {0}")]
    Unavailable(String),
    /// Others kept changing what it reads.
    #[error("others changed the same records {attempts} times in a row")]
    Conflict {
        /// How often it was tried.
        attempts: u32,
    },
    /// Too few organisations vouch for it.
    #[error("too few organisations endorse it: {0}")]
    NotEndorsed(String),
    /// The peers found it invalid, or the node may not write.
    #[error("the channel refused it: {0}")]
    Refused(String),
    /// Whether it was taken is not known yet.
    #[error("it may or may not have been taken: {0}")]
    Unknown(String),
}

impl ChannelError {
    /// Whether the same request again may go through; under the same idempotency key it is safe after all of them.
    pub const fn may_retry(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Conflict { .. } | Self::NotEndorsed(_) | Self::Unknown(_) => true,
            Self::Refused(_) => false,
        }
    }
}

/// What the ledger reads may be of the past, because the other organisations were not heard of for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this node last knew {} ms ago that it has all that is on the channel; reads that must be current allow {} ms",
    since.as_millis(), bound.as_millis()
)]
pub struct Stale {
    /// How long ago.
    pub since: std::time::Duration,
    /// How long it may be.
    pub bound: std::time::Duration,
}

/// What about a transaction is not authentic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unauthentic {
    /// Header version this ledger does not know.
    #[error("version {0} of the encoding is not known")]
    Version(u8),
    /// Signed for another network.
    #[error("it was signed for another network")]
    Network,
    /// The body is not what the header commits to.
    #[error("the body is not the one that was signed")]
    Body,
    /// Time too far from the host's.
    #[error("its time is {off_ms} ms off this node's clock; {max_ms} ms are allowed")]
    Clock {
        /// How far: positive is ahead of the node.
        off_ms: i64,
        /// How far it may be.
        max_ms: i64,
    },
    /// Certificate not on the ledger.
    #[error("the certificate is not registered")]
    UnknownCertificate,
    /// Certificate revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// Outside the certificate's dates.
    #[error("the certificate is not valid at the time of the transaction")]
    Expired,
    /// A certificate to be registered is not the authority's.
    #[error("{0}")]
    Certificate(String),
    /// Signature wrong, or not in its one canonical form.
    #[error("the signature does not hold")]
    Signature,
    /// The party may not act.
    #[error("the party is suspended")]
    Suspended,
    /// The party is no member.
    #[error("the party is not a member")]
    NotAMember,
}
