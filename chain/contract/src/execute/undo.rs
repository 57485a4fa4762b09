//! Undoing a decommissioning or dispense: all five conditions of Regulation (EU) 2016/161, Art. 13(1).

use super::Turn;
use super::pack::{Found, find, save};
use crate::command::{Command, DecommissionReason};
use crate::id::DispenseId;
use crate::key;
use crate::limits::UNDO_DAYS_MAX;
use crate::read;
use crate::record::{Act, ItemState};
use crate::rejection::{Code, Stop, refuse, refuse_item};
use crate::state::StateError;

const DAY_MS: i64 = 86_400_000;

/// Brings the items back into the trade, loose, with the party that held them: a lock or a sample moves no custody.
pub(super) fn execute(turn: &mut Turn<'_>, command: &Command, not_supplied: bool) -> Result<(), Stop> {
    if !not_supplied {
        let text = "undoing needs the declaration that the pack was not supplied to the public (Art. 13(1)(e))";
        return refuse(Code::UndoSupplied, text);
    }
    for item in &command.items {
        let mut found = find(turn, item)?;
        let act = match &found.place.record.state {
            ItemState::Decommissioned { act, .. } | ItemState::Dispensed { act, .. } => act.clone(),
            ItemState::Active | ItemState::Transformed { .. } => {
                return refuse_item(
                    Code::NotDecommissioned,
                    item,
                    "the item itself was not decommissioned or dispensed",
                );
            }
        };
        require_same_premises(turn, command, &found, &act)?;
        require_in_time(turn, command, &found, &act)?;
        if found.expired(turn.judged_at(command)) {
            return refuse_item(Code::UndoExpired, item, "the pack has expired (Art. 13(1)(c))");
        }
        require_not_withdrawn(&found)?;
        if let ItemState::Dispensed { dispense, .. } = &found.place.record.state {
            take_back(turn, dispense)?;
        }
        found.place.record.state = ItemState::Active;
        save(turn, &found);
    }
    Ok(())
}

/// One pack less of the dispense stands: nobody is paid for it.
fn take_back(turn: &mut Turn<'_>, id: &DispenseId) -> Result<(), Stop> {
    let record = read::dispense(&turn.state, id)?;
    let mut record = record.ok_or_else(|| StateError::corrupt(&format!("dispense {id} has no record")))?;
    record.standing = record.standing.saturating_sub(1);
    turn.state.put(key::dispense(id), &record);
    Ok(())
}

fn require_same_premises(turn: &Turn<'_>, command: &Command, found: &Found, act: &Act) -> Result<(), Stop> {
    let site = turn.site(command);
    if act.by == *turn.me() && act.site.is_some() && act.site == site {
        return Ok(());
    }
    let text = "only the party that decommissioned it undoes that, at the same premises (Art. 13(1)(a))";
    refuse_item(Code::UndoOtherPremises, &found.place.key, text)
}

/// The ten days end by the transaction's own time: a claim that the undo happened earlier does not lengthen them.
fn require_in_time(turn: &Turn<'_>, command: &Command, found: &Found, act: &Act) -> Result<(), Stop> {
    let passed = turn.header.time.0.saturating_sub(act.at.0);
    if passed <= UNDO_DAYS_MAX.saturating_mul(DAY_MS) && act.at <= turn.judged_at(command) {
        return Ok(());
    }
    let text = format!("undone within {UNDO_DAYS_MAX} days after, and not before (Art. 13(1)(b))");
    refuse_item(Code::UndoTooLate, &found.place.key, text)
}

fn require_not_withdrawn(found: &Found) -> Result<(), Stop> {
    let gone = match &found.place.record.state {
        ItemState::Decommissioned { reason, .. } => match reason {
            DecommissionReason::Stolen | DecommissionReason::Destroyed => true,
            DecommissionReason::Supplied
            | DecommissionReason::Exported
            | DecommissionReason::Sample
            | DecommissionReason::FreeSample
            | DecommissionReason::Locked
            | DecommissionReason::Error => false,
        },
        ItemState::Active | ItemState::Dispensed { .. } | ItemState::Transformed { .. } => false,
    };
    if gone || found.place.recall(&found.origin).is_some() {
        let text = "the pack is recalled, withdrawn, to be destroyed or stolen (Art. 13(1)(d))";
        return refuse_item(Code::UndoWithdrawn, &found.place.key, text);
    }
    Ok(())
}
