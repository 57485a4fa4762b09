//! The threads: checkers of signatures, the one writer, the publisher.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use veridose_contract::{StateError, Transaction, TxId, merkle};

use super::{Committed, Shared};
use crate::error::{LedgerError, SubmitError, Unauthentic};
use crate::host::{Group, Refusal, Refused, check_clock, check_header};
use crate::log::{Hash, LogWriter, encode_entry};
use crate::state::{Applied, Changes};

/// Transactions in one group at most.
const GROUP_MAX: usize = 1_024;
/// Bytes of bodies after which a group is closed, so that a large batch does not hold up many small ones behind it.
const GROUP_BYTES_MAX: usize = 4 << 20;

type Answer = oneshot::Sender<Result<Committed, SubmitError>>;

/// A transaction on its way in.
pub(super) struct Job {
    pub(super) transaction: Transaction,
    pub(super) answer: Answer,
    pub(super) permit: OwnedSemaphorePermit,
}

/// A transaction whose signature holds, ready to be written.
pub(super) struct Checked {
    transaction: Transaction,
    id: TxId,
    entry: Vec<u8>,
    beside: Option<Vec<u8>>,
    /// Roots of the subtrees over the body, as [`veridose_contract::Body::subtrees`] gives them.
    subtrees: Vec<Hash>,
    answer: Answer,
    permit: OwnedSemaphorePermit,
}

/// Checks signatures until the queue closes.
pub(super) fn check(shared: &Shared, queue: &Mutex<Receiver<Job>>, checked: &Sender<Checked>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { transaction, answer, permit }) = job else { return };
        let id = transaction.header.id();
        match check_one(shared, &transaction, &id) {
            Ok(Known::New { subtrees }) => {
                let (entry, beside) = encode_entry(&transaction);
                let job = Checked { transaction, id, entry, beside, subtrees, answer, permit };
                if checked.send(job).is_err() {
                    return;
                }
            }
            // Whoever asked may have gone away; the answer is then for nobody.
            Ok(Known::Before(first)) => drop(answer.send(Ok(first))),
            Err(error) => drop(answer.send(Err(error))),
        }
    }
}

/// Whether an authentic transaction is on the ledger.
enum Known {
    New { subtrees: Vec<Hash> },
    Before(Committed),
}

fn check_one(shared: &Shared, transaction: &Transaction, id: &TxId) -> Result<Known, SubmitError> {
    check_header(&shared.state, &shared.keys, shared.network.id, transaction).map_err(refusal)?;
    // The work of a whole batch, and now known to be asked for by a member. What it finds is kept for receipts.
    let subtrees = transaction.body.subtrees();
    if merkle::root(subtrees.iter().copied()) != transaction.header.body_root {
        return Err(SubmitError::Unauthenticated(Unauthentic::Body));
    }
    // The very same transaction again: its clock was judged the first time.
    let first = shared.state.index_of(id).map_err(|error| SubmitError::Failed(error.to_string()))?;
    if let Some(index) = first {
        return Ok(Known::Before(Committed { index, id: *id, repeated: true }));
    }
    let now = (shared.options.clock)();
    check_clock(transaction.header.time, now, shared.options.clock_skew_max_ms)
        .map_err(SubmitError::Unauthenticated)?;
    Ok(Known::New { subtrees })
}

pub(super) fn refusal(refusal: Refusal) -> SubmitError {
    match refusal {
        Refusal::Unauthentic(reason) => SubmitError::Unauthenticated(reason),
        Refusal::State(error) => state_failed(error),
    }
}

fn state_failed(error: StateError) -> SubmitError {
    SubmitError::Failed(LedgerError::from(error).to_string())
}

/// Writes groups until the checkers are gone.
pub(super) fn write(shared: &Shared, mut log: LogWriter, checked: &Receiver<Checked>) {
    while let Ok(first) = checked.recv() {
        let mut bytes = first.beside.as_ref().map_or(0, Vec::len);
        let mut jobs = vec![first];
        while jobs.len() < GROUP_MAX
            && bytes < GROUP_BYTES_MAX
            && let Ok(next) = checked.try_recv()
        {
            bytes += next.beside.as_ref().map_or(0, Vec::len);
            jobs.push(next);
        }
        write_group(shared, &mut log, jobs);
    }
}

