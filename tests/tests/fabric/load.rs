//! Packs that are destroyed one by one, by many at once, and what became of each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use veridose_tests::{Answer, Client, JSON_LD, commissioning, document, pack, pack_path};

/// Requests in flight.
const WORKERS: usize = 8;
/// Packs of one event.
pub(super) const PACKS_AN_EVENT: usize = 500;

/// What became of a pack's request: acknowledged as this transaction, or not answered with one.
pub(super) type Answers = BTreeMap<u64, Option<String>>;

/// Commissions packs `P0` to `P<count>`.
pub(super) async fn commission(maker: &Client, count: usize) {
    let serials: Vec<_> = (0..count).map(|number| format!("P{number}")).collect();
    let event = |chunk: &[String]| commissioning(&chunk.iter().map(String::as_str).collect::<Vec<_>>(), Some("L1"));
    let events: Vec<_> = serials.chunks(PACKS_AN_EVENT).map(event).collect();
    let job = maker.capture(JSON_LD, "rollback", document(&events).to_string()).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
}

/// Destroys a pack, under the same key however often it is asked.
pub(super) async fn destroy(maker: &Client, number: u64) -> anyhow::Result<Answer> {
    let body = json!({"items": [pack(&format!("P{number}"))], "reason": "destroyed"});
    maker.post("/decommissions", &format!("destroy-{number}"), &body).await
}

/// A load that goes on until it is told to stop.
#[derive(Clone, Default)]
pub(super) struct Load {
    pub(super) answers: Arc<Mutex<Answers>>,
    next: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Load {
    /// Ends after what is in flight.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Sends until it is stopped or the node is gone. An error must be one that says to try again.
    pub(super) async fn run(&self, client: &Client) {
        self.stopped.store(false, Ordering::Relaxed);
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (load, client) = (self.clone(), client.clone());
                tokio::spawn(async move {
                    while !load.stopped.load(Ordering::Relaxed) {
                        let number = load.next.fetch_add(1, Ordering::Relaxed);
                        load.note(number, None);
                        let Ok(answer) = destroy(&client, number).await else { return };
                        if answer.status.as_u16() == 503 {
                            assert!(answer.retry_after_seconds.is_some(), "it is worth repeating: {}", answer.body);
                            continue;
                        }
                        load.note(number, Some(transaction(&answer.success().expect("a lawful request"))));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.expect("no refusal");
        }
    }

    fn note(&self, number: u64, tx: Option<String>) {
        self.answers.lock().expect("no panic").insert(number, tx);
    }
}

fn transaction(done: &Value) -> String {
    done["tx"].as_str().expect("a transaction").to_owned()
}

/// What was acknowledged stands as it was acknowledged; what was not, asked again, is carried out; each exactly once.
pub(super) async fn verify(maker: &Client, answers: &Answers) {
    for (number, tx) in answers {
        let again = destroy(maker, *number).await.expect("an answer").success().expect("the same request again");
        if let Some(tx) = tx {
            assert_eq!(&transaction(&again), tx, "the request of pack {number} was answered before");
        }
        let path = pack_path(&format!("P{number}"));
        let shown = maker.get(&path).await.expect("an answer").success().expect("the pack is ours");
        let ends = shown["history"].as_array().expect("a history").iter();
        assert_eq!(ends.filter(|event| event["kind"] == "decommission").count(), 1, "{shown}");
    }
}
