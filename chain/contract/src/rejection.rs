//! Why a transaction was refused: a stable code, the rule in words, and the item.

use serde::Serialize;

use crate::id::ItemKey;

/// A refusal. Nothing of the transaction was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// Index of the command in its transaction.
    pub command: u32,
    /// The item it is about, if one.
    pub item: Option<ItemKey>,
    /// What is wrong and which rule says so, for people.
    pub detail: String,
}

/// Stable codes of refusals; the text form is what clients match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A limit of [`crate::limits`] was passed.
    LimitExceeded,
}

impl Code {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LimitExceeded => "limit_exceeded",
        }
    }
}
