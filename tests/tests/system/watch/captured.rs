//! What the rules find in the past of packs that a captured document names: told with its job, and a case each.

use serde_json::Value;
use veridose_tests::{Client, JSON_LD, Trial, document, pack};

use super::{captured, cases, event, has_run, raised, station_of, trade};

const STATION: &str = "https://id.gs1.org/414/9506000500010";

/// Number of the event and code of each finding of a job.
fn findings(job: &Value) -> Vec<(u64, &str)> {
    let findings = job["findings"].as_array().expect("a list").iter();
    findings
        .map(|found| (found["event"].as_u64().expect("a number"), found["code"].as_str().expect("a code")))
        .collect()
}

async fn proceeded(client: &Client, events: &[Value]) -> Value {
    client.capture(JSON_LD, "proceed", document(events).to_string()).await.expect("a job")
}

#[tokio::test]
async fn what_captured_events_contradict_is_told_with_them_and_is_one_case() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, station) = (trial.harbour().expect("a client"), station_of(&trial));
    trade(&trial, &harbour).await;

    // A pack that another pharmacy took out of the trade, which the ledger refuses; and one that another pharmacy still has.
    let again = [
        event(30, "decommissioning", "DELETE", STATION, &["SUPPLIED"]),
        event(20, "inspecting", "OBSERVE", STATION, &["COPIED"]),
    ];
    let job = proceeded(&station, &again).await;
    assert_eq!(job["errorCount"], 1, "{job}");
    assert_eq!(job["errors"][0]["event"], 1, "{job}");
    let found = findings(&job);
    assert!(found.contains(&(1, "reuse_after_end")), "{job}");
    assert!(found.contains(&(2, "cloned_serial")), "{job}");
    assert!(!job["findings"].to_string().to_lowercase().contains("harbour"), "nobody else is named: {job}");

    let agency = trial.agency().expect("a client");
    let raised = raised(&agency, 2).await;
    assert!(raised[&pack("SUPPLIED")].contains(&"reuse_after_end".to_owned()), "{raised:?}");
    assert!(raised[&pack("COPIED")].contains(&"cloned_serial".to_owned()), "{raised:?}");
    // Handed in again it is the same cause.
    let job = proceeded(&station, &again).await;
    assert!(findings(&job).contains(&(1, "reuse_after_end")), "{job}");
    has_run(&agency, "detect").await;
    assert_eq!(cases(&agency).await.keys().collect::<Vec<_>>(), raised.keys().collect::<Vec<_>>());

    // An ordinary day finds nothing.
    let job = harbour.capture(
        JSON_LD,
        "rollback",
        document(&[event(100, "inspecting", "OBSERVE", super::HARBOUR, &["SOUND"])]).to_string(),
    );
    let job = job.await.expect("a job");
    assert_eq!((&job["success"], findings(&job).len()), (&Value::Bool(true), 0), "{job}");
    captured(&harbour, &[event(5, "decommissioning", "DELETE", super::HARBOUR, &["SOUND"])]).await;
    trial.server.stop().await.expect("stops");
}
