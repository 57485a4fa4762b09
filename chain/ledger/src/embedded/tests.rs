//! Submitting, reading, reopening; who is refused; what a failing disk may do.

mod attacks;
mod crash;
mod flips;
mod forgeries;
mod races;
mod replay;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use veridose_contract::{Action, DecommissionReason, read, resolve};

use crate::testing::{Fault, FaultyDisk, Members, PRODUCT, Random, fast_folder, in_parallel, pack, packs, times};
use crate::{Embedded, LedgerError, SubmitError, Unauthentic};

#[tokio::test]
async fn what_is_submitted_can_be_read_and_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let transaction = members.commission(packs(0, 1_000));
    let committed = ledger.submit(transaction.clone()).await.expect("commissioned");
    assert_eq!((committed.index, committed.repeated), (5, false));
    let standing = resolve(&ledger.state(), &pack(999)).expect("the state reads").expect("the pack is known");
    assert_eq!(standing.holder, members.maker.id);
    assert!(resolve(&ledger.state(), &pack(1_000)).expect("the state reads").is_none());
    let decommission = Action::Decommission { reason: DecommissionReason::Sample };
    let sampled =
        ledger.submit(members.sign(&members.maker, vec![(decommission, packs(3, 1))])).await.expect("sampled");
    assert_eq!(ledger.history(&pack(3), 10).expect("history"), [sampled.index]);
    assert_eq!(ledger.index_of(&committed.id).expect("index"), Some(5));
    let checkpoint = ledger.checkpoint().expect("a checkpoint");
    drop(ledger);

    let ledger = members.open(folder.path());
    assert_eq!(ledger.size(), 7);
    let entries = ledger.entries(5, 100).expect("entries");
    assert_eq!((entries.len(), entries[0].index), (2, 5));
    assert_eq!(entries[0].transaction, transaction);
    assert!(resolve(&ledger.state(), &pack(999)).expect("the state reads").is_some());
    let last = ledger.checkpoint().expect("a checkpoint");
    assert!(last.size == 7 && last.size >= checkpoint.size);
    assert!(ledger.verifier().check(&last.text).is_ok());
}

#[tokio::test]
async fn the_state_is_made_anew_from_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    for batch in 0..20 {
        ledger.submit(members.commission(packs(batch * 10, 10))).await.expect("commissioned");
    }
    drop(ledger);
    let mut told = (0, 0);
    let ledger = Embedded::rebuild_state(
        folder.path(),
        members.network.clone(),
        members.log_key(),
        members.options(),
        &mut |done, of| told = (done, of),
    )
    .expect("rebuilt");
    assert_eq!(told, (25, 25));
    assert!(resolve(&ledger.state(), &pack(199)).expect("the state reads").is_some());
}

#[tokio::test]
async fn more_than_may_be_under_way_is_refused_and_can_be_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let options = crate::Options { in_flight_max: 4, ..members.options() };
    let ledger = Embedded::open(folder.path(), members.network.clone(), members.log_key(), options).expect("opens");
    members.begin(&ledger).await;
    let transactions: Vec<_> = (0..50).map(|number| members.commission(packs(number, 1))).collect();
    let answers = join(transactions.iter().cloned().map(|transaction| ledger.submit(transaction)).collect()).await;
    assert!(answers.iter().any(|answer| matches!(answer, Err(SubmitError::Overloaded { in_flight_max: 4 }))));
    for (transaction, answer) in transactions.into_iter().zip(answers) {
        if answer.is_err() {
            ledger.submit(transaction).await.expect("taken the second time");
        }
    }
    assert_eq!(ledger.size(), 55);
}

#[tokio::test]
async fn an_unknown_member_cannot_begin_and_a_second_process_cannot_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let (members, strangers) = (Members::new(), Members::new());
    let ledger = members.open(folder.path());
    let register = Action::RegisterCertificate(strangers.maker.signer.certificate().clone());
    let transaction = members.sign(&strangers.maker, vec![(register, vec![])]);
    let refused = ledger.submit(transaction).await.expect_err("not issued by the maker's authority");
    assert!(matches!(refused, SubmitError::Unauthenticated(Unauthentic::Certificate(_))), "{refused}");
    let second = Embedded::open(folder.path(), members.network.clone(), members.log_key(), members.options());
    assert!(second.err().is_some_and(|error| error.to_string().contains("in use")));
    assert!(read::party(&ledger.state(), &members.maker.id).expect("the state reads").is_some());
}

