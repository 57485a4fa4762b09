//! Products, lots, batches, containers and packs.

use veridose_contract::{Day, DecommissionReason, ItemKey, LotKey, ProductKey};

use crate::entity::goods::{batch, container, lot, pack, product};
use crate::projection::detail;
use crate::projection::fold::Place;
use crate::projection::working::{Bytes, Working};
use crate::query::PackStanding;
use crate::text;

pub(super) fn product(working: &mut Working, place: &Place<'_>, product: &ProductKey) {
    let row = product::Model {
        product: product.0.to_vec(),
        party: place.holder(),
        commitment: place.commitment(),
        details: detail::product(place.documents, &place.command.payload),
        recall: None,
        event_id: place.event,
    };
    working.products.put(product.0.to_vec(), row);
}

pub(super) fn lot(working: &mut Working, place: &Place<'_>, lot: &LotKey, product: &ProductKey, expiry: Day) {
    let details = detail::lot(place.documents, &place.command.payload);
    let row = lot::Model {
        lot: lot.0.to_vec(),
        product: product.0.to_vec(),
        party: place.holder(),
        expiry: expiry.0,
        commitment: place.commitment(),
        gtin: details.map(|details| details.gtin.clone()),
        number: details.map(|details| details.lot.clone()),
        commissioned: 0,
        recall: None,
        quarantined: false,
        event_id: place.event,
    };
    working.lots.put(lot.0.to_vec(), row);
}

/// A batch comes into being: one row, however many packs.
pub(super) fn commission(working: &mut Working, place: &Place<'_>, lot: &LotKey) {
    let packs = i64::try_from(place.command.items.len()).unwrap_or(i64::MAX);
    if let Some(row) = working.lots.get_mut(&lot.0.to_vec()) {
        row.commissioned = row.commissioned.saturating_add(packs);
    }
    working.batches.push(batch::Model {
        event_id: place.event,
        lot: lot.0.to_vec(),
        party: place.holder(),
        packs,
        happened: place.happened(),
    });
}

pub(super) fn containers(working: &mut Working, place: &Place<'_>) {
    for item in place.item_keys() {
        put_container(working, place, item);
    }
}

fn put_container(working: &mut Working, place: &Place<'_>, item: Bytes) {
    let row = container::Model { item: item.clone(), parent: None, holder: place.holder(), event_id: place.event };
    working.containers.put(item, row);
}

/// The parent gets a row; children that have one of their own are in it from here on.
pub(super) fn aggregate(working: &mut Working, place: &Place<'_>, parent: &ItemKey) {
    let parent = parent.0.to_vec();
    if let Some(row) = working.containers.get_mut(&parent) {
        row.event_id = place.event;
    } else {
        put_container(working, place, parent.clone());
    }
    for item in place.item_keys() {
        if let Some(row) = working.containers.get_mut(&item) {
            row.parent = Some(parent.clone());
            row.event_id = place.event;
        }
    }
}

/// The items, or everything, leave the parent; what leaves is the acting party's.
pub(super) fn disaggregate(working: &mut Working, place: &Place<'_>, parent: &ItemKey) {
    let parent = parent.0.to_vec();
    let leaving: Vec<Bytes> = if place.command.items.is_empty() {
        let inside = working.containers.iter().filter(|(_, row)| row.parent.as_ref() == Some(&parent));
        inside.map(|(item, _)| item.clone()).collect()
    } else {
        place.item_keys().collect()
    };
    for item in leaving {
        if let Some(row) = working.containers.get_mut(&item) {
            *row = container::Model { item, parent: None, holder: place.holder(), event_id: place.event };
        }
    }
    if let Some(row) = working.containers.get_mut(&parent) {
        row.event_id = place.event;
    }
}

/// Repackaging: the inputs are used up, the new packs are a batch.
pub(super) fn transform(working: &mut Working, place: &Place<'_>, inputs: &[ItemKey], lot: &LotKey) {
    for item in inputs {
        stand(working, place, item.0.to_vec(), PackStanding::Transformed, None);
    }
    commission(working, place, lot);
}

pub(super) fn decommission(working: &mut Working, place: &Place<'_>, reason: DecommissionReason) {
    for item in place.item_keys() {
        stand(working, place, item, PackStanding::Decommissioned, Some(text::word(&reason)));
    }
}

pub(super) fn dispense(working: &mut Working, place: &Place<'_>) {
    for item in place.item_keys() {
        stand(working, place, item, PackStanding::Dispensed, None);
    }
}

pub(super) fn undo(working: &mut Working, place: &Place<'_>) {
    for item in place.item_keys() {
        stand(working, place, item, PackStanding::Active, None);
    }
}

fn stand(working: &mut Working, place: &Place<'_>, item: Bytes, state: PackStanding, reason: Option<String>) {
    let holder = place.holder();
    if let Some(row) = touch(working, place, item, &holder) {
        row.state = text::word(&state);
        row.reason = reason;
    }
}

/// Takes an item out of whatever it was in and gives it a holder; gives its row if it is a pack, which it has from here on.
pub(super) fn touch<'a>(
    working: &'a mut Working,
    place: &Place<'_>,
    item: Bytes,
    holder: &str,
) -> Option<&'a mut pack::Model> {
    if let Some(row) = working.containers.get_mut(&item) {
        *row = container::Model { item, parent: None, holder: holder.to_owned(), event_id: place.event };
        return None;
    }
    if working.packs.get(&item).is_none() {
        let row = pack::Model {
            item: item.clone(),
            holder: String::new(),
            state: text::word(&PackStanding::Active),
            reason: None,
            quarantined: false,
            recall: None,
            event_id: place.event,
        };
        working.packs.put(item.clone(), row);
    }
    let row = working.packs.get_mut(&item)?;
    holder.clone_into(&mut row.holder);
    row.event_id = place.event;
    Some(row)
}
