//! The commands that ask a running node: capture, verify, dispense, recall, export.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use indicatif::ProgressBar;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Outcome, print};

/// Which node, and who asks.
#[derive(Debug, Clone, Args)]
pub(super) struct Connection {
    /// The node's URL
    #[arg(long, env = "VERIDOSE_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    server: String,
    /// Access token, as `veridose token` mints; only from the environment, so that it stands in no list of processes
    #[arg(skip = std::env::var("VERIDOSE_TOKEN").ok())]
    token: Option<String>,
}

/// Documents to hand in.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  VERIDOSE_TOKEN=$(veridose token --role manufacturer --party alpine-pharma) veridose capture line-1.xml"
)]
pub struct Capture {
    #[command(flatten)]
    connection: Connection,
    /// Keep what is sound of a document instead of all or nothing
    #[arg(long)]
    proceed: bool,
    /// EPCIS documents, XML or JSON
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// A scan to be verified.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  veridose verify '(01)09506000134352(21)XYZ'")]
pub struct Verify {
    #[command(flatten)]
    connection: Connection,
    /// The scan, in any form
    scan: String,
}

/// Packs to be dispensed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  veridose dispense --consent 9ac0… --version 1 --prescription 'Rx 17' '(01)09506000134352(21)XYZ'"
)]
pub struct Dispense {
    #[command(flatten)]
    connection: Connection,
    /// The patient's consent
    #[arg(long)]
    consent: String,
    /// The version of the consent that was seen
    #[arg(long = "consent-version", default_value_t = 1)]
    version: u32,
    /// The prescription, in any words
    #[arg(long)]
    prescription: String,
    /// The packs, in any form
    #[arg(required = true)]
    items: Vec<String>,
}

/// Packs, a lot or a product to be recalled.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  veridose recall --class 1 --reason 'glass in the vial' --product 09506000134352 --lot ABC123"
)]
pub struct Recall {
    #[command(flatten)]
    connection: Connection,
    /// Depth, 1 (most severe) to 3
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    class: u8,
    /// Why
    #[arg(long)]
    reason: String,
    /// The product, a GTIN
    #[arg(long, conflicts_with = "items", required_unless_present = "items")]
    product: Option<String>,
    /// The lot of that product; all of the product without one
    #[arg(long, requires = "product")]
    lot: Option<String>,
    /// Single packs or containers, in any form
    items: Vec<String>,
}

/// Everything that the caller may see.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  veridose export > events.jsonl")]
pub struct Export {
    #[command(flatten)]
    connection: Connection,
}

impl Connection {
    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let token =
            self.token.as_ref().context("set VERIDOSE_TOKEN to an access token (`veridose token` mints one)")?;
        let client = reqwest::Client::builder().timeout(Duration::from_mins(5)).build()?;
        Ok(client.request(method, format!("{}{path}", self.server.trim_end_matches('/'))).bearer_auth(token))
    }

    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<(bool, Value)> {
        let response = request.send().await.with_context(|| format!("failed to reach {}", self.server))?;
        let success = response.status().is_success();
        Ok((success, response.json().await.context("the answer is not JSON: is this a Veridose node?")?))
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(bool, Value)> {
        self.ask(self.request(Method::POST, path)?.json(body)).await
    }
}

/// Prints an answer: as JSON for machines, else its one telling line.
fn tell(json: bool, success: bool, answer: &Value) -> anyhow::Result<Outcome> {
    let line = ["message", "detail", "tx"].iter().find_map(|field| answer[*field].as_str());
    match line {
        Some(line) if !json => print(line)?,
        Some(_) | None => print(&answer.to_string())?,
    };
    Ok(if success { Outcome::Done } else { Outcome::Refused })
}

pub(super) fn verify(arguments: &Verify, json: bool) -> anyhow::Result<Outcome> {
    super::runtime()?.block_on(async {
        let (success, answer) = arguments.connection.post("/verifications", &json!({ "scan": arguments.scan })).await?;
        let good = success && answer["outcome"] == "authentic";
        tell(json, good, &answer)
    })
}

