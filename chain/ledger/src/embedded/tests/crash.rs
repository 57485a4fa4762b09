//! Torn segments, rolled-back and forked logs.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use veridose_contract::resolve;

use super::{filled, open};
use crate::testing::{Members, Random, copy, fast_folder, files, pack, packs, times};
use crate::{Embedded, LedgerError, SignedCheckpoint};

fn segment(folder: &Path) -> PathBuf {
    files(&folder.join("wal")).pop().expect("a segment")
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

/// A ledger and two ways in which it went on: the one that the world has seen, and another that is put in its place.
struct Histories {
    members: Members,
    seen: TempDir,
    other: TempDir,
    /// What the world keeps of the first.
    checkpoint: SignedCheckpoint,
}

impl Histories {
    /// The other is `longer` than their common beginning by so many entries; by none it is rolled back.
    async fn write(random: &mut Random, longer: u64) -> Self {
        let members = Members::new();
        let [seen, other] = [fast_folder(), fast_folder()];
        let common = random.number() % 8;
        drop(filled(&members, seen.path(), common).await);
        copy(seen.path(), other.path());
        let ledger = go_on(&members, seen.path(), 100, 1 + random.number() % 8).await;
        let checkpoint = ledger.checkpoint().expect("a checkpoint");
        drop(ledger);
        drop(go_on(&members, other.path(), 200, longer).await);
        Self { members, seen, other, checkpoint }
    }

    /// Puts a part of the other in the place of the one that was seen.
    fn replace(&self, part: &str) {
        let target = self.seen.path().join(part);
        if target.is_dir() {
            std::fs::remove_dir_all(&target).expect("removed");
            copy(&self.other.path().join(part), &target);
        } else {
            std::fs::copy(self.other.path().join(part), target).expect("it copies");
        }
    }

    fn refused(&self, by: &str) {
        match open(&self.members, self.seen.path()) {
            Err(LedgerError::Forked(why)) => assert!(why.contains(by), "{why}"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("a log that is not the one that {by} has seen was opened"),
        }
    }
}

async fn go_on(members: &Members, folder: &Path, first: u64, entries: u64) -> Embedded {
    let ledger = members.open(folder);
    for number in first..first + entries {
        ledger.submit(members.commission(packs(number, 1))).await.expect("commissioned");
    }
    ledger.shared.log.publish().expect("published");
    ledger
}

/// A hundred times: the log alone, the log with its checkpoint, and all of it but what others keep.
#[tokio::test]
async fn a_log_that_was_rolled_back_or_forked_is_refused() {
    for case in 0..times(100) {
        let mut random = Random(case);
        let longer = if case % 2 == 0 { 0 } else { 1 + random.number() % 8 };
        let histories = Histories::write(&mut random, longer).await;
        histories.replace("wal");
        histories.refused("the published checkpoint");
        histories.replace("log");
        histories.refused("the state");
        histories.replace("state");
        // By itself it is sound: whoever keeps an earlier checkpoint does not take it for its continuation.
        let ledger = open(&histories.members, histories.seen.path()).expect("sound in itself");
        let SignedCheckpoint { size, root, .. } = histories.checkpoint;
        match ledger.consistency(size) {
            Err(LedgerError::NotFound(_)) => assert!(ledger.size() < size, "case {case}"),
            Err(error) => panic!("{error}"),
            Ok(proof) => {
                let hashes = proof.hashes.into_iter().map(tlog_tiles::Hash).collect();
                let (new, now) = (proof.checkpoint.size, tlog_tiles::Hash(proof.checkpoint.root));
                let answer = tlog_tiles::check_tree(&hashes, new, now, size, tlog_tiles::Hash(root));
                assert!(answer.is_err(), "case {case}: a fork of {new} was taken to continue {size}");
            }
        }
    }
}

/// The honest log, next to the refused ones: it goes on, and the earlier checkpoint is a prefix of it.
#[tokio::test]
async fn a_log_that_went_on_is_accepted() {
    let histories = Histories::write(&mut Random(1), 0).await;
    let ledger = go_on(&histories.members, histories.seen.path(), 300, 5).await;
    let SignedCheckpoint { size, root, .. } = histories.checkpoint;
    let proof = ledger.consistency(size).expect("a proof");
    let hashes = proof.hashes.into_iter().map(tlog_tiles::Hash).collect();
    let (new, now) = (proof.checkpoint.size, tlog_tiles::Hash(proof.checkpoint.root));
    tlog_tiles::check_tree(&hashes, new, now, size, tlog_tiles::Hash(root)).expect("it continues");
}
