//! Error declarations: an earlier event is said to be wrong. What it did is reversed where that is lawful; where not, the
//! declaration is kept as a dispute that both partners see.

use veridose_contract::record::{OfferRecord, OfferState};
use veridose_contract::{Action, DecommissionReason, OfferId, PartyId, read};
use veridose_epcis::model::{Action as EventAction, Event, EventKind};

use super::{Sketch, party_at, shipping};
use crate::trade::Rehearsal;
use crate::trade::refusal::PlanError;

pub(super) fn plan(sketch: &mut Sketch<'_>) -> Result<(), PlanError> {
    let desk = sketch.desk;
    let Some(original) = desk.original else {
        sketch.plan.warnings.push(
            "the event that is declared wrong was not captured here by this party: the declaration is recorded"
                .to_owned(),
        );
        sketch.push(Action::Anchor, Vec::new());
        return Ok(());
    };
    let partner = partner(sketch, &original.event);
    sketch.plan.readers.extend(partner.clone());
    let before = sketch.plan.drafts.len();
    let reversed = reverse(sketch, &original.event)? && Rehearsal::new(desk.state).lawful(&desk, &sketch.plan)?;
    if !reversed {
        sketch.plan.drafts.truncate(before);
        sketch.plan.warnings.push("what the event did cannot be reversed: both partners see the dispute".to_owned());
        sketch.push(Action::Dispute { event: original.commitment, partner }, Vec::new());
    }
    Ok(())
}

/// Adds the commands that undo what the event did; false where nothing undoes it.
fn reverse(sketch: &mut Sketch<'_>, original: &Event) -> Result<bool, PlanError> {
    let step = original.biz_step.as_ref().map_or("", |step| step.as_str());
    match (original.kind, original.action) {
        (EventKind::Object, Some(EventAction::Add)) => {
            let items = sketch.keys("epcList", &original.epc_list)?;
            sketch.push(Action::Decommission { reason: DecommissionReason::Error }, items);
        }
        (EventKind::Object, Some(EventAction::Observe)) if step == "shipping" => {
            let offer: OfferId = shipping::offer_id(sketch.desk.caller, &veridose_epcis::hash(original));
            // What the receiver answered in part has moved: only an offer that nobody answered is as if never made.
            let unanswered = |offer: &OfferRecord| offer.state == OfferState::Open && offer.remaining == offer.items;
            if !read::offer(sketch.desk.state, &offer)?.as_ref().is_some_and(unanswered) {
                return Ok(false);
            }
            sketch.push(Action::Withdraw { offer }, Vec::new());
        }
        (EventKind::Aggregation, Some(action @ (EventAction::Add | EventAction::Delete))) => {
            let Some(parent) = &original.parent_id else { return Ok(false) };
            let parent = sketch.key("parentID", parent)?;
            let children = sketch.keys("childEPCs", &original.child_epcs)?;
            if children.is_empty() {
                return Ok(false);
            }
            let back = if action == EventAction::Add {
                Action::Disaggregate { parent }
            } else {
                Action::Aggregate { parent, create: false }
            };
            sketch.push(back, children);
        }
        // A dispense is undone only by a pharmacist's declaration, and custody that another accepted is no longer ours.
        (
            EventKind::Object
            | EventKind::Aggregation
            | EventKind::Transaction
            | EventKind::Transformation
            | EventKind::Association,
            _,
        ) => return Ok(false),
    }
    Ok(true)
}

fn partner(sketch: &Sketch<'_>, original: &Event) -> Option<PartyId> {
    [&original.destination_list, &original.source_list]
        .into_iter()
        .filter_map(|ends| party_at(&sketch.desk, ends))
        .find(|party| *party != sketch.desk.caller)
        .cloned()
}
