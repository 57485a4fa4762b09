//! Consents: registered and revoked by the party that keeps them for the patient.

use super::Turn;
use crate::command::Consent;
use crate::id::ConsentId;
use crate::key;
use crate::read;
use crate::record::ConsentRecord;
use crate::rejection::{Code, Stop, refuse};

/// Registers version 1; the acting party keeps it.
pub(super) fn register(turn: &mut Turn<'_>, consent: &Consent) -> Result<(), Stop> {
    if consent.until.is_some_and(|until| until <= consent.from) {
        return refuse(Code::ConsentPeriod, format!("consent {} ends before it begins", consent.id));
    }
    if let Some(grantee) = &consent.grantee
        && read::party(&turn.state, grantee)?.is_none()
    {
        return refuse(Code::UnknownParty, format!("{grantee} is not a member"));
    }
    if read::consent(&turn.state, &consent.id)?.is_some() {
        return refuse(Code::ConsentExists, format!("consent {} exists", consent.id));
    }
    let record = ConsentRecord { consent: consent.clone(), custodian: turn.me().clone(), version: 1, revoked: None };
    turn.state.put(key::consent(&consent.id), &record);
    Ok(())
}

/// Revokes the current version, from this transaction on.
pub(super) fn revoke(turn: &mut Turn<'_>, id: &ConsentId, version: u32) -> Result<(), Stop> {
    let Some(mut record) = read::consent(&turn.state, id)? else {
        return refuse(Code::UnknownConsent, format!("consent {id} is not registered"));
    };
    if record.custodian != *turn.me() {
        return refuse(Code::NotCustodian, format!("consent {id} is kept by another party"));
    }
    if record.revoked.is_some() {
        return refuse(Code::ConsentRevoked, format!("consent {id} is revoked"));
    }
    if record.version != version {
        return refuse(Code::ConsentVersion, format!("consent {id} has version {}, not {version}", record.version));
    }
    record.version = record.version.saturating_add(1);
    record.revoked = Some(turn.header.time);
    turn.state.put(key::consent(id), &record);
    Ok(())
}
