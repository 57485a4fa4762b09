//! An embedded ledger moves onto a channel.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};
use veridose_contract::merkle::leaf_hash;
use veridose_contract::{Action, Day, ItemKey, LotKey, ProductKey};
use veridose_tests::{
    FabricNetwork, OwnSide, Trial, binary, checkpoint, copy_founding, now, pack, printed, send, veridose,
};

use super::load::{commission, destroy};

/// Packs of the one large batch: as many as a transaction may name.
const BATCH: u64 = 100_000;

/// The old node: a day of trade, and a batch of 100,000 packs under one signature.
async fn old_node() -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a folder");
    let played = veridose(data.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]).expect("runs");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    let trial = Trial::resume(data).await.expect("starts");
    let client = trial.maker().expect("a client");
    commission(&client, 3).await;
    let maker = OwnSide::open(trial.data(), "alpine-pharma").expect("the maker's keys");
    let (product, lot) = (ProductKey([61; 32]), LotKey([62; 32]));
    let stock = [
        ("product", Action::RegisterProduct(product), vec![]),
        ("lot", Action::RegisterLot { lot, product, expiry: Day(now().day().0 + 365) }, vec![]),
        (
            "batch",
            Action::Commission { lot },
            (0..BATCH).map(|number| ItemKey(leaf_hash(&number.to_be_bytes()))).collect(),
        ),
    ];
    for (key, action, items) in stock {
        let transaction = maker.signed(key, action, items).expect("signed");
        let text = BASE64.encode(transaction.encode());
        let request = client.request(Method::POST, "/transactions").header("Content-Type", "text/plain").body(text);
        send(request).await.expect("an answer").success().expect("taken");
    }
    trial.stop().await.expect("stops")
}

/// A receipt of a transaction of the old node, and the log's key, in files.
async fn receipt(trial: &Trial, folder: &Path) -> (PathBuf, String) {
    let maker = trial.maker().expect("a client");
    let done = destroy(&maker, 2).await.expect("an answer").success().expect("taken");
    let path = format!("/receipts/{}", done["tx"].as_str().expect("a transaction"));
    let receipt = maker.get(&path).await.expect("an answer").success().expect("a receipt");
    let file = folder.join("old-receipt.json");
    std::fs::write(&file, receipt.to_string()).expect("written");
    (file, printed(trial.data(), &["ledger", "key"]).expect("a key"))
}

/// What a member signs, with the keys in the old node's directory, into a file.
fn signed(data: &Path, closing: &Path, party: &str) -> String {
    let keys = data.join("keys").join(party);
    let [closing, key, certificate] =
        [closing.to_owned(), keys.join("signer.key"), keys.join("signer.pem")].map(|path| path.display().to_string());
    let word = printed(data, &["ledger", "migrate", "sign", &closing, "--key", &key, "--certificate", &certificate]);
    let file = data.join(format!("{party}.json"));
    std::fs::write(&file, word.expect("signed")).expect("written");
    file.display().to_string()
}

