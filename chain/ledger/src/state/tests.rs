//! Flipped bits in the files of the state store: named, or without any effect on what is answered.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use veridose_contract::{Action, DecommissionReason, ItemKey, Standing, TxId, resolve};

use super::StateStore;
use crate::testing::{Members, Random, copy, fast_folder, files, flip, in_parallel, pack, packs, times};
use crate::{Embedded, LedgerError, Options, check};

/// Bits flipped.
const FLIPS: u64 = 2_500;
/// Batches of five packs; the first half of them lies in tables, the second in the journal.
const BATCHES: u64 = 40;

/// A ledger, and the transactions on it.
async fn written(members: &Members) -> (TempDir, Vec<TxId>) {
    let folder = fast_folder();
    let mut ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let mut transactions = Vec::new();
    for batch in 0..BATCHES {
        if batch == BATCHES / 2 {
            drop(ledger);
            let state = StateStore::open(&folder.path().join("state")).expect("opens");
            state.keyspace.rotate_memtable_and_wait().expect("written to a table");
            drop(state);
            ledger = members.open(folder.path());
        }
        let sample = Action::Decommission { reason: DecommissionReason::Sample };
        for transaction in
            [members.commission(packs(batch * 5, 5)), members.sign(&members.maker, vec![(sample, packs(batch * 5, 1))])]
        {
            transactions.push(ledger.submit(transaction).await.expect("taken").id);
        }
    }
    (folder, transactions)
}

/// What the state says, the last packs being none that were ever made.
#[derive(Debug, PartialEq)]
struct Answers {
    standings: Vec<Option<Standing>>,
    histories: Vec<Vec<u64>>,
    indexes: Vec<Option<u64>>,
}

fn ask(ledger: &Embedded, transactions: &[TxId]) -> Result<Answers, LedgerError> {
    let state = ledger.state();
    let items: Vec<ItemKey> = (0..BATCHES * 5 + 10).map(pack).collect();
    Ok(Answers {
        standings: items.iter().map(|item| resolve(&state, item)).collect::<Result<_, _>>()?,
        histories: items.iter().map(|item| ledger.history(item, 10)).collect::<Result<_, _>>()?,
        indexes: transactions.iter().map(|id| ledger.index_of(id)).collect::<Result<_, _>>()?,
    })
}

fn open(members: &Members, folder: &Path) -> Result<Embedded, LedgerError> {
    let options = Options { verifiers: 1, ..members.options() };
    Embedded::open(folder, members.network.clone(), members.log_key(), options)
}

#[tokio::test]
async fn a_batch_that_another_number_would_make_older_or_newer_is_named() {
    let members = Members::new();
    let (whole, transactions) = written(&members).await;
    let truth = ask(&open(&members, whole.path()).expect("opens"), &transactions).expect("answers");
    let journal = whole.path().join("state/0.jnl");
    let bytes = std::fs::read(&journal).expect("read");
    let batches = super::journal::batches(&journal).expect("read");
    assert!(batches.len() > 2 * usize::try_from(BATCHES).expect("small"), "{} batches", batches.len());
    let mut named = 0;
    for (at, number) in batches {
        let at = usize::try_from(at).expect("small");
        assert_eq!(bytes[at..at + 8], number.to_le_bytes());
        for bit in [0, 1, 3, 40] {
            let own = fast_folder();
            copy(whole.path(), own.path());
            let mut flipped = bytes.clone();
            flipped[at..at + 8].copy_from_slice(&(number ^ (1 << bit)).to_le_bytes());
            std::fs::write(own.path().join("state/0.jnl"), flipped).expect("written");
            match open(&members, own.path()).and_then(|ledger| ask(&ledger, &transactions)) {
                Ok(answers) => assert!(answers == truth, "bit {bit} of batch {number} gave a wrong answer"),
                Err(error) => {
                    named += 1;
                    assert!(error.to_string().contains("the state"), "{error}");
                }
            }
        }
    }
    println!("measured: {named} flips in the numbers of batches named");
    assert!(named > BATCHES, "{named}");
}

