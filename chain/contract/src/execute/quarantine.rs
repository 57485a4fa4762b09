//! Setting items or a lot apart, and releasing them.

use super::Turn;
use super::pack::{find, save};
use crate::command::{Command, QuarantineTarget, Role};
use crate::id::LotKey;
use crate::key;
use crate::read;
use crate::record::{LotRecord, Mark};
use crate::rejection::{Code, Stop, refuse, refuse_item};

/// Items by their holder, their product's manufacturer or a regulator; a lot by its manufacturer or a regulator.
pub(super) fn place(turn: &mut Turn<'_>, command: &Command, target: &QuarantineTarget) -> Result<(), Stop> {
    let mark = turn.mark(command);
    match target {
        QuarantineTarget::Lot(key) => {
            let mut lot = own_lot(turn, key)?;
            if !set(turn, &mut lot.quarantine, &mark) {
                return refuse(Code::AlreadyQuarantined, format!("lot {key} is in quarantine"));
            }
            turn.state.put(key::lot(key), &lot);
        }
        QuarantineTarget::Items => {
            for item in &command.items {
                let mut found = find(turn, item)?;
                if !found.is_makers(turn) && turn.role() != Role::Regulator {
                    found.require_holder(turn)?;
                }
                found.require_active()?;
                if !set(turn, &mut found.place.record.quarantine, &mark) {
                    return refuse_item(Code::AlreadyQuarantined, item, "the item is in quarantine");
                }
                save(turn, &found);
            }
        }
    }
    Ok(())
}

/// By who placed it, or by a regulator.
pub(super) fn release(turn: &mut Turn<'_>, command: &Command, target: &QuarantineTarget) -> Result<(), Stop> {
    match target {
        QuarantineTarget::Lot(key) => {
            let Some(mut lot) = read::lot(&turn.state, key)? else {
                return refuse(Code::UnknownLot, format!("lot {key} is not registered"));
            };
            let Some(mark) = lot.quarantine.take() else {
                return refuse(Code::NotQuarantined, format!("lot {key} is not in quarantine"));
            };
            require_issuer(turn, &mark)?;
            turn.state.put(key::lot(key), &lot);
        }
        QuarantineTarget::Items => {
            for item in &command.items {
                let mut found = find(turn, item)?;
                let Some(mark) = found.place.record.quarantine.take() else {
                    return refuse_item(Code::NotQuarantined, item, "the item itself is not in quarantine");
                };
                require_issuer(turn, &mark)?;
                save(turn, &found);
            }
        }
    }
    Ok(())
}

/// Sets the quarantine; a regulator also takes over another's, so that its setter alone can no longer end it.
fn set(turn: &Turn<'_>, quarantine: &mut Option<Mark>, mark: &Mark) -> bool {
    let free = quarantine.as_ref().is_none_or(|old| turn.role() == Role::Regulator && old.by != mark.by);
    if free {
        *quarantine = Some(mark.clone());
    }
    free
}

fn require_issuer(turn: &Turn<'_>, mark: &Mark) -> Result<(), Stop> {
    if mark.by == *turn.me() || turn.role() == Role::Regulator {
        return Ok(());
    }
    refuse(Code::NotIssuer, format!("only {} or a regulator releases it", mark.by))
}

/// A lot that the acting party may speak for: its manufacturer, or a regulator.
pub(super) fn own_lot(turn: &Turn<'_>, key: &LotKey) -> Result<LotRecord, Stop> {
    let Some(lot) = read::lot(&turn.state, key)? else {
        return refuse(Code::UnknownLot, format!("lot {key} is not registered"));
    };
    if lot.party != *turn.me() && turn.role() != Role::Regulator {
        return refuse(Code::NotProductOwner, format!("lot {key} belongs to {}", lot.party));
    }
    Ok(lot)
}
