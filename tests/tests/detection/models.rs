//! A model from its data to its use: made twice, checked, promoted by a second person.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_tests::{JSON_LD, Trial, commissioning, document, now, printed, token, veridose};

const AGENCY: &str = "medicines-agency";
const CODE: &str = "a1b2c3d4";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A simulated trade, and a model of it.
struct Made {
    folder: TempDir,
    trade: PathBuf,
    labels: PathBuf,
    model: PathBuf,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (trade, model) = (folder.path().join("trade"), folder.path().join("a.model"));
        let labels = trade.join("truth.jsonl");
        let packs = ["--packs", "8000", "--seed", "104", "--prevalence", "1e-2"];
        printed(folder.path(), &[&["simulate", "--out", text(&trade)], packs.as_slice()].concat()).expect("simulates");
        let made = Self { folder, trade, labels, model };
        made.retrain(&made.model, "1").expect("a model");
        made
    }

    fn retrain(&self, out: &Path, seed: &str) -> anyhow::Result<Value> {
        let data = ["--events", text(&self.trade), "--labels", text(&self.labels), "--seed", seed, "--json"];
        let told = ["model", "retrain", "--code", CODE, "--out", text(out)];
        Ok(serde_json::from_str(&printed(self.folder.path(), &[told.as_slice(), data.as_slice()].concat())?)?)
    }
}

#[test]
fn the_same_snapshot_gives_the_same_bytes_and_any_other_is_told() {
    let made = Made::new();
    let (again, other) = (made.folder.path().join("b.model"), made.folder.path().join("c.model"));
    let told = made.retrain(&again, "1").expect("a model");
    let bytes = std::fs::read(&made.model).expect("written");
    assert!(bytes == std::fs::read(&again).expect("written"), "retraining gave other bytes");
    made.retrain(&other, "2").expect("a model");
    assert!(bytes != std::fs::read(&other).expect("written"), "the seed changes nothing");
    println!("measured: a model of 8,000 packs has {} bytes", bytes.len());

    // The documents under other names and in another order are the same data.
    let moved = made.folder.path().join("moved");
    std::fs::create_dir(&moved).expect("a folder");
    let mut documents: Vec<PathBuf> =
        std::fs::read_dir(&made.trade).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    documents.retain(|path| path.extension().is_some_and(|ending| ending == "jsonld"));
    documents.sort();
    for (number, path) in documents.iter().rev().enumerate() {
        std::fs::copy(path, moved.join(format!("{number:04}.jsonld"))).expect("copied");
    }
    let verify = |folder: &Path| {
        let arguments = ["model", "verify", text(&made.model), "--offline", "--json", "--events", text(folder)];
        let labels = ["--labels", text(&made.labels)];
        let output = veridose(made.folder.path(), &[arguments.as_slice(), &labels].concat()).expect("runs");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), told)
    };
    let (code, checked) = verify(&moved);
    assert_eq!(
        (code, &checked["differences"], &checked["model"]),
        (Some(0), &Value::from(Vec::<Value>::new()), &told["model"])
    );
    std::fs::remove_file(moved.join("0000.jsonld")).expect("removed");
    let (code, checked) = verify(&moved);
    assert_eq!(code, Some(1), "{checked}");
    assert!(checked["differences"][0].as_str().is_some_and(|words| words.starts_with("data: ")), "{checked}");
}

/// A node, and the two people of the agency who make a model and put it to use there.
struct Agency {
    made: Made,
    trial: Trial,
    secret: PathBuf,
}

impl Agency {
    fn new(made: Made, trial: Trial) -> Self {
        let secret = made.folder.path().join("agency.token");
        let token = token(trial.data(), "regulator", &["--party", AGENCY]).expect("a token");
        std::fs::write(&secret, token).expect("written");
        Self { made, trial, secret }
    }

    fn ask(&self, data: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let node = ["--server", self.trial.server.base(), "--token-file", text(&self.secret)];
        printed(data, &[arguments, &node].concat())
    }

