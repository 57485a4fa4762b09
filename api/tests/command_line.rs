//! The commands that need no server, run as processes on a little ledger.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use veridose::found::{Founder, found};
use veridose::node::{KeyStore, registration};
use veridose_contract::blind::NetworkKey;
use veridose_contract::{Action, Command as Step, Commitment, Day, IdempotencyKey, PartyId, Role, Site, Timestamp};
use veridose_ledger::pki::Passphrase;
use veridose_ledger::signer::{Signer, prepare};
use veridose_ledger::{Embedded, Options};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const PASSPHRASE: &str = "only for this test";
const PACK: &str = "(01)09506000134352(21)XYZ";

/// Founds a network of one manufacturer that made one pack, and writes the pack's receipt and the log's key.
fn little_ledger(data: &Path) {
    let keys = KeyStore::new(data, Passphrase::new(PASSPHRASE.to_owned(), "the test").expect("not empty"));
    let maker = PartyId::parse("maker").expect("a name");
    let founder = Founder {
        id: maker.clone(),
        name: "Maker".into(),
        role: Role::Manufacturer,
        sites: vec![Site(9_506_000_100_012)],
    };
    let network = found(data, &keys, "Test", &[founder], NOW).expect("founded");
    let (network_key, signer) =
        (NetworkKey::new(&keys.secret("network").expect("made")), keys.signer(&maker).expect("made"));
    let log_key = keys.log_key(&network.origin).expect("made");
    let vkey = log_key.verifier().text().to_owned();
    let ledger =
        Embedded::open(&data.join("ledger"), network.clone(), log_key, Options::new(Arc::new(|| NOW))).expect("opens");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("starts");
    let submit = |transaction| runtime.block_on(ledger.submit(transaction)).expect("accepted").index;
    submit(registration(&signer, network.id, NOW).expect("signed"));
    let (product, lot) = (network_key.product("(01)09506000134352"), network_key.lot("(01)09506000134352(10)A1"));
    let item = network_key.item(PACK);
    let commands = vec![
        step(Action::RegisterProduct(product), Vec::new()),
        step(Action::RegisterLot { lot, product, expiry: Day(NOW.day().0 + 700) }, Vec::new()),
        step(Action::Commission { lot }, vec![item]),
    ];
    let made = submit(transaction(&signer, network.id, commands));
    let mut receipt = ledger.receipt(made, &[item]).expect("a receipt");
    receipt.disclose(&item, &network_key.blind(PACK));
    std::fs::write(data.join("receipt.json"), receipt.to_json()).expect("written");
    std::fs::write(data.join("log.vkey"), vkey).expect("written");
}

fn transaction(
    signer: &Signer,
    network: veridose_contract::NetworkId,
    commands: Vec<Step>,
) -> veridose_contract::Transaction {
    prepare(signer, network, IdempotencyKey([7; 16]), NOW, commands).expect("signed")
}

fn step(action: Action, items: Vec<veridose_contract::ItemKey>) -> Step {
    Step { action, happened: NOW, site: Some(Site(9_506_000_100_012)), payload: Commitment([5; 32]), items }
}

fn veridose(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_veridose"))
        .current_dir(data)
        .args(["--data", "."])
        .args(arguments)
        .env("VERIDOSE_PASSPHRASE", PASSPHRASE)
        .env_remove("VERIDOSE_TOKEN")
        .stdin(Stdio::null())
        .output()
        .expect("runs")
}

/// Exit code, standard output and standard error, with what differs from run to run named instead of shown.
fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| hidden(&String::from_utf8_lossy(bytes));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    format!("exit {}\n{out}--\n{err}", output.status.code().expect("ended by itself"))
}

