//! Resources made by an independent FHIR library are taken in, and what comes back is valid to it. `VERIDOSE_FHIR_R4` and
//! `VERIDOSE_FHIR_R5` name Python interpreters that have it; `tests/run` installs them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use veridose_tests::{Trial, send};

use super::claims::{FUND, GTIN, fund, given, today};
use super::people::{create, create_as};

/// Patients that the library makes, each with records and a consent.
const PATIENTS: &str = "20";

/// What the library prints, given the lines.
fn library(release: &str, python: &PathBuf, arguments: &[&str], lines: &[Value]) -> Vec<String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fhir/library.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(release)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let text: String = lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect();
    let writing = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{release}: {}", String::from_utf8_lossy(&output.stderr));
    writing.join().expect("writes").expect("is read to its end");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Has the library, where `VERIDOSE_FHIR_R4` names a Python that has it, validate what R4 resources were given out.
pub(crate) fn valid(given: &[Value]) {
    if let Some(python) = std::env::var_os("VERIDOSE_FHIR_R4") {
        assert_eq!(library("R4", &python.into(), &["validate"], given).len(), given.len());
    }
}

async fn taken_and_given_back(release: &str, version: &str, python: PathBuf) {
    let data = tempfile::tempdir().expect("temporary directory");
    let config = data.path().join("patients.toml");
    std::fs::write(&config, "[limits]\nrequests_per_second = 0\n").expect("written");
    let arguments = vec!["--config".to_owned(), config.display().to_string()];
    let trial = Trial::start_with(data, arguments).await.expect("starts");
    let harbour = trial.harbour().expect("a client");
    let media = format!("application/fhir+json; fhirVersion={version}");
    let mut given = Vec::new();
    let examples = library(release, &python, &["examples", PATIENTS], &[]);
    for line in &examples {
        let resource: Value = serde_json::from_str(line).expect("JSON");
        let kind = resource["resourceType"].as_str().expect("a resource");
        let answer = create_as(&harbour, kind, &media, line.clone()).await;
        assert_eq!(answer.status, 201, "{line}\n{}", answer.body);
        given.push(answer.body);
    }
    assert!(given.len() >= 20, "{}", given.len());
    for number in 0..3 {
        let own = trial.patient(&format!("example-{number}")).expect("a client");
        for kind in ["Patient", "MedicationRequest", "MedicationDispense", "Observation", "Consent"] {
            let request = own.request(Method::GET, &format!("/fhir/{kind}")).header(ACCEPT, &media);
            let bundle = send(request).await.expect("an answer").success().expect("ours to see");
            given.extend(bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()));
            given.push(bundle);
        }
    }
    let malformed = create_as(&harbour, "Patient", &media, "{\"resourceType\": 1}".to_owned()).await;
    let statement = harbour.get("/fhir/metadata").await.expect("an answer").body;
    given.extend([malformed.body, statement].into_iter().filter(|_| release == "R4"));
    let valid = library(release, &python, &["validate"], &given);
    assert_eq!(valid.len(), given.len());
    trial.server.stop().await.expect("stops");
}

/// Claims that the library made are decided on, and what is answered is valid to it.
async fn claimed(python: PathBuf) {
    let trial = Trial::start().await.expect("starts");
    let (harbour, fund) = (trial.harbour().expect("a client"), fund(&trial));
    let mut links = Vec::new();
    for (number, serial) in ["A", "B"].into_iter().enumerate() {
        let name = format!("example-{number}");
        let given = given(&trial, &name, &[serial]).await;
        links.push(json!({"patient": name, "payer": FUND, "claimant": "harbour-pharmacy", "gtin": GTIN, "packs": 1,
            "created": today(), "amount": 19.95,
            "prescription": given.prescription, "dispense": given.record}));
    }
    let made = library("R4", &python, &["claims"], &links);
    let made: Vec<Value> = made.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [first, second] = made.as_slice() else { panic!("two: {made:?}") };
    let kept = create(&harbour, first).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    let queued = create_as(&harbour, "Claim/$submit", "application/fhir+json", second.to_string()).await;
    assert_eq!((queued.status.as_u16(), &queued.body["outcome"]), (200, &json!("queued")), "{}", queued.body);
    let mut given = vec![kept.body.clone(), queued.body.clone(), create(&harbour, first).await.body];
    for (answer, verdict) in [
        (&kept.body, json!({"verdict": "accepted"})),
        (&queued.body, json!({"verdict": "refused", "reason": "not_covered", "note": "no contract"})),
    ] {
        let id = answer["id"].as_str().expect("an id");
        let path = format!("/claims/{id}/adjudicate");
        fund.post(&path, id, &verdict).await.expect("an answer").success().expect("decided");
        if verdict["verdict"] == "accepted" {
            let paid = fund.post(&format!("/claims/{id}/pay"), "pay", &json!({"reference": "P-1"})).await;
            paid.expect("an answer").success().expect("paid");
        }
        for path in [format!("/fhir/Claim/{id}"), format!("/fhir/ClaimResponse/{id}")] {
            given.push(fund.get(&path).await.expect("an answer").success().expect("ours to see"));
        }
    }
    let paid = given.iter().find(|resource| resource.get("payment").is_some()).expect("the payment is told");
    assert_eq!(paid["payment"]["amount"]["value"], 19.95);
    let own = trial.patient("example-0").expect("a client");
    given.push(own.get("/patients/me/export").await.expect("an answer").success().expect("mine"));
    let valid = library("R4", &python, &["validate"], &given);
    assert_eq!(valid.len(), given.len());
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn claims_of_r4() {
    match std::env::var_os("VERIDOSE_FHIR_R4") {
        Some(python) => claimed(python.into()).await,
        None => println!("skipped: VERIDOSE_FHIR_R4 does not name a Python with fhir.resources"),
    }
}

#[tokio::test]
async fn resources_of_r4() {
    match std::env::var_os("VERIDOSE_FHIR_R4") {
        Some(python) => taken_and_given_back("R4", "4.0", python.into()).await,
        None => println!("skipped: VERIDOSE_FHIR_R4 does not name a Python with fhir.resources"),
    }
}

#[tokio::test]
async fn consents_of_r5() {
    match std::env::var_os("VERIDOSE_FHIR_R5") {
        Some(python) => taken_and_given_back("R5", "5.0", python.into()).await,
        None => println!("skipped: VERIDOSE_FHIR_R5 does not name a Python with fhir.resources"),
    }
}
