//! `veridose simulate`: a labelled supply chain to judge detectors and forecasts by, without a server.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use time::Date;
use time::macros::format_description;
use veridose_simulate::{EVENTS_PER_PACK, Options, Pattern, Statistics};

use super::Outcome;

/// What is simulated.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  veridose simulate --out chain\n  veridose simulate --out chain --packs 1000000 --days 270 \
                  --prevalence 1e-4 --patterns 1,fast_clone,diversion --stock"
)]
pub struct Arguments {
    /// New or empty directory to write to: events-NNNNN.jsonld, masterdata-NNNNN.jsonld, truth.jsonl
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The same seed and options give the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Days of trade
    #[arg(long, value_name = "N", default_value_t = 180)]
    days: u32,
    /// Packs that are dispensed, about
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "events")]
    packs: u64,
    /// Events that are written, about, instead of packs
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Attacks per dispensed pack
    #[arg(long, value_name = "P", default_value_t = 1e-4)]
    prevalence: f64,
    /// Attacks that take turns: names, or numbers from 1 to 17
    #[arg(long, value_name = "LIST", default_value = "all")]
    patterns: String,
    /// How much goes wrong without bad will: 0 nothing, 1 as usual (2 % missed reads, 0.2 % doubled events), at most 2.5
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    noise: f64,
    /// The first day
    #[arg(long, value_name = "DATE", default_value = "2025-01-01")]
    start: String,
    /// Events of one document, at most
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events_per_file: usize,
    /// Threads that write; they change no byte
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
    /// Write demand.csv and stockouts.csv too
    #[arg(long)]
    stock: bool,
}

pub(super) fn run(arguments: &Arguments, as_json: bool) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let statistics = veridose_simulate::run(&arguments.options()?)?;
    let seconds = started.elapsed().as_secs_f64();
    if as_json {
        let mut answer = serde_json::to_value(&statistics)?;
        answer["seconds"] = json!(seconds);
        return super::print(&answer.to_string());
    }
    super::print(&told(&statistics, seconds))
}

impl Arguments {
    fn options(&self) -> anyhow::Result<Options> {
        let start = Date::parse(&self.start, format_description!("[year]-[month]-[day]"))
            .with_context(|| format!("--start is {:?}: give a date such as 2025-01-01", self.start))?;
        Ok(Options {
            out: self.out.clone(),
            seed: self.seed,
            days: self.days,
            packs: self.events.map_or(self.packs, packs_of),
            prevalence: self.prevalence,
            patterns: Pattern::parse_list(&self.patterns)?,
            noise: self.noise,
            start,
            events_per_file: self.events_per_file,
            threads: self.threads,
            stock: self.stock,
        })
    }
}

/// About how many packs leave that many events.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is about")]
fn packs_of(events: u64) -> u64 {
    (events as f64 / EVENTS_PER_PACK) as u64
}

fn told(statistics: &Statistics, seconds: f64) -> String {
    let Statistics { events, documents, packs, dispensed, parties, products, attacks, slips } = statistics;
    let mut lines = vec![
        format!("{events} events in {documents} documents, {seconds:.1} s"),
        format!("{packs} packs of {products} products made, {dispensed} dispensed; {parties} parties"),
    ];
    let list = |title: &str, counts: &std::collections::BTreeMap<&'static str, u64>| {
        let total: u64 = counts.values().sum();
        let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        format!("{total} {title}{}{}", if each.is_empty() { "" } else { ": " }, each.join(", "))
    };
    lines.push(list("attacks", attacks));
    lines.push(list("slips and late uploads", slips));
    lines.join("\n")
}
