//! Supplying packs to a patient, under a consent that is in force.

use super::Turn;
use super::decommission::require_usable;
use super::pack::{detach, find, save};
use crate::command::{Command, Purpose, Role};
use crate::id::{Commitment, ConsentId, Timestamp};
use crate::key;
use crate::read;
use crate::record::{ConsentRecord, DispenseRecord, ItemState, dispense_id};
use crate::rejection::{Code, Stop, refuse};

/// Ends each pack as dispensed, and names the consent and its version. The dispense has a record of its own, under which it is claimed.
pub(super) fn execute(
    turn: &mut Turn<'_>,
    command: &Command,
    consent: &ConsentId,
    version: u32,
    prescription: Commitment,
) -> Result<(), Stop> {
    turn.require_role(&[Role::Pharmacy], "dispensing")?;
    let Some(record) = read::consent(&turn.state, consent)? else {
        return refuse(Code::UnknownConsent, format!("consent {consent} is not registered"));
    };
    check_consent(turn, command, &record, version)?;
    let (act, dispense) = (turn.act(command), dispense_id(&turn.tx, turn.index));
    for item in &command.items {
        let mut found = find(turn, item)?;
        found.require_holder(turn)?;
        found.require_pack()?;
        found.require_active()?;
        found.require_unoffered()?;
        require_usable(&found, turn.judged_at(command))?;
        let holder = found.holder.clone();
        detach(turn, &mut found, holder)?;
        found.place.record.state = ItemState::Dispensed { consent: *consent, version, act: act.clone(), dispense };
        save(turn, &found);
    }
    let packs = u32::try_from(command.items.len()).unwrap_or(u32::MAX);
    let record = DispenseRecord { consent: *consent, version, prescription, act, packs, standing: packs, tx: turn.tx };
    turn.state.put(key::dispense(&dispense), &record);
    Ok(())
}

/// Revocation holds from its own transaction on, also for a dispense that says it happened before.
fn check_consent(turn: &Turn<'_>, command: &Command, record: &ConsentRecord, version: u32) -> Result<(), Stop> {
    let consent = &record.consent;
    if record.revoked.is_some() {
        return refuse(Code::ConsentRevoked, format!("consent {} is revoked", consent.id));
    }
    if record.version != version {
        let text = format!("consent {} has version {}, not {version}", consent.id, record.version);
        return refuse(Code::ConsentVersion, text);
    }
    if consent.purpose != Purpose::DispenseRecord {
        return refuse(Code::ConsentPurpose, format!("consent {} is not for recording a dispense", consent.id));
    }
    if consent.grantee.as_ref().is_some_and(|grantee| grantee != turn.me()) {
        return refuse(Code::ConsentGrantee, format!("consent {} names another party", consent.id));
    }
    let happened = turn.judged_at(command);
    let covers = |time: Timestamp| consent.from <= time && consent.until.is_none_or(|until| time < until);
    if !covers(happened) || !covers(turn.header.time) {
        return refuse(Code::ConsentNotInForce, format!("consent {} is not in force at that time", consent.id));
    }
    Ok(())
}