fn run<'a>(joining: &'a [String], signatures: &[&'a str]) -> Vec<&'a str> {
    joining
        .iter()
        .map(String::as_str)
        .chain(["ledger", "migrate", "run", "--json"])
        .chain(signatures.iter().copied())
        .collect()
}

/// Runs it and expects that it is refused, saying this.
fn refused(data: &Path, arguments: &[&str], said: &str) {
    let ended = veridose(data, arguments).expect("runs");
    let text = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{text}");
    assert!(text.contains(said) && !text.contains("panicked"), "{text}");
}

/// Entries on the channel so far; nothing before the import is begun.
fn imported(network: &FabricNetwork) -> Option<(u64, Option<u64>)> {
    let version = network.run(&["query", "alpine-pharma", "version"]).expect("it answers");
    let version: Value = serde_json::from_str(version.trim()).expect("JSON");
    Some((version["imported"]["entries"].as_u64()?, version["imported"]["step"].as_u64()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_ledger_moves_onto_a_channel() {
    let Some(network) = FabricNetwork::up("migration", &[]).await.expect("a network") else { return };
    let joining = network.joining("alpine-pharma");
    let trial = Trial::resume(old_node().await).await.expect("starts");
    let files = tempfile::tempdir().expect("a folder");
    let (old_receipt, log_key) = receipt(&trial, files.path()).await;
    let before = checkpoint(&trial.maker().expect("a client")).await.expect("a checkpoint");
    let data = trial.stop().await.expect("stops");
    let words = closed(data.path(), files.path(), &joining);
    let words = words.each_ref().map(String::as_str);
    assert_eq!(imported(&network), None, "nothing came to the channel yet");
    let arguments = run(&joining, &words);
    brought(&network, data.path(), files.path(), &arguments, before.0).await;
    let again: Value = serde_json::from_str(&printed(data.path(), &arguments).expect("again")).expect("JSON");
    assert_eq!(again["entries"], before.0, "what was done is only compared again");
    let data = goes_on(&network, data, joining, &before).await;
    let receipt = old_receipt.display().to_string();
    printed(data.path(), &["proof", "verify", &receipt, "--log-key", &log_key]).expect("an old receipt is good");
    printed(data.path(), &["ledger", "check"]).expect("sound");
}

/// Closes the ledger; the signatures of four of its seven members. What is not in order is refused.
fn closed(data: &Path, files: &Path, joining: &[String]) -> [String; 4] {
    let closing = files.join("closing.json");
    refused(data, &run(joining, &["none.json"]), "none.json");
    let text = printed(data, &["ledger", "migrate", "checkpoint"]).expect("closed");
    std::fs::write(&closing, text).expect("written");
    refused(data, &["serve", "--listen", "127.0.0.1:0"], "was closed to move to a channel");
    let early: Vec<_> = joining.iter().map(String::as_str).chain(["serve", "--listen", "127.0.0.1:0"]).collect();
    refused(data, &early, "bring it there with `veridose ledger migrate`");
    let words = ["alpine-pharma", "north-wholesale", "harbour-pharmacy", "medicines-agency"];
    let words = words.map(|party| signed(data, &closing, party));
    let all = words.each_ref().map(String::as_str);
    refused(data, &run(joining, &all[1..]), "3 of 7 active members signed");
    let forged = files.join("forged.json").display().to_string();
    let mut word: Value = serde_json::from_str(&std::fs::read_to_string(all[0]).expect("a signature")).expect("JSON");
    word["signature"] = json!(format!("AAAA{}", &word["signature"].as_str().expect("base64")[4..]));
    std::fs::write(&forged, word.to_string()).expect("written");
    refused(data, &run(joining, &[&forged, all[1], all[2], all[3]]), "the signature of alpine-pharma does not count");
    tampered(data, &run(joining, &all));
    words
}

/// Brings the ledger over, killed in the middle of the large entry and run again.
#[expect(clippy::print_stdout, reason = "what a test measured")]
async fn brought(network: &FabricNetwork, data: &Path, files: &Path, arguments: &[&str], entries: u64) {
    let said = files.join("killed.log");
    let mut child = Command::new(binary().expect("built"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&said).expect("created"))
        .spawn()
        .expect("starts");
    let killed = loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let ended = child.try_wait().expect("a child");
        assert!(ended.is_none(), "it ended: {}", std::fs::read_to_string(&said).unwrap_or_default());
        if let Some((entries, Some(step))) = imported(network)
            && step > 2
        {
            break (entries, step);
        }
    };
    child.kill().expect("killed");
    child.wait().expect("ended");
    let begun = std::time::Instant::now();
    let told: Value = serde_json::from_str(&printed(data, arguments).expect("it goes on")).expect("JSON");
    let (entry, step) = killed;
    println!("measured: after a kill at entry {entry}, step {step}, the rest of {told} took {:?}", begun.elapsed());
    assert_eq!(told["entries"], entries);
    assert!(told["records"].as_u64().is_some_and(|records| records > BATCH), "{told}");
}

/// The old node goes on, on the channel, and another member's follows it.
async fn goes_on(
    network: &FabricNetwork,
    data: tempfile::TempDir,
    joining: Vec<String>,
    before: &(u64, String),
) -> tempfile::TempDir {
    let node = Trial::start_with(data, joining).await.expect("it starts on the channel");
    let client = node.maker().expect("a client");
    assert_eq!(checkpoint(&client).await.expect("a checkpoint"), *before, "the log is what it was");
    destroy(&client, 1).await.expect("an answer").success().expect("new submits go on");
    assert_eq!(client.verify(&pack("P1")).await.expect("an answer")["dispensable"], false);
    let copy = tempfile::tempdir().expect("a folder");
    copy_founding(node.data(), copy.path()).expect("copied");
    let other = Trial::start_with(copy, network.joining("medicines-agency")).await.expect("another member joins");
    let theirs = checkpoint(&other.maker().expect("a client")).await.expect("a checkpoint");
    assert_eq!(theirs, checkpoint(&client).await.expect("a checkpoint"));
    assert_eq!(theirs.0, before.0 + 1);
    other.server.stop().await.expect("stops");
    node.stop().await.expect("stops")
}

/// A log in which one byte was changed is refused before anything is brought over.
fn tampered(data: &Path, arguments: &[&str]) {
    let tile = newest(&data.join("ledger/log/tile/entries"));
    let sound = std::fs::read(&tile).expect("a bundle");
    let mut changed = sound.clone();
    let place = changed.len() / 2;
    changed[place] ^= 1;
    std::fs::write(&tile, &changed).expect("written");
    refused(data, arguments, "the old ledger is not sound");
    std::fs::write(&tile, &sound).expect("written");
}

/// A file below a folder.
fn newest(folder: &Path) -> PathBuf {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    let last = entries.pop().expect("something in it");
    if last.is_dir() { newest(&last) } else { last }
}
