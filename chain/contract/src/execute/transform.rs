//! Repackaging: packs end, packs of another lot begin.

use super::Turn;
use super::commission::packs;
use super::pack::{detach, find, save};
use crate::command::Command;
use crate::id::{ItemKey, LotKey};
use crate::record::ItemState;
use crate::rejection::{Code, Stop, refuse};

/// The inputs are used up, the command's items begin in the lot.
pub(super) fn execute(turn: &mut Turn<'_>, command: &Command, inputs: &[ItemKey], lot: &LotKey) -> Result<(), Stop> {
    if inputs.is_empty() {
        return refuse(Code::ItemsRequired, "repackaging needs at least one input");
    }
    let act = turn.act(command);
    for item in inputs {
        let mut input = find(turn, item)?;
        input.require_holder(turn)?;
        input.require_pack()?;
        input.require_active()?;
        input.require_unoffered()?;
        input.require_released()?;
        input.require_unrecalled()?;
        input.require_unexpired(command.happened)?;
        let holder = input.holder.clone();
        detach(turn, &mut input, holder)?;
        input.place.record.state = ItemState::Transformed { act: act.clone() };
        save(turn, &input);
    }
    // Last, so that what is used up was there before: a name among both is refused here as one named twice.
    packs(turn, command, lot)
}
