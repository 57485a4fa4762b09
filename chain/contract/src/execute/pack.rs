//! What commands ask of an item before they move or end it, and how it leaves its container.

use super::Turn;
use crate::id::{ItemKey, PartyId, Timestamp};
use crate::key;
use crate::read;
use crate::record::ItemState;
use crate::rejection::{Code, Stop, refuse_item};
use crate::standing::{Origin, Place, locate, loosen, origin};
use crate::state::StateError;

/// An item with everything that its rules need.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) origin: Origin,
    pub(super) holder: PartyId,
}

impl Found {
    fn key(&self) -> &ItemKey {
        &self.place.key
    }

    /// Whether the acting party is the manufacturer of its product. A container has none, whoever built it.
    pub(super) fn is_makers(&self, turn: &Turn<'_>) -> bool {
        self.origin.lot.as_ref().is_some_and(|lot| lot.party == *turn.me())
    }

    /// The acting party must hold it.
    pub(super) fn require_holder(&self, turn: &Turn<'_>) -> Result<(), Stop> {
        if self.holder == *turn.me() {
            return Ok(());
        }
        refuse_item(Code::NotHolder, self.key(), format!("{} does not hold the item", turn.me()))
    }

    /// It, and everything that it lies in, must be in the trade.
    pub(super) fn require_active(&self) -> Result<(), Stop> {
        let what = match self.place.state() {
            ItemState::Active => return Ok(()),
            ItemState::Decommissioned { reason, .. } => format!("decommissioned as {reason:?}"),
            ItemState::Dispensed { .. } => "dispensed".to_owned(),
            ItemState::Transformed { .. } => "repackaged".to_owned(),
        };
        refuse_item(Code::NotActive, self.key(), format!("the item or a container it lies in is {what}"))
    }

    /// It must not be promised to another party.
    pub(super) fn require_unoffered(&self) -> Result<(), Stop> {
        match self.place.offer() {
            None => Ok(()),
            Some(offer) => refuse_item(Code::Offered, self.key(), format!("the item is part of open offer {offer}")),
        }
    }

    pub(super) fn require_released(&self) -> Result<(), Stop> {
        match self.place.quarantine(&self.origin) {
            None => Ok(()),
            Some(quarantine) => {
                let text = format!("in quarantine, set by {}", quarantine.mark.by);
                refuse_item(Code::Quarantined, self.key(), text)
            }
        }
    }

    pub(super) fn require_unrecalled(&self) -> Result<(), Stop> {
        match self.place.recall(&self.origin) {
            None => Ok(()),
            Some(recall) => {
                let text = format!("recalled by {}, class {}", recall.mark.by, recall.mark.class);
                refuse_item(Code::Recalled, self.key(), text)
            }
        }
    }

    /// The last day of use must not have passed; it is included.
    pub(super) fn require_unexpired(&self, happened: Timestamp) -> Result<(), Stop> {
        if self.expired(happened) {
            refuse_item(Code::Expired, self.key(), "the last day of use has passed")
        } else {
            Ok(())
        }
    }

    pub(super) fn expired(&self, happened: Timestamp) -> bool {
        self.origin.lot.as_ref().is_some_and(|lot| happened.day() > lot.expiry)
    }

    /// It must be a pack: of a lot, and never a container of others.
    pub(super) fn require_pack(&self) -> Result<(), Stop> {
        if self.place.record.nest.is_none() {
            return Ok(());
        }
        refuse_item(Code::NotAPack, self.key(), "the item is a container; each pack is judged for itself")
    }
}

/// Reads an item that must exist.
pub(super) fn find(turn: &Turn<'_>, item: &ItemKey) -> Result<Found, Stop> {
    let Some(place) = locate(&turn.state, item)? else {
        return refuse_item(Code::UnknownItem, item, "the item was never commissioned");
    };
    let origin = origin(&turn.state, &place.record)?;
    let holder = place.holder(&origin.batch, &turn.state)?;
    Ok(Found { place, origin, holder })
}

/// Takes the item out of the container it lies in, if any; its record is left for the caller to write.
pub(super) fn detach(turn: &mut Turn<'_>, found: &mut Found, holder: PartyId) -> Result<(), Stop> {
    let inherited = found.place.inheritance(holder);
    if let Some(link) = found.place.record.parent {
        let mut parent =
            read::item(&turn.state, &link.parent)?.ok_or_else(|| StateError::corrupt("item in no container"))?;
        let nest = parent.nest.as_mut().ok_or_else(|| StateError::corrupt("item in something that is no container"))?;
        nest.children =
            nest.children.checked_sub(1).ok_or_else(|| StateError::corrupt("child of an empty container"))?;
        if nest.children == 0 {
            nest.height = 0;
        }
        turn.state.put_item(&link.parent, &parent);
    }
    loosen(&mut found.place.record, &found.origin.batch.party, inherited);
    found.place.above.clear();
    Ok(())
}

/// Writes the item's record.
pub(super) fn save(turn: &mut Turn<'_>, found: &Found) {
    turn.state.put_item(&found.place.key, &found.place.record);
}

/// Writes where the children of the container's present generation go, and begins the next one.
pub(super) fn dissolve(turn: &mut Turn<'_>, container: &mut Found) -> Result<(), Stop> {
    let inherited = container.place.inheritance(container.holder.clone());
    let record = &mut container.place.record;
    let nest = record.nest.as_mut().ok_or_else(|| StateError::corrupt("no container"))?;
    turn.state.put(key::dissolved(&container.place.key, nest.generation), &inherited);
    nest.generation =
        nest.generation.checked_add(1).ok_or_else(|| StateError::corrupt("container's last generation"))?;
    nest.children = 0;
    nest.height = 0;
    save(turn, container);
    Ok(())
}
