//! Breaking the glass: help for somebody who cannot be asked.

use super::{Grant, GrantRule, Judged, RefusalRule, check_credentials, refuse};
use crate::case::CaseStage;
use crate::command::{CredentialKind, DataKind};
use crate::id::{CaseId, PartyId, Person, Timestamp};
use crate::read;
use crate::state::StateRead;

/// What the host knows of a declared emergency. Its case stands on the ledger, where regulators see it, and may close it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// The case that it was raised as.
    pub case: CaseId,
    /// Who declared it.
    pub declared_by: Person,
    /// The second person who stands for it.
    pub confirmed_by: Option<Person>,
    /// When it ends by itself, excluded.
    pub until: Timestamp,
}

/// The full record, for the two persons who stand for the emergency, as long as it lasts.
pub(super) fn judge(
    state: &dyn StateRead,
    declared: Option<&Emergency>,
    party: &PartyId,
    person: &Person,
    credentials: &[CredentialKind],
    kinds: Vec<DataKind>,
    now: Timestamp,
) -> Judged {
    if let Err(refusal) = check_credentials([CredentialKind::Clinician], credentials) {
        return Ok(Err(refusal));
    }
    let Some(declared) = declared else {
        return Ok(refuse(RefusalRule::EmergencyNotDeclared, "a declared emergency, confirmed by a second person"));
    };
    let Some(second) = declared.confirmed_by.filter(|second| *second != declared.declared_by) else {
        return Ok(refuse(RefusalRule::EmergencyUnconfirmed, "a second person who confirms the emergency"));
    };
    let Some(case) = read::case(state, &declared.case)? else {
        return Ok(refuse(RefusalRule::EmergencyNotDeclared, "an emergency that stands on the ledger"));
    };
    if case.raised.by != *party || ![declared.declared_by, second].contains(person) {
        return Ok(refuse(RefusalRule::EmergencyOfOthers, "an emergency that you declared or confirmed"));
    }
    if matches!(case.stage, CaseStage::Closed(_)) || declared.until <= now {
        return Ok(refuse(RefusalRule::EmergencyOver, "a new emergency: this one is over"));
    }
    let grant = Grant::full(GrantRule::Emergency, kinds);
    Ok(Ok(Grant { emergency: Some(declared.case), until: Some(declared.until), ..grant }))
}
