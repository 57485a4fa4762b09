//! `veridose detect`: cases from EPCIS documents, without a server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use veridose_ml::cases::Alert;
use veridose_ml::detect::{Detector, SCORE_MIN, Settings, Summary, detect, detect_with, train};
use veridose_ml::evaluate::{Evaluation, Recall, Truth, evaluate};
use veridose_ml::events::{self, EventTable, Loaded};
use veridose_ml::lake::Lake;
use veridose_ml::model;

use super::{Outcome, print};

/// Folders in folders that are looked into.
const DEPTH_MAX: u8 = 16;
/// Documents of one run.
const DOCUMENTS_MAX: usize = 1_000_000;

/// What is searched, and where the cases go.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  veridose detect --events ./epcis --out alerts.jsonl\n  \
                  veridose detect --lake ./lake --events ./today --out alerts.jsonl\n  \
                  veridose detect evaluate --truth truth.jsonl --alerts alerts.jsonl"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// EPCIS documents, JSON-LD or XML, in any order; of a folder every .json, .jsonld and .xml
    #[arg(long, value_name = "DIR_OR_FILE", num_args = 1.., required_unless_present = "lake")]
    events: Vec<PathBuf>,
    /// Folder of Parquet files, one for each day, that is searched whole; the documents are added to it first
    #[arg(long, value_name = "DIR")]
    lake: Option<PathBuf>,
    /// File to write: JSON, one case a line, the surest first; a summary goes beside it
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    /// What `detect train` wrote: unusual packs are told too, and cases ranked by outcomes
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Leave out cases less sure than this, operators' slips excepted
    #[arg(long, value_name = "SCORE", default_value_t = SCORE_MIN)]
    min_score: f64,
    /// Fail if anything could not be read
    #[arg(long)]
    strict: bool,
}

/// What else can be done.
#[derive(Debug, Subcommand)]
enum Command {
    /// Learn what packs usually do, and from labels which cases are true
    #[command(
        after_help = "Example:\n  veridose detect train --events ./epcis --labels outcomes.jsonl --out detector.model --seed 1"
    )]
    Train(Training),
    /// Say how good alerts are, against what truly happened
    #[command(after_help = "Example:\n  veridose detect evaluate --truth truth.jsonl --alerts alerts.jsonl --json")]
    Evaluate(Evaluating),
}

