//! `veridose model …`: frozen models, from their data to their use and back.

pub(super) mod data;
mod make;
mod promote;
mod watch;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use veridose_contract::ModelId;

use super::client::{Answered, Connection, text_of};
use super::sign::KeyFiles;
use super::{Outcome, print};
use crate::config::Config;

/// What is done about models.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the models that the caller may see, and which are in use
    #[command(after_help = "Example:\n  veridose model list --kind detector --token-file agency.token")]
    List {
        /// Only those of this kind
        #[arg(long)]
        kind: Option<String>,
        /// The node
        #[command(flatten)]
        connection: Connection,
    },
    /// Show a model's card and what the ledger says of it
    #[command(after_help = "Example:\n  veridose model show 5f70… --token-file agency.token")]
    Show {
        /// Name of the model: the SHA-256 of its file
        #[arg(value_parser = ModelId::parse)]
        model: ModelId,
        /// Write the file here
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The node
        #[command(flatten)]
        connection: Connection,
    },
    /// Make a model anew from events and outcomes, and register it
    #[command(
        after_help = "The same data, labels, code, parent and seed give the same bytes. With --closed-cases the labels are the outcomes of\n\
                      the node's closed cases, and nothing is learnt from the others; they are written to the file that --labels names, so\n\
                      that the model can be made again.\n\n\
                      Example:\n  veridose model retrain --lake ./lake --labels labels.jsonl --closed-cases --seed 1 \\\n    \
                      --code $(git rev-parse HEAD) --out detector.model --register --token-file agency.token"
    )]
    Retrain(Retraining),
    /// Put a registered model to use, as a second person with a certificate of one's own
    #[command(
        after_help = "The transaction is signed here with the second person's key; the passphrase that opens it comes from\n\
                      VERIDOSE_PASSPHRASE or from the file that VERIDOSE_PASSPHRASE_FILE names.\n\n\
                      Example:\n  veridose model promote 5f70… --key second.key --certificate second.pem --note 'fewer false alerts'"
    )]
    Promote(Promotion),
    /// Put the model to use again that was in use before the current one of its kind
    #[command(
        after_help = "Example:\n  veridose model rollback detector --note 'too many alerts' --token-file agency.token"
    )]
    Rollback {
        /// What the model is for
        kind: String,
        /// Why, for people
        #[arg(long, default_value = "")]
        note: String,
        /// The node
        #[command(flatten)]
        connection: Connection,
    },
    /// Check a model file against the ledger, and that its data give the same bytes again
    #[command(after_help = "Without --events or --lake only the ledger is asked; with --offline only the data.\n\n\
                      Example:\n  veridose model verify detector.model --lake ./lake --labels labels.jsonl --token-file agency.token")]
    Verify(Verification),
    /// Say how far the trade of late differs from what a model learnt from
    #[command(
        after_help = "Population stability index by feature: below 0.1 no change, up to 0.25 some, above much. The rate of cases: beyond\n\
                      two standard deviations of a Poisson count some change, beyond three much. Exit code 1 where anything changed much.\n\n\
                      Example:\n  veridose model drift detector.model --lake ./lake --days 28"
    )]
    Drift(Watch),
}

/// What a model is made from.
#[derive(Debug, Args)]
pub struct Retraining {
    /// The data
    #[command(flatten)]
    data: data::Data,
    /// Take the outcomes of the node's closed cases as labels, and write them to the file that --labels names
    #[arg(long, requires = "labels")]
    closed_cases: bool,
    /// What chance is drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The commit that this program was built from, in hexadecimal
    #[arg(long, env = "VERIDOSE_COMMIT", value_name = "COMMIT")]
    code: String,
    /// The model that it shall replace
    #[arg(long, value_parser = ModelId::parse, value_name = "MODEL")]
    parent: Option<ModelId>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Register it with the node
    #[arg(long)]
    register: bool,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// Who puts which model to use.
#[derive(Debug, Args)]
pub struct Promotion {
    /// Name of the model: the SHA-256 of its file
    #[arg(value_parser = ModelId::parse)]
    model: ModelId,
    /// Why, for people
    #[arg(long, default_value = "")]
    note: String,
    /// The second person's key
    #[command(flatten)]
    key: KeyFiles,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// What is checked.
#[derive(Debug, Args)]
pub struct Verification {
    /// The model file
    file: PathBuf,
    /// The data, if they are there
    #[command(flatten)]
    data: data::Given,
    /// Do not ask the ledger
    #[arg(long)]
    offline: bool,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// What is compared with what.
#[derive(Debug, Args)]
pub struct Watch {
    /// The model file
    file: PathBuf,
    /// The events
    #[command(flatten)]
    data: data::Data,
    /// Days back from the last event
    #[arg(long, value_name = "N", default_value_t = 28)]
    days: u32,
}

pub(super) fn run(config: impl FnOnce() -> Result<Config>, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::List { kind, connection } => list(kind.as_deref(), connection, json),
        Command::Show { model, out, connection } => watch::show(model, out.as_deref(), connection, json),
        Command::Retrain(wanted) => make::retrain(wanted, json),
        Command::Promote(wanted) => promote::run(&config()?, wanted, json),
        Command::Rollback { kind, note, connection } => {
            let body = json!({ "kind": kind, "note": note });
            connection.client()?.send(Method::POST, "/models/rollback", Some(&body))?.tell(json, |done| {
                vec![format!("the {kind} before is in use again: transaction {}", text_of(done, "tx"))]
            })
        }
        Command::Verify(wanted) => make::verify(wanted, json),
        Command::Drift(wanted) => watch::drift(wanted, json),
    }
}

fn list(kind: Option<&str>, connection: &Connection, json: bool) -> Result<Outcome> {
    let kind = kind.map(|kind| format!("&kind={}", crate::routes::encoded(kind))).unwrap_or_default();
    for page in connection.client()?.pages(format!("/models?perPage=500{kind}")) {
        let rows = match page? {
            Answered::Done(rows) => rows,
            refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
        };
        for row in rows["items"].as_array().into_iter().flatten() {
            if json {
                print(&row.to_string())?;
            } else {
                let [model, kind, state, party] = ["model", "kind", "state", "party"].map(|field| text_of(row, field));
                print(&format!("{model}  {kind}  {state}  {party}"))?;
            }
        }
    }
    Ok(Outcome::Done)
}