    /// Registers the model; its name.
    fn register(&self) -> String {
        let Made { folder, trade, labels, model } = &self.made;
        let data = ["--events", text(trade), "--labels", text(labels), "--seed", "1", "--code", CODE];
        let told = [&["model", "retrain"], data.as_slice(), &["--out", text(model), "--register", "--json"]].concat();
        let registered: Value =
            serde_json::from_str(&self.ask(folder.path(), &told).expect("registered")).expect("JSON");
        registered["model"].as_str().expect("a name").to_owned()
    }

    /// The second person's keys, which this node does not know.
    fn second(&self) -> TempDir {
        let second = tempfile::tempdir().expect("a folder");
        let keys = self.trial.data().join("keys");
        let copied = Command::new("cp").args(["-r", text(&keys), text(second.path())]).status();
        assert!(copied.expect("runs").success());
        printed(second.path(), &["key", "rotate", AGENCY]).expect("a second certificate");
        let key = printed(self.trial.data(), &["ledger", "key", "--json"]).expect("a key");
        let network: Value = serde_json::from_str(&key).expect("JSON");
        let network = network["network"].as_str().unwrap_or_else(|| panic!("{network}"));
        self.ask(second.path(), &["key", "register", AGENCY, "--network", network]).expect("registered");
        second
    }

    /// Puts it to use with the keys in this directory.
    fn promote(&self, data: &Path, model: &str) -> anyhow::Result<String> {
        let [key, certificate] = ["signer.key", "signer.pem"].map(|name| data.join("keys").join(AGENCY).join(name));
        self.ask(data, &["model", "promote", model, "--key", text(&key), "--certificate", text(&certificate)])
    }
}

#[tokio::test]
async fn a_second_person_puts_it_to_use() {
    let agency = Agency::new(Made::new(), Trial::start().await.expect("starts"));
    let made = &agency.made;
    let model = &agency.register();
    let checked = agency.ask(
        made.folder.path(),
        &["model", "verify", text(&made.model), "--events", text(&made.trade), "--labels", text(&made.labels)],
    );
    assert!(checked.expect("as the ledger says").ends_with("its data give the same bytes again"));

    let own = agency.promote(agency.trial.data(), model).expect_err("the registrar is not a second person");
    assert!(own.to_string().contains("second_person_required"), "{own}");
    agency.promote(agency.second().path(), model).expect("promoted");
    let listed = agency.ask(made.folder.path(), &["model", "list"]).expect("a list");
    assert_eq!(listed, format!("{model}  detector  in_use  {AGENCY}"));
    let fetched = made.folder.path().join("fetched.model");
    let shown = agency.ask(made.folder.path(), &["model", "show", model, "--out", text(&fetched)]).expect("a card");
    assert!(shown.contains(CODE), "{shown}");
    assert!(std::fs::read(&fetched).expect("written") == std::fs::read(&made.model).expect("written"));
    let refused = agency.ask(made.folder.path(), &["model", "rollback", "detector"]);
    let refused = refused.expect_err("nothing was in use before");
    assert!(refused.to_string().contains("nothing_to_roll_back"), "{refused}");
    agency.trial.server.stop().await.expect("stops");
}

/// A pack that no rule speaks against: its holder looks at it every hour for three days.
fn looked_at() -> Vec<Value> {
    let epc = "https://id.gs1.org/01/09506000134352/21/STARED-AT";
    let place = json!({"id": "https://id.gs1.org/414/9506000100012"});
    let event = |hour: i64| {
        let at = OffsetDateTime::from_unix_timestamp(now().0 / 1_000 - hour * 3_600).expect("a moment");
        json!({
            "type": "ObjectEvent", "eventTime": at.format(&Rfc3339).expect("a time"), "eventTimeZoneOffset": "+00:00",
            "epcList": [epc], "action": "OBSERVE", "bizStep": "inspecting", "readPoint": place,
        })
    };
    std::iter::once(commissioning(&["STARED-AT"], Some("L1"))).chain((1..72).rev().map(event)).collect()
}

