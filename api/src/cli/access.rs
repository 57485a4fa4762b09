//! `veridose access`: whether the log of who saw patients' data is whole.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::proof::Evidence;
use super::{Outcome, local, print};
use crate::access::check::{Report, check};
use crate::access::proof::{ProvenAccess, check_history};
use crate::config::Config;
use crate::node::Node;

/// What is checked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare every record of a stopped node with what its anchors on the ledger say
    #[command(after_help = "Nothing is changed. The exit code is 1 if a record was altered or removed.\n\n\
                            Example:\n  veridose --data /srv/veridose access check")]
    Check,
    /// Check a patient's own history offline
    #[command(
        after_help = "FILE holds what GET /patients/me/accesses?proofs=true gave, page after page; no server is needed.\n\n\
                            Example:\n  veridose access verify history.json --log-key log.vkey"
    )]
    Verify(Verify),
}

/// A history and what it is checked against.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    evidence: Evidence,
    /// It does not reach back to the patient's first record
    #[arg(long)]
    part: bool,
}

pub(super) fn run(config: impl FnOnce() -> Result<Config>, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Check => check_log(&config()?, json),
        Command::Verify(wanted) => verify(wanted, json),
    }
}

fn check_log(config: &Config, json: bool) -> Result<Outcome> {
    // Asked first, so that a directory without a network is refused instead of founded.
    local::existing(config)?;
    let report = super::runtime()?.block_on(async {
        let node = Node::open(config).await.context("failed to open the node (is it stopped?)")?;
        check(&node).await
    })?;
    tell(&report, json)
}

fn tell(report: &Report, json: bool) -> Result<Outcome> {
    let outcome = if report.wrong == 0 { Outcome::Done } else { Outcome::Refused };
    if json {
        print(&serde_json::to_string(report)?)?;
        return Ok(outcome);
    }
    let Report { records, anchored, wrong, .. } = report;
    print(&format!("{records} records, {anchored} of them anchored on the ledger: {wrong} faults"))?;
    for finding in &report.findings {
        print(finding)?;
    }
    Ok(outcome)
}

/// A page of a history.
#[derive(Deserialize)]
struct HistoryPage {
    items: Vec<ProvenAccess>,
}

fn verify(wanted: &Verify, json: bool) -> Result<Outcome> {
    let (log, text) = wanted.evidence.read()?;
    let mut history = Vec::new();
    for page in serde_json::Deserializer::from_str(&text).into_iter::<HistoryPage>() {
        history.extend(page.context("failed to understand the history")?.items);
    }
    match check_history(&history, &log, !wanted.part) {
        Ok(checked) if json => print(&json!({ "proven": true, "history": checked }).to_string()),
        Ok(checked) => print(&format!(
            "proven: {} records without a gap, {} on the ledger, the newest {} waiting for it",
            checked.records, checked.anchored, checked.waiting
        )),
        Err(problem) => {
            if json {
                print(&json!({ "proven": false, "problem": problem.to_string() }).to_string())?;
            } else {
                writeln!(io::stderr(), "veridose: the history is not proven: {problem}")?;
            }
            Ok(Outcome::Refused)
        }
    }
}
