//! Consents: registered, amended and revoked by the party that keeps them for the patient; and what was kept, destroyed.

use super::Turn;
use crate::command::{Command, Consent, SignedBy};
use crate::id::{ConsentId, ErasureId};
use crate::key;
use crate::read;
use crate::record::ConsentRecord;
use crate::rejection::{Code, Stop, refuse};

/// Registers version 1; the acting party keeps it.
pub(super) fn register(turn: &mut Turn<'_>, consent: &Consent) -> Result<(), Stop> {
    check_terms(turn, consent)?;
    if read::consent(&turn.state, &consent.id)?.is_some() {
        return refuse(Code::ConsentExists, format!("consent {} exists", consent.id));
    }
    let record = ConsentRecord { consent: consent.clone(), custodian: turn.me().clone(), version: 1, revoked: None };
    turn.state.put(key::consent(&consent.id), &record);
    Ok(())
}

/// Replaces the current version, from this transaction on.
pub(super) fn amend(turn: &mut Turn<'_>, consent: &Consent, version: u32) -> Result<(), Stop> {
    check_terms(turn, consent)?;
    let mut record = current(turn, &consent.id, version)?;
    if record.consent.subject != consent.subject || record.consent.purpose != consent.purpose {
        let text = format!("consent {} is of another patient or for another purpose: register a new one", consent.id);
        return refuse(Code::ConsentIdentity, text);
    }
    record.version = record.version.saturating_add(1);
    record.consent = consent.clone();
    turn.state.put(key::consent(&consent.id), &record);
    Ok(())
}

fn check_terms(turn: &Turn<'_>, consent: &Consent) -> Result<(), Stop> {
    if consent.until.is_some_and(|until| until <= consent.from) {
        return refuse(Code::ConsentPeriod, format!("consent {} ends before it begins", consent.id));
    }
    if consent.data.is_empty() || !consent.data.is_sorted_by(|left, right| left < right) {
        let text = format!("consent {} must name kinds of data, in ascending order and each once", consent.id);
        return refuse(Code::ConsentData, text);
    }
    if consent.form > consent.purpose.form_max() {
        let text = format!("for {} data are given as {:?} at most", consent.purpose, consent.purpose.form_max());
        return refuse(Code::ConsentData, text);
    }
    if let Some(grantee) = &consent.grantee
        && read::party(&turn.state, grantee)?.is_none()
    {
        return refuse(Code::UnknownParty, format!("{grantee} is not a member"));
    }
    Ok(())
}

/// Revokes the current version, from this transaction on.
pub(super) fn revoke(turn: &mut Turn<'_>, id: &ConsentId, version: u32, signed_by: SignedBy) -> Result<(), Stop> {
    let mut record = current(turn, id, version)?;
    record.version = record.version.saturating_add(1);
    record.consent.signed_by = signed_by;
    record.revoked = Some(turn.header.time);
    turn.state.put(key::consent(id), &record);
    Ok(())
}

/// Records an erasure, once.
pub(super) fn erase(turn: &mut Turn<'_>, command: &Command, id: &ErasureId) -> Result<(), Stop> {
    if read::erasure(&turn.state, id)?.is_some() {
        return refuse(Code::AlreadyErased, format!("erasure {id} is recorded"));
    }
    let mark = turn.mark(command);
    turn.state.put(key::erasure(id), &mark);
    Ok(())
}

/// The consent, if the acting party keeps it, it stands, and the version is the current one.
fn current(turn: &Turn<'_>, id: &ConsentId, version: u32) -> Result<ConsentRecord, Stop> {
    let Some(record) = read::consent(&turn.state, id)? else {
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
    Ok(record)
}
