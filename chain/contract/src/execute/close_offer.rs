//! An offer that comes to nothing: rejected by the receiver or withdrawn by the sender.

use super::Turn;
use super::pack::{find, save};
use crate::command::Command;
use crate::id::OfferId;
use crate::key;
use crate::read;
use crate::record::{OfferRecord, OfferState};
use crate::rejection::{Code, Stop, refuse};

/// Reads an offer of which something has no answer yet.
pub(super) fn open_offer(turn: &Turn<'_>, offer: &OfferId) -> Result<OfferRecord, Stop> {
    let Some(record) = read::offer(&turn.state, offer)? else {
        return refuse(Code::UnknownOffer, format!("offer {offer} does not exist"));
    };
    match &record.state {
        OfferState::Open => Ok(record),
        OfferState::Accepted { .. } => refuse(Code::OfferClosed, format!("offer {offer} was accepted")),
        OfferState::Rejected { .. } => refuse(Code::OfferClosed, format!("offer {offer} was rejected")),
        OfferState::Withdrawn { .. } => refuse(Code::OfferClosed, format!("offer {offer} was withdrawn")),
    }
}

/// Only the receiver answers.
pub(super) fn require_receiver(turn: &Turn<'_>, offer: &OfferRecord) -> Result<(), Stop> {
    if offer.to == *turn.me() {
        return Ok(());
    }
    refuse(Code::NotReceiver, format!("the offer is not for {}", turn.me()))
}

/// The receiver wants none of what remains.
pub(super) fn reject(turn: &mut Turn<'_>, command: &Command, offer: &OfferId) -> Result<(), Stop> {
    let record = open_offer(turn, offer)?;
    require_receiver(turn, &record)?;
    close(turn, offer, record, OfferState::Rejected { at: command.happened })
}

/// The sender takes back what remains.
pub(super) fn withdraw(turn: &mut Turn<'_>, command: &Command, offer: &OfferId) -> Result<(), Stop> {
    let record = open_offer(turn, offer)?;
    if record.from != *turn.me() {
        return refuse(Code::NotSender, format!("the offer is not {}'s", turn.me()));
    }
    close(turn, offer, record, OfferState::Withdrawn { at: command.happened })
}

fn close(turn: &mut Turn<'_>, offer: &OfferId, mut record: OfferRecord, state: OfferState) -> Result<(), Stop> {
    for item in &record.remaining {
        let mut found = find(turn, item)?;
        found.place.record.offer = None;
        save(turn, &found);
    }
    record.state = state;
    turn.state.put(key::offer(offer), &record);
    Ok(())
}
