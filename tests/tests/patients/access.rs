//! Who saw what: asked over HTTP, anchored, checked by the command line, altered behind the node's back and found.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use veridose_tests::{Client, Rows, Trial, printed, veridose};

const HARBOUR: &str = "harbour-pharmacy";
/// Names that must not be found anywhere outside the vault.
const PATIENTS: [&str; 2] = ["patient-of-this-test-one", "patient-of-this-test-two"];

/// A node without watching, whose ledger grows by what the test does alone.
async fn node() -> Trial {
    let data = tempfile::tempdir().expect("a directory");
    let config = data.path().join("quiet.toml");
    std::fs::write(&config, "[detection]\nenabled = false\n[limits]\nrequests_per_second = 0\n").expect("written");
    let config = config.display().to_string();
    Trial::start_with(data, vec!["--config".to_owned(), config]).await.expect("starts")
}

fn doctor(node: &Trial) -> Client {
    let arguments = ["--party", HARBOUR, "--subject", "dr-lee"];
    let token = veridose_tests::token(node.data(), "pharmacy", &arguments).expect("a token");
    Client::new(node.server.base(), Some(&token)).expect("a client")
}

fn credential(node: &Trial) -> String {
    let arguments = ["credential", "issue", "--by", "medicines-agency", "--kind", "clinician", "--holder", "dr-lee"];
    printed(node.data(), &arguments).expect("issued")
}

/// Two patients let the pharmacy treat them, and a doctor looks at their records so many times.
async fn looked(node: &Trial, times: usize) {
    let (doctor, credential) = (doctor(node), credential(node));
    for name in PATIENTS {
        let terms = json!({ "purpose": "care", "data": ["dispense"], "grantee": HARBOUR });
        let patient = node.patient(name).expect("a patient");
        patient.post("/consents", name, &terms).await.expect("answers").success().expect("registered");
        for time in 0..times {
            let body =
                json!({ "patient": name, "purpose": "care", "kinds": ["dispense"], "credentials": [credential] });
            let answer = doctor.post("/access", &format!("{name} {time}"), &body).await.expect("answers");
            assert_eq!(answer.success().expect("decided")["decision"], "granted");
        }
    }
}

