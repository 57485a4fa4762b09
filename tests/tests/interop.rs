//! The tools of others on what Veridose writes. `VERIDOSE_INTEROP` names the checker that `tests/run` builds from
//! `tests/interop`; its lines `test result:` stand in the output, so that its checks count.

use std::path::Path;
use std::process::Command;

use veridose_tests::Factory;

/// More than two full tiles, so that a second level begins and the edge is ragged.
const TRANSACTIONS: usize = 700;
/// Single bits flipped.
const FLIPS: &str = "300";

#[tokio::test]
async fn public_tools_accept_the_log_and_refuse_every_flipped_bit() {
    let Some(checker) = std::env::var_os("VERIDOSE_INTEROP") else {
        println!("skipped: VERIDOSE_INTEROP does not name the checker that tests/run builds");
        return;
    };
    let folder = tempfile::tempdir().expect("temporary directory");
    let factory = Factory::found("interop.example/log").expect("a network");
    write(&factory, folder.path()).await;
    let log = folder.path().join("log");
    let key = factory.verifier().expect("a key");
    for arguments in [&["check"][..], &["flips", FLIPS, "1"][..]] {
        let (command, rest) = arguments.split_first().expect("a command");
        let output = Command::new(&checker).arg(command).arg(&log).arg(key.text()).args(rest).output().expect("runs");
        println!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

async fn write(factory: &Factory, folder: &Path) {
    let ledger = factory.ledger(folder).expect("begins");
    ledger.submit(factory.opening().expect("signs")).await.expect("accepted");
    let packs: Vec<_> = (0..TRANSACTIONS).map(|pack| factory.pack(&pack.to_string())).collect();
    ledger.submit(factory.commission("packs", packs.clone()).expect("signs")).await.expect("accepted");
    for (number, pack) in packs.into_iter().enumerate() {
        let transaction = factory.give_away(&format!("away-{number}"), pack).expect("signs");
        ledger.submit(transaction).await.expect("accepted");
    }
    // Dropping the ledger publishes the last checkpoint.
}