/// Three hundred small ledgers, each on a disk that fails at a write by chance, in one of three ways.
#[test]
fn after_a_failed_write_nothing_is_acknowledged_and_nothing_acknowledged_is_lost() {
    let members = Members::new();
    let struck = AtomicU64::new(0);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let cases = times(300);
    in_parallel(cases, runtime, |runtime, case| {
        struck.fetch_add(u64::from(runtime.block_on(failing(&members, case))), Ordering::Relaxed);
    });
    let struck = struck.into_inner();
    assert!(struck * 30 >= cases * 29, "only {struck} of {cases} faults struck");
}

/// Whether the fault struck before the end.
async fn failing(members: &Members, case: u64) -> bool {
    let fault = [Fault::Full, Fault::Torn, Fault::Sync][usize::try_from(case % 3).expect("below 3")];
    let disk = FaultyDisk::new(fault, 6 + Random(case).number() % 30);
    let folder = fast_folder();
    let options = crate::Options { disk: Arc::new(disk.clone()), ..members.options() };
    let ledger = Embedded::open(folder.path(), members.network.clone(), members.log_key(), options).expect("opens");
    let mut acknowledged = Vec::new();
    let mut refused = false;
    for number in 0..30 {
        let transaction = match number {
            0 => members.sign(&members.maker, vec![registration(members)]),
            1 => members.sign(&members.maker, vec![(Action::RegisterProduct(PRODUCT), vec![])]),
            // Some bodies are too large for the entry and lie beside it.
            _ => {
                let items = packs(number * 1_000, 1 + number % 3 * 200);
                members.sign(&members.maker, vec![(Action::CommissionContainers, items)])
            }
        };
        match ledger.submit(transaction).await {
            Ok(committed) => {
                assert!(!refused, "acknowledged after a failure");
                acknowledged.push(committed);
            }
            Err(SubmitError::ReadOnly(reason)) => {
                let said = if fault == Fault::Full { "no space left on device" } else { "input/output error" };
                assert!(reason.contains(said), "case {case}: {reason}");
                refused = true;
            }
            Err(error) => assert!(refused, "case {case}: {error}"),
        }
    }
    assert!(!refused || ledger.read_only().is_some());
    // Reads go on.
    assert_eq!(ledger.entries(0, 100).expect("entries").len(), acknowledged.len());
    drop(ledger);
    let ledger = members.open(folder.path());
    for committed in &acknowledged {
        assert_eq!(ledger.index_of(&committed.id).expect("index"), Some(committed.index), "case {case}");
    }
    // At most the group that was under way is there besides.
    assert!(ledger.size() <= acknowledged.len() as u64 + 1);
    let last = acknowledged.last().map_or(0, |committed| committed.index);
    let receipt = ledger.receipt(last, &[]).expect("a receipt");
    crate::proof::verify(&receipt, None, &ledger.verifier(), None).expect("the receipt holds");
    disk.struck()
}

fn registration(members: &Members) -> (Action, Vec<veridose_contract::ItemKey>) {
    (Action::RegisterCertificate(members.maker.signer.certificate().clone()), vec![])
}

/// Awaits all at once; each future is polled before the first is done.
pub(super) async fn join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

pub(super) fn open(members: &Members, folder: &Path) -> Result<Embedded, LedgerError> {
    Embedded::open(folder, members.network.clone(), members.log_key(), members.options())
}

/// A ledger of so many batches of five packs.
pub(super) async fn filled(members: &Members, folder: &Path, batches: u64) -> Embedded {
    let ledger = members.open(folder);
    members.begin(&ledger).await;
    for batch in 0..batches {
        ledger.submit(members.commission(packs(batch * 5, 5))).await.expect("commissioned");
    }
    ledger
}
