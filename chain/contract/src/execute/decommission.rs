//! Taking items out of the trade.

use super::Turn;
use super::pack::{Found, detach, find, save};
use crate::command::{Command, DecommissionReason, Role};
use crate::id::Timestamp;
use crate::record::ItemState;
use crate::rejection::{Code, Stop, refuse_item};

/// Ends the items for the reason; a container with all that is in it.
pub(super) fn execute(turn: &mut Turn<'_>, command: &Command, reason: DecommissionReason) -> Result<(), Stop> {
    let act = turn.act(command);
    for item in &command.items {
        let mut found = find(turn, item)?;
        require_entitled(turn, &found, reason)?;
        found.require_active()?;
        found.require_unoffered()?;
        require_fit(&found, turn.judged_at(command), reason)?;
        let holder = found.holder.clone();
        detach(turn, &mut found, holder)?;
        found.place.record.state = ItemState::Decommissioned { reason, act: act.clone() };
        save(turn, &found);
    }
    Ok(())
}

/// Who may say so. The holder, in a role that the reason fits; a theft and a lock also the product's manufacturer; a
/// sample and a lock also a regulator. What never existed is for who commissioned it to say, while it holds it.
fn require_entitled(turn: &Turn<'_>, found: &Found, reason: DecommissionReason) -> Result<(), Stop> {
    let maker = found.is_makers(turn);
    let regulator = turn.role() == Role::Regulator;
    match reason {
        DecommissionReason::Stolen if maker => Ok(()),
        DecommissionReason::Locked if maker || regulator => Ok(()),
        DecommissionReason::Sample if regulator => Ok(()),
        DecommissionReason::Supplied => {
            turn.require_role(&[Role::Pharmacy], "supplying the public")?;
            found.require_holder(turn)
        }
        DecommissionReason::Exported => {
            turn.require_role(&[Role::Manufacturer, Role::Distributor], "exporting")?;
            found.require_holder(turn)
        }
        DecommissionReason::FreeSample => {
            turn.require_role(&[Role::Manufacturer], "giving free samples")?;
            found.require_holder(turn)
        }
        DecommissionReason::Error if found.origin.batch.party != *turn.me() => {
            refuse_item(Code::NotProductOwner, &found.place.key, "only who commissioned an item calls that an error")
        }
        DecommissionReason::Error
        | DecommissionReason::Stolen
        | DecommissionReason::Locked
        | DecommissionReason::Sample
        | DecommissionReason::Destroyed => found.require_holder(turn),
    }
}

/// What reaches a user must be fit for use; what is stolen, locked, sampled or destroyed need not be.
fn require_fit(found: &Found, judged_at: Timestamp, reason: DecommissionReason) -> Result<(), Stop> {
    match reason {
        DecommissionReason::Supplied => {
            found.require_pack()?;
            require_usable(found, judged_at)
        }
        DecommissionReason::Exported | DecommissionReason::FreeSample => require_usable(found, judged_at),
        DecommissionReason::Stolen
        | DecommissionReason::Sample
        | DecommissionReason::Locked
        | DecommissionReason::Destroyed
        | DecommissionReason::Error => Ok(()),
    }
}

/// Neither expired, recalled nor in quarantine.
pub(super) fn require_usable(found: &Found, judged_at: Timestamp) -> Result<(), Stop> {
    found.require_unexpired(judged_at)?;
    found.require_unrecalled()?;
    found.require_released()
}
