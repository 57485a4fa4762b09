//! The commands on a node's own files: check the ledger, make its state or its view anew, verify a receipt.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use veridose_gs1::{Epc, scan};
use veridose_ledger::proof::{self, Receipt};
use veridose_ledger::{Embedded, LogVerifier, check};

use super::{Outcome, print};
use crate::config::Config;
use crate::node::{Node, Parts, options, parts};

/// What is done with the ledger; no node may run on it meanwhile.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay the whole log and compare every hash, signature and record of the state
    Check,
    /// Throw the state away and make it anew from the log
    RebuildState,
    /// Print the log's public key, which `proof verify` needs
    Key,
}

/// What is done with the SQL view.
#[derive(Debug, Subcommand)]
pub enum Project {
    /// Throw the view away and make it anew from the ledger and the vault
    Rebuild,
}

/// What is done with receipts.
#[derive(Debug, Subcommand)]
pub enum Proof {
    /// Check a receipt offline, with the log's public key alone
    #[command(after_help = "Example:\n  veridose proof verify --key \"$(curl -s http://127.0.0.1:8080/log/key)\" \
                            --item '(01)09506000134352(21)XYZ' receipt.json")]
    Verify(VerifyProof),
}

/// A receipt to be checked.
#[derive(Debug, Args)]
pub struct VerifyProof {
    /// The log's public key
    #[arg(long, env = "VERIDOSE_LOG_KEY")]
    key: String,
    /// The pack or container that it must be about, in any form
    #[arg(long)]
    item: Option<String>,
    /// The receipt
    receipt: PathBuf,
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> anyhow::Result<Outcome> {
    let Parts { network, log_key, .. } = parts(config)?;
    let folder = config.data.join("ledger");
    let bar = bar()?;
    match command {
        Command::Key => print(log_key.verifier().text()),
        Command::Check => {
            let progress = &mut |progress: check::Progress| {
                bar.set_length(progress.of);
                bar.set_position(progress.entries);
            };
            let report = check::check(&folder, &network, log_key.verifier(), progress)?;
            bar.finish_and_clear();
            tell(&report, json)
        }
        Command::RebuildState => {
            let progress = &mut |entries, of| {
                bar.set_length(of);
                bar.set_position(entries);
            };
            let ledger = Embedded::rebuild_state(&folder, network, log_key, options(config), progress)?;
            bar.finish_and_clear();
            print(&format!("the state was made anew from {} transactions", ledger.size()))
        }
    }
}

fn bar() -> anyhow::Result<ProgressBar> {
    Ok(ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries {eta}")?))
}

fn tell(report: &check::Report, json: bool) -> anyhow::Result<Outcome> {
    if json {
        let (entries, checkpoint) = (report.entries, report.checkpoint);
        let answer = json!({
            "entries": entries, "checkpoint": checkpoint, "records": report.records, "differences": report.differences,
        });
        print(&answer.to_string())?;
    } else {
        for difference in &report.differences {
            print(difference)?;
        }
        let found = report.differences.len();
        print(&format!("{} entries, {} records, {found} differences", report.entries, report.records))?;
    }
    Ok(if report.differences.is_empty() { Outcome::Done } else { Outcome::Refused })
}

pub(super) fn project(config: &Config, command: &Project) -> anyhow::Result<Outcome> {
    let Project::Rebuild = command;
    super::runtime()?.block_on(async {
        let node = Node::open(config).await?;
        node.store().projection.reset().await?;
        crate::background::follow(&node).await?;
        print(&format!("the view was made anew from {} transactions", node.projected()))
    })
}

pub(super) fn proof(command: &Proof, json: bool) -> anyhow::Result<Outcome> {
    let Proof::Verify(wanted) = command;
    let text = std::fs::read_to_string(&wanted.receipt)
        .with_context(|| format!("failed to read {}", wanted.receipt.display()))?;
    let log = LogVerifier::parse(wanted.key.trim()).context("the log's key is not a verifier key")?;
    let name = wanted.item.as_deref().map(name).transpose()?;
    let verified = Receipt::parse(&text).and_then(|receipt| proof::verify(&receipt, name.as_deref(), &log, None));
    let (good, line, answer) = match verified {
        Ok(verified) => {
            let line = format!(
                "holds: transaction {}, entry {} of {} in {}",
                verified.id, verified.index, verified.size, verified.origin
            );
            (true, line, json!({ "valid": true, "tx": verified.id, "index": verified.index, "size": verified.size }))
        }
        Err(error) => {
            (false, format!("does not hold: {error}"), json!({ "valid": false, "problem": error.to_string() }))
        }
    };
    print(&if json { answer.to_string() } else { line })?;
    Ok(if good { Outcome::Done } else { Outcome::Refused })
}

/// The canonical name of a pack or container.
fn name(text: &str) -> anyhow::Result<String> {
    let epc = match Epc::parse(text) {
        Ok(epc @ (Epc::Sgtin(_) | Epc::Sscc(_))) => Some(epc),
        Ok(Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_)) | Err(_) => {
            scan::parse(text)?.epc()
        }
    };
    let name = epc.and_then(|epc| {
        epc.sgtin().map(veridose_gs1::Sgtin::name).or_else(|| epc.sscc().map(veridose_gs1::Sscc::name))
    });
    name.with_context(|| format!("{text} names no pack and no container"))
}
