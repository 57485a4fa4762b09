//! One request, sent more than once: it happens once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, pack, pack_path};

/// Requests sent at once.
const AT_ONCE: usize = 50;

async fn with_packs(serials: &[&str]) -> (Trial, Client) {
    let trial = Trial::start().await.expect("starts");
    let maker = trial.maker().expect("a client");
    let document = document(&[commissioning(serials, Some("L1"))]).to_string();
    let job = maker.capture(JSON_LD, "rollback", document).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
    (trial, maker)
}

fn destroyed(serial: &str) -> Value {
    json!({"items": [pack(serial)], "reason": "destroyed"})
}

/// Events of the pack's history of the kind.
async fn times(client: &Client, serial: &str, kind: &str) -> usize {
    let pack = client.get(&pack_path(serial)).await.expect("an answer").success().expect("the pack is ours");
    let history = pack["history"].as_array().expect("a history");
    history.iter().filter(|event| event["kind"] == kind).count()
}

#[tokio::test]
async fn fifty_at_once_are_one_transaction() {
    let (trial, maker) = with_packs(&["A", "B"]).await;
    let one = |number: usize| {
        let maker = maker.clone();
        tokio::spawn(async move {
            // Two packs and two keys, mixed, so that different requests run beside the equal ones.
            let serial = if number.is_multiple_of(2) { "A" } else { "B" };
            let answer = maker.post("/decommissions", &format!("destroy-{serial}"), &destroyed(serial)).await;
            let done = answer.expect("an answer").success().expect("each is answered as the first");
            (serial, done["tx"].as_str().expect("a transaction").to_owned(), done["repeated"] == false)
        })
    };
    let mut answers = Vec::new();
    for task in (0..AT_ONCE).map(one).collect::<Vec<_>>() {
        answers.push(task.await.expect("no panic"));
    }
    for serial in ["A", "B"] {
        let of_pack: Vec<_> = answers.iter().filter(|(of, ..)| *of == serial).collect();
        let transactions: BTreeSet<_> = of_pack.iter().map(|(_, tx, _)| tx).collect();
        assert_eq!(transactions.len(), 1, "{serial}: {of_pack:?}");
        assert_eq!(of_pack.iter().filter(|(.., first)| *first).count(), 1, "{serial}: one was the first: {of_pack:?}");
        assert_eq!(times(&maker, serial, "decommission").await, 1, "{serial}");
    }
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let (trial, maker) = with_packs(&["A", "B"]).await;
    let first = maker.post("/decommissions", "one", &destroyed("A")).await.expect("an answer").success();
    let first = first.expect("the first is carried out");
    let other = maker.post("/decommissions", "one", &destroyed("B")).await.expect("an answer");
    assert_eq!((other.status.as_u16(), other.refusal().expect("a problem")), (409, "idempotency_conflict"));
    assert_eq!(times(&maker, "B", "decommission").await, 0, "the refused request was carried out");
    let again = maker.post("/decommissions", "one", &destroyed("A")).await.expect("an answer").success();
    let again = again.expect("the same request again is answered");
    assert_eq!((&again["tx"], &again["repeated"]), (&first["tx"], &json!(true)));
    let fresh = maker.post("/decommissions", "two", &destroyed("A")).await.expect("an answer");
    assert_eq!((fresh.status.as_u16(), fresh.refusal().expect("a problem")), (409, "not_active"));
    // A key is its caller's: another member's request under the same key is another request.
    let north = trial.north().expect("a client");
    let theirs = north.post("/decommissions", "one", &destroyed("B")).await.expect("an answer");
    assert_eq!((theirs.status.as_u16(), theirs.refusal().expect("a problem")), (403, "not_holder"));
    trial.server.stop().await.expect("stops");
}
