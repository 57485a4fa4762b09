//! A clinical study's protocol and reports: what was there when, who signed it, and that nobody changes one unseen.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use veridose_tests::{Client, Trial, printed, token, veridose};

const STUDY: &str = "NCT05000000";

fn sha256(contents: &str) -> String {
    hex::encode(Sha256::digest(contents))
}

/// Another one for each request.
fn key() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("study-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

fn version(document: &str, kind: &str, version: u32, contents: &str) -> Value {
    json!({
        "document": document, "kind": kind, "version": version, "sha256": sha256(contents),
        "title": format!("{document}, version {version}"),
    })
}

async fn done(client: &Client, path: &str, body: &Value) -> Value {
    client.post(path, &key(), body).await.expect("an answer").success().expect("done")
}

async fn refused(client: &Client, path: &str, body: &Value) -> String {
    let answer = client.post(path, &key(), body).await.expect("an answer");
    answer.refusal().expect("refused").to_owned()
}

/// What `veridose trial verify` says of a file, and its exit code.
fn verified(trial: &Trial, role: &str, party: &str, file: &Path) -> (Option<i32>, Value, String) {
    let token_file = trial.data().join(format!("{party}.token"));
    std::fs::write(&token_file, token(trial.data(), role, &["--party", party]).expect("a token")).expect("written");
    let [file, token_file] = [file, &token_file].map(|path| path.to_str().expect("text"));
    let arguments = ["trial", "verify", file, "--server", trial.server.base(), "--token-file", token_file];
    let told = veridose(trial.data(), &arguments).expect("runs");
    let shown = veridose(trial.data(), &[&arguments[..], &["--json"]].concat()).expect("runs");
    assert_eq!(told.status, shown.status);
    let shown = serde_json::from_slice(&shown.stdout).unwrap_or_default();
    (told.status.code(), shown, String::from_utf8(told.stdout).expect("text"))
}

#[tokio::test]
async fn a_protocol_is_amended_in_everybodys_sight() {
    let trial = Trial::start().await.expect("starts");
    let (sponsor, site) = (trial.maker().expect("a client"), trial.harbour().expect("a client"));
    let (agency, outsider) = (trial.agency().expect("a client"), trial.north().expect("a client"));
    let study = json!({
        "number": STUDY, "title": "Dose finding", "kind": "interventional", "sites": ["harbour-pharmacy"],
    });
    let registered = done(&sponsor, "/studies", &study).await;
    let documents = format!("/studies/{STUDY}/documents");
    let signatures = format!("/studies/{STUDY}/signatures");

    let first = version("protocol", "protocol", 1, "dose 5 mg");
    done(&sponsor, &documents, &first).await;
    assert_eq!(refused(&site, &documents, &version("protocol", "protocol", 2, "dose 9 mg")).await, "not_sponsor");
    assert_eq!(refused(&outsider, &documents, &version("x", "other", 1, "x")).await, "not_in_study");
    done(&site, &documents, &version("crf/1", "case_report_form", 1, "pulse 71")).await;
    let signature = |contents: &str| json!({"sha256": sha256(contents), "meaning": "approval", "name": "Dr Ada Weiss"});
    done(&site, &signatures, &signature("dose 5 mg")).await;
    assert_eq!(refused(&outsider, &signatures, &signature("dose 5 mg")).await, "not_in_study");

    let file = trial.data().join("protocol.txt");
    std::fs::write(&file, "dose 5 mg").expect("written");
    let (code, shown, told) = verified(&trial, "pharmacy", "harbour-pharmacy", &file);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((&shown["versions"][0]["proof"], &shown["versions"][0]["is_current"]), (&json!("holds"), &json!(true)));
    assert!(told.contains("anchored by alpine-pharma at 2") && told.contains("Dr Ada Weiss"), "{told}");
    let (code, shown, told) = verified(&trial, "distributor", "north-wholesale", &file);
    assert_eq!((code, &shown["versions"][0]["proof"]), (Some(0), &json!("not_given")), "who has the file may ask");
    assert!(!told.contains("Ada"), "a name is for who is part of the study: {told}");

    // The sponsor amends it: the old file is told to be old, to everybody who has it.
    assert_eq!(
        refused(&sponsor, &documents, &version("protocol", "protocol", 1, "dose 7 mg")).await,
        "document_version"
    );
    done(&sponsor, &documents, &version("protocol", "protocol", 2, "dose 7 mg")).await;
    let (code, shown, told) = verified(&trial, "regulator", "medicines-agency", &file);
    assert_eq!((code, &shown["versions"][0]["proof"]), (Some(1), &json!("holds")), "{told}");
    assert!(told.contains("IT WAS AMENDED: the current version is 2"), "{told}");
    assert_eq!(refused(&site, &signatures, &signature("dose 5 mg")).await, "document_version");
    std::fs::write(&file, "dose 6 mg").expect("written");
    assert_eq!(verified(&trial, "regulator", "medicines-agency", &file).0, Some(1), "it was never anchored");

    let listed = site.rows(&documents).await.expect("rows");
    let listed: Vec<_> = listed.iter().map(|row| (row["title"].as_str(), row["version"].as_u64())).collect();
    let expected = [("protocol, version 2", 2), ("crf/1, version 1", 1), ("protocol, version 1", 1)];
    assert_eq!(listed, expected.map(|(title, version)| (Some(title), Some(version))));
    assert_eq!(agency.rows("/studies").await.expect("rows")[0]["study"], registered["study"]);
    assert_eq!(outsider.rows("/studies").await.expect("rows"), Vec::<Value>::new());
    assert_eq!(outsider.get(&documents).await.expect("an answer").refusal().expect("refused"), "not_found");

    let data = trial.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the ledger is sound");
    printed(data.path(), &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
}

#[tokio::test]
async fn what_is_wrong_with_a_study_is_named() {
    let trial = Trial::start().await.expect("starts");
    let sponsor = trial.maker().expect("a client");
    let study = |number: &str, title: &str| json!({"number": number, "title": title, "kind": "observational"});
    for (body, field) in
        [(study("NCT 1", "x"), "number"), (study(STUDY, ""), "title"), (study(STUDY, &"x".repeat(501)), "title")]
    {
        let answer = sponsor.post("/studies", &key(), &body).await.expect("an answer");
        assert_eq!((answer.status.as_u16(), &answer.body["field"]), (422, &json!(field)), "{}", answer.body);
    }
    assert_eq!(refused(&trial.north().expect("a client"), "/studies", &study(STUDY, "x")).await, "role_not_allowed");
    done(&sponsor, "/studies", &study(STUDY, "x")).await;
    assert_eq!(refused(&sponsor, "/studies", &study("nct05000000", "y")).await, "study_exists");
    let documents = format!("/studies/{STUDY}/documents");
    let hash = json!({"document": "d", "kind": "other", "version": 1, "sha256": "abc", "title": "t"});
    let answer = sponsor.post(&documents, &key(), &hash).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), &answer.body["field"]), (422, &json!("sha256")), "{}", answer.body);
    assert_eq!(refused(&sponsor, "/studies/NCT1/documents", &version("d", "other", 1, "x")).await, "not_found");
    trial.stop().await.expect("stops");
}
