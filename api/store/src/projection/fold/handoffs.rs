//! Offers and their answers.

use veridose_contract::{Discrepancy, DiscrepancyKind, HandoffKind, OfferId, PartyId};

use crate::entity::answers::{handoff, handoff_item};
use crate::projection::fold::{Place, goods};
use crate::projection::working::Working;
use crate::query::HandoffState;
use crate::text;

pub(super) fn offer(working: &mut Working, place: &Place<'_>, offer: &OfferId, to: &PartyId, kind: HandoffKind) {
    let key = offer.0.to_vec();
    for item in place.item_keys() {
        let row = handoff_item::Model { offer: key.clone(), item: item.clone(), accepted: false, discrepancy: None };
        working.handoff_items.put((key.clone(), item), row);
    }
    let items = i64::try_from(place.command.items.len()).unwrap_or(i64::MAX);
    let row = handoff::Model {
        offer: key.clone(),
        sender: place.holder(),
        receiver: to.to_string(),
        kind: text::word(&kind),
        state: text::word(&HandoffState::Offered),
        items,
        remaining: items,
        discrepancies: 0,
        offered: place.commitment(),
        answered: None,
        offered_at: place.happened(),
        answered_at: None,
        offered_event: place.event,
        answered_event: None,
    };
    working.handoffs.put(key, row);
}

/// The accepted items are the receiver's; what was missing, damaged or refused stays the sender's. What is neither waits for
/// a later answer.
pub(super) fn accept(working: &mut Working, place: &Place<'_>, offer: &OfferId, discrepancies: &[Discrepancy]) {
    let key = offer.0.to_vec();
    let Some(sender) = working.handoffs.get(&key).map(|row| row.sender.clone()) else { return };
    let mut answered = 0;
    for item in place.item_keys() {
        answered += 1;
        goods::touch(working, place, item.clone(), place.party.as_str());
        let row = handoff_item::Model { offer: key.clone(), item: item.clone(), accepted: true, discrepancy: None };
        working.handoff_items.put((key.clone(), item), row);
    }
    for discrepancy in discrepancies {
        let item = discrepancy.item.0.to_vec();
        let place_in_offer = (key.clone(), item.clone());
        // An item from inside an accepted container was not offered by name.
        answered += i64::from(working.handoff_items.get(&place_in_offer).is_some());
        let word = Some(text::word(&discrepancy.kind));
        let row = handoff_item::Model { offer: key.clone(), item: item.clone(), accepted: false, discrepancy: word };
        working.handoff_items.put(place_in_offer, row);
        match discrepancy.kind {
            DiscrepancyKind::Missing | DiscrepancyKind::Damaged | DiscrepancyKind::Refused => {
                goods::touch(working, place, item, &sender);
            }
            DiscrepancyKind::Surplus => {}
        }
    }
    let Some(row) = working.handoffs.get_mut(&key) else { return };
    row.remaining = row.remaining.saturating_sub(answered);
    row.discrepancies = row.discrepancies.saturating_add(i64::try_from(discrepancies.len()).unwrap_or(i64::MAX));
    let state = match (row.remaining, row.discrepancies) {
        (0, 0) => HandoffState::Accepted,
        (0, _) => HandoffState::AcceptedInPart,
        (_, _) => HandoffState::Offered,
    };
    answer(row, place, state);
}

pub(super) fn reject(working: &mut Working, place: &Place<'_>, offer: &OfferId) {
    if let Some(row) = working.handoffs.get_mut(&offer.0.to_vec()) {
        answer(row, place, HandoffState::Rejected);
    }
}

pub(super) fn withdraw(working: &mut Working, place: &Place<'_>, offer: &OfferId) {
    if let Some(row) = working.handoffs.get_mut(&offer.0.to_vec()) {
        answer(row, place, HandoffState::Withdrawn);
    }
}

fn answer(row: &mut handoff::Model, place: &Place<'_>, state: HandoffState) {
    row.state = text::word(&state);
    row.answered = Some(place.commitment());
    row.answered_at = Some(place.happened());
    row.answered_event = Some(place.event);
}
