//! What can go wrong between a chaincode and its peer.

/// Why the peer gave no answer, or none that can be used. The transaction should end with it: what it read is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShimError {
    /// The peer refused the call.
    #[error("the peer refused to {call}: {reason}")]
    Refused {
        /// What it was asked.
        call: &'static str,
        /// Its words.
        reason: String,
    },
    /// The stream to the peer ended while the transaction was under way.
    #[error("the connection to the peer was lost")]
    Disconnected,
    /// The peer's message is not what the protocol says.
    #[error("the peer sent a malformed {what}: {problem}")]
    Malformed {
        /// Which message.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A key that Fabric does not allow.
    #[error("the key {key:?} {problem}")]
    Key {
        /// As given, cut short.
        key: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// More than one message may hold.
    #[error("a message of {size} bytes, {max} are allowed")]
    TooLarge {
        /// Of the message.
        size: usize,
        /// What is allowed.
        max: usize,
    },
}

impl ShimError {
    pub(super) fn malformed(what: &'static str, problem: impl Into<String>) -> Self {
        Self::Malformed { what, problem: problem.into() }
    }
}
