//! Torn segments, rolled-back logs, flipped bits.

use std::path::{Path, PathBuf};

use veridose_contract::resolve;

use crate::testing::{Members, Random, pack, packs};
use crate::{Embedded, LedgerError, check};

fn open(members: &Members, folder: &Path) -> Result<Embedded, LedgerError> {
    Embedded::open(folder, members.network.clone(), members.log_key(), members.options())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder lists") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("it copies");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder lists") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if std::fs::metadata(&path).expect("a size").len() > 0 {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn segment(folder: &Path) -> PathBuf {
    files(&folder.join("wal")).pop().expect("a segment")
}

async fn filled(members: &Members, folder: &Path, batches: u64) -> Embedded {
    let ledger = members.open(folder);
    members.begin(&ledger).await;
    for batch in 0..batches {
        ledger.submit(members.commission(packs(batch * 5, 5))).await.expect("commissioned");
    }
    ledger
}

#[tokio::test]
async fn a_last_block_torn_at_any_byte_is_cut_off_and_the_node_goes_on() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    drop(filled(&members, folder.path(), 2).await);
    // What a crash leaves that comes in the middle of the next append: checkpoint and state know nothing of it.
    let before = tempfile::tempdir().expect("a folder");
    copy(folder.path(), before.path());
    let whole = std::fs::read(segment(folder.path())).expect("the segment");
    let ledger = members.open(folder.path());
    ledger.submit(members.commission(packs(100, 1))).await.expect("commissioned");
    drop(ledger);
    let longer = std::fs::read(segment(folder.path())).expect("the segment");
    assert!(longer.starts_with(&whole) && longer.len() > whole.len());
    for length in whole.len()..=longer.len() {
        std::fs::write(segment(before.path()), &longer[..length]).expect("it writes");
        let log = crate::log::Log::open(std::sync::Arc::new(crate::io::Local), before.path(), members.log_key());
        let (log, _writer) = log.expect("recovers");
        assert_eq!(log.size(), if length == longer.len() { 8 } else { 7 }, "torn after {length} bytes");
    }
    // The whole block counts, though nobody was told of it, and the state is brought up to it.
    let ledger = members.open(before.path());
    assert!(resolve(&ledger.state(), &pack(100)).expect("the state reads").is_some());
}

#[tokio::test]
async fn a_log_that_lost_what_the_state_or_checkpoint_has_seen_is_refused() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    let early = tempfile::tempdir().expect("a folder");
    drop(filled(&members, folder.path(), 2).await);
    copy(folder.path(), early.path());
    let ledger = members.open(folder.path());
    ledger.submit(members.commission(packs(100, 1))).await.expect("commissioned");
    drop(ledger);
    let late = std::fs::read(segment(folder.path())).expect("the segment");

    // Rolled back under the checkpoint.
    std::fs::copy(segment(early.path()), segment(folder.path())).expect("it copies");
    let error = open(&members, folder.path()).err().expect("refused");
    assert!(matches!(&error, LedgerError::Forked(why) if why.contains("checkpoint")), "{error}");
    // Rolled back with the checkpoint, under the state.
    std::fs::copy(early.path().join("log/checkpoint"), folder.path().join("log/checkpoint")).expect("it copies");
    let error = open(&members, folder.path()).err().expect("refused");
    assert!(matches!(&error, LedgerError::Forked(why) if why.contains("state")), "{error}");
    std::fs::write(segment(folder.path()), late).expect("it writes");
    drop(open(&members, folder.path()).expect("whole again"));

    // Forked: as long, with another last entry.
    let ledger = members.open(early.path());
    ledger.submit(members.commission(packs(200, 1))).await.expect("commissioned");
    drop(ledger);
    std::fs::copy(segment(early.path()), segment(folder.path())).expect("it copies");
    let error = open(&members, folder.path()).err().expect("refused");
    assert!(matches!(&error, LedgerError::Forked(why) if why.contains("another root")), "{error}");
}

