//! Models made from their data, and made again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use veridose_gs1::scan;
use veridose_ml::detect::{Settings, detect_with, train};
use veridose_ml::drift::CASES_PER_MILLION_SCANS;
use veridose_ml::evaluate::{Truth, evaluate};
use veridose_ml::model;

use super::data::{Snapshot, detector};
use super::{Retraining, Verification};
use crate::cli::client::{Answered, Client, text_of};
use crate::cli::local::moment;
use crate::cli::{Outcome, print};

/// The lock file that this program was built with.
const LOCK: &[u8] = include_bytes!("../../../../Cargo.lock");
/// Closed cases that labels are made of, at most.
const CASES_MAX: usize = 100_000;

/// What a model's file says of its making beside the data.
struct Made<'a> {
    code: &'a str,
    seed: u64,
    parent: Option<String>,
}

pub(super) fn retrain(wanted: &Retraining, json: bool) -> Result<Outcome> {
    ensure!(
        (1..=64).contains(&wanted.code.len()) && wanted.code.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
        "--code is a commit: 1 to 64 lower-case hexadecimal digits"
    );
    let client = if wanted.closed_cases || wanted.register { Some(wanted.connection.client()?) } else { None };
    if wanted.closed_cases
        && let (Some(client), Some(path)) = (&client, &wanted.data.labels)
    {
        match outcomes(client)? {
            Ok(labels) => write_labels(path, &labels)?,
            Err(refused) => return refused.tell(json, |_| Vec::new()),
        }
    }
    let snapshot = wanted.data.read()?;
    let parent = wanted.parent.map(|parent| parent.to_string());
    let bytes = make(&snapshot, Made { code: &wanted.code, seed: wanted.seed, parent })?;
    std::fs::write(&wanted.out, &bytes).with_context(|| format!("failed to write {}", wanted.out.display()))?;
    let (name, root) = (hex::encode(model::hash(&bytes)), hex::encode(snapshot.root));
    if wanted.register
        && let Some(client) = client
    {
        let request = client.request(Method::POST, "/models").header("content-type", "application/octet-stream");
        let (answered, _) = client.exchange(request.header("Idempotency-Key", &name).body(bytes))?;
        return answered.tell(json, |done| {
            vec![format!("model {} registered: transaction {}", text_of(done, "model"), text_of(done, "tx"))]
        });
    }
    if json {
        return print(&json!({ "model": name, "snapshot": root, "out": wanted.out }).to_string());
    }
    print(&format!("{}: model {name}, from data {root}", wanted.out.display()))
}

