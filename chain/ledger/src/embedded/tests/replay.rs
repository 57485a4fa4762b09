//! Replay: of logs longer than a window, and of what should never have been in a log.

use std::path::Path;
use std::sync::Arc;

use super::join;
use crate::io::Local;
use crate::log::{Log, encode_entry};
use crate::testing::{Members, pack, packs};
use crate::{Embedded, LedgerError, check};

fn rebuild(members: &Members, folder: &Path) -> Result<Embedded, LedgerError> {
    Embedded::rebuild_state(folder, members.network.clone(), members.log_key(), members.options(), &mut |_, _| {})
}

#[tokio::test]
async fn a_log_of_several_windows_is_checked_and_rebuilt() {
    let members = Members::new();
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let batches = (0..40).map(|batch| members.commission(packs(batch * 400, 400)));
    let singles = (0..1_200).map(|single| members.commission(packs(100_000 + single, 1)));
    let answers = join(batches.chain(singles).map(|transaction| ledger.submit(transaction)).collect()).await;
    assert!(answers.iter().all(Result::is_ok));
    let verifier = ledger.verifier();
    drop(ledger);
    let mut told = Vec::new();
    let report = check::check(folder.path(), &members.network, &verifier, &mut |progress| told.push(progress.entries));
    let report = report.expect("sound");
    assert_eq!((report.entries, report.applied, report.differences), (1_245, 1_245, vec![]));
    assert!(told.is_sorted() && told.last() == Some(&1_245), "{told:?}");

    drop(rebuild(&members, folder.path()).expect("rebuilt"));
    let report = check::check(folder.path(), &members.network, &verifier, &mut |_| {}).expect("sound");
    assert_eq!((report.applied, report.differences), (1_245, vec![]));
}

/// Whoever holds the log's key could write what no member signed; whoever replays the log finds it.
#[tokio::test]
async fn a_forged_entry_is_named_by_whoever_replays_the_log() {
    let members = Members::new();
    for place in [0, 20, 700] {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = members.open(folder.path());
        members.begin(&ledger).await;
        drop(ledger);
        let (log, mut writer) = Log::open(Arc::new(Local), folder.path(), members.log_key()).expect("opens");
        let entries = (0..800).map(|number| {
            let mut transaction = members.commission(packs(number, 1));
            if number == place {
                transaction.body.commands[0].items[0] = pack(5_000);
                transaction.header.body_root = transaction.body.root();
            }
            encode_entry(&transaction).0
        });
        writer.append(&[], &entries.collect::<Vec<_>>()).expect("appended");
        drop((log, writer));
        let named = format!("entry {} is damaged: the signature does not hold", place + 5);
        let opened = Embedded::open(folder.path(), members.network.clone(), members.log_key(), members.options());
        assert_eq!(opened.err().expect("refused").to_string(), named);
        assert_eq!(rebuild(&members, folder.path()).err().expect("refused").to_string(), named);
    }
}
