//! One transaction on one state: either a write set, or a refusal that writes nothing.

use crate::command::Role;
use crate::execute::{self, Turn};
use crate::id::{Fingerprint, ItemKey, PartyId, Site};
use crate::key;
use crate::limits::{COMMANDS_PER_TRANSACTION_MAX, ITEMS_PER_TRANSACTION_MAX};
use crate::overlay::{Overlay, Writes};
use crate::read;
use crate::record::IdempotencyRecord;
use crate::rejection::{ApplyError, Code, Stop, refuse};
use crate::state::{StateError, StateRead};
use crate::transaction::{Body, Header};

/// Who made the transaction, as the host found in the certificate that it checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creator {
    /// The organisation.
    pub party: PartyId,
    /// The certificate's role; the member's own role on the ledger decides.
    pub role: Role,
    /// The certificate's GLN: the place of commands that name none.
    pub site: Option<Site>,
    /// The certificate.
    pub fingerprint: Fingerprint,
}

/// What an accepted transaction does to the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// New values; nothing for a key that is removed.
    pub writes: Writes,
    /// Items that existed before and whose record was written, or that were anchored; in ascending order, each once.
    /// New items are found through their batch.
    pub touched: Vec<ItemKey>,
}

/// Applies a transaction to the state.
///
/// The host has checked before: the signature, that the certificate is registered, valid and of `creator`, that the
/// header's root is the body's, and that the header's time is close to the host's own.
pub fn apply(state: &dyn StateRead, creator: &Creator, header: &Header, body: &Body) -> Result<Outcome, ApplyError> {
    let mut turn = begin(state, creator, header, body)?;
    for (index, command) in (0u32..).zip(&body.commands) {
        turn.index = index;
        execute::execute(&mut turn, command).map_err(|stop| stop.in_command(index))?;
    }
    let request = IdempotencyRecord { body_root: header.body_root, tx: turn.tx };
    turn.state.put(key::idempotency(&creator.party, &header.idempotency_key), &request);
    let (writes, touched) = turn.state.finish();
    Ok(Outcome { writes, touched })
}

fn begin<'a>(
    state: &'a dyn StateRead,
    creator: &'a Creator,
    header: &'a Header,
    body: &Body,
) -> Result<Turn<'a>, ApplyError> {
    let of_all = |stop: Stop| stop.in_command(0);
    check_header(state, header).map_err(of_all)?;
    if let Some(request) = read::idempotency(state, &creator.party, &header.idempotency_key)? {
        if request.body_root == header.body_root {
            return Err(ApplyError::Repeated { first: request.tx });
        }
        let text = format!("the idempotency key already names transaction {} with another body", request.tx);
        return refuse(Code::IdempotencyConflict, text).map_err(of_all);
    }
    check_size(body).map_err(of_all)?;
    let state = Overlay::new(state);
    let party = execute::active_party(&state, &creator.party).map_err(of_all)?;
    Ok(Turn { state, creator, header, party, tx: header.id(), index: 0 })
}

fn check_header(state: &dyn StateRead, header: &Header) -> Result<(), Stop> {
    if header.version != Header::VERSION {
        let text = format!("header version {}, this contract knows {}", header.version, Header::VERSION);
        return refuse(Code::UnsupportedVersion, text);
    }
    let network = read::network(state)?.ok_or_else(|| StateError::corrupt("no network record"))?;
    if network.id != header.network {
        return refuse(Code::WrongNetwork, format!("meant for network {}, this is {}", header.network, network.id));
    }
    Ok(())
}

fn check_size(body: &Body) -> Result<(), Stop> {
    if body.commands.is_empty() {
        return refuse(Code::EmptyTransaction, "a transaction needs at least one command");
    }
    let (commands, items) = (body.commands.len(), body.item_count());
    if commands > COMMANDS_PER_TRANSACTION_MAX {
        let text = format!("{commands} commands, a transaction holds at most {COMMANDS_PER_TRANSACTION_MAX}");
        return refuse(Code::LimitExceeded, text);
    }
    if items > ITEMS_PER_TRANSACTION_MAX {
        let text = format!("{items} items, a transaction names at most {ITEMS_PER_TRANSACTION_MAX}");
        return refuse(Code::LimitExceeded, text);
    }
    Ok(())
}
