//! A model from its data to its use: made twice, checked, promoted by a second person.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use veridose_tests::{Trial, printed, token, veridose};

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

#[tokio::test]
async fn a_second_person_puts_it_to_use() {
    let made = Made::new();
    let trial = Trial::start().await.expect("starts");
    let secret = made.folder.path().join("agency.token");
    std::fs::write(&secret, token(trial.data(), "regulator", &["--party", AGENCY]).expect("a token")).expect("written");
    let node = ["--server", trial.server.base(), "--token-file", text(&secret)];
    let ask = |data: &Path, arguments: &[&str]| printed(data, &[arguments, &node].concat());
    let registered = ask(
        made.folder.path(),
        &[
            "model",
            "retrain",
            "--events",
            text(&made.trade),
            "--labels",
            text(&made.labels),
            "--seed",
            "1",
            "--code",
            CODE,
            "--out",
            text(&made.model),
            "--register",
            "--json",
        ],
    );
    let registered: Value = serde_json::from_str(&registered.expect("registered")).expect("JSON");
    let model = registered["model"].as_str().expect("a name");
    let checked = ask(
        made.folder.path(),
        &["model", "verify", text(&made.model), "--events", text(&made.trade), "--labels", text(&made.labels)],
    );
    assert!(checked.expect("as the ledger says").ends_with("its data give the same bytes again"));

    // The second person's keys, which this node does not know.
    let second = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp").args(["-r", text(&trial.data().join("keys")), text(second.path())]).status();
    assert!(copied.expect("runs").success());
    printed(second.path(), &["key", "rotate", AGENCY]).expect("a second certificate");
    let network: Value =
        serde_json::from_str(&printed(trial.data(), &["ledger", "key", "--json"]).expect("a key")).expect("JSON");
    let network = network["network"].as_str().unwrap_or_else(|| panic!("{network}"));
    ask(second.path(), &["key", "register", AGENCY, "--network", network]).expect("registered");

    let keys = |data: &Path| ["signer.key", "signer.pem"].map(|name| data.join("keys").join(AGENCY).join(name));
    let promote = |data: &Path| {
        let [key, certificate] = keys(data);
        ask(data, &["model", "promote", model, "--key", text(&key), "--certificate", text(&certificate)])
    };
    let own = promote(trial.data()).expect_err("the registrar is not a second person");
    assert!(own.to_string().contains("second_person_required"), "{own}");
    promote(second.path()).expect("promoted");
    let listed = ask(made.folder.path(), &["model", "list"]).expect("a list");
    assert_eq!(listed, format!("{model}  detector  in_use  {AGENCY}"));
    let fetched = made.folder.path().join("fetched.model");
    let shown = ask(made.folder.path(), &["model", "show", model, "--out", text(&fetched)]).expect("a card");
    assert!(shown.contains(CODE), "{shown}");
    assert!(std::fs::read(&fetched).expect("written") == std::fs::read(&made.model).expect("written"));
    let refused = ask(made.folder.path(), &["model", "rollback", "detector"]).expect_err("nothing was in use before");
    assert!(refused.to_string().contains("nothing_to_roll_back"), "{refused}");
    trial.server.stop().await.expect("stops");
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
