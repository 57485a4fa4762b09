//! Replay: entries that were accepted once are judged and applied again, at the start, for a rebuild and for a check.
//!
//! What needs no order, reading and hashing of bodies and checking of signatures, is done for a window of entries on all
//! cores while the window before is applied; the contract is applied in the order of the log.

use std::sync::Arc;

use veridose_contract::{Body, genesis_writes, merkle};

use super::{Entry, decode};
use crate::LedgerError;
use crate::host::{Group, Keys, Refused, check_signature};
use crate::log::{Log, LoggedEntry};
use crate::network::Network;
use crate::parallel;
use crate::state::{Applied, Changes, StateStore};

/// Entries in a window at most.
const ENTRIES: usize = 512;
/// Bodies beside the log in a window at most: each may hold 100,000 items, and two windows are in memory.
const BODIES: usize = 16;

/// Entries in a row, ready to be applied.
pub(crate) struct Window {
    pub(crate) entries: Vec<Entry>,
    /// Of which the signature was found to hold. One that was not is judged again at its place: the certificate may be
    /// registered by an entry shortly before it.
    signed: Vec<bool>,
}

impl Window {
    /// The first of the entries, whose index is `from`: as many as fit a window, at least one.
    pub(crate) fn read<B: AsRef<[u8]>>(
        network: &Network,
        state: &StateStore,
        keys: &Keys,
        from: u64,
        bytes: &[B],
        body: impl Fn(&LoggedEntry) -> Result<Body, LedgerError> + Sync,
    ) -> Result<Self, LedgerError> {
        let mut logged = Vec::new();
        let mut beside = 0;
        for (index, bytes) in (from..).zip(bytes).take(ENTRIES) {
            let entry = decode(index, bytes.as_ref())?;
            beside += usize::from(entry.body.is_none());
            if beside > BODIES {
                break;
            }
            logged.push((index, entry));
        }
        let read = parallel::map(&logged, |(index, entry)| {
            let entry = Entry::new(*index, entry.clone(), body(entry)?);
            let checked = check_signature(state, keys, network.id, &entry.transaction);
            Ok((entry, checked.is_ok()))
        });
        let (entries, signed) = read.into_iter().collect::<Result<Vec<_>, LedgerError>>()?.into_iter().unzip();
        Ok(Self { entries, signed })
    }

    /// Index of the entry after the last.
    pub(crate) fn end(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.index + 1)
    }
}

/// Applies what the log has and the state has not; refuses a state that has seen another log.
pub(super) fn catch_up(
    network: &Network,
    log: &Log,
    state: &StateStore,
    keys: &Keys,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), LedgerError> {
    let applied = match state.applied()? {
        Some(applied) if applied.network == network.id => applied,
        Some(_) => {
            let problem = "the state is that of another network: the network file was changed";
            return Err(LedgerError::Configuration(problem.to_owned()));
        }
        None => begin(network, state)?,
    };
    log.expect_prefix(applied.size, &applied.root, "the state")?;
    let (mut next, end) = (applied.size, log.size());
    let read = || {
        let bytes: Vec<Arc<[u8]>> = log.entry_bytes(next, ENTRIES)?;
        let window = Window::read(network, state, keys, next, &bytes, |entry| log.body(entry))?;
        next += window.entries.len() as u64;
        Ok((!window.entries.is_empty()).then_some(window))
    };
    parallel::read_ahead(read, |window| {
        let changes = replay(network, state, keys, &window)?;
        let size = window.end();
        state.commit(changes, Applied { network: network.id, size, root: log.root_at(size)? })?;
        progress(size, end);
        Ok(())
    })
}

/// Writes the state before the first transaction.
pub(crate) fn begin(network: &Network, state: &StateStore) -> Result<Applied, LedgerError> {
    let applied = Applied { network: network.id, size: 0, root: merkle::root(std::iter::empty()) };
    let records = genesis_writes(&network.genesis).into_iter().collect();
    state.commit(Changes { records, ..Changes::default() }, applied)?;
    Ok(applied)
}

/// Applies entries that were accepted once, with every check but that of the host's clock; all must be accepted again.
pub(crate) fn replay(
    network: &Network,
    state: &StateStore,
    keys: &Keys,
    window: &Window,
) -> Result<Changes, LedgerError> {
    let Some(first) = window.entries.first() else { return Ok(Changes::default()) };
    let mut group = Group::new(state);
    for (Entry { index, transaction }, signed) in window.entries.iter().zip(&window.signed) {
        let refused = |problem: String| LedgerError::damaged(format!("entry {index}"), problem);
        let checked = if *signed {
            Ok(())
        } else {
            check_signature(&group, keys, network.id, transaction).map_err(Refused::from)
        };
        match checked.and_then(|()| group.take(transaction, transaction.header.id())) {
            Ok(_) => {}
            Err(Refused::State(error)) => return Err(error.into()),
            Err(Refused::Unauthentic(reason)) => return Err(refused(reason.to_string())),
            Err(Refused::Rejected(rejection)) => return Err(refused(rejection.to_string())),
            Err(Refused::Repeated { first }) => return Err(refused(format!("it repeats transaction {first}"))),
        }
    }
    Ok(Changes::of(group.into_taken(), first.index))
}
