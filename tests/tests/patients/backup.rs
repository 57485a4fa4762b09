//! Backups of a running node, and what of them can be read after patients were forgotten.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, Receipt};
use veridose_tests::{
    Client, JSON_LD, Random, Rows, Trial, binary, commissioning, document, new_database, pack, pack_path, printed,
};

use super::people::{SECRETS, create, created, kept, observation};

const NAME: &str = SECRETS[0];
/// Backups in whose middle the node is killed.
const KILLS: usize = 6;

/// Where a node's backups go: the folder of the key backup, that of its key, and that of the data.
struct Places(TempDir);

impl Places {
    fn new() -> Self {
        let places = Self(tempfile::tempdir().expect("a folder"));
        let [keys, key] = ["keys.backup", "backup.key"].map(|name| places.at(name).display().to_string());
        let text = format!("[backup]\nkeys = '{keys}'\nkey = '{key}'\n");
        std::fs::write(places.at("veridose.toml"), text).expect("written");
        places
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn settings(&self) -> Vec<String> {
        vec!["--config".to_owned(), self.at("veridose.toml").display().to_string()]
    }

    async fn start(&self, data: TempDir, more: &[String]) -> Trial {
        Trial::start_with(data, [self.settings(), more.to_vec()].concat()).await.expect("starts")
    }

    fn command(&self, data: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary().expect("built"));
        command.arg("--data").arg(data).args(self.settings()).args(arguments);
        command.env("VERIDOSE_PASSPHRASE_FILE", self.at("passphrase"));
        command
    }

    async fn run(&self, data: &Path, arguments: &[&str]) -> Output {
        let mut command = self.command(data, arguments);
        tokio::task::spawn_blocking(move || command.output()).await.expect("ended").expect("runs")
    }

    /// Backs a node up, as its operator would from beside it, and gives what the backup says of itself.
    async fn back_up(&self, data: &Path, name: &str, more: &[String]) -> Value {
        // What the operator knows, and no backup holds.
        std::fs::copy(data.join("keys/passphrase"), self.at("passphrase")).expect("a passphrase");
        let folder = self.at(name).display().to_string();
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        said(&self.run(data, &[&["--json", "backup", "--to", &folder], more.as_slice()].concat()).await)
    }

    /// Restores a backup into a new folder.
    async fn restore(&self, name: &str, keys: &str, more: &[String]) -> Result<(TempDir, Value), String> {
        let data = tempfile::tempdir().expect("a folder");
        let [from, keys, key] = [name, keys, "backup.key"].map(|name| self.at(name).display().to_string());
        let restore = ["--json", "restore", "--from", &from, "--keys", &keys, "--key", &key];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let ended = self.run(data.path(), &[&restore, more.as_slice()].concat()).await;
        if !ended.status.success() {
            return Err(String::from_utf8_lossy(&ended.stderr).into_owned());
        }
        std::fs::copy(self.at("passphrase"), data.path().join("keys/passphrase")).expect("given");
        Ok((data, said(&ended)))
    }
}

fn said(ended: &Output) -> Value {
    let (out, error) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}\n{error}");
    serde_json::from_str(&out).expect("JSON")
}

/// What a node shows to a regulator and to a patient.
async fn shown(trial: &Trial, patient: &str) -> Vec<Value> {
    let (agency, own) = (trial.agency().expect("a client"), trial.patient(patient).expect("a client"));
    let mut shown = agency.events().await.expect("events");
    for list in ["/handoffs", "/products", "/parties"] {
        shown.extend(agency.rows(list).await.expect("a list"));
    }
    shown.push(agency.get(&pack_path("A")).await.expect("an answer").success().expect("a regulator sees it"));
    let export = own.get("/patients/me/export").await.expect("an answer").success().expect("mine");
    // Links name the port, and the bundle when it was made.
    let export = export["entry"].to_string().replace(trial.server.base(), "");
    shown.push(serde_json::from_str(&export).expect("JSON"));
    shown
}