/// Flips a bit anywhere in the log and wants it named: at the start, or by the check.
#[tokio::test]
async fn a_flipped_bit_in_the_log_is_named() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = filled(&members, folder.path(), 270).await;
    ledger.submit(members.commission(packs(10_000, 400))).await.expect("a body beside the entry");
    let verifier = ledger.verifier();
    drop(ledger);
    let report = check::check(folder.path(), &members.network, &verifier, &mut |_| {}).expect("sound");
    assert_eq!((report.entries, report.checkpoint, report.differences), (276, 276, vec![]));
    assert!(report.records > 270 * 6);

    // The partial tiles of the checkpoint before the last are kept for its readers, and committed to by nobody.
    let current = |path: &PathBuf| {
        let text = path.display().to_string();
        !text.contains(".p/") || text.ends_with(".p/20") || text.ends_with("tile/1/000.p/1")
    };
    let mut found: Vec<_> = files(&folder.path().join("log")).into_iter().filter(current).collect();
    found.extend(files(&folder.path().join("wal")));
    assert!(found.len() >= 8, "{found:?}");
    let mut random = Random(3);
    for turn in 0..60 {
        let path = &found[turn % found.len()];
        let good = std::fs::read(path).expect("it reads");
        let mut bad = good.clone();
        let at = random.below(bad.len());
        bad[at] ^= 1 << random.below(8);
        std::fs::write(path, &bad).expect("it writes");
        let answer = check::check(folder.path(), &members.network, &verifier, &mut |_| {});
        assert!(answer.is_err(), "byte {at} of {} went unnoticed", path.display());
        std::fs::write(path, &good).expect("it writes");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_a_bundle_is_not_served() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    drop(filled(&members, folder.path(), 260).await);
    let bundle = folder.path().join("log/tile/entries/000");
    let good = std::fs::read(&bundle).expect("a full bundle");
    let mut random = Random(4);
    let ledger = members.open(folder.path());
    let truth = ledger.entries(0, 1_000).expect("entries");
    for _ in 0..200 {
        let mut bad = good.clone();
        let at = random.below(bad.len());
        bad[at] ^= 1 << random.below(8);
        std::fs::write(&bundle, &bad).expect("it writes");
        match ledger.entries(0, 1_000) {
            Err(LedgerError::Damaged { what, .. }) => assert!(what.contains("entries/000"), "{what}"),
            Err(error) => panic!("{error}"),
            // Up to the next start the last bundle may be in memory; then what is served is the truth.
            Ok(entries) => assert_eq!(entries, truth),
        }
    }
}

/// Flips a bit in any file of the state store: the node names it, or serves the same answers as before.
#[tokio::test]
async fn a_flipped_bit_in_the_state_never_gives_a_wrong_answer() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = filled(&members, folder.path(), 40).await;
    let verifier = ledger.verifier();
    let truth: Vec<_> = (0..200).map(|number| resolve(&ledger.state(), &pack(number)).expect("reads")).collect();
    drop(ledger);
    let found = files(&folder.path().join("state"));
    let mut random = Random(5);
    let mut named = 0;
    for turn in 0..60 {
        let work = tempfile::tempdir().expect("a folder");
        copy(folder.path(), work.path());
        let path = work.path().join(found[turn % found.len()].strip_prefix(folder.path()).expect("below it"));
        let mut bytes = std::fs::read(&path).expect("it reads");
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(&path, &bytes).expect("it writes");
        let Ok(ledger) = open(&members, work.path()) else {
            named += 1;
            continue;
        };
        for (number, truth) in (0..).zip(&truth) {
            match resolve(&ledger.state(), &pack(number)) {
                Ok(standing) => assert_eq!(standing, *truth, "byte {at} of {}", path.display()),
                Err(_) => named += 1,
            }
        }
        drop(ledger);
        if check::check(work.path(), &members.network, &verifier, &mut |_| {}).is_err() {
            named += 1;
        }
    }
    assert!(named > 0, "no flipped bit was ever named");
}