pub(super) fn dispense(arguments: &Dispense, json: bool) -> anyhow::Result<Outcome> {
    let body = json!({
        "items": arguments.items,
        "consent": { "id": arguments.consent, "version": arguments.version },
        "prescription": arguments.prescription,
    });
    super::runtime()?.block_on(async {
        let (success, answer) = arguments.connection.post("/dispenses", &body).await?;
        tell(json, success, &answer)
    })
}

pub(super) fn recall(arguments: &Recall, json: bool) -> anyhow::Result<Outcome> {
    let mut body = json!({ "class": arguments.class, "reason": arguments.reason });
    match (&arguments.product, &arguments.lot) {
        (Some(product), Some(lot)) => body["lot"] = json!({ "gtin": product, "lot": lot }),
        (Some(product), None) => body["product"] = json!(product),
        (None, _) => body["items"] = json!(arguments.items),
    }
    super::runtime()?.block_on(async {
        let (success, answer) = arguments.connection.post("/recalls", &body).await?;
        tell(json, success, &answer)
    })
}

pub(super) fn capture(arguments: &Capture, json: bool) -> anyhow::Result<Outcome> {
    super::runtime()?.block_on(async {
        let mut outcome = Outcome::Done;
        for file in &arguments.files {
            if capture_one(arguments, file, json).await? == Outcome::Refused {
                outcome = Outcome::Refused;
            }
        }
        Ok(outcome)
    })
}

async fn capture_one(arguments: &Capture, file: &Path, json: bool) -> anyhow::Result<Outcome> {
    let document = std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
    let media = if document.trim_ascii_start().starts_with(b"{") { "application/ld+json" } else { "application/xml" };
    let behaviour = if arguments.proceed { "proceed" } else { "rollback" };
    let connection = &arguments.connection;
    let request = connection.request(Method::POST, "/capture")?.header("content-type", media);
    let (success, mut job) =
        connection.ask(request.header("GS1-Capture-Error-Behaviour", behaviour).body(document)).await?;
    if !success {
        return tell(json, false, &job);
    }
    let path = format!("/capture/{}", job["captureID"].as_str().context("the answer names no job")?);
    let spinner = ProgressBar::new_spinner();
    while job["running"] == true {
        spinner.set_message(format!("{}: {} events captured", file.display(), job["captured"]));
        spinner.tick();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (success, next) = connection.ask(connection.request(Method::GET, &path)?).await?;
        ensure!(success, "the job cannot be followed: {next}");
        job = next;
    }
    spinner.finish_and_clear();
    report(file, &job, json)
}

fn report(file: &Path, job: &Value, json: bool) -> anyhow::Result<Outcome> {
    if json {
        print(&job.to_string())?;
    } else {
        print(&format!("{}: {} of {} events captured", file.display(), job["captured"], job["events"]))?;
        for error in job["errors"].as_array().into_iter().flatten() {
            print(&format!("  event {}: {}", error["event"], error["title"].as_str().unwrap_or_default()))?;
        }
    }
    Ok(if job["success"] == true { Outcome::Done } else { Outcome::Refused })
}

pub(super) fn export(arguments: &Export) -> anyhow::Result<Outcome> {
    super::runtime()?.block_on(async {
        let mut token: Option<String> = None;
        loop {
            // The token is hexadecimal, so nothing in it needs escaping.
            let after = token.as_ref().map(|token| format!("&nextPageToken={token}")).unwrap_or_default();
            let request = arguments.connection.request(Method::GET, &format!("/events?perPage=500{after}"))?;
            let response =
                request.send().await.with_context(|| format!("failed to reach {}", arguments.connection.server))?;
            let next = response.headers().get("nextPageToken").and_then(|value| value.to_str().ok()).map(str::to_owned);
            let success = response.status().is_success();
            let page: Value = response.json().await.context("the answer is not JSON")?;
            if !success {
                return tell(true, false, &page);
            }
            for event in page["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().into_iter().flatten()
            {
                print(&event.to_string())?;
            }
            match next {
                Some(next) => token = Some(next),
                None => return Ok(Outcome::Done),
            }
        }
    })
}
