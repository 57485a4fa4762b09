//! Repackaging: packs end and other packs begin.

use veridose_contract::Action;
use veridose_epcis::model::Event;

use super::{Sketch, object};
use crate::trade::refusal::{PlanError, Refusal};

pub(super) fn plan(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    if event.input_epc_list.is_empty() && event.output_epc_list.is_empty() {
        // Bulk only: quantities of classes go in and out, no pack does.
        sketch.push(Action::Anchor, Vec::new());
        return Ok(());
    }
    if event.input_epc_list.is_empty() {
        // Packs are filled from bulk: they begin.
        return object::commission(sketch, event, "outputEPCList", &event.output_epc_list);
    }
    let inputs = sketch.keys("inputEPCList", &event.input_epc_list)?;
    let mut groups = object::by_product(sketch, "outputEPCList", &event.output_epc_list)?;
    let Some((gtin, outputs)) = groups.packs.pop_first() else {
        return Err(Refusal::new(
            "output_missing",
            "outputEPCList",
            "packs go in and none comes out",
            "name the new packs, or decommission the old ones with an ObjectEvent, action DELETE",
        )
        .into());
    };
    if !groups.packs.is_empty() || !groups.containers.is_empty() {
        return Err(Refusal::new(
            "outputs_mixed",
            "outputEPCList",
            "the new packs belong to more than one product",
            "give one TransformationEvent for each product",
        )
        .into());
    }
    let lot = object::lot(sketch, event, gtin)?;
    sketch.push(Action::Transform { inputs, lot }, outputs);
    Ok(())
}
