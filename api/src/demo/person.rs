//! The people of the story, each a client of the node.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use veridose_contract::{PartyId, Site};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, Receipt};

use super::Stage;
use crate::auth::{Grant, Role};
use crate::pages::PATIENT;
use crate::routes::encoded;

/// Everybody who acts today.
pub(super) struct Cast {
    pub(super) maker: Person,
    pub(super) north: Person,
    pub(super) south: Person,
    pub(super) harbour: Person,
    pub(super) station: Person,
    pub(super) agency: Person,
    pub(super) patient: Person,
}

impl Cast {
    pub(super) fn new(stage: &Stage<'_>) -> Result<Self> {
        let party = |id: &str, role, site| Person::new(stage, Some((id, site)), role);
        Ok(Self {
            maker: party("alpine-pharma", Role::Manufacturer, 9_506_000_100_012)?,
            north: party("north-wholesale", Role::Distributor, 9_506_000_200_019)?,
            south: party("south-wholesale", Role::Distributor, 9_506_000_300_016)?,
            harbour: party("harbour-pharmacy", Role::Pharmacy, 9_506_000_400_013)?,
            station: party("station-pharmacy", Role::Pharmacy, 9_506_000_500_010)?,
            agency: party("medicines-agency", Role::Regulator, 9_506_000_600_017)?,
            patient: Person::new(stage, None, Role::Patient)?,
        })
    }
}

/// A client with a token.
pub(super) struct Person {
    base: String,
    token: String,
    http: reqwest::Client,
    log: LogVerifier,
}

impl Person {
    fn new(stage: &Stage<'_>, party: Option<(&str, u64)>, role: Role) -> Result<Self> {
        let grant = Grant {
            subject: party.map_or("demo-patient", |(id, _)| id).to_owned(),
            party: party.map(|(id, _)| PartyId::parse(id)).transpose()?,
            role,
            site: party.map(|(_, site)| Site(site)),
            patient: party.is_none().then(|| PATIENT.to_owned()),
            scope: None,
            lifetime: Duration::from_hours(1),
        };
        Ok(Self {
            base: format!("http://{}", stage.address),
            token: stage.issuer.mint(&grant)?,
            http: reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?,
            log: stage.log.clone(),
        })
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("no answer from {path}"))?;
        let status = response.status();
        let text = response.text().await?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).with_context(|| text.clone())? };
        Ok((status, body))
    }

    /// Asks for something that must succeed.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(Method::POST, path, Some(body)).await?;
        ensure!(status.is_success(), "POST {path} was answered {status}: {answer}");
        Ok(answer)
    }

    /// Asks for something that must be refused, and returns the problem.
    pub(super) async fn refused(&self, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(Method::POST, path, Some(body)).await?;
        ensure!(status.is_client_error(), "POST {path} was to be refused and was answered {status}: {answer}");
        Ok(answer)
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.send(Method::GET, path, None).await?;
        ensure!(status.is_success(), "GET {path} was answered {status}: {answer}");
        Ok(answer)
    }

    /// Hands an EPCIS document in and waits until its job has ended.
    pub(super) async fn capture(&self, document: &Value) -> Result<Value> {
        let response = self
            .http
            .post(format!("{}/capture", self.base))
            .bearer_auth(&self.token)
            .header("GS1-Capture-Error-Behaviour", "rollback")
            .json(document)
            .send()
            .await?;
        ensure!(response.status() == StatusCode::ACCEPTED, "the capture was answered {}", response.status());
        let job = response.headers().get("Location").context("a capture job has a location")?.to_str()?.to_owned();
        for _ in 0..600 {
            let state = self.get(&job).await?;
            match state["state"].as_str() {
                Some("succeeded") => return Ok(state),
                Some("failed") => bail!("the capture failed: {state}"),
                Some(_) | None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        bail!("the capture did not end within 30 s")
    }

    /// Scans a code at this person's counter.
    pub(super) async fn scan(&self, code: &str) -> Result<Value> {
        self.post("/verifications", &serde_json::json!({ "scan": code })).await
    }

    /// Fetches the receipt of what was just done and checks it as a stranger would: against the log's public key, and, where
    /// an item is named, that it is about this very pack.
    pub(super) async fn check_receipt(&self, done: &Value, item: Option<&str>) -> Result<String> {
        let tx = done["tx"].as_str().context("what was done has a transaction")?;
        let query = item.map(|item| format!("?item={}", encoded(item))).unwrap_or_default();
        let receipt = self.get(&format!("/receipts/{tx}{query}")).await?;
        let receipt = Receipt::parse(&receipt.to_string())?;
        let name = item.and_then(|item| crate::trade::Thing::of(item).name());
        let verified = proof::verify(&receipt, name.as_deref(), &self.log, None)?;
        Ok(format!(
            "entry {} of {} in the log, transaction {}…, {}",
            verified.index,
            verified.size,
            &tx[..12],
            if name.is_some() { "about this very pack" } else { "signed by its organisation" }
        ))
    }
}
