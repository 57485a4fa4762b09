//! `veridose claim …`: claims for dispenses, handed in by who dispensed, decided on and paid by the payer.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::Outcome;
use super::client::{Answered, Connection, text_of};
use crate::routes::encoded;

/// What is done about claims.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hand in a FHIR Claim for a dispense
    #[command(after_help = "The same key again gets the first answer, so nothing is claimed twice by a repeat.\n\n\
                      Example:\n  veridose claim submit claim.json --idempotency-key 2026-17 --token-file pharmacy.token")]
    Submit(Submit),
    /// List claims that one handed in or is to pay
    #[command(after_help = "Example:\n  veridose claim list --state submitted --token-file fund.token")]
    List(List),
    /// Show a claim, what became of it, and what speaks against it
    #[command(after_help = "Example:\n  veridose claim show CLAIM --token-file fund.token")]
    Show(Show),
    /// Decide on a claim, as its payer
    #[command(
        after_help = "Examples:\n  veridose claim adjudicate CLAIM --verdict accepted --token-file fund.token\n  \
                      veridose claim adjudicate CLAIM --verdict partly --reason not_covered --benefit 12.30 --currency EUR"
    )]
    Adjudicate(Adjudicate),
    /// Say that an accepted claim is paid, as its payer
    #[command(after_help = "Example:\n  veridose claim pay CLAIM --reference 2026-000017 --token-file fund.token")]
    Pay(Pay),
}

/// A claim to be handed in.
#[derive(Debug, Args)]
pub struct Submit {
    /// The FHIR Claim, as JSON
    file: PathBuf,
    /// The request's own name
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// Which claims.
#[derive(Debug, Args)]
pub struct List {
    /// `submitted`, `accepted`, `partly`, `refused`, `paid`, `reversed` or `withdrawn`
    #[arg(long)]
    state: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// Which claim.
#[derive(Debug, Args)]
pub struct Show {
    /// Name of the claim
    claim: String,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A decision.
#[derive(Debug, Args)]
pub struct Adjudicate {
    /// Name of the claim
    claim: String,
    /// `accepted`, `partly` or `refused`
    #[arg(long)]
    verdict: String,
    /// Why not all of it is paid: `not_covered`, `other`, or what `claim show` tells
    #[arg(long)]
    reason: Option<String>,
    /// How much is paid, where that is less than was asked for
    #[arg(long, requires = "currency", value_name = "AMOUNT")]
    benefit: Option<String>,
    /// Its currency, by three letters
    #[arg(long)]
    currency: Option<String>,
    /// Words, for people; no name of the patient
    #[arg(long)]
    note: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A payment.
#[derive(Debug, Args)]
pub struct Pay {
    /// Name of the claim
    claim: String,
    /// What the payer calls the payment
    #[arg(long)]
    reference: String,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Submit(wanted) => submit(wanted, json),
        Command::List(wanted) => list(wanted, json),
        Command::Show(wanted) => {
            let path = format!("/claims/{}", encoded(&wanted.claim));
            wanted.connection.client()?.send(Method::GET, &path, None)?.tell(json, told)
        }
        Command::Adjudicate(wanted) => {
            let mut body = json!({ "verdict": wanted.verdict });
            for (name, value) in [("reason", &wanted.reason), ("note", &wanted.note)] {
                if let Some(value) = value {
                    body[name] = json!(value);
                }
            }
            if let Some(value) = &wanted.benefit {
                body["benefit"] = json!({ "value": value, "currency": wanted.currency });
            }
            step(&wanted.connection, &wanted.claim, "adjudicate", &body, json)
        }
        Command::Pay(wanted) => {
            step(&wanted.connection, &wanted.claim, "pay", &json!({ "reference": wanted.reference }), json)
        }
    }
}

fn submit(wanted: &Submit, json: bool) -> Result<Outcome> {
    let claim = std::fs::read(&wanted.file).with_context(|| format!("failed to read {}", wanted.file.display()))?;
    let client = wanted.connection.client()?;
    let request = client.request(Method::POST, "/claims").header(CONTENT_TYPE, "application/fhir+json").body(claim);
    let request = match &wanted.idempotency_key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    client.exchange(request)?.0.tell(json, |done| {
        vec![format!("claim {} is handed in: transaction {}", text_of(done, "claim"), text_of(done, "tx"))]
    })
}

fn list(wanted: &List, json: bool) -> Result<Outcome> {
    let client = wanted.connection.client()?;
    let state = wanted.state.as_ref().map(|state| format!("?state={}", encoded(state))).unwrap_or_default();
    let mut rows = Vec::new();
    for page in client.pages(format!("/claims{state}")) {
        match page? {
            Answered::Done(page) => rows.extend(page["items"].as_array().cloned().unwrap_or_default()),
            refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
        }
    }
    Answered::Done(Value::Array(rows)).tell(json, |rows| {
        let line = |row: &Value| {
            let [claim, state, claimant, payer] =
                ["claim", "state", "claimant", "payer"].map(|name| text_of(row, name));
            format!("{claim} {state}: {} packs, {claimant} to {payer}", row["packs"])
        };
        rows.as_array().into_iter().flatten().map(line).collect()
    })
}

fn step(connection: &Connection, claim: &str, step: &str, body: &Value, json: bool) -> Result<Outcome> {
    let path = format!("/claims/{}/{step}", encoded(claim));
    // The step on this claim is a name for the request: said again, it gets the first answer.
    let key = format!("{step} {claim}");
    connection.client()?.write(&path, body, Some(&key))?.tell(json, |done| {
        vec![format!("{}: transaction {}", if step == "pay" { "paid" } else { "decided" }, text_of(done, "tx"))]
    })
}

/// A claim in lines.
fn told(file: &Value) -> Vec<String> {
    let mut lines = vec![
        format!("claim {}: {}", text_of(file, "claim"), text_of(file, "state")),
        format!("{} packs, {} to {}", file["packs"], text_of(file, "claimant"), text_of(file, "payer")),
    ];
    for item in file["resource"]["item"].as_array().into_iter().flatten() {
        let product = item["productOrService"]["coding"][0]["code"].as_str().unwrap_or("?");
        let net = &item["net"];
        lines.push(format!("{} x {product}: {} {}", item["quantity"]["value"], net["value"], text_of(net, "currency")));
    }
    for finding in file["findings"].as_array().into_iter().flatten() {
        lines.push(format!("against it: {}: {}", text_of(finding, "reason"), text_of(finding, "text")));
    }
    lines
}
