//! Saying that an earlier event was wrong when it cannot be reversed. It moves nothing; both partners see it.

use super::Turn;
use crate::command::Command;
use crate::id::{Commitment, PartyId};
use crate::key;
use crate::read;
use crate::record::DisputeRecord;
use crate::rejection::{Code, Stop, refuse};

/// Keeps the acting party's word on the event.
pub(super) fn execute(
    turn: &mut Turn<'_>,
    command: &Command,
    event: &Commitment,
    partner: Option<&PartyId>,
) -> Result<(), Stop> {
    if let Some(partner) = partner {
        if partner == turn.me() {
            return refuse(Code::WrongParty, "a party has no dispute with itself");
        }
        if read::party(&turn.state, partner)?.is_none() {
            return refuse(Code::UnknownParty, format!("{partner} is not a member"));
        }
    }
    if read::dispute(&turn.state, event, turn.me())?.is_some() {
        return refuse(Code::AlreadyDisputed, format!("{} disputed the event before", turn.me()));
    }
    let record =
        DisputeRecord { partner: partner.cloned(), payload: command.payload, tx: turn.tx, at: command.happened };
    turn.state.put(key::dispute(event, turn.me()), &record);
    Ok(())
}
