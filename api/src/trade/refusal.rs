//! Why an event cannot become commands.

use serde::Serialize;
use veridose_contract::{Rejection, StateError};

/// An event that asks for something impossible: which field, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {detail}; {fix}")]
pub struct Refusal {
    /// Stable code.
    pub code: String,
    /// The field of the event.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub fix: String,
}

impl Refusal {
    /// A refusal by the reading of the event.
    pub fn new(code: &str, field: &str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), detail: detail.into(), fix: fix.into() }
    }

    /// A refusal by the contract. `name` turns the key of an item back into what the event called it.
    pub fn by_contract(rejection: &Rejection, name: Option<&str>) -> Self {
        let detail = match name {
            Some(name) => format!("{name}: {}", rejection.detail),
            None => rejection.detail.clone(),
        };
        Self::new(rejection.code.as_str(), "event", detail, "correct the event and capture it again")
    }
}

/// Reading an event stopped: it is refused, or the state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The event is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state is at fault.
    #[error(transparent)]
    State(#[from] StateError),
}