/// The receipt of the pack's beginning.
async fn receipt_of(maker: &Client) -> Value {
    let shown = maker.get(&pack_path("A")).await.expect("an answer").success().expect("ours");
    let path = shown["history"][0]["receipt"].as_str().expect("a receipt").to_owned();
    maker.get(&path).await.expect("an answer").success().expect("a receipt")
}

async fn commission(maker: &Client, serials: &[&str]) {
    let packs = document(&[commissioning(serials, Some("L1"))]).to_string();
    assert_eq!(maker.capture(JSON_LD, "rollback", packs).await.expect("a job")["success"], true);
}

async fn forget(own: &Client) -> Value {
    let body = json!({"erase_everything": true});
    own.post("/patients/me/erase", "erase", &body).await.expect("an answer").success().expect("erased")
}

async fn status(client: &Client, path: &str) -> u16 {
    client.get(path).await.expect("an answer").status.as_u16()
}

/// Every file below some folders.
fn files(folders: &[&Path]) -> Vec<PathBuf> {
    let mut rest: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    let mut files = Vec::new();
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            rest.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_backed_up_and_restored_is_the_same() {
    let places = Places::new();
    let trial = places.start(tempfile::tempdir().expect("a folder"), &[]).await;
    commission(&trial.maker().expect("a client"), &["A", "B"]).await;
    let offer = json!({"to": "north-wholesale", "items": [pack("A")]});
    let maker = trial.maker().expect("a client");
    maker.post("/handoffs", "offer", &offer).await.expect("an answer").success().expect("offered");
    kept(&trial.harbour().expect("a client"), "p-2").await;
    let before = shown(&trial, "p-2").await;
    let log = LogVerifier::parse(&printed(trial.data(), &["ledger", "key"]).expect("a key")).expect("a key");
    let receipt = receipt_of(&maker).await;
    let made = places.back_up(trial.data(), "one", &[]).await;
    let data = trial.stop().await.expect("stops");
    let view = Rows::of_view(data.path()).await.expect("opens").dump().await.expect("dumped");

    let again = places.run(data.path(), &["backup", "--to", &places.at("one").display().to_string()]).await;
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"), "{again:?}");
    let checked =
        said(&places.run(data.path(), &["--json", "backup", "check", &places.at("one").display().to_string()]).await);
    assert_eq!((&checked["root"], &checked["sound"]), (&made["root"], &json!(true)));

    let (restored, told) = places.restore("one", "keys.backup", &[]).await.expect("restored");
    assert_eq!((&told["entries"], &told["root"], &told["erased"]), (&made["entries"], &made["root"], &json!(0)));
    let checkpoint: Value =
        serde_json::from_str(&printed(restored.path(), &["--json", "ledger", "checkpoint"]).expect("read"))
            .expect("JSON");
    assert_eq!((&checkpoint["size"], &checkpoint["root"]), (&made["entries"], &made["root"]));
    printed(restored.path(), &["ledger", "check"]).expect("the ledger is sound");
    let of_restored = Rows::of_view(restored.path()).await.expect("opens").dump().await.expect("dumped");
    // What is on the ledger since the backup is only that the patient looked.
    let differing: Vec<_> = view.keys().filter(|table| view[*table] != of_restored[*table]).collect();
    assert!(
        differing.iter().all(|table| ["event", "anchored_access", "cursor", "event_term"].contains(&table.as_str())),
        "{differing:?}"
    );
    let trial = places.start(restored, &[]).await;
    assert!(trial.server.log().contains("goes on from a backup"), "{}", trial.server.log());
    let now = shown(&trial, "p-2").await;
    let lost: Vec<_> = before.iter().filter(|row| !now.contains(row)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let older = Receipt::parse(&receipt.to_string()).expect("a receipt");
    let newer = Receipt::parse(&receipt_of(&trial.maker().expect("a client")).await.to_string()).expect("a receipt");
    let [older, newer] =
        [older, newer].map(|receipt| proof::verify(&receipt, Some(&pack("A")), &log, None).expect("holds"));
    assert_eq!(older.id, newer.id);
    // It goes on: what comes is taken in, and the whole is sound.
    commission(&trial.maker().expect("a client"), &["C"]).await;
    let full = places.restore("one", "keys.backup", &[]).await.expect("restored again").0;
    let [from, keys, key] = ["one", "keys.backup", "backup.key"].map(|name| places.at(name).display().to_string());
    let onto = places.run(full.path(), &["restore", "--from", &from, "--keys", &keys, "--key", &key]).await;
    assert!(String::from_utf8_lossy(&onto.stderr).contains("is not empty"), "{onto:?}");
    let data = trial.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the ledger is sound");
    // A stopped node is backed up by the command itself. Its newest checkpoint says what an older backup lacks.
    places.back_up(data.path(), "two", &[]).await;
    std::fs::copy(data.path().join("ledger/log/checkpoint"), places.at("seen")).expect("copied");
    let seen = ["--checkpoint".to_owned(), places.at("seen").display().to_string()];
    let refused = places.restore("one", "keys.backup", &seen).await.expect_err("it lacks entries");
    assert!(refused.contains("entries that others have seen are not in the backup"), "{refused}");
    places.restore("two", "keys.backup", &seen).await.expect("it has them all");
}

async fn stays_forgotten(from: &[String], to: &[String]) {
    let places = Places::new();
    let trial = places.start(tempfile::tempdir().expect("a folder"), from).await;
    let harbour = trial.harbour().expect("a client");
    let id = kept(&harbour, NAME).await;
    let other = kept(&harbour, "p-2").await;
    places.back_up(trial.data(), "before", from).await;
    std::fs::copy(places.at("keys.backup"), places.at("aside")).expect("copied");
    let erased = forget(&trial.patient(NAME).expect("a client")).await;
    assert_eq!(erased["key_backup"], "rewrapped", "{erased}");

    let old = places.restore("before", "aside", to).await.expect_err("its key is gone");
    assert!(old.contains("a key backup opens only until the next one is written"), "{old}");
    let (restored, told) = places.restore("before", "keys.backup", to).await.expect("restored");
    assert_eq!((&told["patients"], &told["erased"]), (&json!(1), &json!(1)));
    let data = trial.kill().expect("killed");
    for file in files(&[data.path(), restored.path(), places.0.path()]) {
        let bytes = std::fs::read(&file).expect("a file");
        for secret in SECRETS {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{secret} in {}", file.display());
        }
    }
    let trial = places.start(restored, to).await;
    let (own, neighbour) = (trial.patient(NAME).expect("a client"), trial.patient("p-2").expect("a client"));
    assert_eq!(status(&own, &format!("/fhir/Patient/{id}")).await, 404);
    assert_eq!(status(&own, "/patients/me/export").await, 404);
    assert_eq!(status(&neighbour, &format!("/fhir/Patient/{other}")).await, 200);
    let harbour = trial.harbour().expect("a client");
    assert_eq!(create(&harbour, &observation(NAME, 1.0)).await.status, 409, "nor is it taken in again");
    created(&harbour, &observation("p-2", 2.0)).await;
    trial.server.stop().await.expect("stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_after_a_backup_stays_unreadable_when_it_is_restored() {
    stays_forgotten(&[], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_on_postgresql_and_from_there() {
    let (Some(from), Some(to)) =
        (new_database("backup").await.expect("a database"), new_database("restored").await.expect("a database"))
    else {
        return;
    };
    let on = |url: String| ["--database".to_owned(), url];
    stays_forgotten(&on(from), &on(to)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_any_file_of_a_backup_is_found_and_named() {
    let places = Places::new();
    let trial = places.start(tempfile::tempdir().expect("a folder"), &[]).await;
    commission(&trial.maker().expect("a client"), &["A"]).await;
    kept(&trial.harbour().expect("a client"), "p-2").await;
    places.back_up(trial.data(), "sound", &[]).await;
    let data = trial.stop().await.expect("stops");
    let folder = places.at("sound");
    let mut random = Random::from_environment();
    let found = files(&[&folder]);
    assert!(found.len() > 20, "{found:?}");
    for file in found {
        let bytes = std::fs::read(&file).expect("a file");
        let name = file.file_name().expect("a name").to_str().expect("text").to_owned();
        let mut flipped = bytes.clone();
        let place = usize::try_from(random.below(bytes.len() as u64)).expect("small");
        flipped[place] ^= 1 << random.below(8);
        std::fs::write(&file, flipped).expect("written");
        let ended = places.run(data.path(), &["backup", "check", &folder.display().to_string()]).await;
        let line = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{name}: {line}");
        assert!(line.starts_with("fault: ") && line.contains(&name), "{name}: {line}");
        std::fs::write(&file, bytes).expect("written");
    }
    std::fs::remove_file(folder.join("rows/vault_group.rows")).expect("removed");
    let missing = places.restore("sound", "keys.backup", &[]).await.expect_err("a file is missing");
    assert!(missing.contains("vault_group.rows is missing"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_together_and_a_killed_one_is_none() {
    let places = Places::new();
    let mut trial = places.start(tempfile::tempdir().expect("a folder"), &[]).await;
    kept(&trial.harbour().expect("a client"), "p-2").await;
    let mut random = Random::from_environment();
    for number in 0..=KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let (harbour, stopped) = (trial.harbour().expect("a client"), Arc::clone(&stop));
        let load = tokio::spawn(async move {
            let mut count = 0;
            while !stopped.load(Ordering::Relaxed) {
                count += 1;
                let body = observation(&format!("p-{}", count % 7), f64::from(count));
                let request = harbour.request(reqwest::Method::POST, "/fhir/Observation").body(body.to_string());
                // The node may be killed at any moment.
                drop(request.header("Content-Type", "application/fhir+json").send().await);
            }
        });
        let name = format!("b{number}");
        if number == KILLS {
            tokio::time::sleep(Duration::from_millis(200)).await;
            places.back_up(trial.data(), &name, &[]).await;
            stop.store(true, Ordering::Relaxed);
            load.await.expect("ended");
            break;
        }
        let folder = places.at(&name).display().to_string();
        let mut backup = places.command(trial.data(), &["backup", "--to", &folder]).spawn().expect("runs");
        tokio::time::sleep(Duration::from_millis(100 + random.below(900))).await;
        let data = trial.kill().expect("killed");
        stop.store(true, Ordering::Relaxed);
        load.await.expect("ended");
        let ended = tokio::task::spawn_blocking(move || backup.wait()).await.expect("ended").expect("waited");
        if places.at(&name).exists() {
            let checked = places.run(data.path(), &["backup", "check", &folder]).await;
            assert!(checked.status.success(), "{checked:?}");
        } else {
            assert!(!ended.success(), "there is none, and the command says that there is");
        }
        trial = places.start(data, &[]).await;
    }
    let checked =
        places.run(trial.data(), &["backup", "check", &places.at(&format!("b{KILLS}")).display().to_string()]).await;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let (restored, _) = places.restore(&format!("b{KILLS}"), "keys.backup", &[]).await.expect("restored");
    printed(restored.path(), &["ledger", "check"]).expect("the ledger is sound");
    printed(restored.path(), &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
    let trial = places.start(restored, &[]).await;
    // Each record that the ledger names has its document.
    let own = trial.patient("p-2").expect("a client");
    let export = own.get("/patients/me/export").await.expect("an answer").success().expect("mine");
    assert!(export["entry"].as_array().is_some_and(|entries| entries.len() > 4), "{export}");
    trial.server.stop().await.expect("stops");
}