/// What is learnt from.
#[derive(Debug, Args)]
struct Training {
    /// EPCIS documents, JSON-LD or XML, in any order; of a folder every .json, .jsonld and .xml
    #[arg(long, value_name = "DIR_OR_FILE", num_args = 1.., required = true)]
    events: Vec<PathBuf>,
    /// JSON lines of what truly happened: {pattern, epcs, lot, parties, from, to}
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What chance is drawn from: the same seed, events and labels give the same bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// What is compared.
#[derive(Debug, Args)]
struct Evaluating {
    /// JSON lines: {pattern, epcs, lot, parties, from, to}
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// What `detect` wrote
    #[arg(long, value_name = "FILE")]
    alerts: PathBuf,
    /// Scans that false alerts are counted against; by default those of the summary beside the alerts
    #[arg(long, value_name = "N")]
    scans: Option<u64>,
}

pub(super) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Outcome> {
    match &arguments.command {
        Some(Command::Evaluate(evaluating)) => return judge(evaluating, json),
        Some(Command::Train(training)) => return learn(training, json),
        None => {}
    }
    let Some(out) = &arguments.out else { anyhow::bail!("--out is missing: name the file to write") };
    let (table, loaded) = read(&arguments.events)?;
    let (table, duplicates) = gathered(table, arguments.lake.as_deref())?;
    let loaded = Loaded { duplicates, ..loaded };
    let settings = Settings { score_min: arguments.min_score };
    let (alerts, summary) = match &arguments.model {
        Some(path) => detect_with(&table, settings, &read_model(path)?)?,
        None => detect(&table, settings),
    };
    write_lines(out, &alerts).with_context(|| format!("failed to write {}", out.display()))?;
    let beside = summary_path(out);
    std::fs::write(&beside, serde_json::to_string_pretty(&summary)? + "\n")
        .with_context(|| format!("failed to write {}", beside.display()))?;
    tell(out, &loaded, &summary, json)?;
    Ok(if arguments.strict && !loaded.problems.is_empty() { Outcome::Refused } else { Outcome::Done })
}

/// Reads documents, and tells what is wrong with them; it is an error if none can be read.
pub(super) fn read(given: &[PathBuf]) -> anyhow::Result<(EventTable, Loaded)> {
    let documents = documents(given)?;
    let (table, loaded) = events::read_all(&documents);
    for (document, problem) in &loaded.problems {
        writeln!(io::stderr(), "veridose: {document}: {problem}")?;
    }
    if loaded.documents == 0 && !documents.is_empty() {
        anyhow::bail!("none of {} documents could be read", documents.len());
    }
    Ok((table, loaded))
}

fn read_model(path: &Path) -> anyhow::Result<Detector> {
    let bytes = std::fs::read(path).with_context(|| format!("failed to open {}", path.display()))?;
    Ok(model::read(&bytes).with_context(|| path.display().to_string())?.1)
}

fn learn(training: &Training, json: bool) -> anyhow::Result<Outcome> {
    let (mut table, _) = read(&training.events)?;
    events::settle(&mut table);
    let labels: Vec<Truth> = training.labels.as_deref().map(read_lines).transpose()?.unwrap_or_default();
    let (card, detector) = train(&table, &labels, training.seed)?;
    let bytes = model::write(&card, &detector)?;
    std::fs::write(&training.out, &bytes).with_context(|| format!("failed to write {}", training.out.display()))?;
    let name = hex::encode(model::hash(&bytes));
    if json {
        let told = serde_json::json!({ "model": name, "metrics": card.metrics, "out": training.out });
        return print(&told.to_string());
    }
    print(&format!("{}: model {name}", training.out.display()))
}

/// The events to search, without copies: those of the documents, or all of the lake after they were added to it.
fn gathered(mut table: EventTable, lake: Option<&Path>) -> anyhow::Result<(EventTable, u64)> {
    let Some(folder) = lake else {
        let copies = events::settle(&mut table);
        return Ok((table, copies));
    };
    let lake = Lake::new(folder);
    let added = lake.add(table)?;
    Ok((lake.read()?, added.copies))
}

fn tell(out: &Path, loaded: &Loaded, summary: &Summary, json: bool) -> anyhow::Result<()> {
    let Loaded { documents, duplicates, broken, .. } = loaded;
    if json {
        let told = serde_json::json!({
            "documents": documents, "duplicates": duplicates, "broken": broken, "unread": loaded.problems.len(),
            "summary": summary, "out": out,
        });
        print(&told.to_string())?;
        return Ok(());
    }
    let Summary { events, things, scans, cases, .. } = summary;
    print(&format!(
        "{events} events of {documents} documents about {things} things, {scans} scans; {duplicates} copies left out, {broken} \
         events unreadable\n{cases} cases: {}",
        out.display()
    ))?;
    for (code, count) in &summary.codes {
        print(&format!("{count:>8} {code}"))?;
    }
    Ok(())
}

/// Every document under the given files and folders, once and in order.
pub(super) fn documents(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in given {
        if path.is_dir() {
            gather(path, DEPTH_MAX, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn gather(folder: &Path, depth: u8, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let context = || format!("failed to read the folder {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let is_summary = path.to_str().is_some_and(|name| name.ends_with(".summary.json"));
        if path.is_dir() && depth > 0 {
            gather(&path, depth - 1, found)?;
        } else if matches!(ending.as_deref(), Some("json" | "jsonld" | "xml")) && !is_summary {
            anyhow::ensure!(found.len() < DOCUMENTS_MAX, "more than {DOCUMENTS_MAX} documents: search them in parts");
            found.push(path);
        }
    }
    Ok(())
}

fn write_lines(path: &Path, alerts: &[Alert]) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for alert in alerts {
        serde_json::to_writer(&mut file, alert)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

/// `alerts.jsonl` has its summary in `alerts.summary.json`.
fn summary_path(alerts: &Path) -> PathBuf {
    alerts.with_extension("summary.json")
}

fn judge(evaluating: &Evaluating, json: bool) -> anyhow::Result<Outcome> {
    let truths: Vec<Truth> = read_lines(&evaluating.truth)?;
    let alerts: Vec<Alert> = read_lines(&evaluating.alerts)?;
    let beside = || {
        let text = std::fs::read(summary_path(&evaluating.alerts)).ok()?;
        Some(serde_json::from_slice::<Summary>(&text).ok()?.scans)
    };
    let result = evaluate(&truths, &alerts, evaluating.scans.or_else(beside));
    print(&if json { serde_json::to_string(&result)? } else { table(&result) })
}

pub(super) fn read_lines<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let mut read = Vec::new();
    for (at, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{}: line {}", path.display(), at + 1);
        let line = line.with_context(place)?;
        if !line.trim().is_empty() {
            read.push(serde_json::from_str(&line).with_context(place)?);
        }
    }
    Ok(read)
}

fn table(result: &Evaluation) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let line = |name: &str, recall: &Recall| {
        format!("{name:<28}{:>8}{:>8}{:>10}\n", recall.truths, recall.found, percent(recall.recall))
    };
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let mut text = format!("{:<28}{:>8}{:>8}{:>10}\n", "pattern", "truths", "found", "recall");
    result.recall_by_pattern.iter().for_each(|(name, recall)| text.push_str(&line(name, recall)));
    text.push_str(&line("all patterns", &result.recall));
    result.operator_errors_by_kind.iter().for_each(|(name, recall)| text.push_str(&line(name, recall)));
    text.push_str(&line("all operator errors", &result.operator_errors));
    let numbers = [
        ("precision at 50 a day", result.precision_at_50_a_day),
        ("PR-AUC", result.pr_auc),
        ("false alerts/M scans", result.false_alerts_per_million_scans),
        ("  at 90 % recall", result.false_alerts_per_million_scans_at_recall_90),
        ("hours to detect, median", result.hours_to_detect_median),
        ("  nine tenths", result.hours_to_detect_p90),
    ];
    text.extend(numbers.map(|(name, value)| format!("{name:<28}{:>26}\n", number(value))));
    text + &format!("{} cases, {} of them about nothing that happened", result.alerts, result.false_alerts)
}
