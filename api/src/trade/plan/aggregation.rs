//! Packing and unpacking.

use veridose_contract::Action;
use veridose_epcis::model::{Action as EventAction, Event};

use super::Sketch;
use crate::trade::refusal::{PlanError, Refusal};
use crate::trade::thing::Thing;

pub(super) fn plan(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    let action = event.action.unwrap_or(EventAction::Observe);
    if action == EventAction::Observe {
        return sketch.anchor(event);
    }
    let parent_id = event.parent_id.as_ref().ok_or_else(|| {
        Refusal::new(
            "parent_missing",
            "parentID",
            "a container must be named",
            "give the SSCC or SGTIN of the container",
        )
    })?;
    let container = Thing::of(parent_id.as_str());
    if container == Thing::Other {
        sketch
            .plan
            .warnings
            .push("parentID names no SSCC or SGTIN, so the ledger does not follow what lies in it".to_owned());
        return sketch.anchor(event);
    }
    let parent = sketch.key_of("parentID", parent_id, &container)?;
    let children = sketch.keys("childEPCs", &event.child_epcs)?;
    if !event.child_quantity_list.is_empty() {
        sketch
            .plan
            .warnings
            .push("childQuantityList names no single packs: it is recorded and moves nothing".to_owned());
    }
    if children.is_empty() && (action == EventAction::Add || !event.child_quantity_list.is_empty()) {
        // Only quantities of a class went in or out: nothing that the ledger follows.
        return sketch.anchor(event);
    }
    if action == EventAction::Delete {
        sketch.push(Action::Disaggregate { parent }, children);
    } else {
        let create = matches!(container, Thing::Container(_));
        sketch.push(Action::Aggregate { parent, create }, children);
    }
    Ok(())
}
