//! What the contract needs of a ledger: reads of exact keys.

use std::error::Error;

/// The world state before a transaction, read by exact key only.
pub trait StateRead {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError>;

    /// Whether a key has a value; a host that can tell without fetching it should.
    fn contains(&self, key: &[u8]) -> Result<bool, StateError> {
        self.get(key).map(|value| value.is_some())
    }
}

/// The state could not be read, or what stands there is no record of ours. Never a fault of the transaction.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the state")]
pub struct StateError(#[source] Box<dyn Error + Send + Sync>);

impl StateError {
    /// Wraps the host's own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }

    /// A record that contradicts another or cannot be decoded.
    pub(crate) fn corrupt(what: &str) -> Self {
        Self(format!("corrupt state: {what}").into())
    }
}
