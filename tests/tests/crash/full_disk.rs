//! A disk that fills up under the server: what it refuses, what it goes on serving, and what is there afterwards.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use veridose_tests::{Client, JSON_LD, Server, SmallDisk, commissioning, document, pack, pack_path, printed, token};

/// Room for an empty node, its packs, and the work of its state store.
const DISK_MIB: u32 = 400;
/// Bytes that are left in each round: the write that fails is another's each time.
const LEFT_BYTES: [u64; 5] = [0, 12 << 10, 200 << 10, 1 << 20, 3 << 20];
/// Packs commissioned beforehand.
const PACKS: usize = 20_000;
/// Requests of a round at most.
const REQUESTS_MAX: usize = 3_000;
/// Refusals after which a round ends.
const REFUSALS: usize = 20;

/// A request's answer by the number of its pack; none where it was refused.
type Answers = BTreeMap<usize, Option<String>>;

fn serial(number: usize) -> String {
    format!("P{number}")
}

fn client(server: &Server) -> Client {
    let token = token(server.data(), "manufacturer", &["--party", "alpine-pharma"]).expect("a token");
    Client::new(server.base(), Some(&token)).expect("a client")
}

async fn commission(maker: &Client) {
    let serials: Vec<_> = (0..PACKS).map(serial).collect();
    let event = |chunk: &[String]| commissioning(&chunk.iter().map(String::as_str).collect::<Vec<_>>(), Some("L1"));
    let events: Vec<_> = serials.chunks(1_000).map(event).collect();
    let job = maker.capture(JSON_LD, "rollback", document(&events).to_string()).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
}

/// Takes the pack out of the trade: its transaction, or nothing where the node says plainly that it cannot write.
async fn destroy(maker: &Client, number: usize) -> Option<String> {
    let body = json!({"items": [pack(&serial(number))], "reason": "destroyed"});
    let answer = maker.post("/decommissions", &format!("destroy-{number}"), &body).await.expect("an answer");
    if answer.status.is_success() {
        return Some(answer.body["tx"].as_str().expect("a transaction").to_owned());
    }
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!((answer.media_type.as_str(), &answer.body["code"]), ("application/problem+json", &json!("unavailable")));
    let said = answer.body["detail"].as_str().expect("a sentence");
    assert!(["full", "busy", "read-only"].iter().any(|why| said.contains(why)), "{said}");
    None
}

/// Reads and verifications of what was acknowledged.
async fn serves(maker: &Client, answers: &Answers) {
    let acknowledged: Vec<_> = answers.iter().filter(|(_, tx)| tx.is_some()).collect();
    for (number, tx) in acknowledged.iter().rev().take(3).chain(acknowledged.first()) {
        let verdict = maker.verify(&pack(&serial(**number))).await.expect("a verdict");
        assert_eq!(verdict["status"], "destroyed", "{verdict}");
        let tx = tx.as_ref().expect("acknowledged");
        maker.get(&format!("/receipts/{tx}")).await.expect("an answer").success().expect("a receipt");
    }
    let untouched = maker.verify(&pack(&serial(PACKS - 1))).await.expect("a verdict");
    assert_eq!(untouched["status"], "active", "{untouched}");
    maker.get(&pack_path(&serial(0))).await.expect("an answer").success().expect("the pack is ours");
    maker.get("/events?perPage=10").await.expect("an answer").success().expect("events");
    maker.get("/healthz").await.expect("an answer").success().expect("it lives");
}

/// A document is refused in the same words, or its job fails and says so; nothing is half done.
async fn captures_nothing(maker: &Client, name: &str) {
    let document = document(&[commissioning(&[name], Some("L1"))]).to_string();
    let request = maker.request(Method::POST, "/capture").header("Content-Type", JSON_LD).body(document);
    let answer = veridose_tests::send(request).await.expect("an answer");
    if answer.status != 202 {
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (503, &json!("unavailable")), "{}", answer.body);
    }
    let verdict = maker.verify(&pack(name)).await.expect("a verdict");
    assert_eq!(verdict["outcome"], "not_found", "{verdict}");
}

/// Writes until the node has refused a number of times; the number of the next pack.
async fn until_refused(maker: &Client, answers: &mut Answers, mut next: usize) -> usize {
    let mut refusals = 0;
    for _ in 0..REQUESTS_MAX {
        let answer = destroy(maker, next).await;
        refusals += usize::from(answer.is_none());
        answers.insert(next, answer);
        next += 1;
        if refusals == REFUSALS {
            return next;
        }
    }
    panic!("the disk did not fill up in {REQUESTS_MAX} requests");
}

/// Everything acknowledged is there under its name; what was refused is carried out when asked for again, once.
async fn keeps_its_word(maker: &Client, answers: &mut Answers, from: usize) {
    for (number, tx) in answers.range_mut(from..) {
        let again = destroy(maker, *number).await.expect("there is room again");
        if let Some(tx) = tx {
            assert_eq!(*tx, again, "pack {number} was acknowledged under another name");
        }
        *tx = Some(again);
        let pack = maker.get(&pack_path(&serial(*number))).await.expect("an answer").success().expect("ours");
        let ends = pack["history"].as_array().expect("a history").iter();
        assert_eq!(ends.filter(|event: &&Value| event["kind"] == "decommission").count(), 1, "{pack}");
    }
}

#[tokio::test]
async fn a_full_disk_stops_writes_and_nothing_else() {
    let Some(disk) = SmallDisk::mount(DISK_MIB).expect("a folder") else { return };
    let mut server = Server::start(disk.path(), &["serve"]).await.expect("starts");
    commission(&client(&server)).await;
    let (mut answers, mut next) = (Answers::new(), 0);
    for left in LEFT_BYTES {
        let maker = client(&server);
        let first = next;
        for _ in 0..5 {
            answers.insert(next, Some(destroy(&maker, next).await.expect("there is room")));
            next += 1;
        }
        disk.fill(left).expect("filled");
        next = until_refused(&maker, &mut answers, next).await;
        captures_nothing(&maker, &format!("NEW{left}")).await;
        serves(&maker, &answers).await;
        disk.empty().expect("emptied");
        // However the node ends, its disk is as it was.
        if left % 2 == 0 {
            server.stop().await.expect("stops");
        } else {
            server.kill().expect("killed");
        }
        server = Server::start(disk.path(), &["serve"]).await.expect("starts again");
        keeps_its_word(&client(&server), &mut answers, first).await;
    }
    server.stop().await.expect("stops");
    printed(disk.path(), &["ledger", "check"]).expect("the ledger is sound");
    printed(disk.path(), &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
    println!("measured: {} full disks, {} requests", LEFT_BYTES.len(), answers.len());
}