#[tokio::test]
async fn a_flipped_bit_in_the_state_never_gives_a_wrong_answer() {
    let members = Members::new();
    let (whole, transactions) = written(&members).await;
    let verifier = members.log_key().verifier().clone();
    let truth = ask(&open(&members, whole.path()).expect("opens"), &transactions).expect("answers");
    let files: Vec<_> = files(&whole.path().join("state"));
    let files: Vec<_> = files.iter().map(|file| file.strip_prefix(whole.path()).expect("below it")).collect();
    assert!(files.iter().any(|file| file.display().to_string().contains("tables")), "{files:?}");
    let start = || {
        let own = fast_folder();
        copy(whole.path(), own.path());
        own
    };
    let named = AtomicU64::new(0);
    let flips = times(FLIPS);
    in_parallel(flips, start, |own, turn| {
        let mut random = Random(turn);
        let file = files[random.below(files.len())];
        let (at, _) = flip(&own.path().join(file), &mut random);
        let what = format!("byte {at} of {}", file.display());
        match open(&members, own.path()).and_then(|ledger| ask(&ledger, &transactions)) {
            Ok(answers) => {
                assert!(answers == truth, "{what} gave a wrong answer");
                let report = check::check(own.path(), &members.network, &verifier, &mut |_| {});
                match report {
                    Ok(report) => assert_eq!(report.differences, Vec::<String>::new(), "{what} changed another record"),
                    Err(error) => assert!(error.to_string().contains("the state"), "{what}: {error}"),
                }
            }
            Err(error) => {
                let said = error.to_string();
                // A state that ends too early, with records of later, does not take the next entry.
                assert!(said.contains("the state") || said.starts_with("entry "), "{what}: {said}");
                named.fetch_add(1, Ordering::Relaxed);
            }
        }
        std::fs::remove_dir_all(own.path().join("state")).expect("removed");
        copy(&whole.path().join("state"), &own.path().join("state"));
    });
    let named = named.into_inner();
    // The rest struck bytes that no record needs any more: unused ones, and a journal's whose tables are written.
    assert!(named > flips / 2, "{named} of {flips} were named");
    println!("measured: {flips} flips in the state, {named} named, the others without effect");
}

/// A kill in the midst of a write leaves any part of the last batch, and zeros after it.
#[tokio::test]
async fn a_journal_that_was_cut_short_opens() {
    let members = Members::new();
    let (whole, transactions) = written(&members).await;
    let truth = ask(&open(&members, whole.path()).expect("opens"), &transactions).expect("answers");
    let bytes = std::fs::read(whole.path().join("state/0.jnl")).expect("read");
    let batches = super::journal::batches(&whole.path().join("state/0.jnl")).expect("read");
    let (last, _) = *batches.last().expect("batches");
    let start = usize::try_from(last).expect("small") - 5;
    for cut in (start..start + 16).chain([start + 40, start + 100]) {
        let own = fast_folder();
        copy(whole.path(), own.path());
        let mut short = bytes.clone();
        short[cut..].fill(0);
        std::fs::write(own.path().join("state/0.jnl"), short).expect("written");
        let answers = open(&members, own.path()).and_then(|ledger| ask(&ledger, &transactions));
        assert!(answers.unwrap_or_else(|error| panic!("cut at {cut}: {error}")) == truth, "cut at {cut}");
    }
}

/// A kill in the midst of a store's making, or of its taking away, leaves any part of its files.
#[tokio::test]
async fn what_is_left_of_a_store_that_was_never_whole_is_made_anew() {
    let members = Members::new();
    let (whole, transactions) = written(&members).await;
    let truth = ask(&open(&members, whole.path()).expect("opens"), &transactions).expect("answers");
    for left in files(&whole.path().join("state")) {
        let own = fast_folder();
        copy(whole.path(), own.path());
        std::fs::rename(own.path().join("state"), own.path().join("state.new")).expect("renamed");
        std::fs::remove_file(own.path().join("state.new").join(&left)).expect("removed");
        let answers = open(&members, own.path()).and_then(|ledger| ask(&ledger, &transactions));
        assert!(answers.unwrap_or_else(|error| panic!("without {}: {error}", left.display())) == truth);
        assert!(!own.path().join("state.new").exists());
    }
}
