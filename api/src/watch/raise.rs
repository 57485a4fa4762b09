//! Suspicions become cases on the ledger, each cause once.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;
use sha2::{Digest, Sha256};
use veridose_contract::{Action, CaseId, Decision, IdempotencyKey, ModelId, PartyId, read};
use veridose_ml::cases::Alert;
use veridose_ml::detect::Suspicion;
use veridose_ml::rules::CATALOGUE;
use veridose_store::payload::{Case, DecisionDocument};
use veridose_store::{Known, Payload, Request};

use super::named;
use crate::name::first_half;
use crate::node::{ActError, Actor, Node};
use crate::trade::{Draft, Plan};

/// Cases that one step raises, the surest ones; what is left over is found again by the search of the lake.
const CASES_MAX: usize = 100;
/// Packs and containers that a case names.
const ITEMS_MAX: usize = 200;

/// Raises a case for each suspicion whose causes are none's yet; slips of operators are nobody's case. A case says what was known
/// when it was raised: what is found about the same cause later is left to it, and changes nothing. What `model`, which is in use, said
/// of a case in which it has a part is recorded beside it.
pub(super) async fn raise(
    node: &Arc<Node>,
    actor: &Actor,
    suspicions: Vec<Suspicion>,
    model: Option<ModelId>,
) -> anyhow::Result<()> {
    let grave = suspicions.into_iter().filter(|suspicion| suspicion.alert.kind != "operator_error");
    for Suspicion { alert, causes, looked_at } in grave.take(CASES_MAX) {
        let Some(first) = causes.first() else { continue };
        let request = IdempotencyKey(first_half(Sha256::new().chain_update("case of ").chain_update(first).finalize()));
        let Known::Open(request) = node.store().causes.take(&causes, request).await? else { continue };
        match node.act(actor, &plan(node, &alert, request), asking(request)).await {
            Ok(done) => {
                tracing::info!(tx.id = %done.tx, codes = ?alert.codes, score = alert.score, "a case was raised");
                if let (Some(model), Some(features)) = (model, looked_at) {
                    record(node, actor, (request, model), &alert, features).await?;
                }
            }
            // To be refused once is to be refused always: it must not stand in the way of the next one.
            Err(ActError::Rejected(rejection)) => tracing::error!(%rejection, "a suspicion was refused as a case"),
            Err(other) => return Err(other.into()),
        }
        node.store().causes.raised(request).await?;
    }
    Ok(())
}

/// Raises a case about something that a route refused, once for each cause. A node that raises none, raises none.
pub(crate) async fn accuse(node: &Node, cause: String, about: Case) -> anyhow::Result<()> {
    let Some(actor) = accuser(node)? else { return Ok(()) };
    let request = IdempotencyKey(first_half(Sha256::new().chain_update("case of ").chain_update(&cause).finalize()));
    let Known::Open(request) = node.store().causes.take(&[cause], request).await? else { return Ok(()) };
    let codes = about.codes.clone();
    let plan = of_regulators(node, Action::RaiseCase(named_by(request)), Payload::Case(about));
    let done = node.act(&actor, &plan, asking(request)).await?;
    tracing::info!(tx.id = %done.tx, ?codes, "a case was raised");
    Ok(node.store().causes.raised(request).await?)
}

