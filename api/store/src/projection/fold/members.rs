//! Parties and certificates.

use sha2::{Digest, Sha256};
use veridose_contract::{Action, Certificate, Fingerprint, Party, PartyId, Transaction};

use crate::database::signed;
use crate::entity::members::{approval, certificate, party};
use crate::projection::Founding;
use crate::projection::fold::Place;
use crate::projection::working::Working;
use crate::query::PartyState;
use crate::{StoreError, text};

/// Whose certificate signed the transaction: one registered before, or, for a first one, by the transaction itself.
pub(super) fn creator(working: &Working, index: u64, transaction: &Transaction) -> Result<PartyId, StoreError> {
    let fingerprint = transaction.header.creator;
    if let Some(row) = working.certificates.get(&fingerprint.0.to_vec()) {
        return text::party(&row.party);
    }
    let own = transaction.body.commands.iter().find_map(|command| {
        let Action::RegisterCertificate(certificate) = &command.action else { return None };
        (certificate.fingerprint == fingerprint).then_some(&certificate.party)
    });
    own.cloned().ok_or_else(|| StoreError::Unprojectable {
        index,
        detail: format!("its creator's certificate {fingerprint} was never registered"),
    })
}

/// A party's row.
pub(in crate::projection) fn party_row(party: &Party, state: PartyState, event_id: Option<i64>) -> party::Model {
    party::Model {
        party: party.id.to_string(),
        name: party.name.clone(),
        role: text::word(&party.role),
        sites: serde_json::to_string(&party.sites).expect("sites are numbers"),
        ca: party.ca.0.to_vec(),
        state: text::word(&state),
        event_id,
    }
}

/// Counts an approval; the party is a member once as many members as the threshold have approved the same words.
pub(super) fn admit(working: &mut Working, founding: &Founding, place: &Place<'_>, party: &Party) {
    let name = party.id.to_string();
    let words = Sha256::digest(serde_json::to_vec(party).expect("a party is plain data")).to_vec();
    let row =
        approval::Model { party: name.clone(), words: words.clone(), approver: place.holder(), event_id: place.event };
    working.approvals.put((name.clone(), words.clone(), place.holder()), row);
    let standing = working.parties.get(&name).map(|row| row.state.clone());
    if standing.is_some_and(|state| state != text::word(&PartyState::Proposed)) {
        return;
    }
    // As the contract counts: who approved and was suspended since does not count.
    let suspended = text::word(&PartyState::Suspended);
    let active = |approver: &String| working.parties.get(approver).is_none_or(|row| row.state != suspended);
    let counting = working.approvals.iter().filter(|((of, said, by), _)| *of == name && *said == words && active(by));
    let admitted = u32::try_from(counting.count()).unwrap_or(u32::MAX) >= founding.threshold;
    let state = if admitted { PartyState::Member } else { PartyState::Proposed };
    working.parties.put(name, party_row(party, state, Some(place.event)));
}

/// A member's new name or sites.
pub(super) fn update(working: &mut Working, place: &Place<'_>, party: &Party) {
    let Some(row) = working.parties.get_mut(&party.id.to_string()) else { return };
    let state = std::mem::take(&mut row.state);
    *row = party::Model { state, ..party_row(party, PartyState::Member, Some(place.event)) };
}

/// Suspends or reinstates.
pub(super) fn suspend(working: &mut Working, party: &PartyId, suspended: bool) {
    let state = if suspended { PartyState::Suspended } else { PartyState::Member };
    if let Some(row) = working.parties.get_mut(&party.to_string()) {
        row.state = text::word(&state);
    }
}

/// A certificate stands from here on.
pub(super) fn register(working: &mut Working, place: &Place<'_>, certificate: &Certificate) -> Result<(), StoreError> {
    let row = certificate::Model {
        fingerprint: certificate.fingerprint.0.to_vec(),
        party: certificate.party.to_string(),
        role: text::word(&certificate.role),
        site: certificate.site.map(|site| signed("site", site.0)).transpose()?,
        not_before: certificate.not_before.0,
        not_after: certificate.not_after.0,
        event_id: place.event,
        revoked_at: None,
    };
    working.certificates.put(certificate.fingerprint.0.to_vec(), row);
    Ok(())
}

/// A certificate no longer stands.
pub(super) fn revoke(working: &mut Working, place: &Place<'_>, fingerprint: &Fingerprint) {
    if let Some(row) = working.certificates.get_mut(&fingerprint.0.to_vec()) {
        row.revoked_at = Some(place.happened());
    }
}
