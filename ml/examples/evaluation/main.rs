//! Detection judged as it would be used: `-- TRAIN TEST FROM FEATURES [SEED]`. TRAIN and TEST hold EPCIS documents and
//! `truth.jsonl` as `veridose simulate` writes them; a pattern of which TRAIN has no attack is held out. A detector learns from TRAIN:
//! labels are the outcomes of each day's first fifty cases, known two weeks late, and of none that touch a fifth of the parties. TEST is searched whole and judged
//! from the day FROM (RFC 3339) on. FEATURES takes the measures of its packs as CSV, with what was said of each and the truth, for
//! another detector to be put beside. Prints the judgement as JSON, of rules alone and with the detector.
#![allow(clippy::print_stdout)]

mod points;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use points::{is_slip, points};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_ml::cases::Alert;
use veridose_ml::detect::{Settings, detect, detect_with, train};
use veridose_ml::evaluate::{CASES_A_DAY, Truth, alerts_about, curve, evaluate};
use veridose_ml::events::{EventTable, Step, load};
use veridose_ml::features::{Features, NAMES, Usual};
use veridose_ml::history::Histories;
use veridose_ml::rules::Facts;

type Error = Box<dyn std::error::Error>;

/// Every case counts here, however little sure.
const ALL: Settings = Settings { score_min: 0.0 };

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [taught, tested, from, features, rest @ ..] = &arguments[..] else {
        return Err("TRAIN TEST FROM FEATURES".into());
    };
    let seed = rest.first().map_or(Ok(0), |seed| seed.parse())?;
    let (table, truths) = read(Path::new(taught))?;
    let (alerts, _) = detect(&table, ALL);
    let labels = labels(&truths, &alerts);
    let known: HashSet<String> = truths.into_iter().map(|truth| truth.pattern).collect();
    let (card, detector) = train(&table, &labels, seed)?;
    drop(table);
    let (table, truths) = read(Path::new(tested))?;
    let late = |time: &str| time >= from.as_str();
    let (truths, before): (Vec<Truth>, Vec<Truth>) = truths.into_iter().partition(|truth| late(&truth.from));
    let scans = scans(&table, from)?;
    let mut told = BTreeMap::new();
    let mut best: HashMap<String, f64> = HashMap::new();
    for name in ["rules", "detector"] {
        let begun = Instant::now();
        let (alerts, _) = if name == "rules" { detect(&table, ALL) } else { detect_with(&table, ALL, &detector)? };
        let seconds = begun.elapsed().as_secs_f64();
        let mut alerts: Vec<Alert> = alerts.into_iter().filter(|alert| late(&alert.detected_at)).collect();
        // What is only about an attack that began before is neither right nor false.
        let mut about = alerts_about(&before, &alerts).into_iter().zip(alerts_about(&truths, &alerts));
        alerts.retain(|_| about.next() != Some((true, false)));
        let is_told = |alert: &&Alert| alert.kind == "operator_error" || alert.score >= Settings::default().score_min;
        let sure: Vec<Alert> = alerts.iter().filter(is_told).cloned().collect();
        if name == "detector" {
            for alert in alerts.iter().filter(|alert| alert.kind != "operator_error") {
                for epc in &alert.epcs {
                    let held = best.entry(epc.clone()).or_default();
                    *held = held.max(alert.score);
                }
            }
        }
        let judged: Value = serde_json::to_value(evaluate(&truths, &sure, Some(scans)))?;
        let mut of = points(&truths, &alerts, &sure, &known);
        of["judged"] = judged;
        of["curve"] = json!(curve(&truths, &alerts));
        of["seconds"] = json!(seconds);
        told.insert(name, of);
    }
    let packs = write_features(&table, &truths, from, &best, Path::new(features))?;
    println!("{}", json!({ "labels": labels.len(), "card": card.metrics, "packs": packs, "scans": scans, "by": told }));
    Ok(())
}

fn read(folder: &Path) -> Result<(EventTable, Vec<Truth>), Error> {
    let entries: Result<Vec<PathBuf>, std::io::Error> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let documents: Vec<PathBuf> =
        entries?.into_iter().filter(|path| path.extension().is_some_and(|its| its == "jsonld")).collect();
    let truths = std::fs::read_to_string(folder.join("truth.jsonl"))?;
    Ok((load(&documents).0, truths.lines().map(serde_json::from_str).collect::<Result<_, _>>()?))
}

/// What somebody who looks into fifty cases a day finds out. Of the other cases nothing is known: none is false for that.
fn labels(truths: &[Truth], alerts: &[Alert]) -> Vec<Truth> {
    let last = truths.iter().map(|truth| truth.to.as_str()).max().unwrap_or_default();
    let until = OffsetDateTime::parse(last, &Rfc3339)
        .map(|last| (last - time::Duration::days(14)).date().to_string())
        .unwrap_or_default();
    let is_unseen = |party: &String| party.bytes().map(u32::from).sum::<u32>().is_multiple_of(5);
    let mut days: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    for (alert, is_true) in alerts.iter().zip(alerts_about(truths, alerts)) {
        let day = alert.detected_at.get(..10).unwrap_or_default();
        let count = days.entry(day).or_default();
        *count += usize::from(alert.kind != "operator_error");
        let is_known = alert.kind != "operator_error" && *count <= CASES_A_DAY && day < until.as_str();
        if is_known && !alert.parties.iter().any(is_unseen) {
            labels.push(Truth {
                pattern: if is_true { "falsified" } else { "technical" }.to_owned(),
                epcs: alert.epcs.clone(),
                lot: None,
                parties: alert.parties.clone(),
                from: alert.first_event.clone(),
                to: alert.last_event.clone(),
            });
        }
    }
    labels
}

fn scans(table: &EventTable, from: &str) -> Result<u64, Error> {
    let from = OffsetDateTime::parse(from, &Rfc3339)?.unix_timestamp() * 1000;
    let is_scan = |step| matches!(step, Step::Inspecting | Step::Dispensing | Step::Decommissioning);
    Ok(table.rows.iter().filter(|row| is_scan(row.step) && row.time >= from).map(|row| u64::from(row.things)).sum())
}

/// One line a pack that was seen alone since then.
fn write_features(
    table: &EventTable,
    truths: &[Truth],
    from: &str,
    best: &HashMap<String, f64>,
    path: &Path,
) -> Result<usize, Error> {
    let from = OffsetDateTime::parse(from, &Rfc3339)?.unix_timestamp() * 1000;
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let features = Features::of(&facts, &Usual::of(&facts));
    let attacked: HashSet<&str> =
        truths.iter().filter(|truth| !is_slip(truth)).flat_map(|truth| &truth.epcs).map(String::as_str).collect();
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{},ours,attacked", NAMES.join(","))?;
    let mut count = 0;
    for (thing, row) in features.things.iter().zip(&features.rows) {
        let last = histories.own(*thing).last().map_or(i64::MIN, |event| table.rows[*event as usize].time);
        if last < from {
            continue;
        }
        let text = table.things.text(*thing);
        for value in row {
            write!(out, "{value:.4},")?;
        }
        writeln!(out, "{},{}", best.get(text).copied().unwrap_or(0.0), u8::from(attacked.contains(text)))?;
        count += 1;
    }
    out.flush()?;
    Ok(count)
}
