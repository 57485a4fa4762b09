//! The tools of others on what Veridose writes. `VERIDOSE_INTEROP` names the checker that `tests/run` builds from
//! `tests/interop`; its lines `test result:` stand in the output, so that its checks count.

use std::path::Path;
use std::process::Command;

use veridose_ledger::Ledger;
use veridose_tests::{Factory, Random};

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

/// Rolled-back and forked logs, each refused by the checkpoints that somebody kept of the log as it was.
const HISTORIES: u64 = 10;
const CHECKPOINTS: usize = 10;

#[tokio::test]
async fn whoever_keeps_a_checkpoint_refuses_a_log_that_was_rolled_back_or_forked() {
    let Some(checker) = std::env::var_os("VERIDOSE_INTEROP") else {
        println!("skipped: VERIDOSE_INTEROP does not name the checker that tests/run builds");
        return;
    };
    let factory = Factory::found("interop.example/log").expect("a network");
    let key = factory.verifier().expect("a key");
    let continues = |ledger: &Path, checkpoint: &Path| {
        let log = ledger.join("log");
        let output = Command::new(&checker).arg("continues").arg(log).arg(key.text()).arg(checkpoint).output();
        let output = output.expect("runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (mut random, mut refused) = (Random::from_environment(), 0);
    for history in 0..HISTORIES {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        let [seen, other] = [&folders[0], &folders[1]].map(|folder| folder.path().join("ledger"));
        let ledger = factory.ledger(&seen).expect("begins");
        ledger.submit(factory.opening().expect("signs")).await.expect("accepted");
        go_on(&factory, &ledger, "common", random.below(300)).await;
        drop(ledger);
        // Rolled back to what they have in common, or gone on from there in another way.
        copy(&seen, &other);
        let ledger = factory.ledger(&other).expect("opens");
        go_on(&factory, &ledger, "other", if history % 2 == 0 { 0 } else { 1 + random.below(300) }).await;
        drop(ledger);
        for kept in 0..CHECKPOINTS {
            let ledger = factory.ledger(&seen).expect("opens");
            go_on(&factory, &ledger, &format!("seen-{kept}"), 1 + random.below(20)).await;
            drop(ledger);
            let checkpoint = folders[0].path().join(format!("checkpoint-{kept}"));
            std::fs::copy(seen.join("log/checkpoint"), &checkpoint).expect("kept");
            let (taken, said) = continues(&other, &checkpoint);
            assert!(!taken && (said.contains("rolled back") || said.contains("forked")), "{history} {kept}: {said}");
            refused += 1;
        }
        for kept in 0..CHECKPOINTS {
            let (taken, said) = continues(&seen, &folders[0].path().join(format!("checkpoint-{kept}")));
            assert!(taken, "the log continues what was seen of it: {said}");
        }
    }
    println!("measured: {refused} rolled-back and forked logs");
}

async fn go_on(factory: &Factory, ledger: &Ledger, name: &str, packs: u64) {
    for number in 0..packs {
        let name = format!("{name}-{number}");
        let transaction = factory.commission(&name, vec![factory.pack(&name)]).expect("signs");
        ledger.submit(transaction).await.expect("accepted");
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status().expect("runs");
    assert!(copied.success(), "cp: {copied}");
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
