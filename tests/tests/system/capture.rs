//! A capture with one bad event among ten thousand: under rollback no trace of it, under proceed exactly that one is left out.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use veridose_tests::{Client, Dump, JSON_LD, Rows, Trial, commissioning, document, pack};

/// Events in the document.
const EVENTS: usize = 10_000;
/// Number of the bad one, from 1.
const BAD: usize = 6_170;
/// Packs that are looked at one by one: the first, those about the bad event, the last.
const LOOKED_AT: [usize; 4] = [1, BAD - 1, BAD + 1, EVENTS];

fn serial(number: usize) -> String {
    format!("S{number}")
}

/// Ten thousand events of one pack each, with the bad one at its place.
fn ten_thousand(bad: &Value) -> String {
    let event = |number: usize| {
        if number == BAD { bad.clone() } else { commissioning(&[&serial(number)], Some("CAP1")) }
    };
    document(&(1..=EVENTS).map(event).collect::<Vec<_>>()).to_string()
}

async fn exists(client: &Client, serial: &str) -> bool {
    let verdict = client.verify(&pack(serial)).await.expect("a verdict");
    match verdict["outcome"].as_str() {
        Some("authentic") => true,
        Some("not_found") => false,
        _ => panic!("{verdict}"),
    }
}

/// The job's errors: one, of the bad event, with the code.
fn assert_names_the_bad_one(job: &Value, code: &str) {
    assert_eq!((&job["success"], &job["errorCount"]), (&json!(false), &json!(1)), "{job}");
    let errors = job["errors"].as_array().expect("a list");
    let found: Vec<_> = errors.iter().map(|error| (&error["event"], &error["code"])).collect();
    assert_eq!(found, [(&json!(BAD), &json!(code))], "{job}");
}

/// What a node keeps, but for its jobs: how many transactions, and every row of the vault and of the view.
async fn kept(client: &Client, data: &Path) -> (String, Dump, Dump) {
    let metrics = client.request(Method::GET, "/metrics").send().await.expect("an answer").text().await.expect("text");
    let size = metrics.lines().find(|line| line.starts_with("veridose_ledger_transactions ")).expect("the counter");
    let (vault, view) = (Rows::of_vault(data).await.expect("opens"), Rows::of_view(data).await.expect("opens"));
    let (mut of_vault, of_view) = (vault.dump().await.expect("rows"), view.dump().await.expect("rows"));
    let jobs = of_vault.remove("capture_job").expect("the table of jobs");
    assert!(!jobs.is_empty(), "the job itself stays");
    of_vault.remove("capture_error").expect("the table of errors");
    of_vault.remove("capture_finding").expect("the table of findings");
    of_vault.remove("job").expect("the table of the queue, whose periodic jobs come and go");
    assert!(!of_vault["vault_document"].is_empty() && !of_view["event"].is_empty(), "what was there before");
    vault.close().await;
    view.close().await;
    (size.to_owned(), of_vault, of_view)
}

/// Sends the document under both behaviours.
async fn captured_without_the_bad_one(bad: &Value, code: &str) {
    let trial = Trial::start().await.expect("starts");
    let maker = trial.maker().expect("a client");
    let before = document(&[commissioning(&["MADE"], Some("OLD1"))]).to_string();
    let job = maker.capture(JSON_LD, "rollback", before).await.expect("a job");
    assert_eq!((&job["success"], &job["captured"]), (&json!(true), &json!(1)), "{job}");
    assert_eq!(maker.events().await.expect("events").len(), 1);

    let before = kept(&maker, trial.data()).await;
    let job = maker.capture(JSON_LD, "rollback", ten_thousand(bad)).await.expect("a job");
    assert!(kept(&maker, trial.data()).await == before, "something of the document was left");
    assert_names_the_bad_one(&job, code);
    assert_eq!(job["captured"], 0, "{job}");
    assert_eq!(maker.events().await.expect("events").len(), 1, "an event was left");
    for number in LOOKED_AT {
        assert!(!exists(&maker, &serial(number)).await, "pack {number} was left");
    }

    let job = maker.capture(JSON_LD, "proceed", ten_thousand(bad)).await.expect("a job");
    assert_names_the_bad_one(&job, code);
    assert_eq!(job["captured"], EVENTS - 1, "{job}");
    assert_eq!(maker.events().await.expect("events").len(), EVENTS, "all but the bad one, beside the one before");
    for number in LOOKED_AT {
        assert!(exists(&maker, &serial(number)).await, "pack {number} is not there");
    }
    assert!(!exists(&maker, "FRESH").await, "a piece of the bad event was captured");
    let job = maker.capture(JSON_LD, "rollback", ten_thousand(&commissioning(&["FRESH"], Some("CAP1")))).await;
    assert_eq!(job.expect("a job")["success"], false, "packs begin once");
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn packs_without_a_lot() {
    captured_without_the_bad_one(&commissioning(&["FRESH"], None), "lot_missing").await;
}

#[tokio::test]
async fn a_pack_that_was_commissioned_before() {
    captured_without_the_bad_one(&commissioning(&["FRESH", "MADE"], Some("CAP1")), "item_exists").await;
}
