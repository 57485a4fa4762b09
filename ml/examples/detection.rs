//! How well attacks are found in simulated chains, and how fast: `-- DIR [--model FILE]`, where DIR holds EPCIS documents and
//! `truth.jsonl` as `veridose simulate` writes them. Prints the judgement as JSON.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use veridose_ml::detect::{Detector, Settings, detect, detect_with};
use veridose_ml::evaluate::{Truth, evaluate};
use veridose_ml::events::load;
use veridose_ml::model;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the directory")?);
    let begun = Instant::now();
    let (table, loaded) = load(&documents(&folder)?);
    let read = begun.elapsed();
    let detector = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--model"), Some(path)) => Some(model::read::<Detector>(&std::fs::read(path)?)?.1),
        _ => None,
    };
    let begun = Instant::now();
    let (alerts, summary) = match &detector {
        Some(detector) => detect_with(&table, Settings::default(), detector)?,
        None => detect(&table, Settings::default()),
    };
    let spent = begun.elapsed();
    let truths = std::fs::read_to_string(folder.join("truth.jsonl"))?;
    let truths: Vec<Truth> = truths.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let judged = evaluate(&truths, &alerts, Some(summary.scans));
    let about: Vec<bool> = veridose_ml::evaluate::alerts_about(&truths, &alerts);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for (alert, is_right) in alerts.iter().zip(about) {
        if !is_right && !matches!(alert.kind.as_str(), "operator_error" | "risk") {
            *wrong.entry(alert.codes.join(" ")).or_default() += 1;
            if std::env::var_os("TELL").is_some() {
                eprintln!("{} {} {}", alert.score, alert.codes.join(" "), alert.explanation);
            }
        }
    }
    let told = json!({
        "events": summary.events, "documents": loaded.documents, "read_seconds": read.as_secs_f64(),
        "detect_seconds": spent.as_secs_f64(), "judged": judged, "wrong": wrong, "codes": summary.codes,
    });
    println!("{told:#}");
    Ok(())
}

fn documents(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries: Result<Vec<PathBuf>, std::io::Error> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    Ok(entries?.into_iter().filter(|path| path.extension().is_some_and(|its| its == "jsonld")).collect())
}
