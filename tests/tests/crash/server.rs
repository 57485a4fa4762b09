//! The whole server, killed under load over HTTP: what it answered holds, what it did not answer can be asked again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, Receipt};
use veridose_tests::{Client, JSON_LD, Random, Server, Trial, commissioning, document, pack, pack_path, printed};

/// Times that one server is killed. Its ledger is checked and its view made anew after each, so a server does not live long.
const KILLS: usize = 10;
/// Servers.
const LIVES: usize = 20;
/// Servers when every fault is tried at length.
const LIVES_LONG: usize = 100;
/// Servers that are killed in their first moments.
const FIRST_STARTS: usize = 40;
/// Requests in flight.
const WORKERS: usize = 16;
/// Packs that are commissioned before the load, which takes them out of the trade one by one.
const PACKS: usize = 20_000;
/// Packs of one event.
const PACKS_AN_EVENT: usize = 1_000;

/// What became of a pack's request: acknowledged as this transaction, or sent and never answered.
type Answers = BTreeMap<u64, Option<String>>;

/// Requests sent until the server is gone.
struct Load {
    answers: Arc<Mutex<Answers>>,
    next: Arc<AtomicU64>,
}

async fn destroy(client: &Client, number: u64) -> Option<Value> {
    let body = json!({"items": [pack(&format!("P{number}"))], "reason": "destroyed"});
    let answer = client.post("/decommissions", &format!("destroy-{number}"), &body).await.ok()?;
    Some(answer.success().expect("a lawful request is carried out"))
}

impl Load {
    async fn until_the_server_is_gone(&self, client: Client) {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (client, answers, next) = (client.clone(), Arc::clone(&self.answers), Arc::clone(&self.next));
                tokio::spawn(async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        answers.lock().expect("no panic").insert(number, None);
                        let Some(done) = destroy(&client, number).await else { return };
                        let tx = done["tx"].as_str().expect("a transaction").to_owned();
                        answers.lock().expect("no panic").insert(number, Some(tx));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.expect("no refusal");
        }
    }
}

async fn commission(maker: &Client) {
    let serials: Vec<_> = (0..PACKS).map(|number| format!("P{number}")).collect();
    let events: Vec<_> = serials
        .chunks(PACKS_AN_EVENT)
        .map(|chunk| commissioning(&chunk.iter().map(String::as_str).collect::<Vec<_>>(), Some("L1")))
        .collect();
    let job = maker.capture(JSON_LD, "rollback", document(&events).to_string()).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
}

/// Each acknowledged request has a receipt that proves it of its pack; each unanswered one, sent again, is carried out
/// once.
async fn verify(maker: &Client, answers: &mut Answers, from: u64) {
    let key = maker.request(Method::GET, "/log/key").send().await.expect("an answer").text().await.expect("text");
    let log = LogVerifier::parse(key.trim()).expect("a key");
    for (number, tx) in answers.range_mut(from..) {
        if tx.is_none() {
            let done = destroy(maker, *number).await.expect("an answer");
            *tx = Some(done["tx"].as_str().expect("a transaction").to_owned());
        }
        let tx = tx.as_ref().expect("answered by now");
        let name = pack(&format!("P{number}"));
        let path = format!("/receipts/{tx}?item={}", name.replace('(', "%28").replace(')', "%29"));
        let receipt = maker.get(&path).await.expect("an answer").success().expect("an acknowledged transaction");
        let receipt = Receipt::parse(&receipt.to_string()).expect("a receipt");
        let proven = proof::verify(&receipt, Some(&name), &log, None).expect("the receipt holds");
        assert_eq!(proven.id.to_string(), *tx);
    }
}

/// Every event that the maker sees, and some packs as it sees them.
async fn view(maker: &Client, answers: &Answers) -> (Vec<Value>, Vec<Value>) {
    let mut packs = Vec::new();
    for number in answers.keys().step_by(answers.len() / 20 + 1) {
        let pack = maker.get(&pack_path(&format!("P{number}"))).await.expect("an answer").success();
        let pack = pack.expect("the pack is ours");
        assert_eq!(pack["status"], "decommissioned", "{pack}");
        let ends = pack["history"].as_array().expect("a history").iter();
        assert_eq!(ends.filter(|event| event["kind"] == "decommission").count(), 1, "{pack}");
        packs.push(pack);
    }
    (maker.events().await.expect("events"), packs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_keeps_its_word() {
    let lives = if std::env::var_os("VERIDOSE_LONG").is_some() { LIVES_LONG } else { LIVES };
    let (mut random, mut requests) = (Random::from_environment(), 0);
    for _ in 0..lives {
        requests += live(&mut random).await;
    }
    println!("measured: {} kills of the server, {requests} requests", lives * KILLS);
}

/// A kill while a node makes its keys, its network, its ledger and its database: the next start goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_killed_is_begun_again() {
    let mut random = Random::from_environment();
    for start in 0..FIRST_STARTS {
        let data = tempfile::tempdir().expect("temporary directory");
        let mut first = Server::spawn(data.path(), &["serve"]).expect("starts");
        tokio::time::sleep(Duration::from_millis(random.below(400))).await;
        first.kill_in_place().expect("killed");
        let second = Server::start(data.path(), &["serve"]).await;
        let second = second.unwrap_or_else(|error| panic!("start {start}: {error:#}"));
        second.stop().await.expect("stops");
        check(data.path());
    }
}

/// A server from its founding over its kills to its end; how many requests it had.
async fn live(random: &mut Random) -> usize {
    let mut trial = Trial::start().await.expect("starts");
    commission(&trial.maker().expect("a client")).await;
    let load = Load { answers: Arc::default(), next: Arc::default() };
    for kill in 0..KILLS {
        let before = load.next.load(Ordering::Relaxed);
        let working = load.until_the_server_is_gone(trial.maker().expect("a client"));
        let killing = async {
            tokio::time::sleep(Duration::from_millis(20 + random.below(300))).await;
            trial.kill().expect("killed")
        };
        let ((), data) = tokio::join!(working, killing);
        check(data.path());
        trial = Trial::resume(data).await.unwrap_or_else(|error| panic!("after kill {kill}: {error:#}"));
        let mut answers = load.answers.lock().expect("no panic").clone();
        verify(&trial.maker().expect("a client"), &mut answers, before).await;
        *load.answers.lock().expect("no panic") = answers;
    }
    let mut answers = load.answers.lock().expect("no panic").clone();
    assert!(answers.len() > KILLS * WORKERS, "the server hardly got to work: {} requests", answers.len());
    assert!(answers.len() < PACKS, "the packs ran out");
    let maker = trial.maker().expect("a client");
    verify(&maker, &mut answers, 0).await;
    let before = view(&maker, &answers).await;
    assert_eq!(before.0.len(), answers.len() + PACKS / PACKS_AN_EVENT, "each request is one event");

    let data = trial.stop().await.expect("stops");
    check(data.path());
    let trial = Trial::resume(data).await.expect("starts");
    assert_eq!(view(&trial.maker().expect("a client"), &answers).await, before, "the view differs from the ledger");
    trial.server.stop().await.expect("stops");
    answers.len()
}

/// Ledger and view of a server that does not run.
fn check(data: &Path) {
    printed(data, &["ledger", "check"]).expect("the ledger is sound");
    printed(data, &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
}
