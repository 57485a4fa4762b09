//! How long each stage takes from a lake of events to ranked cases:
//!
//! ```text
//! cargo run --release -p veridose-ml --example stages -- LAKE
//! ```
//!
//! A lake is what `veridose detect --lake LAKE --events …` keeps. Each stage is told with its seconds and the lake's events a second,
//! and the most memory that the process held until then.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

use veridose_ml::detect::{Settings, detect};
use veridose_ml::events::NO_TIME;
use veridose_ml::features::{Features, Usual};
use veridose_ml::history::Histories;
use veridose_ml::lake::Lake;
use veridose_ml::rules::{Facts, check};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: stages LAKE");
        return ExitCode::FAILURE;
    };
    let mut clock = Clock { begun: Instant::now(), events: 0 };
    let table = match Lake::new(folder).read() {
        Ok(table) => table,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    clock.events = table.rows.iter().filter(|row| row.time != NO_TIME).count();
    println!("{} events about {} things", clock.events, table.things.len());
    clock.tell("read");
    let histories = Histories::new(&table);
    clock.tell("histories");
    let facts = Facts::new(&table, &histories);
    clock.tell("facts");
    let features = Features::of(&facts, &Usual::of(&facts));
    clock.tell("features");
    println!("{} packs measured", features.rows.len());
    drop(features);
    clock.begun = Instant::now();
    let findings = check(&facts);
    clock.tell("rules");
    println!("{} findings", findings.len());
    drop((facts, findings));
    drop(histories);
    clock.begun = Instant::now();
    let (alerts, _) = detect(&table, Settings::default());
    clock.tell("all from the table to ranked cases");
    println!("{} cases", alerts.len());
    ExitCode::SUCCESS
}

/// Tells how long a stage took, and begins the next.
struct Clock {
    begun: Instant,
    events: usize,
}

impl Clock {
    #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
    fn tell(&mut self, stage: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        println!("{stage}: {seconds:.2} s, {:.0} events/s; {} at most", self.events as f64 / seconds, peak());
        self.begun = Instant::now();
    }
}

/// The most memory that this process has held, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "memory unknown".to_owned(), |told| told.trim().to_owned())
}
