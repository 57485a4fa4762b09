//! What is forgotten, and what a patient takes along.

use std::path::Path;

use serde_json::{Value, json};
use veridose_tests::{Client, Trial, veridose};

use super::people::{SECRETS, create, kept, observation};

const NAME: &str = SECRETS[0];

async fn status(client: &Client, path: &str) -> u16 {
    client.get(path).await.expect("an answer").status.as_u16()
}

/// Nothing of the patient can be read, by the patient or its keeper, and nothing new is taken in.
async fn is_forgotten(trial: &Trial, id: &str, consent: &str) {
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    for path in [
        format!("/fhir/Patient/{id}"),
        format!("/fhir/Patient/{id}/$everything"),
        format!("/fhir/Consent/{consent}"),
        "/patients/me/export".to_owned(),
    ] {
        assert_eq!(status(&own, &path).await, 404, "{path}");
    }
    assert_eq!(status(&harbour, &format!("/fhir/Consent/{consent}")).await, 404);
    let found = own.get("/fhir/Observation").await.expect("an answer").success();
    assert_eq!(found.expect("an empty page")["total"], 0);
    assert_eq!(create(&harbour, &observation(NAME, 1.0)).await.status, 409);
}

async fn forget(own: &Client, key: &str) -> Value {
    let body = json!({"erase_everything": true});
    own.post("/patients/me/erase", key, &body).await.expect("an answer").success().expect("erased")
}

/// Copies the databases; what lies beside them in the other folder goes.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(to).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("veridose.sqlite")) {
            std::fs::remove_file(path).expect("removed");
        }
    }
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("veridose.sqlite") {
            std::fs::copy(entry.path(), to.join(name)).expect("copied");
        }
    }
}

#[tokio::test]
async fn what_is_erased_stays_unreadable_in_an_older_copy_of_the_database() {
    let trial = Trial::start().await.expect("starts");
    let harbour = trial.harbour().expect("a client");
    let id = kept(&harbour, NAME).await;
    kept(&harbour, "p-2").await;
    let own = trial.patient(NAME).expect("a client");
    let bundle = own.get("/fhir/Consent").await.expect("an answer").success().expect("found");
    let given = bundle["entry"][0]["resource"]["id"].as_str().expect("an id").to_owned();

    // An older copy, with the patient's key in it.
    let older = tempfile::tempdir().expect("temporary directory");
    let data = trial.stop().await.expect("stops");
    copy(data.path(), older.path());
    let trial = Trial::resume(data).await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    assert_eq!(status(&own, &format!("/fhir/Patient/{id}")).await, 200);

    let others =
        harbour.post("/patients/me/erase", "not-mine", &json!({"erase_everything": true})).await.expect("an answer");
    assert_eq!(others.refusal().expect("a problem"), "forbidden");
    let unsure =
        own.post("/patients/me/erase", "unsure", &json!({"erase_everything": false})).await.expect("an answer");
    assert_eq!(unsure.status, 422);
    let erased = forget(&own, "erase").await;
    assert!(erased["tx"].is_string() && erased["documents"].as_u64().is_some_and(|count| count >= 4), "{erased}");
    is_forgotten(&trial, &id, &given).await;
    let again = forget(&own, "again").await;
    assert_eq!((&again["erasure"], &again["documents"], again.get("tx")), (&erased["erasure"], &json!(0), None));

    // The older copy hangs from a root that is nowhere any more: no node opens it.
    let data = trial.stop().await.expect("stops");
    let newest = tempfile::tempdir().expect("temporary directory");
    copy(data.path(), newest.path());
    copy(older.path(), data.path());
    let refused = veridose(data.path(), &["serve", "--listen", "127.0.0.1:0"]).expect("runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("the database is older than the node's keys"), "{said}");
    copy(newest.path(), data.path());
    let trial = Trial::resume(data).await.expect("starts");
    is_forgotten(&trial, &id, &given).await;
    let other = trial.patient("p-2").expect("a client");
    assert_eq!(other.get("/fhir/Observation").await.expect("an answer").success().expect("found")["total"], 1);
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_patient_takes_everything_along() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    kept(&harbour, NAME).await;
    kept(&harbour, "p-2").await;
    let bundle = own.get("/patients/me/export").await.expect("an answer").success().expect("mine");
    let mut kinds: Vec<_> = bundle["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| e["resource"]["resourceType"].to_string())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["\"Consent\"", "\"MedicationRequest\"", "\"Observation\"", "\"Patient\""]);
    assert_eq!((&bundle["type"], bundle.to_string().contains("p-2")), (&json!("collection"), false));
    let pdf = own.request(reqwest::Method::GET, "/patients/me/export.pdf").send().await.expect("an answer");
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let bytes = pdf.bytes().await.expect("a document");
    assert!(bytes.starts_with(b"%PDF-1.7"));
    assert!(bytes.windows(SECRETS[1].len()).any(|window| window == SECRETS[1].as_bytes()), "the name stands in it");
    assert_eq!(status(&harbour, "/patients/me/export").await, 403);
    trial.server.stop().await.expect("stops");
}
