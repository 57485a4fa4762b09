//! Packing and unpacking.

use veridose_contract::Action;
use veridose_epcis::model::{Action as EventAction, Event};

use super::Sketch;
use crate::trade::refusal::{PlanError, Refusal};
use crate::trade::thing::Thing;

pub(super) fn plan(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    let action = event.action.unwrap_or(EventAction::Observe);
    if action == EventAction::Observe {
        sketch.push(Action::Anchor, Vec::new());
        return Ok(());
    }
    let parent_id = event.parent_id.as_ref().ok_or_else(|| {
        Refusal::new(
            "parent_missing",
            "parentID",
            "a container must be named",
            "give the SSCC or SGTIN of the container",
        )
    })?;
    let parent = sketch.key("parentID", parent_id)?;
    let children = sketch.keys("childEPCs", &event.child_epcs)?;
    if !event.child_quantity_list.is_empty() {
        sketch
            .plan
            .warnings
            .push("childQuantityList names no single packs: it is recorded and moves nothing".to_owned());
    }
    if action == EventAction::Delete {
        sketch.push(Action::Disaggregate { parent }, children);
    } else if children.is_empty() {
        // Only quantities of a class were packed: nothing that the ledger follows.
        sketch.push(Action::Anchor, Vec::new());
    } else {
        let create = matches!(Thing::of(parent_id.as_str()), Thing::Container(_));
        sketch.push(Action::Aggregate { parent, create }, children);
    }
    Ok(())
}
