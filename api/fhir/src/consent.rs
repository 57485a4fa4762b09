//! Consents of the contract to and from FHIR Consent, of R4 and R5.
//!
//! | contract | R4 | R5 |
//! |---|---|---|
//! | subject | `patient` | `subject` |
//! | purpose | `provision.purpose` | `provision.purpose` |
//! | data | `provision.class`, for observations also `provision.code` | `provision.resourceType`, `provision.code` |
//! | form | `provision.securityLabel` | `provision.securityLabel` |
//! | grantee, credential | `provision.actor` | `provision.actor` |
//! | from, until | `provision.period` | `provision.period` |
//!
//! What the contract cannot hold to (a denial within a permission, a period of the data, single resources, an action other than
//! access) is refused where it stands. What restricts nothing (a signature, a source, an identifier) is kept as it came.

mod read;
pub mod systems;
#[cfg(test)]
mod tests;
mod write;

use serde_json::Value;
use veridose_contract::{CredentialKind, DataForm, DataKind, PartyId, Purpose, Timestamp};

pub use read::{read, release_of, whose};
pub use write::write;

/// Whose consent a resource says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The patient of this id here.
    Id(String),
    /// The patient of this name at the custodian.
    Named(String),
    /// It says nothing.
    Unsaid,
}

/// What a resource says that the contract holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whose it is.
    pub whose: Whose,
    /// What for.
    pub purpose: Purpose,
    /// Which data, in ascending order; empty where nothing is said.
    pub data: Vec<DataKind>,
    /// In which form at most.
    pub form: Option<DataForm>,
    /// To whom.
    pub grantee: Option<PartyId>,
    /// What the person who asks must be shown to be.
    pub credential: Option<CredentialKind>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when, excluded.
    pub until: Option<Timestamp>,
}

/// A consent as it stands.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its version.
    pub version: u32,
    /// The patient's id here.
    pub patient: &'a str,
    /// Who keeps it.
    pub custodian: &'a PartyId,
    /// Whether it was revoked.
    pub revoked: bool,
    /// What it says.
    pub terms: &'a Terms,
    /// What the custodian keeps with it: the resource as it came, or words.
    pub kept: &'a Value,
}
