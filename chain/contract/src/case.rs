//! Cases: what a regulator does about an alert. The ledger says who raised a case, who has it, how it stands and how it ended;
//! what it is about (packs, parties, evidence) stands in the documents that its commands commit to, because a party under
//! suspicion is a member as well.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::id::PartyId;

/// What a regulator does with a case.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CaseStep {
    /// Gives it to a regulator, who investigates. Which person there has it, the document says.
    Assign(PartyId),
    /// Raises it to a higher authority.
    Escalate,
    /// Ends it.
    Close(CaseOutcome),
    /// Takes it up again: the outcome no longer holds.
    Reopen,
}

/// What a case turned out to be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum CaseOutcome {
    /// Software, a scanner or data were at fault.
    Technical = 0,
    /// People handled a genuine pack wrongly.
    Process = 1,
    /// The medicine was falsified.
    Falsified = 2,
    /// A genuine medicine left its lawful way.
    Diverted = 3,
    /// The medicine was stolen.
    Stolen = 4,
}

/// How a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum CaseStage {
    /// Raised; nobody has it.
    New,
    /// A regulator has it.
    Investigating,
    /// With a higher authority.
    Escalated,
    /// Ended.
    Closed(CaseOutcome),
}
