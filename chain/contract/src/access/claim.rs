//! What a claim needs: whoever asks to be paid and whoever pays see the dispense that it is about.

use super::{Grant, GrantRule, Judged, RefusalRule, refuse};
use crate::command::DataKind;
use crate::id::{DispenseId, PartyId};
use crate::read;
use crate::record::ClaimStage;
use crate::state::StateRead;

/// The dispense alone, for the two parties of the claim that stands for it. A claim that was taken back is nobody else's.
pub(super) fn judge(state: &dyn StateRead, dispense: &DispenseId, party: &PartyId, kinds: Vec<DataKind>) -> Judged {
    let record = read::claim(state, dispense)?;
    let is_of = record.is_some_and(|record| {
        record.claimant == *party || (record.payer == *party && record.stage != ClaimStage::Withdrawn)
    });
    if !is_of {
        return Ok(refuse(RefusalRule::NotInClaim, "to be who claims the dispense, or who is to pay for it"));
    }
    if kinds != [DataKind::Dispense] {
        return Ok(refuse(RefusalRule::DataNotCovered, "to ask for the dispense alone"));
    }
    Ok(Ok(Grant::full(GrantRule::Claim, kinds)))
}
