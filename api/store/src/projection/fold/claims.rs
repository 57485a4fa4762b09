//! Claims: a row for each that was handed in, also where another one followed it.

use veridose_contract::{ClaimStep, ClaimVerdict, Commitment, DispenseId};

use crate::entity::claims::claim;
use crate::projection::fold::Place;
use crate::projection::working::Working;
use crate::query::ClaimState;
use crate::text;

pub(super) fn take(working: &mut Working, place: &Place<'_>, dispense: &DispenseId, step: &ClaimStep) {
    let state = match step {
        ClaimStep::Submit { payer, packs } => {
            let row = claim::Model {
                claim: place.commitment(),
                dispense: dispense.0.to_vec(),
                claimant: place.holder(),
                payer: payer.to_string(),
                packs: i64::from(*packs),
                state: text::word(&ClaimState::Submitted),
                submitted_at: place.happened(),
                moved_at: place.happened(),
                decision: None,
                payment: None,
                event_id: place.event,
            };
            return working.claims.put(place.commitment(), row);
        }
        ClaimStep::Adjudicate { verdict: ClaimVerdict::Accepted, .. } => ClaimState::Accepted,
        ClaimStep::Adjudicate { verdict: ClaimVerdict::Partly, .. } => ClaimState::Partly,
        ClaimStep::Adjudicate { verdict: ClaimVerdict::Refused, .. } => ClaimState::Refused,
        ClaimStep::Pay { .. } => ClaimState::Paid,
        ClaimStep::Reverse { .. } => ClaimState::Reversed,
        ClaimStep::Withdraw { .. } => ClaimState::Withdrawn,
    };
    let Some(row) = named(step).and_then(|claim| working.claims.get_mut(&claim.0.to_vec())) else { return };
    (row.state, row.moved_at) = (text::word(&state), place.happened());
    match step {
        ClaimStep::Adjudicate { .. } => row.decision = Some(place.commitment()),
        ClaimStep::Pay { .. } => row.payment = Some(place.commitment()),
        ClaimStep::Submit { .. } | ClaimStep::Reverse { .. } | ClaimStep::Withdraw { .. } => {}
    }
}

/// Who claims, and who is to pay.
pub(super) fn viewers(working: &Working, step: &ClaimStep) -> Vec<String> {
    let row = named(step).and_then(|claim| working.claims.get(&claim.0.to_vec()));
    match (step, row) {
        (ClaimStep::Submit { payer, .. }, _) => vec![payer.to_string()],
        (_, Some(row)) => vec![row.claimant.clone(), row.payer.clone()],
        (_, None) => Vec::new(),
    }
}

/// The claim that a step is about, where it is not its first.
pub(in crate::projection) const fn named(step: &ClaimStep) -> Option<&Commitment> {
    match step {
        ClaimStep::Submit { .. } => None,
        ClaimStep::Adjudicate { claim, .. }
        | ClaimStep::Pay { claim }
        | ClaimStep::Reverse { claim }
        | ClaimStep::Withdraw { claim } => Some(claim),
    }
}