/// The bytes of a detector: the same for the same data, code, seed and parent.
fn make(snapshot: &Snapshot, made: Made<'_>) -> Result<Vec<u8>> {
    let (mut card, detector) = train(&snapshot.table, &snapshot.labels, made.seed)?;
    let (alerts, summary) = detect_with(&snapshot.table, Settings::default(), &detector)?;
    let count = |count: u64| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    if summary.scans > 0 {
        let rate = count(summary.cases) / count(summary.scans) * 1e6;
        card.metrics.insert(CASES_PER_MILLION_SCANS.to_owned(), rate);
    }
    if !snapshot.labels.is_empty() {
        // By slice, on the data of the training: an upper bound of what is to be expected.
        let judged = evaluate(&snapshot.labels, &alerts, Some(summary.scans));
        let slices = judged.recall_by_pattern.iter();
        card.metrics.extend(slices.map(|(pattern, of)| (format!("recall in training, {pattern}"), of.recall)));
        card.metrics.insert("recall in training".to_owned(), judged.recall.recall);
        card.metrics.extend(judged.pr_auc.map(|value| ("PR-AUC in training".to_owned(), value)));
    }
    card.code = made.code.to_owned();
    card.lock = lock();
    card.snapshot = hex::encode(snapshot.root);
    card.parent = made.parent;
    card.parameters = BTreeMap::from([("program".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    Ok(model::write(&card, &detector)?)
}

fn lock() -> String {
    hex::encode(Sha256::digest(LOCK))
}

/// What closed cases turned out to be, as labels. Of the others nothing is known.
fn outcomes(client: &Client) -> Result<std::result::Result<Vec<Truth>, Answered>> {
    let mut labels = Vec::new();
    for page in client.pages("/cases?state=closed&perPage=500".to_owned()) {
        let rows = match page? {
            Answered::Done(rows) => rows,
            refused @ Answered::Refused(_) => return Ok(Err(refused)),
        };
        for row in rows["items"].as_array().into_iter().flatten() {
            ensure!(labels.len() < CASES_MAX, "more than {CASES_MAX} closed cases: give labels in a file");
            match client.send(Method::GET, &format!("/cases/{}", text_of(row, "case")), None)? {
                Answered::Done(case) => labels.push(label(&case)),
                refused @ Answered::Refused(_) => return Ok(Err(refused)),
            }
        }
    }
    Ok(Ok(labels))
}

fn label(case: &Value) -> Truth {
    let words = |field: &str| -> Vec<String> {
        let list = case["about"][field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let link = |item: String| match scan::parse(&item).ok().and_then(|scan| scan.epc()) {
        Some(epc) => epc.digital_link(),
        None => item,
    };
    let at = |field: &str| moment(veridose_contract::Timestamp(case[field].as_i64().unwrap_or_default()));
    Truth {
        pattern: text_of(case, "outcome").to_owned(),
        epcs: words("items").into_iter().map(link).collect(),
        parties: words("parties"),
        from: at("raised_at"),
        to: at("moved_at"),
        ..Truth::default()
    }
}

fn write_labels(path: &Path, labels: &[Truth]) -> Result<()> {
    let context = || format!("failed to write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(context)?);
    for label in labels {
        serde_json::to_writer(&mut file, label)?;
        file.write_all(b"\n").with_context(context)?;
    }
    file.flush().with_context(context)
}

pub(super) fn verify(wanted: &Verification, json: bool) -> Result<Outcome> {
    let data = wanted.data.data();
    if wanted.offline && data.is_none() {
        bail!("nothing to check against: give the data, or ask the ledger (without --offline)");
    }
    let (bytes, card, _) = detector(&wanted.file)?;
    let name = hex::encode(model::hash(&bytes));
    let mut differences = Vec::new();
    if !wanted.offline {
        match wanted.connection.client()?.send(Method::GET, &format!("/models/{name}"), None)? {
            Answered::Done(shown) => {
                let said = &shown["ledger"];
                let parent = card.parent.as_ref().map_or(Value::Null, |parent| json!(parent));
                for (field, own) in [
                    ("snapshot", json!(card.snapshot)),
                    ("code", json!(card.code)),
                    ("lock", json!(card.lock)),
                    ("seed", json!(card.seed)),
                    ("parent", parent),
                ] {
                    if said[field] != own {
                        differences.push(format!("{field}: the file has {own}, the ledger {}", said[field]));
                    }
                }
            }
            refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
        }
    }
    if let Some(data) = &data {
        let snapshot = data.read()?;
        let root = hex::encode(snapshot.root);
        if card.lock != lock() {
            differences.push("lock file: the model was made by a program of other libraries than this one".to_owned());
        }
        if card.snapshot == root {
            let made = Made { code: &card.code, seed: card.seed, parent: card.parent.clone() };
            let again = hex::encode(model::hash(&make(&snapshot, made)?));
            if again != name {
                differences.push(format!("retraining: the same data give the model {again}"));
            }
        } else {
            differences.push(format!("data: these have the root {root}, the model was made from {}", card.snapshot));
        }
    }
    let (asked, retrained) = (!wanted.offline, data.is_some());
    if json {
        let told = json!({ "model": name, "ledger": asked, "retrained": retrained, "differences": differences });
        print(&told.to_string())?;
    } else if differences.is_empty() {
        let against = match (asked, retrained) {
            (true, true) => "as the ledger says, and its data give the same bytes again",
            (true, false) => "as the ledger says",
            (false, _) => "its data give the same bytes again",
        };
        print(&format!("model {name}: {against}"))?;
    } else {
        differences.iter().try_for_each(|difference| print(difference).map(drop))?;
    }
    Ok(if differences.is_empty() { Outcome::Done } else { Outcome::Refused })
}
