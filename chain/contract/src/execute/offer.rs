//! Offering items to another party: they are locked, custody stays.

use super::pack::{find, save};
use super::{Turn, active_party};
use crate::command::{Command, HandoffKind};
use crate::id::{OfferId, PartyId};
use crate::key;
use crate::read;
use crate::record::{OfferRecord, OfferState};
use crate::rejection::{Code, Stop, refuse, refuse_item};

/// Locks each top-level item for the receiver. What lies inside comes along and is judged when it is used.
pub(super) fn execute(
    turn: &mut Turn<'_>,
    command: &Command,
    offer: &OfferId,
    to: &PartyId,
    kind: HandoffKind,
) -> Result<(), Stop> {
    if to == turn.me() {
        return refuse(Code::WrongParty, "a party does not offer to itself");
    }
    active_party(&turn.state, to)?;
    if read::offer(&turn.state, offer)?.is_some() {
        return refuse(Code::OfferExists, format!("offer {offer} exists"));
    }
    for item in &command.items {
        let mut found = find(turn, item)?;
        found.require_holder(turn)?;
        if let Some(link) = found.place.record.parent {
            let text = format!("the item lies in container {}: offer that, or take it out", link.parent);
            return refuse_item(Code::InContainer, item, text);
        }
        found.require_active()?;
        found.require_unoffered()?;
        found.require_released()?;
        match kind {
            HandoffKind::Shipment => {
                found.require_unrecalled()?;
                found.require_unexpired(command.happened)?;
            }
            // Recalled and expired packs have to find their way back.
            HandoffKind::Return => {}
        }
        found.place.record.offer = Some(*offer);
        save(turn, &found);
    }
    let mut items = command.items.clone();
    items.sort_unstable();
    let record = OfferRecord {
        from: turn.me().clone(),
        to: to.clone(),
        kind,
        remaining: items.clone(),
        items,
        discrepancies: Vec::new(),
        tx: turn.tx,
        happened: command.happened,
        state: OfferState::Open,
    };
    turn.state.put(key::offer(offer), &record);
    Ok(())
}
