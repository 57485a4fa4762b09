//! What a rule says.

use crate::events::hash;

use super::Code;

/// One thing that a rule found, with the events that prove it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was found.
    pub code: Code,
    /// The packs or containers concerned, the first before all.
    pub things: Vec<u32>,
    /// The parties concerned: who did it before whom it was done to.
    pub parties: Vec<u32>,
    /// The events that prove it, in the order of time.
    pub events: Vec<u32>,
    /// When it could be known: the time of the last event that was needed, in milliseconds since 1970.
    pub at: i64,
    /// How sure the rule is by itself, 0 to 1.
    pub strength: f64,
    /// Causes: findings that share one belong to one case.
    pub causes: Vec<u64>,
    /// What happened, in words and numbers.
    pub text: String,
}

/// A cause that several findings may share.
pub(crate) fn cause(kind: &str, parts: &[&str]) -> u64 {
    hash(&format!("{kind}\u{1f}{}", parts.join("\u{1f}")))
}
