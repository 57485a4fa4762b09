//! Flipped bits in the log: each is named by the check, and none is served by a ledger that runs.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use veridose_contract::Action;

use crate::embedded::Entry;
use crate::testing::{Members, Random, copy, fast_folder, files, flip, in_parallel, packs, times};
use crate::{Embedded, LedgerError, check, proof};

/// Flips whose damage the check must name, and flips under a ledger that serves.
const CHECKED: u64 = 2_000;
const SERVED: u64 = 5_500;
/// Batches of five packs, beside the five entries at the beginning and two with a body of their own.
const BATCHES: u64 = 268;

/// A full bundle and a ragged second one, each with a body beside the entry.
async fn written(members: &Members) -> TempDir {
    let folder = fast_folder();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    for batch in 0..BATCHES {
        if batch % 260 == 0 {
            let large = members
                .sign(&members.maker, vec![(Action::CommissionContainers, packs(1_000_000 + batch * 1_000, 400))]);
            ledger.submit(large).await.expect("a body beside the entry");
        }
        ledger.submit(members.commission(packs(batch * 5, 5))).await.expect("commissioned");
    }
    folder
}

/// The files that the signed checkpoint commits to, and those that hold what is not in full tiles yet. The partial tiles of
/// the checkpoint before the last are kept for its readers, and committed to by nobody.
fn committed_to(folder: &Path) -> Vec<PathBuf> {
    let size = 5 + 2 + BATCHES;
    let edge = [format!(".p/{}", size % 256), "tile/1/000.p/1".to_owned()];
    let current = |path: &PathBuf| {
        let text = path.display().to_string();
        !text.contains(".p/") || edge.iter().any(|end| text.ends_with(end))
    };
    let mut found = files_below(folder, "log");
    found.extend(files_below(folder, "wal"));
    found.retain(current);
    found
}

/// Files of a part of the ledger, by their paths in it.
fn files_below(folder: &Path, part: &str) -> Vec<PathBuf> {
    let found = files(&folder.join(part)).into_iter();
    found.map(|path| path.strip_prefix(folder).expect("below it").to_owned()).collect()
}

/// Whether the error says where to look: the file itself, or what of the log lies in it.
fn names(error: &LedgerError, file: &Path) -> bool {
    let (LedgerError::Damaged { what: said, .. } | LedgerError::Forked(said)) = error else { return false };
    // A body is called by its root, which is its file's name.
    let root = file.file_name().and_then(|name| name.to_str()).filter(|_| file.starts_with("log/bodies"));
    said.contains(&file.display().to_string())
        || root.is_some_and(|root| said.contains(root))
        || ["entry ", "the checkpoint", "a tile"].iter().any(|part| said.starts_with(part))
        || said.contains("/tile/")
}

#[tokio::test]
async fn every_flipped_bit_of_the_log_is_named_by_the_check() {
    let members = Members::new();
    let whole = written(&members).await;
    let verifier = members.log_key().verifier().clone();
    let check = |folder: &Path| check::check(folder, &members.network, &verifier, &mut |_| {});
    let report = check(whole.path()).expect("sound");
    assert_eq!((report.entries, report.checkpoint, report.differences), (275, 275, vec![]));
    let files = committed_to(whole.path());
    // Two full tiles, three at the edge, a checkpoint, two bodies, a segment.
    assert_eq!(files.len(), 9, "{files:?}");
    let start = || {
        let own = fast_folder();
        copy(whole.path(), own.path());
        own
    };
    in_parallel(times(CHECKED), start, |own, turn| {
        let mut random = Random(turn);
        let file = &files[random.below(files.len())];
        let (at, good) = flip(&own.path().join(file), &mut random);
        match check(own.path()) {
            Ok(report) => panic!("byte {at} of {} went unnoticed: {report:?}", file.display()),
            Err(error) => assert!(names(&error, file), "byte {at} of {}: {error}", file.display()),
        }
        std::fs::write(own.path().join(file), good).expect("it writes");
    });
}

/// What a ledger gave out before any damage.
struct Truth {
    entries: Vec<Entry>,
    roots: Vec<[u8; 32]>,
}

#[tokio::test]
async fn no_flipped_bit_of_the_log_is_served() {
    let members = Members::new();
    let whole = written(&members).await;
    let ledger = members.open(whole.path());
    let truth = Truth {
        entries: ledger.entries(0, 275).expect("entries"),
        roots: (0..=275).map(|size| ledger.shared.log.root_at(size).expect("a root")).collect(),
    };
    drop(ledger);
    // The rest is in memory until it fills a tile.
    let files = ["log/tile/entries/000", "log/tile/0/000"].into_iter().map(PathBuf::from);
    let bodies = files_below(whole.path(), "log/bodies");
    let files: Vec<_> = files.chain(bodies).collect();
    let extra = members.commission(packs(2_000_000, 1));
    let start = || {
        let own = fast_folder();
        copy(whole.path(), own.path());
        let ledger = members.open(own.path());
        // A ledger holds what it recovered until it publishes anew; from then on it reads from the disk.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(ledger.submit(extra.clone())).expect("commissioned");
        ledger.shared.log.publish().expect("published");
        (ledger, own)
    };
    let named = AtomicU64::new(0);
    let flips = times(SERVED);
    in_parallel(flips, start, |(ledger, own), turn| {
        let mut random = Random(turn);
        let file = &files[random.below(files.len())];
        let (at, good) = flip(&own.path().join(file), &mut random);
        if let Err(error) = serves_the_truth(ledger, &truth, &mut random) {
            assert!(names(&error, file), "byte {at} of {}: {error}", file.display());
            named.fetch_add(1, Ordering::Relaxed);
        }
        std::fs::write(own.path().join(file), good).expect("it writes");
    });
    assert_eq!(named.into_inner(), flips, "all that lies on the disk is asked for");
}

/// Asks for everything that is read from the log's files; the first error, if what comes is true up to it.
fn serves_the_truth(ledger: &Embedded, truth: &Truth, random: &mut Random) -> Result<(), LedgerError> {
    let index = random.below(truth.entries.len());
    let receipt = ledger.receipt(index as u64, &[]).map(|receipt| {
        let proven = proof::verify(&receipt, None, &ledger.verifier(), None).expect("what is served holds");
        assert_eq!(proven.id, truth.entries[index].transaction.header.id());
    });
    let old = 1 + random.below(truth.entries.len());
    let consistency = ledger.consistency(old as u64).map(|consistency| {
        let hashes = consistency.hashes.into_iter().map(tlog_tiles::Hash).collect();
        let (new, root) = (consistency.checkpoint.size, tlog_tiles::Hash(consistency.checkpoint.root));
        tlog_tiles::check_tree(&hashes, new, root, old as u64, tlog_tiles::Hash(truth.roots[old]))
            .unwrap_or_else(|error| panic!("a wrong proof from {old} was served: {error}"));
    });
    let entries = ledger.entries(0, 275).map(|entries| assert!(entries == truth.entries, "another entry was served"));
    receipt.and(consistency).and(entries)
}
