//! A second start on the same data, and the commands that make a cache anew from what is primary.

use serde_json::Value;
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, pack, pack_path, printed};

/// What the regulator sees of everything.
async fn view(trial: &Trial) -> Vec<Value> {
    let agency = trial.agency().expect("a client");
    let mut view = agency.events().await.expect("events");
    for list in ["/handoffs", "/products", "/parties", "/recalls"] {
        view.extend(agency.rows(list).await.expect("a list"));
    }
    view.push(agency.get(&pack_path("A")).await.expect("an answer").success().expect("a regulator sees it"));
    view
}

async fn traded(trial: &Trial) {
    let maker: Client = trial.maker().expect("a client");
    let packs = document(&[commissioning(&["A", "B"], Some("L1"))]).to_string();
    assert_eq!(maker.capture(JSON_LD, "rollback", packs).await.expect("a job")["success"], true);
    let offer = serde_json::json!({"to": "north-wholesale", "items": [pack("A")]});
    maker.post("/handoffs", "offer", &offer).await.expect("an answer").success().expect("offered");
    let recall = serde_json::json!({"items": [pack("B")], "class": 2, "reason": "a trial"});
    maker.post("/recalls", "recall", &recall).await.expect("an answer").success().expect("recalled");
}

#[tokio::test]
async fn a_second_start_goes_on_and_caches_can_be_made_anew() {
    let trial = Trial::start().await.expect("starts");
    traded(&trial).await;
    let before = view(&trial).await;
    assert!(before.len() > 8, "{before:?}");

    let data = trial.kill().expect("killed");
    let trial = Trial::resume(data).await.expect("starts after a kill");
    assert_eq!(view(&trial).await, before, "after a kill");
    let data = trial.stop().await.expect("stops");

    let checked = printed(data.path(), &["ledger", "check"]).expect("the ledger is sound");
    printed(data.path(), &["project", "rebuild", "--compare"]).expect("the same view is made anew");
    printed(data.path(), &["ledger", "rebuild-state"]).expect("the state is made anew");
    let trial = Trial::resume(data).await.expect("starts on rebuilt caches");
    assert_eq!(view(&trial).await, before, "after the caches were made anew");
    let data = trial.stop().await.expect("stops");
    let again = printed(data.path(), &["ledger", "check"]).expect("the ledger is sound");
    assert_eq!(again, checked);
}
