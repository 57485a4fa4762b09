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
        let row = handoff_item::Model { offer: key.clone(), item: item.clone(), discrepancy: None };
        working.handoff_items.put((key.clone(), item), row);
    }
    let row = handoff::Model {
        offer: key.clone(),
        sender: place.holder(),
        receiver: to.to_string(),
        kind: text::word(&kind),
        state: text::word(&HandoffState::Offered),
        items: i64::try_from(place.command.items.len()).unwrap_or(i64::MAX),
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

/// The accepted items are the receiver's; what was missing, damaged or refused stays the sender's.
pub(super) fn accept(working: &mut Working, place: &Place<'_>, offer: &OfferId, discrepancies: &[Discrepancy]) {
    let state = if discrepancies.is_empty() { HandoffState::Accepted } else { HandoffState::AcceptedInPart };
    let Some(sender) = answer(working, place, offer, state) else { return };
    let key = offer.0.to_vec();
    if let Some(row) = working.handoffs.get_mut(&key) {
        row.discrepancies = i64::try_from(discrepancies.len()).unwrap_or(i64::MAX);
    }
    for item in place.item_keys() {
        goods::touch(working, place, item, place.party.as_str());
    }
    for discrepancy in discrepancies {
        let item = discrepancy.item.0.to_vec();
        let word = Some(text::word(&discrepancy.kind));
        let row = handoff_item::Model { offer: key.clone(), item: item.clone(), discrepancy: word };
        working.handoff_items.put((key.clone(), item.clone()), row);
        match discrepancy.kind {
            DiscrepancyKind::Missing | DiscrepancyKind::Damaged | DiscrepancyKind::Refused => {
                goods::touch(working, place, item, &sender);
            }
            DiscrepancyKind::Surplus => {}
        }
    }
}

pub(super) fn reject(working: &mut Working, place: &Place<'_>, offer: &OfferId) {
    answer(working, place, offer, HandoffState::Rejected);
}

pub(super) fn withdraw(working: &mut Working, place: &Place<'_>, offer: &OfferId) {
    answer(working, place, offer, HandoffState::Withdrawn);
}

/// Closes the offer and tells who sent it.
fn answer(working: &mut Working, place: &Place<'_>, offer: &OfferId, state: HandoffState) -> Option<String> {
    let row = working.handoffs.get_mut(&offer.0.to_vec())?;
    row.state = text::word(&state);
    row.answered = Some(place.commitment());
    row.answered_at = Some(place.happened());
    row.answered_event = Some(place.event);
    Some(row.sender.clone())
}