/// Records on the ledger what a model said of the case that this request raised; once, though it be tried again after a crash.
async fn record(
    node: &Arc<Node>,
    actor: &Actor,
    (raising, model): (IdempotencyKey, ModelId),
    alert: &Alert,
    features: BTreeMap<String, f64>,
) -> anyhow::Result<()> {
    let known =
        read::case(&node.ledger().state(), &named_by(raising))?.context("the case that was raised is not there")?;
    let contributions = alert.contributions.iter().map(|part| (part.name.clone(), part.part)).collect();
    let document = DecisionDocument { features, contributions };
    let decision = Decision {
        model,
        case: known.payload,
        features: document.features_sha256(),
        score_millionths: millionths(alert.score),
    };
    let key = Sha256::new().chain_update("decision on ").chain_update(raising.0).chain_update(model.0).finalize();
    let plan = of_regulators(node, Action::RecordDecision(decision), Payload::Decision(document));
    match node.act(actor, &plan, asking(IdempotencyKey(first_half(key)))).await {
        Ok(_) => Ok(()),
        // Another model came into use meanwhile, after a crash: what the first one said is recorded, or lost with it.
        Err(ActError::Rejected(rejection)) => {
            tracing::error!(%rejection, "what a model said of a case was refused");
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// A probability as the ledger has it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and a million")]
pub(crate) fn millionths(score: f64) -> u32 {
    (score.clamp(0.0, 1.0) * 1e6).round() as u32
}

/// Under which request a case is raised. What is asked is not compared with an earlier try: the cause is the same, and what was
/// sealed then is what counts.
fn asking(key: IdempotencyKey) -> Request {
    Request { key, sha256: Sha256::new().chain_update("suspicion").chain_update(key.0).finalize().into() }
}

/// Who raises cases: the member that is configured, else a regulator, if this node holds its key. Of several organisations on a channel
/// the others' nodes raise none, so that one cause does not become a case of each.
pub(super) fn accuser(node: &Node) -> anyhow::Result<Option<Actor>> {
    let directory = node.directory();
    let held = |party: &&PartyId| node.signer(party).is_some();
    let party = match &node.detection().party {
        Some(party) => Some(party).filter(held),
        None => directory.regulators().iter().find(held),
    };
    let Some(party) = party.cloned() else { return Ok(None) };
    let Some(record) = read::party(&node.ledger().state(), &party)? else { return Ok(None) };
    Ok(Some(Actor { party, role: record.party.role, site: record.party.sites.first().copied() }))
}

/// The case that a request raises.
fn named_by(request: IdempotencyKey) -> CaseId {
    CaseId(first_half(Sha256::new().chain_update("case").chain_update(request.0).finalize()))
}

fn plan(node: &Node, alert: &Alert, request: IdempotencyKey) -> Plan {
    of_regulators(node, Action::RaiseCase(named_by(request)), Payload::Case(about(node, alert)))
}

/// An action whose document the regulators read.
fn of_regulators(node: &Node, action: Action, document: Payload) -> Plan {
    let draft = Draft { action, items: Vec::new(), happened: node.clock().now(), site: None, document: 0 };
    let readers = node.directory().regulators().iter().cloned().collect();
    Plan { drafts: vec![draft], documents: vec![document], readers, ..Plan::default() }
}

/// The alert as a case's document.
fn about(node: &Node, alert: &Alert) -> Case {
    let names = alert.epcs.iter().filter_map(|uri| named(node.network_key(), uri)).map(|(name, _)| name);
    let items: Vec<String> = names.take(ITEMS_MAX).collect();
    let directory = node.directory();
    let mut parties: Vec<PartyId> =
        alert.parties.iter().filter_map(|place| Some(directory.find(place)?.1.clone())).collect();
    parties.dedup();
    let said = alert.codes.first().and_then(|code| CATALOGUE.iter().find(|entry| entry.name == code));
    let title = said.map_or_else(|| alert.kind.clone(), |entry| entry.text.to_owned());
    let evidence = json!({
        "score": alert.score, "kind": alert.kind, "severity": alert.severity, "nmvs": alert.nmvs, "lvms": alert.lvms,
        "items_total": alert.epcs_total, "lots": alert.lots, "places": alert.parties, "first_event": alert.first_event,
        "last_event": alert.last_event, "detected_at": alert.detected_at, "events": alert.events, "findings": alert.findings,
        "contributions": alert.contributions, "usual_path": alert.usual_path, "position": alert.position,
    });
    Case { title, explanation: alert.explanation.clone(), codes: alert.codes.clone(), items, parties, evidence }
}
