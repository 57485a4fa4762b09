//! What a patient's consents allow.

use super::{AccessRequest, Grant, GrantRule, Judged, Refusal, RefusalRule, check_credentials, refuse};
use crate::command::{CredentialKind, DataKind, Purpose};
use crate::id::{PartyId, Timestamp};
use crate::read;
use crate::record::ConsentRecord;
use crate::state::{StateError, StateRead};

/// The most that one of the consents allows: most kinds first, then the most telling form. Without any, the refusal that came
/// nearest to a grant.
pub(super) fn judge(
    state: &dyn StateRead,
    request: &AccessRequest,
    party: &PartyId,
    credentials: &[CredentialKind],
    purpose: Purpose,
    kinds: &[DataKind],
) -> Judged {
    if let Err(refusal) = check_credentials(credential_of(purpose), credentials) {
        return Ok(Err(refusal));
    }
    let wider = match wider(state, party, purpose)? {
        Ok(wider) => wider,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut best: Option<Grant> = None;
    let mut nearest = Refusal { rule: RefusalRule::NoConsent, needed: format!("the patient's consent to {purpose}") };
    for id in &request.consents {
        // A consent to something else says nothing here, not even that it is there.
        let is_for = |record: &ConsentRecord| [Some(purpose), wider].contains(&Some(record.consent.purpose));
        let Some(record) = read::consent(state, id)?.filter(is_for) else { continue };
        match allowed(&record, party, credentials, kinds, request.now) {
            Ok(grant) if best.as_ref().is_none_or(|best| more(best) < more(&grant)) => best = Some(grant),
            Err(refusal) if refusal.rule > nearest.rule => nearest = refusal,
            Ok(_) | Err(_) => {}
        }
    }
    Ok(best.ok_or(nearest))
}

/// The purpose that covers this one too: the kind of a study that is registered. Such a study is for who is part of it.
fn wider(
    state: &dyn StateRead,
    party: &PartyId,
    purpose: Purpose,
) -> Result<Result<Option<Purpose>, Refusal>, StateError> {
    let Purpose::Study(id) = purpose else { return Ok(Ok(None)) };
    let Some(study) = read::study(state, &id)? else { return Ok(Ok(None)) };
    if study.sponsor.by != *party && !study.sites.contains(party) {
        return Ok(refuse(RefusalRule::NotInStudy, format!("to be the sponsor or a site of study {id}")));
    }
    Ok(Ok(Some(Purpose::StudyKind(study.kind))))
}

fn more(grant: &Grant) -> (usize, crate::command::DataForm) {
    (grant.kinds.len(), grant.form)
}

/// What one consent allows now.
fn allowed(
    record: &ConsentRecord,
    party: &PartyId,
    credentials: &[CredentialKind],
    kinds: &[DataKind],
    now: Timestamp,
) -> Result<Grant, Refusal> {
    let consent = &record.consent;
    // Care is for whom the patient named: that is the treatment relationship. A consent that names another is none of the asker's.
    if consent.grantee.as_ref() != Some(party) {
        if consent.purpose == Purpose::Care {
            return refuse(RefusalRule::NoRelationship, format!("the patient's consent to care by {party}"));
        }
        if consent.grantee.is_some() {
            return refuse(RefusalRule::NoConsent, format!("the patient's consent to {}", consent.purpose));
        }
    }
    if record.revoked.is_some() {
        return refuse(RefusalRule::ConsentRevoked, "a new consent: the patient took this one back");
    }
    if consent.until.is_some_and(|until| until <= now) {
        return refuse(RefusalRule::ConsentExpired, "a new or amended consent: this one has ended");
    }
    if now < consent.from {
        return refuse(RefusalRule::ConsentNotYet, "to wait: the consent is not in force yet");
    }
    let kinds: Vec<DataKind> = kinds.iter().copied().filter(|kind| consent.data.contains(kind)).collect();
    if kinds.is_empty() {
        return refuse(RefusalRule::DataNotCovered, "a consent that names these kinds of data");
    }
    check_credentials(consent.credential, credentials)?;
    Ok(Grant {
        rule: rule_of(consent.purpose),
        kinds,
        form: consent.form.min(consent.purpose.form_max()),
        consent: Some(consent.id),
        version: Some(record.version),
        emergency: None,
        until: consent.until,
    })
}

/// What the purpose itself asks a person to be, whatever the consent says.
const fn credential_of(purpose: Purpose) -> Option<CredentialKind> {
    match purpose {
        Purpose::Care => Some(CredentialKind::Clinician),
        Purpose::Study(_) | Purpose::StudyKind(_) | Purpose::ModelTraining | Purpose::Marketplace => {
            Some(CredentialKind::Researcher)
        }
        Purpose::DispenseRecord | Purpose::PublicHealthResearch => None,
    }
}

const fn rule_of(purpose: Purpose) -> GrantRule {
    match purpose {
        Purpose::DispenseRecord => GrantRule::DispenseRecord,
        Purpose::Care => GrantRule::Care,
        Purpose::Study(_) | Purpose::StudyKind(_) => GrantRule::Study,
        Purpose::ModelTraining | Purpose::Marketplace => GrantRule::Research,
        Purpose::PublicHealthResearch => GrantRule::Population,
    }
}
