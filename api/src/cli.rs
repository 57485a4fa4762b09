//! The command line. Exit code 0: done; 1: refused, invalid or failed; 2: wrong usage.

mod client;
mod demo;
mod epcis;
mod ledger;
mod party;
mod scan;
mod serve;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};

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
    Serve,
    /// Play a day of trade through the HTTP interface, tell it, and go on serving
    Demo(demo::Arguments),
    /// Mint an access token with this node's embedded issuer
    Token(token::Arguments),
    /// Hand EPCIS documents in to a running node
    Capture(client::Capture),
    /// Ask a running node about a scan
    Verify(client::Verify),
    /// Dispense packs through a running node
    Dispense(client::Dispense),
    /// Recall packs, a lot or a product through a running node
    Recall(client::Recall),
    /// Print every event that the caller may see, one JSON object a line
    Export(client::Export),
    /// Make organisations
    #[command(subcommand)]
    Party(party::Command),
    /// Rotate and show signing keys
    #[command(subcommand)]
    Key(party::Key),
    /// Sign a prepared transaction on the organisation's own side
    Sign(party::Sign),
    /// Check the ledger or make its state anew
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Make the SQL view anew
    #[command(subcommand)]
    Project(ledger::Project),
    /// Check receipts offline
    #[command(subcommand)]
    Proof(ledger::Proof),
    /// Read a scan in any form and say what it is, without a server
    Scan(scan::Arguments),
    /// Convert, validate and hash EPCIS documents, without a server
    #[command(subcommand)]
    Epcis(epcis::Command),
    /// Print the OpenAPI document
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
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&Config::load(arguments.overrides)?),
        Command::Demo(demo) => {
            let mut overrides = arguments.overrides;
            overrides.data.get_or_insert_with(|| demo::DATA.into());
            demo::run(Config::load(overrides)?, &demo)
        }
        Command::Token(token) => token::run(&Config::load(arguments.overrides)?, token, arguments.json),
        Command::Capture(capture) => client::capture(&capture, arguments.json),
        Command::Verify(verify) => client::verify(&verify, arguments.json),
        Command::Dispense(dispense) => client::dispense(&dispense, arguments.json),
        Command::Recall(recall) => client::recall(&recall, arguments.json),
        Command::Export(export) => client::export(&export),
        Command::Party(command) => party::run(&Config::load(arguments.overrides)?, &command),
        Command::Key(command) => party::key(&Config::load(arguments.overrides)?, &command),
        Command::Sign(sign) => party::sign(&Config::load(arguments.overrides)?, &sign),
        Command::Ledger(command) => ledger::run(&Config::load(arguments.overrides)?, &command, arguments.json),
        Command::Project(command) => ledger::project(&Config::load(arguments.overrides)?, &command),
        Command::Proof(command) => ledger::proof(&command, arguments.json),
        Command::Scan(scan) => scan::run(&scan),
        Command::Epcis(command) => epcis::run(&command, arguments.json),
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
