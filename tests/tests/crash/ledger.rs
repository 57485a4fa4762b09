//! The ledger alone, killed 200 times (1,000 with `--long`), also while it recovers from the kill before.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use veridose_contract::TxId;
use veridose_ledger::{Ledger, check, proof};
use veridose_tests::{Factory, Random};

/// Times that one ledger is killed. A check replays the whole log after each, so a ledger does not live long.
const KILLS_A_LIFE: usize = 20;

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let kills = if std::env::var_os("VERIDOSE_LONG").is_some() { 1_000 } else { 200 };
    let (mut random, mut in_recovery, mut acknowledged) = (Random::from_environment(), 0, 0);
    for _ in 0..kills / KILLS_A_LIFE {
        let life = live(&mut random);
        in_recovery += life.0;
        acknowledged += life.1;
    }
    assert!(in_recovery > 0, "no kill struck before the first acknowledgement");
    assert!(in_recovery < kills, "no kill struck a ledger at work");
    println!("measured: {kills} kills, {in_recovery} of them before any work, {acknowledged} acknowledged");
}

/// A kill while the ledger makes its files for the first time, 100 times: it begins again.
#[tokio::test]
async fn a_founding_that_was_killed_is_begun_again() {
    let whole = tempfile::tempdir().expect("temporary directory");
    let factory = Factory::found("crash.example/log").expect("a network");
    factory.save(&whole.path().join("factory")).expect("saved");
    let mut random = Random::from_environment();
    for founding in 0..100 {
        let ledger_folder = whole.path().join("ledger");
        let mut child = load(whole.path(), founding);
        pause(Duration::from_micros(random.below(25_000)));
        child.kill().expect("killed");
        child.wait().expect("gone");
        drop(factory.ledger(&ledger_folder).unwrap_or_else(|error| panic!("founding {founding}: {error}")));
        check(&factory, &ledger_folder);
        std::fs::remove_dir_all(&ledger_folder).expect("removed");
    }
}

/// A ledger from its founding over its kills; how many of them struck before it worked, and what it acknowledged.
fn live(random: &mut Random) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("temporary directory");
    let factory = Factory::found("crash.example/log").expect("a network");
    factory.save(&folder.path().join("factory")).expect("saved");
    let ledger_folder = folder.path().join("ledger");
    let mut acknowledged: HashMap<u64, TxId> = HashMap::new();
    let mut in_recovery = 0;
    for run in 0..KILLS_A_LIFE {
        let fresh = run_and_kill(folder.path(), run, random);
        in_recovery += usize::from(fresh.is_empty());
        let ledger = factory.ledger(&ledger_folder).expect("starts by itself after a kill");
        for (index, id) in &fresh {
            verify(&ledger, &factory, *index, *id);
            assert_eq!(acknowledged.insert(*index, *id), None, "run {run}: entry {index} was acknowledged twice");
        }
        drop(ledger);
        check(&factory, &ledger_folder);
    }
    let ledger = factory.ledger(&ledger_folder).expect("starts");
    for (index, id) in &acknowledged {
        verify(&ledger, &factory, *index, *id);
    }
    (in_recovery, acknowledged.len())
}

/// Starts the load, kills it at a random instant, and gives what it had acknowledged.
fn run_and_kill(folder: &Path, run: usize, random: &mut Random) -> Vec<(u64, TxId)> {
    let mut child = load(folder, run);
    let lines = lines(&mut child);
    let mut fresh = Vec::new();
    if random.below(4) == 0 {
        // Anywhere in the start, the recovery included.
        pause(Duration::from_micros(random.below(40_000)));
    } else {
        let first = lines.iter().find_map(|line| parse(&line)).expect("the load gets to work");
        fresh.push(first);
        pause(Duration::from_micros(random.below(50_000)));
    }
    assert!(child.try_wait().expect("a child").is_none(), "the load ended by itself");
    child.kill().expect("killed");
    child.wait().expect("gone");
    fresh.extend(lines.iter().filter_map(|line| parse(&line)));
    fresh
}

fn load(folder: &Path, run: usize) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ledger-load"))
        .arg(folder)
        .arg(run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the load starts")
}

/// What the child writes, up to the end of its output.
fn lines(child: &mut Child) -> Receiver<String> {
    let output = BufReader::new(child.stdout.take().expect("it was asked for"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

fn parse(line: &str) -> Option<(u64, TxId)> {
    let (index, id) = line.split_once(' ')?;
    Some((index.parse().expect("an index"), TxId::parse(id).expect("a transaction")))
}

#[expect(clippy::disallowed_methods, reason = "the instant of a kill is the one thing here that is to be a time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The receipt of an acknowledged transaction, checked as a third party would.
fn verify(ledger: &Ledger, factory: &Factory, index: u64, id: TxId) {
    let receipt = ledger.receipt(index, &[]).expect("an acknowledged entry has a receipt");
    let certificate = &factory.signer().certificate().der;
    let log = factory.verifier().expect("a key");
    let proven = proof::verify(&receipt, None, &log, Some(certificate)).expect("the receipt holds");
    assert_eq!((proven.index, proven.id), (index, id), "another transaction");
    assert_eq!(ledger.index_of(&id).expect("the state reads"), Some(index), "the state leads elsewhere");
}

/// Replays the log and compares every hash, signature and record of the state.
fn check(factory: &Factory, folder: &Path) {
    let log = factory.verifier().expect("a key");
    let report = check::check(folder, &factory.network, &log, &mut |_| {}).expect("the ledger is sound");
    assert_eq!(report.differences, Vec::<String>::new());
}
