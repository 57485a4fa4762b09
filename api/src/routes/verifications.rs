//! A scan in, a verdict out.

use std::time::Duration;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::resolve;
use veridose_ledger::{LedgerError, Receipt};
use veridose_store::Scan;

use super::items::{Item, item};
use super::refusals::Refusals;
use super::transactions::receipt_of;
use super::write::actor;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::trade::{Counter, Outcome, Severity, Verdict, verify};
use crate::watch::{Found, at_counter, is_odd};

/// How long a verdict may wait for what the rules find.
const FINDINGS_WITHIN: Duration = Duration::from_millis(250);

/// A scan to be judged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Scanned {
    /// What the scanner read, in any form.
    #[schema(example = "(01)09506000134352(17)271231(10)ABC123(21)XYZ")]
    scan: String,
    /// Whether the answer shall carry the receipt of the transaction that last concerned the pack.
    #[serde(default)]
    proof: bool,
}

/// The verdict, with its proof where it was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Judged {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// The gravest of the verdict and of what the rules found.
    pub(crate) alert_level: Severity,
    /// What the rules find in the pack's own past; looked for only where the state speaks against the pack.
    pub(crate) findings: Vec<Found>,
    /// The receipt, to be checked with `veridose proof verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    proof: Option<Receipt>,
}

/// Says whether this is a genuine pack, where it stands, and what to do next.
#[utoipa::path(
    tag = "packs",
    responses((status = 200, description = "The verdict, whatever it is", body = Judged), Refusals)
)]
#[post("/verifications")]
pub(super) async fn create(
    caller: Caller,
    node: web::Data<Node>,
    body: web::Json<Scanned>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge(&node, &caller, &body.scan, body.proof).await?))
}

/// Judges a scan for a caller, and keeps that it was asked.
pub(crate) async fn judge(
    node: &web::Data<Node>,
    caller: &Caller,
    text: &str,
    with_proof: bool,
) -> Result<Judged, Problem> {
    node.ledger().check_fresh()?;
    let (actor, state) = (actor(node, caller)?, node.ledger().state());
    let counter = Counter {
        state: &state,
        network_key: node.network_key(),
        party: &actor.party,
        role: actor.role,
        site: actor.site,
        now: node.clock().now(),
    };
    let verdict = verify(&counter, text)?;
    let scan = record(node, &counter, text, &verdict);
    let proof = if with_proof && verdict.item.is_some() { proof(node, text)? } else { None };
    let findings = match scan {
        Some(scan) if is_odd(&verdict) => findings(node, scan).await,
        _ => Vec::new(),
    };
    let alert_level = findings.iter().map(|found| found.severity).fold(verdict.severity, Severity::max);
    Ok(Judged { verdict, alert_level, findings, proof })
}

/// Keeps the verification for detection: what was read, where and for whom, and no person.
fn record(node: &Node, counter: &Counter<'_>, text: &str, verdict: &Verdict) -> Option<Scan> {
    if verdict.outcome == Outcome::Unreadable {
        return None;
    }
    let Item { key, uri, .. } = item(node.network_key(), "scan", text).ok()?;
    let scan = Scan {
        item: key,
        epc: uri.as_str().to_owned(),
        at: counter.now,
        site: counter.site,
        party: counter.party.clone(),
        lot: verdict.scanned.lot.clone(),
        expiry: verdict.scanned.expiry.clone(),
    };
    node.scans().take(scan.clone());
    Some(scan)
}

/// What the rules find. The verdict does not wait for a database that is away, and stands without it.
async fn findings(node: &web::Data<Node>, scan: Scan) -> Vec<Found> {
    let node = node.clone().into_inner();
    match tokio::time::timeout(FINDINGS_WITHIN, at_counter(&node, &scan)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(error = format!("{error:#}"), "the past of a pack cannot be read");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

/// Transactions of an item that are looked at for one that lists it.
const HISTORY_MAX: usize = 32;

/// The receipt of the transaction that last listed the item, else of the one that made it. An answer to an offer does not list
/// what it is about.
fn proof(node: &Node, scan: &str) -> Result<Option<Receipt>, Problem> {
    let item = item(node.network_key(), "scan", scan)?;
    let made = match resolve(&node.ledger().state(), &item.key)? {
        Some(standing) => node.ledger().index_of(&standing.batch.tx)?,
        None => None,
    };
    for index in node.ledger().history(&item.key, HISTORY_MAX)?.into_iter().chain(made) {
        match receipt_of(node, index, &item) {
            Err(LedgerError::NotFound(_)) => {}
            other => return Ok(Some(other?)),
        }
    }
    Ok(None)
}
