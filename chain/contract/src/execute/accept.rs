//! Accepting an offer, whole or in part: the only way in which custody moves.

use std::collections::BTreeSet;

use super::Turn;
use super::close_offer::{open_offer, require_receiver};
use super::pack::{detach, find, save};
use crate::command::{Command, Discrepancy, DiscrepancyKind};
use crate::id::{ItemKey, OfferId, PartyId};
use crate::key;
use crate::record::{OfferRecord, OfferState};
use crate::rejection::{Code, Stop, refuse, refuse_item};

/// Takes the items, and gives the discrepancies back to the sender. What is neither stays offered until a later answer.
pub(super) fn execute(
    turn: &mut Turn<'_>,
    command: &Command,
    offer: &OfferId,
    discrepancies: &[Discrepancy],
) -> Result<(), Stop> {
    let mut record = open_offer(turn, offer)?;
    require_receiver(turn, &record)?;
    if command.items.is_empty() && discrepancies.is_empty() {
        return refuse(Code::ItemsRequired, "an answer names items, discrepancies or both");
    }
    let accepted = accepted(&record, &command.items)?;
    let refused = refused(&record, &accepted, discrepancies)?;
    // What is missing from inside a container leaves it while the container still is the sender's.
    for Discrepancy { item, kind } in discrepancies {
        if *kind != DiscrepancyKind::Surplus && !refused.contains(item) {
            leave_behind(turn, item, &accepted, &record.from)?;
        }
    }
    for item in accepted.iter().chain(&refused) {
        let mut found = find(turn, item)?;
        let receiver = accepted.contains(item).then(|| record.to.clone());
        found.place.record.disputed = receiver.is_none();
        found.place.record.offer = None;
        if let Some(receiver) = receiver {
            found.place.record.holder = (receiver != found.origin.batch.party).then_some(receiver);
        }
        save(turn, &found);
    }
    record.remaining.retain(|item| !accepted.contains(item) && !refused.contains(item));
    record.discrepancies.extend_from_slice(discrepancies);
    if record.remaining.is_empty() {
        record.state = OfferState::Accepted { at: command.happened };
    }
    turn.state.put(key::offer(offer), &record);
    Ok(())
}

/// Whether the item still waits for an answer.
fn is_offered(offer: &OfferRecord, item: &ItemKey) -> bool {
    offer.remaining.binary_search(item).is_ok()
}

fn accepted<'a>(offer: &OfferRecord, items: &'a [ItemKey]) -> Result<BTreeSet<&'a ItemKey>, Stop> {
    let mut accepted = BTreeSet::new();
    for item in items {
        if !is_offered(offer, item) {
            return refuse_item(Code::NotInOffer, item, "the item is not part of the offer, or was answered before");
        }
        if !accepted.insert(item) {
            return refuse_item(Code::DuplicateItem, item, "the item is accepted twice");
        }
    }
    Ok(accepted)
}

/// The offer's own items that were not accepted.
fn refused<'a>(
    offer: &OfferRecord,
    accepted: &BTreeSet<&ItemKey>,
    discrepancies: &'a [Discrepancy],
) -> Result<BTreeSet<&'a ItemKey>, Stop> {
    let (mut seen, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for Discrepancy { item, kind } in discrepancies {
        if !seen.insert(item) {
            return refuse_item(Code::DuplicateItem, item, "two discrepancies name the item");
        }
        let offered = is_offered(offer, item);
        if offered && (accepted.contains(item) || *kind == DiscrepancyKind::Surplus) {
            return refuse_item(Code::DiscrepancyInvalid, item, "an accepted or offered item is no such discrepancy");
        }
        if offered {
            refused.insert(item);
        }
    }
    Ok(refused)
}

/// Takes an item out of an accepted container: it stays with the sender, who must explain.
fn leave_behind(
    turn: &mut Turn<'_>,
    item: &ItemKey,
    accepted: &BTreeSet<&ItemKey>,
    sender: &PartyId,
) -> Result<(), Stop> {
    let mut found = find(turn, item)?;
    if found.place.above.last().is_none_or(|(top, _)| !accepted.contains(top)) {
        return refuse_item(Code::DiscrepancyInvalid, item, "the item lies in no accepted item of the offer");
    }
    detach(turn, &mut found, sender.clone())?;
    found.place.record.disputed = true;
    save(turn, &found);
    Ok(())
}
