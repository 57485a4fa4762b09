//! `veridose ledger …`: work on the ledger of a stopped node.

mod migrate;

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use veridose_ledger::check::{Progress, Report, check};
use veridose_ledger::{Embedded, LedgerError};

use super::{Outcome, local, print};
use crate::config::Config;
use crate::node::{Parts, options};

/// What is done with the ledger.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check everything from the beginning: every hash, signature, transaction and record
    #[command(after_help = "The node must be stopped. Nothing is changed.\n\nExample:\n  \
                            veridose --data /srv/veridose ledger check")]
    Check,
    /// Throw the state away and make it anew from the log
    #[command(after_help = "The node must be stopped. The log is not changed.\n\nExample:\n  \
                            veridose --data /srv/veridose ledger rebuild-state")]
    RebuildState,
    /// Print the log's public key, by which receipts are checked
    #[command(after_help = "Example:\n  veridose --data /srv/veridose ledger key > log.vkey")]
    Key,
    /// Print the newest signed checkpoint
    #[command(after_help = "Example:\n  veridose --data /srv/veridose ledger checkpoint")]
    Checkpoint,
    /// Move the embedded ledger onto a Fabric channel
    #[command(subcommand)]
    Migrate(migrate::Command),
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> anyhow::Result<Outcome> {
    match command {
        Command::Check => check_all(config, json),
        Command::RebuildState => rebuild_state(config, json),
        Command::Key => key(config, json),
        Command::Checkpoint => checkpoint(config, json),
        Command::Migrate(command) => migrate::run(config, command, json),
    }
}

fn check_all(config: &Config, json: bool) -> anyhow::Result<Outcome> {
    let folder = local::ledger_folder(config)?;
    let Parts { network, log_key, .. } = local::existing(config)?;
    let bar = local::counter("entries")?;
    let mut show = |progress: Progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.entries);
    };
    let checked = check(&folder, &network, log_key.verifier(), &mut show);
    bar.finish_and_clear();
    match checked {
        Ok(report) => tell(&report, json),
        Err(
            fault @ (LedgerError::Damaged { .. }
            | LedgerError::Forked(_)
            | LedgerError::Disk { .. }
            | LedgerError::Differs(_)
            | LedgerError::State(_)),
        ) => tell_fault(&format!("{:#}", anyhow::Error::new(fault)), json),
        Err(
            unfit @ (LedgerError::Configuration(_)
            | LedgerError::NotFound(_)
            | LedgerError::Channel(_)
            | LedgerError::Untrusted(_)
            | LedgerError::Pki(_)),
        ) => Err(unfit).context("failed to check the ledger (is the node stopped?)"),
    }
}

fn tell(report: &Report, json: bool) -> anyhow::Result<Outcome> {
    let is_sound = report.differences.is_empty();
    if json {
        print(
            &json!({
                "sound": is_sound, "entries": report.entries, "checkpoint": report.checkpoint,
                "records": report.records, "faults": report.differences,
            })
            .to_string(),
        )?;
    } else {
        let Report { entries, checkpoint, records, .. } = report;
        print(&format!("log: {entries} entries, sound; the signed checkpoint covers {checkpoint}"))?;
        for difference in &report.differences {
            print(&format!("state: {difference}"))?;
        }
        if is_sound {
            print(&format!("state: {records} records, each as the log says"))?;
        } else {
            writeln!(io::stderr(), "veridose: make the state anew with `veridose ledger rebuild-state`")?;
        }
    }
    Ok(if is_sound { Outcome::Done } else { Outcome::Refused })
}

/// A fault that ended the check: what comes after it cannot be judged.
fn tell_fault(fault: &str, json: bool) -> anyhow::Result<Outcome> {
    if json {
        print(&json!({ "sound": false, "faults": [fault] }).to_string())?;
    } else {
        print(&format!("fault: {fault}"))?;
        writeln!(
            io::stderr(),
            "veridose: the check ended there; restore what is damaged from a backup or another member's copy of the log"
        )?;
    }
    Ok(Outcome::Refused)
}

fn rebuild_state(config: &Config, json: bool) -> anyhow::Result<Outcome> {
    let folder = local::ledger_folder(config)?;
    let Parts { network, log_key, .. } = local::existing(config)?;
    let bar = local::counter("entries")?;
    let mut show = |applied, of| {
        bar.set_length(of);
        bar.set_position(applied);
    };
    let ledger = Embedded::rebuild_state(&folder, network, log_key, options(config), &mut show)?;
    bar.finish_and_clear();
    let entries = ledger.size();
    if json {
        return print(&json!({ "entries": entries }).to_string());
    }
    print(&format!("the state is made anew from {entries} entries"))
}

fn key(config: &Config, json: bool) -> anyhow::Result<Outcome> {
    let Parts { network, log_key, .. } = local::existing(config)?;
    let key = log_key.verifier().text();
    if json {
        return print(&json!({ "key": key, "origin": network.origin, "network": network.id }).to_string());
    }
    print(key)
}

/// Reads the file, so that it also works beside a running node.
fn checkpoint(config: &Config, json: bool) -> anyhow::Result<Outcome> {
    let path = local::ledger_folder(config)?.join("log").join("checkpoint");
    let Parts { log_key, network, .. } = local::existing(config)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let signed = log_key.verifier().check(&text)?;
    if json {
        return print(
            &json!({
                "origin": network.origin, "size": signed.size, "root": hex::encode(signed.root), "text": signed.text,
            })
            .to_string(),
        );
    }
    print(signed.text.trim_end_matches('\n'))
}
