//! Handing over: offered by the sender's shipping, accepted by the receiver's receiving.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use veridose_contract::{Action, HandoffKind, ItemKey, OfferId, PartyId, read, resolve};
use veridose_epcis::model::{Event, Uri};

use crate::name::first_half;

use super::object::disposition;
use super::{Sketch, party_at};
use crate::trade::refusal::{PlanError, Refusal};

pub(super) fn ship(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    let items = sketch.keys("epcList", &event.epc_list)?;
    let desk = sketch.desk;
    let Some(to) = party_at(&desk, &event.destination_list) else {
        return Err(Refusal::new(
            "destination_unknown",
            "destinationList",
            "no destination of this shipment is a member of the network",
            "give a destination of type owning_party whose SGLN belongs to a member",
        )
        .into());
    };
    if to == desk.caller {
        // From one place of the caller's to another: nobody else is to accept it.
        return sketch.anchor(event);
    }
    let kind = if disposition(event) == "returned" { HandoffKind::Return } else { HandoffKind::Shipment };
    let to = to.clone();
    sketch.plan.readers.insert(to.clone());
    let offer = offer_id(desk.caller, &veridose_epcis::hash(event));
    sketch.push(Action::Offer { offer, to, kind }, items);
    Ok(())
}

/// An offer's name from what is offered, so that the same event always makes the same offer.
pub(super) fn offer_id(from: &PartyId, event_hash: &str) -> OfferId {
    let hash = Sha256::new()
        .chain_update(b"veridose offer 1\n")
        .chain_update(from.as_str())
        .chain_update(b"\n")
        .chain_update(event_hash)
        .finalize();
    OfferId(first_half(hash))
}

pub(super) fn receive(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    if party_at(&sketch.desk, &event.source_list) == Some(sketch.desk.caller) {
        return sketch.anchor(event);
    }
    for (offer, items) in offers(sketch, event)? {
        if let Some(record) = read::offer(sketch.desk.state, &offer)? {
            sketch.plan.readers.insert(record.from);
        }
        // What is not named stays on its way, to be received by a later event.
        sketch.push(Action::Accept { offer, discrepancies: Vec::new() }, items);
    }
    Ok(())
}

/// The sender takes a shipment back. The contract withdraws an offer as a whole, so the event must name all of it.
pub(super) fn void(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    for (offer, items) in offers(sketch, event)? {
        if let Some(record) = read::offer(sketch.desk.state, &offer)? {
            let named: BTreeSet<_> = items.iter().collect();
            let left = record.remaining.iter().filter(|item| !named.contains(item)).count();
            if left > 0 {
                return Err(Refusal::new(
                    "void_in_part",
                    "epcList",
                    format!("the shipment holds {left} more items that are still on their way"),
                    "name everything that was shipped with these and not answered yet, and ship anew what shall go",
                )
                .into());
            }
            sketch.plan.readers.insert(record.to);
        }
        sketch.push(Action::Withdraw { offer }, Vec::new());
    }
    Ok(())
}

/// The open offers that the items are part of.
fn offers(sketch: &Sketch<'_>, event: &Event) -> Result<BTreeMap<OfferId, Vec<ItemKey>>, PlanError> {
    let mut offers: BTreeMap<OfferId, Vec<ItemKey>> = BTreeMap::new();
    for (index, epc) in event.epc_list.iter().enumerate() {
        let field = format!("epcList[{index}]");
        let key = sketch.key(&field, epc)?;
        match read::item(sketch.desk.state, &key)?.and_then(|item| item.offer) {
            Some(offer) => offers.entry(offer).or_default().push(key),
            None => return Err(not_offered(sketch, &field, epc, &key)?.into()),
        }
    }
    Ok(offers)
}

/// Why an item is no part of a shipment by itself.
fn not_offered(sketch: &Sketch<'_>, field: &str, epc: &Uri, key: &ItemKey) -> Result<Refusal, PlanError> {
    let (code, why, fix) = match resolve(sketch.desk.state, key)? {
        None => ("unknown_item", "was never commissioned", "ask the sender for the commissioning of this item"),
        Some(standing) if standing.offer.is_some() => (
            "inside_shipped_container",
            "lies inside a container that was shipped",
            "name the outermost container; what lies in it comes along, and can be unpacked afterwards",
        ),
        Some(standing) if standing.holder == *sketch.desk.caller => {
            ("already_yours", "is in your hands already and not on its way", "leave it out")
        }
        Some(_) => ("not_offered", "is not on its way: nobody offered it", "ask the sender to ship it"),
    };
    Ok(Refusal::new(code, field, format!("{} {why}", epc.as_str()), fix))
}
