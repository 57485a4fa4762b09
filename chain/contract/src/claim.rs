//! Claims: who asks whom to pay for a dispense, what came of it, and that it is paid once.
//!
//! A claim stands under its dispense, so there is one for each. The ledger knows neither patient nor product nor price: those lie in the
//! claim's document.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::id::{Commitment, PartyId};

/// What a member does about the claim for a dispense. `claim` is the document of the claim that is meant: whoever decides on a
/// claim that was withdrawn and handed in anew meanwhile decides on nothing.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ClaimStep {
    /// Who dispensed hands the claim in; the payload is the claim.
    Submit {
        /// Who shall pay.
        payer: PartyId,
        /// For how many packs: as many as were dispensed and not taken back.
        packs: u32,
    },
    /// The payer decides; the payload says why, and how much.
    Adjudicate {
        /// The claim that is meant.
        claim: Commitment,
        /// What is decided.
        verdict: ClaimVerdict,
    },
    /// The payer has paid; the payload names the payment.
    Pay {
        /// The claim that is meant.
        claim: Commitment,
    },
    /// The payer has its money back, because the dispense was undone.
    Reverse {
        /// The claim that is meant.
        claim: Commitment,
    },
    /// Who dispensed takes the claim back before it is paid.
    Withdraw {
        /// The claim that is meant.
        claim: Commitment,
    },
}

/// What a payer decides. Why, the document says: other members need not know. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum ClaimVerdict {
    /// All of it is paid.
    Accepted = 0,
    /// Less is paid than was asked for.
    Partly = 1,
    /// Nothing is paid.
    Refused = 2,
}
