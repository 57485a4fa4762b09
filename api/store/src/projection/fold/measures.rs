//! Recalls, quarantines and consents.

use veridose_contract::{Consent, ConsentId, QuarantineTarget, RecallTarget, SignedBy};

use crate::entity::answers::{case_quarantine, consent, quarantine, recall};
use crate::projection::detail;
use crate::projection::fold::{Place, items_target};
use crate::projection::working::{Bytes, Working};
use crate::query::Scope;
use crate::text;

fn quarantine_scope(place: &Place<'_>, target: &QuarantineTarget) -> (Scope, Bytes) {
    match target {
        QuarantineTarget::Items => (Scope::Items, items_target(&place.command.items)),
        QuarantineTarget::Lot(lot) => (Scope::Lot, lot.0.to_vec()),
    }
}

fn recall_scope(place: &Place<'_>, target: &RecallTarget) -> (Scope, Bytes) {
    match target {
        RecallTarget::Items => (Scope::Items, items_target(&place.command.items)),
        RecallTarget::Lot(lot) => (Scope::Lot, lot.0.to_vec()),
        RecallTarget::Product(product) => (Scope::Product, product.0.to_vec()),
    }
}

pub(super) fn quarantine(working: &mut Working, place: &Place<'_>, target: &QuarantineTarget) {
    let (scope, key) = quarantine_scope(place, target);
    let row = quarantine::Model {
        event_id: place.event,
        party: place.holder(),
        scope: text::word(&scope),
        target: key,
        items: i64::try_from(place.command.items.len()).unwrap_or(i64::MAX),
        commitment: place.commitment(),
        set_at: place.happened(),
        released_at: None,
    };
    working.quarantines.put(place.event, row);
    if let Some(case) = detail::case(place.documents, &place.command.payload) {
        working.case_quarantines.push(case_quarantine::Model { event_id: place.event, case_id: case.0.to_vec() });
    }
    set_apart(working, place, target, true);
}

pub(super) fn release(working: &mut Working, place: &Place<'_>, target: &QuarantineTarget) {
    let (_, key) = quarantine_scope(place, target);
    let open = working.quarantines.iter().filter(|(_, row)| row.target == key && row.released_at.is_none());
    for event in open.map(|(event, _)| *event).collect::<Vec<_>>() {
        if let Some(row) = working.quarantines.get_mut(&event) {
            row.released_at = Some(place.happened());
        }
    }
    set_apart(working, place, target, false);
}

fn set_apart(working: &mut Working, place: &Place<'_>, target: &QuarantineTarget, quarantined: bool) {
    match target {
        QuarantineTarget::Items => mark(working, place, |row| row.quarantined = quarantined),
        QuarantineTarget::Lot(lot) => {
            if let Some(row) = working.lots.get_mut(&lot.0.to_vec()) {
                row.quarantined = quarantined;
            }
        }
    }
}

pub(super) fn recall(working: &mut Working, place: &Place<'_>, target: &RecallTarget, class: u8) {
    let (scope, key) = recall_scope(place, target);
    let row = recall::Model {
        event_id: place.event,
        party: place.holder(),
        scope: text::word(&scope),
        target: key,
        items: i64::try_from(place.command.items.len()).unwrap_or(i64::MAX),
        class: i32::from(class),
        commitment: place.commitment(),
        reason: detail::recall_reason(place.documents, &place.command.payload),
        called_at: place.happened(),
        ended_at: None,
    };
    working.recalls.put(place.event, row);
    call_back(working, place, target, Some(i32::from(class)));
}

pub(super) fn end_recall(working: &mut Working, place: &Place<'_>, target: &RecallTarget) {
    let (_, key) = recall_scope(place, target);
    let open = working.recalls.iter().filter(|(_, row)| row.target == key && row.ended_at.is_none());
    for event in open.map(|(event, _)| *event).collect::<Vec<_>>() {
        if let Some(row) = working.recalls.get_mut(&event) {
            row.ended_at = Some(place.happened());
        }
    }
    call_back(working, place, target, None);
}

fn call_back(working: &mut Working, place: &Place<'_>, target: &RecallTarget, class: Option<i32>) {
    match target {
        RecallTarget::Items => mark(working, place, |row| row.recall = class),
        RecallTarget::Lot(lot) => {
            if let Some(row) = working.lots.get_mut(&lot.0.to_vec()) {
                row.recall = class;
            }
        }
        RecallTarget::Product(product) => {
            if let Some(row) = working.products.get_mut(&product.0.to_vec()) {
                row.recall = class;
            }
        }
    }
}

/// Marks packs that are named on their own; a measure moves no custody, and one on a container stands in the event alone.
fn mark(working: &mut Working, place: &Place<'_>, change: impl Fn(&mut crate::entity::goods::pack::Model)) {
    for item in place.item_keys() {
        if working.containers.get(&item).is_some() {
            continue;
        }
        let holder = working.packs.get(&item).map_or_else(String::new, |row| row.holder.clone());
        if let Some(row) = super::goods::touch(working, place, item, &holder) {
            change(row);
        }
    }
}

/// A consent as it stands from here on: registered, or amended.
pub(super) fn consent(working: &mut Working, place: &Place<'_>, consent: &Consent, version: u32) {
    let row = consent::Model {
        consent: consent.id.0.to_vec(),
        custodian: place.holder(),
        purpose: text::word(&consent.purpose),
        data: consent.data.iter().map(text::word).collect::<Vec<_>>().join(" "),
        form: text::word(&consent.form),
        credential: consent.credential.as_ref().map(text::word),
        grantee: consent.grantee.as_ref().map(ToString::to_string),
        valid_from: consent.from.0,
        valid_until: consent.until.map(|until| until.0),
        version: i64::from(version),
        commitment: place.commitment(),
        revoked_at: None,
        event_id: place.event,
        signed_by: text::word(&consent.signed_by),
    };
    working.consents.put(consent.id.0.to_vec(), row);
}

/// The consent ends; its version counts on.
pub(super) fn revoke(working: &mut Working, place: &Place<'_>, consent: &ConsentId, version: u32, signed_by: SignedBy) {
    if let Some(row) = working.consents.get_mut(&consent.0.to_vec()) {
        row.version = i64::from(version).saturating_add(1);
        row.signed_by = text::word(&signed_by);
        row.revoked_at = Some(place.happened());
    }
}