#[tokio::test]
async fn what_the_model_in_use_finds_is_a_case_with_its_decision_and_only_outcomes_teach_the_next() {
    let data = tempfile::tempdir().expect("a folder");
    let config = data.path().join("model.toml");
    std::fs::write(&config, "[detection]\nscore_min = 0.05\n").expect("written");
    let arguments = vec!["--config".to_owned(), text(&config).to_owned()];
    let trial = Trial::start_with(data, arguments).await.expect("starts");
    let agency = Agency::new(Made::new(), trial);
    let model = agency.register();
    agency.promote(agency.second().path(), &model).expect("promoted");

    let maker = agency.trial.maker().expect("a client");
    let job = maker.capture(JSON_LD, "rollback", document(&looked_at()).to_string());
    let job = job.await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
    let regulator = agency.trial.agency().expect("a client");
    for job in ["detect", "lake"] {
        regulator.has_run(job).await.expect("runs");
    }
    assert!(regulator.rows("/cases").await.expect("a list").is_empty(), "the rules have nothing against it");
    regulator.has_run("search").await.expect("runs");
    let cases = regulator.rows("/cases").await.expect("a list");
    assert_eq!(cases.len(), 1, "{cases:?}");
    let path = format!("/cases/{}", cases[0]["case"].as_str().expect("a name"));
    let case = regulator.get(&path).await.expect("an answer").success().expect("a case");
    assert_eq!(case["about"]["codes"], json!(["unusual_pack"]), "{case}");
    let score = case["about"]["evidence"]["score"].as_f64().expect("a score");
    let decision = &case["decisions"][0];
    assert_eq!(decision["model"], json!(model), "{case}");
    let told = decision["score_millionths"].as_f64().expect("a score");
    assert!((told / 1e6 - score).abs() < 1e-6, "{decision} of {score}");
    // Searched again it is the same case, and nothing more is said of it.
    regulator.has_run("search").await.expect("runs");
    let again = regulator.get(&path).await.expect("an answer").success().expect("a case");
    assert_eq!(
        (again["decisions"].as_array().map(Vec::len), regulator.rows("/cases").await.expect("a list").len()),
        (Some(1), 1)
    );

    // The case is open: nothing is known of it, so no label comes of it; closed, one does.
    let labels = agency.made.folder.path().join("labels.jsonl");
    let next = agency.made.folder.path().join("next.model");
    let retrained = || {
        let events = text(&agency.made.trade);
        let data = ["--events", events, "--labels", text(&labels), "--closed-cases", "--seed", "2", "--code", CODE];
        let told = [&["model", "retrain"], data.as_slice(), &["--out", text(&next)]].concat();
        agency.ask(agency.made.folder.path(), &told).expect("made");
        let lines = std::fs::read_to_string(&labels).expect("written");
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    assert_eq!(retrained(), Vec::<Value>::new());
    for (step, body) in [("assign", json!({})), ("close", json!({"outcome": "process", "note": "a curious keeper"}))] {
        let answer = regulator.post(&format!("{path}/{step}"), step, &body).await.expect("an answer");
        answer.success().expect("done");
    }
    let labels = retrained();
    assert_eq!(labels.len(), 1, "{labels:?}");
    assert_eq!(labels[0]["pattern"], "process");
    agency.trial.server.stop().await.expect("stops");
}

#[test]
fn drift_is_told_by_feature() {
    let made = Made::new();
    let drift = |events: &Path, days: &str| -> Value {
        let told = ["model", "drift", text(&made.model), "--events", text(events), "--days", days, "--json"];
        let output = veridose(made.folder.path(), &told).expect("runs");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    // The window that holds everything is the training itself.
    let same = drift(&made.trade, "3660");
    let features = same["features"].as_array().expect("a list");
    assert_eq!(features.len(), 16, "{same}");
    assert!(features.iter().all(|of| of["psi"].as_f64().is_some_and(|psi| psi.abs() < 1e-9)), "{same}");
    assert_eq!((&same["change"], &same["rate"]["change"]), (&Value::from("none"), &Value::from("none")));

    // Five times the attacks: a trade that the model has not learnt from.
    let other = made.folder.path().join("other");
    let packs = ["--packs", "8000", "--seed", "105", "--prevalence", "5e-2"];
    printed(made.folder.path(), &[&["simulate", "--out", text(&other)], packs.as_slice()].concat()).expect("simulates");
    let changed = drift(&other, "3660");
    assert_eq!(changed["rate"]["change"], "much", "{changed}");
}