/// Hashes become `HASH`.
fn hidden(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        if digits >= 32 {
            out.push_str("HASH");
            rest = &rest[digits..];
        } else {
            let end = digits.max(first.len_utf8());
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    out
}

#[test]
fn receipts_and_the_ledger_offline() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path();
    little_ledger(data);
    let verify = ["proof", "verify", "receipt.json", "--log-key", "log.vkey"];
    let with = |more: &[&'static str]| veridose(data, &[&verify[..], more].concat());
    insta::assert_snapshot!("proof_of_a_pack", shown(&with(&["--scan", PACK])));
    insta::assert_snapshot!(
        "proof_with_certificate",
        shown(&with(&["--certificate", "keys/maker/signer.pem", "--json"]))
    );
    insta::assert_snapshot!("proof_of_another_pack", shown(&with(&["--scan", "(01)09506000134352(21)ABC"])));
    insta::assert_snapshot!("ledger_check", shown(&veridose(data, &["ledger", "check"])));
    insta::assert_snapshot!("ledger_check_json", shown(&veridose(data, &["ledger", "check", "--json"])));
    insta::assert_snapshot!("ledger_rebuild_state", shown(&veridose(data, &["ledger", "rebuild-state"])));
    let key = veridose(data, &["ledger", "key"]);
    assert_eq!(key.stdout.trim_ascii(), std::fs::read(data.join("log.vkey")).expect("written"));
    assert!(veridose(data, &["ledger", "checkpoint"]).status.success());
    let keys = veridose(data, &["key", "list"]);
    assert!(keys.stdout.starts_with(b"maker  manufacturer  "), "{}", shown(&keys));

    let tile = data.join("ledger/log/tile/entries/000.p/2");
    let mut bytes = std::fs::read(&tile).expect("the entries");
    let last = bytes.last_mut().expect("entries have bytes");
    *last ^= 1;
    std::fs::write(&tile, bytes).expect("written");
    insta::assert_snapshot!("ledger_check_of_a_flipped_bit", shown(&veridose(data, &["ledger", "check"])));
}

#[test]
fn nothing_is_founded_by_a_command() {
    let folder = tempfile::tempdir().expect("a directory");
    for arguments in [["ledger", "check"], ["ledger", "key"], ["project", "rebuild"]] {
        let output = veridose(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "{arguments:?}");
    }
}

#[test]
fn an_organisation_makes_its_keys_and_renews_them() {
    let folder = tempfile::tempdir().expect("a directory");
    let create = ["party", "create", "corner", "--name", "Corner", "--role", "pharmacy", "--gln", "9506000400013"];
    let made = veridose(folder.path(), &create);
    assert_eq!(made.status.code(), Some(0), "{}", shown(&made));
    let admission = std::fs::read(folder.path().join("keys/corner/admission.json")).expect("written");
    let admission: serde_json::Value = serde_json::from_slice(&admission).expect("JSON");
    assert_eq!((&admission["id"], &admission["sites"][0]), (&"corner".into(), &9_506_000_400_013_u64.into()));
    assert_eq!(veridose(folder.path(), &create).status.code(), Some(1), "an authority is not replaced");
    let before = veridose(folder.path(), &["key", "export-certificate", "corner"]).stdout;
    assert!(before.starts_with(b"-----BEGIN CERTIFICATE-----"));
    assert!(veridose(folder.path(), &["key", "rotate", "corner"]).status.success());
    assert_ne!(veridose(folder.path(), &["key", "export-certificate", "corner"]).stdout, before);
    let wrong = veridose(folder.path(), &["party", "create", "x", "--name", "X", "--role", "patient", "--gln", "1"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn clients_say_what_they_lack() {
    let folder = tempfile::tempdir().expect("a directory");
    let without = veridose(folder.path(), &["verify", PACK]);
    assert_eq!(without.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&without.stderr).contains("VERIDOSE_TOKEN"), "{}", shown(&without));
    std::fs::write(folder.path().join("token"), "x").expect("written");
    // Port 9 (discard) answers nobody here.
    let asked = ["verify", PACK, "--token-file", "token", "--server", "http://127.0.0.1:9"];
    let unanswered = veridose(folder.path(), &asked);
    assert_eq!(unanswered.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unanswered.stderr).contains("--server"), "{}", shown(&unanswered));
}

#[test]
fn help_has_examples() {
    let folder = tempfile::tempdir().expect("a directory");
    for command in [
        "scan",
        "capture",
        "verify",
        "dispense",
        "recall",
        "export",
        "sign",
        "party create",
        "party admit",
        "party list",
        "key rotate",
        "key register",
        "key list",
        "key export-certificate",
        "ledger check",
        "ledger rebuild-state",
        "ledger key",
        "ledger checkpoint",
        "project rebuild",
        "proof verify",
        "stock outlook",
        "stock orders",
        "stock shortages",
        "model list",
        "model show",
        "model retrain",
        "model promote",
        "model rollback",
        "model verify",
        "model drift",
    ] {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = veridose(folder.path(), &arguments);
        assert_eq!(help.status.code(), Some(0), "{command}");
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "{command} has an example");
    }
    insta::assert_snapshot!("help", shown(&veridose(folder.path(), &["--help"])));
}
