//! The command line. Exit code 0: done; 1: refused, invalid or failed; 2: wrong usage.

mod access;
mod backup;
mod capture;
mod claim;
mod client;
mod consent;
mod counter;
mod credential;
mod demo;
mod detect;
mod epcis;
mod export;
mod forecast;
mod key;
mod ledger;
mod local;
mod model;
mod party;
mod project;
mod proof;
mod scan;
mod serve;
mod sign;
mod simulate;
mod stock;
mod token;
mod trial;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};

pub(crate) use local::sha256;

use crate::config::{Config, Overrides};

/// Track and trace of medicine packs on a ledger that no member can rewrite
#[derive(Debug, Parser)]
#[command(
    name = "veridose",
    version,
    propagate_version = true,
    after_help = "Examples:\n  veridose\n  veridose --data /srv/veridose --listen 0.0.0.0:8080 serve\n  \
                  veridose token --role pharmacy --party corner-pharmacy"
)]
pub struct Arguments {
    /// Settings
    #[command(flatten)]
    pub overrides: Overrides,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do; serve when nothing is said
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the node until it is stopped
    Serve(serve::Arguments),
    /// Play a day of trade through the HTTP interface, tell it, and go on serving
    Demo(demo::Arguments),
    /// Mint an access token with this node's embedded issuer
    Token(token::Arguments),
    /// Hand EPCIS documents in to a running node
    Capture(capture::Arguments),
    /// Ask a running node about a scan
    Verify(counter::Verify),
    /// Dispense packs through a running node
    Dispense(counter::Dispense),
    /// Recall packs, a lot or a product through a running node
    Recall(counter::Recall),
    /// Write the events that the caller may see, from a running node, as one EPCIS document
    Export(export::Arguments),
    /// Make an organisation's keys, admit it as a member, list the members
    #[command(subcommand)]
    Party(party::Command),
    /// Renew, register, list and export signing keys
    #[command(subcommand)]
    Key(key::Command),
    /// Sign a prepared transaction on the organisation's own side
    Sign(sign::Arguments),
    /// Check, rebuild and show the ledger of a stopped node
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Make and check backups, also of a running node
    Backup(backup::Arguments),
    /// Restore a backup into an empty data directory
    Restore(backup::RestoreArguments),
    /// Make the SQL view anew
    #[command(subcommand)]
    Project(project::Command),
    /// Check the log of who saw patients' data
    #[command(subcommand)]
    Access(access::Command),
    /// Issue credentials of clinicians and researchers, as a regulator
    #[command(subcommand)]
    Credential(credential::Command),
    /// Check receipts offline
    #[command(subcommand)]
    Proof(proof::Command),
    /// Check offline who signed a consent
    #[command(subcommand)]
    Consent(consent::Command),
    /// Read a scan in any form and say what it is, without a server
    Scan(scan::Arguments),
    /// Convert, validate and hash EPCIS documents, without a server
    #[command(subcommand)]
    Epcis(epcis::Command),
    /// Find what contradicts the order of the trade in EPCIS documents, without a server
    Detect(detect::Arguments),
    /// Make, check, put to use and watch the models that detect
    #[command(subcommand)]
    Model(model::Command),
    /// Anchor, sign and check the documents of clinical studies by their files
    #[command(subcommand)]
    Trial(trial::Command),
    /// Hand in claims for dispenses, decide on them and pay them, through a running node
    #[command(subcommand)]
    Claim(claim::Command),
    /// Say what is on the shelves, when it runs out and what to order, without a server
    #[command(subcommand)]
    Stock(stock::Command),
    /// Forecast demand, and say how good the forecasts are, without a server
    #[command(subcommand)]
    Forecast(forecast::Command),
    /// Write a labelled supply chain as EPCIS documents, to judge detectors and forecasts by
    Simulate(simulate::Arguments),
    /// Print the OpenAPI document
    #[command(after_help = "Example:\n  veridose openapi > openapi.json")]
    Openapi,
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  veridose completions bash > /etc/bash_completion.d/veridose")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What a command came to: done, or a refusal or invalid input that it has already told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1.
    Refused,
}

/// Runs the command line and says how the process ends.
pub fn run(arguments: Arguments) -> ExitCode {
    match dispatch(arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "veridose: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<Outcome> {
    match arguments.command.unwrap_or_else(|| Command::Serve(serve::Arguments::default())) {
        Command::Serve(serve) => serve::run(Config::load(arguments.overrides)?, &serve),
        Command::Demo(demo) => {
            let mut overrides = arguments.overrides;
            overrides.data.get_or_insert_with(|| demo::DATA.into());
            demo::run(Config::load(overrides)?, &demo)
        }
        Command::Token(token) => token::run(&Config::load(arguments.overrides)?, token, arguments.json),
        Command::Capture(capture) => capture::run(&capture, arguments.json),
        Command::Verify(verify) => counter::verify(&verify, arguments.json),
        Command::Dispense(dispense) => counter::dispense(&dispense, arguments.json),
        Command::Recall(recall) => counter::recall(&recall, arguments.json),
        Command::Export(export) => export::run(&export, arguments.json),
        Command::Party(command) => party::run(&Config::load(arguments.overrides)?, &command, arguments.json),
        Command::Key(command) => key::run(&Config::load(arguments.overrides)?, &command, arguments.json),
        Command::Sign(sign) => sign::run(&Config::load(arguments.overrides)?, &sign, arguments.json),
        Command::Ledger(command) => ledger::run(&Config::load(arguments.overrides)?, &command, arguments.json),
        Command::Backup(backup) => backup::run(|| Config::load(arguments.overrides), &backup, arguments.json),
        Command::Restore(restore) => backup::restore(&Config::load(arguments.overrides)?, &restore, arguments.json),
        Command::Project(command) => project::run(&Config::load(arguments.overrides)?, &command, arguments.json),
        Command::Access(command) => access::run(|| Config::load(arguments.overrides), &command, arguments.json),
        Command::Credential(command) => credential::run(&Config::load(arguments.overrides)?, &command),
        Command::Proof(command) => proof::run(&command, arguments.json),
        Command::Consent(command) => consent::run(&command, arguments.json),
        Command::Scan(scan) => scan::run(&scan),
        Command::Epcis(command) => epcis::run(&command, arguments.json),
        Command::Detect(detect) => detect::run(&detect, arguments.json),
        Command::Model(command) => model::run(|| Config::load(arguments.overrides), &command, arguments.json),
        Command::Trial(command) => trial::run(&command, arguments.json),
        Command::Claim(command) => claim::run(&command, arguments.json),
        Command::Stock(command) => stock::run(&command, arguments.json),
        Command::Forecast(command) => forecast::run(&command, arguments.json),
        Command::Simulate(simulate) => simulate::run(&simulate, arguments.json),
        Command::Openapi => print(&crate::routes::openapi().to_pretty_json()?),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut self::Arguments::command(), "veridose", &mut std::io::stdout());
            Ok(Outcome::Done)
        }
    }
}

/// The threads on which a node runs.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("failed to start")
}

/// Writes a line to standard output; a reader that went away (`| head`) ends the command quietly.
fn print(line: &str) -> anyhow::Result<Outcome> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(Outcome::Done),
    }
}