fn write_group(shared: &Shared, log: &mut LogWriter, jobs: Vec<Checked>) {
    let next = shared.log.size();
    let mut group = Group::new(&shared.state);
    let mut answers = Vec::with_capacity(jobs.len());
    let mut entries = Vec::new();
    let mut bodies: Vec<(Hash, Vec<u8>)> = Vec::new();
    let mut subtrees = Vec::new();
    for job in jobs {
        let result = match group.take(&job.transaction, job.id) {
            Ok(place) => {
                entries.push(job.entry);
                if let Some(body) = job.beside {
                    let root = job.transaction.header.body_root;
                    bodies.push((root, body));
                    subtrees.push((root, job.subtrees));
                }
                Ok(Committed { index: next + place as u64, id: job.id, repeated: false })
            }
            Err(Refused::Repeated { first }) => repeated(shared, &group, next, first),
            Err(Refused::Rejected(rejection)) => Err(SubmitError::Rejected(rejection)),
            Err(Refused::Unauthentic(reason)) => Err(SubmitError::Unauthenticated(reason)),
            Err(Refused::State(error)) => Err(state_failed(error)),
        };
        answers.push((job.answer, result, job.permit));
    }
    let outcome = match shared.read_only.get() {
        Some(reason) => Err(reason.clone()),
        None if entries.is_empty() => Ok(()),
        None => commit(shared, log, &bodies, &entries, Changes::of(group.into_taken(), next))
            .map_err(|error| stop_writing(shared, &error)),
    };
    for (answer, result, permit) in answers {
        // A refusal may rest on a transaction of the same group, so it stands only if the group does.
        let result = match &outcome {
            Ok(()) => result,
            Err(reason) => Err(SubmitError::ReadOnly(reason.clone())),
        };
        drop(permit);
        drop(answer.send(result));
    }
    if outcome.is_ok() {
        for (root, subtrees) in &subtrees {
            shared.log.keep_subtrees(root, subtrees);
        }
    }
}

/// The place of the transaction that answered the request before: in this group, whose first is `next`, or on the ledger.
fn repeated(shared: &Shared, group: &Group<'_>, next: u64, first: TxId) -> Result<Committed, SubmitError> {
    let place = group.transactions().iter().position(|id| *id == first);
    let index = match place {
        Some(place) => Some(next + place as u64),
        None => shared.state.index_of(&first).map_err(|error| SubmitError::Failed(error.to_string()))?,
    };
    let index = index.ok_or_else(|| SubmitError::Failed(format!("transaction {first} has no place in the log")))?;
    Ok(Committed { index, id: first, repeated: true })
}

pub(super) fn commit(
    shared: &Shared,
    log: &mut LogWriter,
    bodies: &[(Hash, Vec<u8>)],
    entries: &[Vec<u8>],
    changes: Changes,
) -> Result<(), LedgerError> {
    log.append(bodies, entries)?;
    // Durable from here: should the state not take it, the next start applies it from the log.
    let (size, root) = shared.log.head();
    shared.state.commit(changes, Applied { network: shared.network.id, size, root })?;
    shared.size.send_replace(size);
    Ok(())
}

/// Turns the ledger read-only for good; the reason that callers are told.
pub(super) fn stop_writing(shared: &Shared, error: &LedgerError) -> String {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        reason = format!("{reason}: {next}");
        cause = next.source();
    }
    tracing::error!(reason, "the ledger turned read-only");
    shared.read_only.get_or_init(|| reason).clone()
}

/// Publishes checkpoints until told to stop, and once more then.
pub(super) fn publish(shared: &Arc<Shared>, stop: &Receiver<()>) {
    loop {
        let stopped = match stop.recv_timeout(shared.options.publish_interval) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        };
        if shared.read_only.get().is_none()
            && let Err(error) = shared.log.publish()
        {
            stop_writing(shared, &error);
        }
        if stopped {
            return;
        }
    }
}
