//! What a record says. Its JSON bytes are what its leaf covers.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use veridose_contract::access::Access;
use veridose_contract::{AccessLogId, DataKind, PartyId, Timestamp};

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Who vouches for the name: the issuer of the person's token.
    pub issuer: String,
    /// The issuer's name for the person or machine.
    pub subject: String,
}

impl Person {
    /// The person as one name.
    pub fn id(&self) -> veridose_contract::Person {
        let hash = Sha256::new().chain_update(&self.issuer).chain_update([0]).chain_update(&self.subject);
        veridose_contract::Person(hash.finalize().into())
    }
}

/// An access or a refusal, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessNote {
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub who: Person,
    /// For which member; none for patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// What for: a purpose, `emergency` or `own_record`.
    pub purpose: String,
    /// Which data were asked for; with a grant go those that were given.
    pub asked: Vec<DataKind>,
    /// By what: an operation such as `MedicationDispense/search`, without anything that identifies.
    pub what: String,
    /// What was decided.
    #[serde(flatten)]
    pub access: Access,
}

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecord {
    /// Which log.
    pub log: AccessLogId,
    /// Its place in the log, from 0.
    pub index: u64,
    /// The how manyth of the patient's it is, from 1; none where no known patient is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Leaf of the patient's record before, in hexadecimal; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// 16 random bytes in hexadecimal, so that the leaf tells nothing to who guesses the rest.
    pub salt: String,
    /// What happened.
    #[serde(flatten)]
    pub note: AccessNote,
}