/// The whole list of a patient, page by page, once the first `anchored` records have their proof.
async fn history(node: &Trial, patient: &str, anchored: usize) -> Vec<Value> {
    let (client, begun) = (node.patient(patient).expect("a patient"), Instant::now());
    loop {
        let mut pages = Vec::new();
        let mut path = "/patients/me/accesses?proofs=true&perPage=3".to_owned();
        loop {
            let page = client.get(&path).await.expect("answers").success().expect("a page");
            let next = page["nextPageToken"].as_str().map(str::to_owned);
            pages.push(page);
            let Some(next) = next else { break };
            path = format!("/patients/me/accesses?proofs=true&perPage=3&nextPageToken={next}");
        }
        let proven = |page: &Value| {
            page["items"].as_array().expect("a list").iter().filter(|item| !item["proof"].is_null()).count()
        };
        if pages.iter().map(proven).sum::<usize>() >= anchored {
            return pages;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "not anchored in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_access_is_on_the_ledger_soon_after_it_was_answered() {
    let node = node().await;
    looked(&node, 1).await;
    let (doctor, credential, patient) =
        (doctor(&node), credential(&node), node.patient(PATIENTS[0]).expect("a patient"));
    let mut waits = Vec::new();
    for time in 0..5 {
        let body =
            json!({ "patient": PATIENTS[0], "purpose": "care", "kinds": ["dispense"], "credentials": [credential] });
        let answer = doctor.post("/access", &format!("soon {time}"), &body).await.expect("answers").success();
        let (leaf, answered) = (answer.expect("decided")["record"]["leaf"].clone(), Instant::now());
        // Each look is an access too, so there are few.
        loop {
            let page = patient
                .get("/patients/me/accesses?proofs=true&perPage=500")
                .await
                .expect("answers")
                .success()
                .expect("a page");
            let found = page["items"].as_array().expect("a list").iter().find(|item| item["leaf"] == leaf);
            if found.is_some_and(|item| !item["proof"].is_null()) {
                break;
            }
            assert!(answered.elapsed() < Duration::from_secs(10), "not anchored in time");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        waits.push(answered.elapsed().as_millis());
    }
    println!("measured: accesses were proven after {waits:?} ms");
}

/// Exit code and report of `access check`.
fn checked(data: &Path) -> (Option<i32>, Value) {
    let output = veridose(data, &["access", "check", "--json"]).expect("runs");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_and_a_history_is_checked_offline() {
    let node = node().await;
    looked(&node, 4).await;
    let node = node.kill_and_resume().await.expect("starts again");
    let pages = history(&node, PATIENTS[0], 4).await;
    let file = node.data().join("history.json");
    let text: Vec<String> = pages.iter().map(Value::to_string).collect();
    std::fs::write(&file, text.join("\n")).expect("written");
    let key = Client::new(node.server.base(), None).expect("a client");
    let key = key.request(reqwest::Method::GET, "/log/key").send().await.expect("answers").text().await.expect("text");
    let file = file.display().to_string();
    let verify =
        |file: &str| veridose(node.data(), &["access", "verify", file, "--log-key", key.trim()]).expect("runs");
    let verified = verify(&file);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    assert!(String::from_utf8_lossy(&verified.stdout).contains("without a gap"));
    // Without its last page the history does not reach back to the first record.
    std::fs::write(&file, text[..text.len() - 1].join("\n")).expect("written");
    let refused = verify(&file);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("missing"));
    let data = node.stop().await.expect("stops");
    assert_eq!(checked(data.path()).0, Some(0));
}

#[tokio::test]
async fn a_record_that_was_altered_or_removed_is_found() {
    let node = node().await;
    looked(&node, 3).await;
    history(&node, PATIENTS[0], 3).await;
    let data = node.stop().await.expect("stops");
    let (code, report) = checked(data.path());
    assert_eq!((code, &report["wrong"]), (Some(0), &json!(0)), "{report}");
    assert!(report["anchored"].as_u64().expect("a number") >= 6, "{report}");
    let tampered = [
        (
            "UPDATE access_record SET sealed = (SELECT sealed FROM access_record WHERE place = 2) WHERE place = 1",
            "place 1",
        ),
        ("UPDATE access_record SET leaf = zeroblob(32) WHERE place = 1", "place 1"),
        ("DELETE FROM access_record WHERE place = 1", "record 1 is missing"),
        ("DELETE FROM access_record WHERE place >= 2", "missing"),
        ("UPDATE access_record SET previous = NULL WHERE place = 2", "record 2 does not say where it stands"),
        ("UPDATE access_log SET records = 2", "were anchored, 2 are here"),
        ("UPDATE access_log SET log = zeroblob(16)", "is not here"),
        ("UPDATE access_head SET place = place - 1, number = number - 1", "do not end with their last record"),
        ("DELETE FROM access_head", "do not end with their last record"),
    ];
    for (statement, told) in tampered {
        let copy = tempfile::tempdir().expect("a directory");
        copied(data.path(), copy.path());
        let rows = Rows::of_vault(copy.path()).await.expect("opens");
        assert!(rows.change(statement.to_owned()).await.expect("changed") > 0, "{statement}");
        rows.close().await;
        let (code, report) = checked(copy.path());
        assert_eq!(code, Some(1), "{statement}");
        assert!(report["findings"].to_string().contains(told), "{statement}: {report}");
    }
}

fn copied(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            std::fs::create_dir(&target).expect("made");
            copied(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("copied");
        }
    }
}

/// Whether the bytes hold the text.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn no_patient_is_named_on_the_ledger_in_the_databases_or_in_counters() {
    let node = node().await;
    looked(&node, 2).await;
    history(&node, PATIENTS[1], 2).await;
    let counters = Client::new(node.server.base(), None).expect("a client");
    let counters = counters.request(reqwest::Method::GET, "/metrics").send().await.expect("answers");
    let counters = counters.text().await.expect("text");
    let log = node.agency().expect("a client").get("/access/log").await.expect("answers").success().expect("a list");
    let data = node.stop().await.expect("stops");
    for patient in PATIENTS {
        assert!(!counters.contains(patient) && !log.to_string().contains(patient));
        for file in files(data.path()) {
            assert!(!holds(&std::fs::read(&file).expect("read"), patient), "{}", file.display());
        }
    }
}
