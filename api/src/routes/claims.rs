//! Claims for dispenses: handed in by who dispensed, decided on and paid by the payer, each dispense once.
//!
//! The lists tell what the ledger tells; what a claim says is given to its two parties, and every look is recorded for the patient.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use veridose_contract::{Action, ClaimStep, ClaimVerdict, Commitment, DispenseId};
use veridose_fhir::claim::{self, Decision, Money, Reason};
use veridose_fhir::{Moment, claim::Finding};
use veridose_store::payload::{FhirDocument, Note};
use veridose_store::{ClaimRow, ClaimState, Payload};

use super::fhir::claims::{Seen, accused, document, findings, looked_at, response, row, take};
use super::fhir::{Asked, Outcomes, Sent, Wrong};
use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, node};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::trade::Plan;

/// Longest words of a payer, in characters.
const NOTE_MAX: usize = 500;
/// Longest name of a payment, in characters.
const REFERENCE_MAX: usize = 100;

/// A claim that was handed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Submitted {
    /// Its name.
    #[schema(value_type = String)]
    claim: Commitment,
    /// The dispense that it is for.
    #[schema(value_type = String)]
    dispense: DispenseId,
    #[serde(flatten)]
    committed: Committed,
}

/// Hands in a claim for a dispense: a FHIR Claim, as at `/fhir/Claim`. Refusals are `OperationOutcome`s.
#[utoipa::path(
    tag = "claims",
    params(WriteHeaders),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 201, description = "Handed in", body = Submitted), Outcomes)
)]
#[post("/claims")]
pub(super) async fn submit(write: Asked<Write>, request: HttpRequest, sent: Sent) -> Result<HttpResponse, Wrong> {
    let taken = take(&request, write.0, &sent).await?;
    let (claim, dispense, committed) = (taken.claim, taken.dispense, taken.done.into());
    Ok(HttpResponse::Created().json(Submitted { claim, dispense, committed }))
}

/// Which claims are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those that stand so.
    state: Option<ClaimState>,
}

/// Claims that the caller's party handed in or is to pay; all of them for a regulator. Latest first. Nothing of a patient is in them.
#[utoipa::path(
    tag = "claims",
    params(Wanted, Paging),
    responses((status = 200, description = "Claims", body = List<ClaimRow>), Refusals)
)]
#[get("/claims")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let viewer = viewer(node, &caller).await?;
    let page = node.store().queries.claims(&viewer, wanted.state, &paging.request()).await?;
    Ok(list(&request, page))
}

/// A claim with what its parties need.
#[derive(Serialize, ToSchema)]
pub(super) struct ClaimFile {
    #[serde(flatten)]
    row: ClaimRow,
    /// The FHIR Claim; for who is to pay, without what a claim does not need.
    #[schema(value_type = Object)]
    resource: Value,
    /// The `ClaimResponse`.
    #[schema(value_type = Object)]
    response: Value,
    /// What speaks against it now; with anything here it cannot be accepted.
    findings: Vec<Objection>,
}

/// Something that speaks against a claim.
#[derive(Serialize, ToSchema)]
pub(super) struct Objection {
    /// Why, as a stable word.
    #[schema(value_type = String, example = "upcoding")]
    reason: Reason,
    /// The element, as `FHIRPath`.
    at: String,
    /// For people.
    text: &'static str,
}

/// One claim, for its two parties. The look is recorded, and the patient sees it.
#[utoipa::path(
    tag = "claims",
    params(("claim" = String, Path, description = "Name of the claim")),
    responses((status = 200, description = "The claim", body = ClaimFile), Refusals)
)]
#[get("/claims/{claim}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let seen = looked_at(&node, &caller, &path, "Claim/read").await?;
    let objection = |finding: Finding| Objection { reason: finding.reason, at: finding.at, text: finding.text };
    let findings = findings(&node, &seen).await?.into_iter().map(objection).collect();
    let (resource, response) = (seen.claim(), response(&node, &seen).await?);
    Ok(HttpResponse::Ok().json(ClaimFile { row: seen.row, resource, response, findings }))
}

/// What a payer decides.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adjudication {
    /// `accepted`, `partly` or `refused`.
    #[schema(value_type = String, example = "accepted")]
    verdict: ClaimVerdict,
    /// Why not all of it is paid: a reason of this service, `not_covered` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "not_covered")]
    reason: Option<Reason>,
    /// How much is paid, where that is less than was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    benefit: Option<Amount>,
    /// Words, for people; no name of the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An amount in a currency.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    /// A decimal number as text, so that nothing rounds it.
    #[schema(example = "12.30")]
    value: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

/// Decides on a claim. What speaks against it by the ledger and the documents cannot be accepted; what only the payer knows is a refusal
/// with a reason. The decision lies sealed under the patient's key; the ledger holds the verdict alone.
#[utoipa::path(
    tag = "claims",
    params(("claim" = String, Path, description = "Name of the claim"), WriteHeaders),
    responses((status = 200, description = "Decided", body = Committed), Refusals)
)]
#[post("/claims/{claim}/adjudicate")]
pub(super) async fn adjudicate(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Adjudication>,
) -> Result<HttpResponse, Problem> {
    check_words("note", body.note.as_deref().unwrap_or_default(), NOTE_MAX)?;
    let claim = row(write.node(), &write.caller, &path).await?;
    let step = ClaimStep::Adjudicate { claim: claim.claim, verdict: body.verdict };
    let action = Action::MoveClaim { dispense: claim.dispense, step };
    if document(write.node(), &claim).await?.is_none() {
        return adjudicate_erased(write, &claim, action, &body).await;
    }
    let seen = looked_at(write.node(), &write.caller, &path, "Claim/adjudicate").await?;
    let decision = decision(&seen, &body)?;
    if write.sealed_before().await?.is_empty() {
        check_findings(write.node(), &seen, &decision).await?;
    }
    let node = write.node();
    let (patient, id) = (seen.document.patient.clone(), seen.row.claim.to_string());
    let name = hex::encode(node.store().vault.patient_id(&patient));
    let at = Moment::text(node.clock().now()).unwrap_or_default();
    let told = claim::response((&id, seen.document.content()), &claim.payer, &name, &at, Some(&decision));
    let document = Payload::Fhir(FhirDocument::first(patient.clone(), node.clock().now(), told));
    let mut plan = write.plan(action, Vec::new(), write.happened(None), document);
    plan.patient = Some(patient);
    plan.readers.clear();
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}

/// A claim that nobody can read any more can only be refused.
async fn adjudicate_erased(
    write: Write,
    claim: &ClaimRow,
    action: Action,
    body: &Adjudication,
) -> Result<HttpResponse, Problem> {
    if body.verdict != ClaimVerdict::Refused {
        let detail = "what was kept of the patient is erased, the claim with it: it can be refused alone";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let note = Payload::Note(Note::new(body.note.clone().unwrap_or_default()));
    let plan = of_parties(&write, claim, action, note);
    write.carry_out(body, plan, StatusCode::OK, |committed| committed).await
}

/// The decision, if verdict, reason and amount fit each other and the claim.
fn decision(seen: &Seen, body: &Adjudication) -> Result<Decision, Problem> {
    let claimed = claim::read(seen.document.content()).map_err(|_| Problem::internal("a claim that was taken in"))?;
    let asked = claimed.items.iter().map(|item| item.net.value).sum::<Decimal>();
    let currency = claimed.items.first().map(|item| item.net.currency.clone()).unwrap_or_default();
    let given = body.benefit.as_ref().map(|amount| {
        claim::money(&json!({"value": amount.value, "currency": amount.currency}))
            .map_err(|text| Problem::field("benefit", text))
    });
    let given = given.transpose()?;
    if (body.verdict == ClaimVerdict::Accepted) != body.reason.is_none() {
        return Err(Problem::field("reason", "give a reason, and only where not all of it is paid"));
    }
    let value = match (body.verdict, &given) {
        (ClaimVerdict::Accepted, None) => asked,
        (ClaimVerdict::Refused, None) => Decimal::ZERO,
        (ClaimVerdict::Partly, Some(money))
            if money.currency == currency && money.value > Decimal::ZERO && money.value < asked =>
        {
            money.value
        }
        (ClaimVerdict::Accepted | ClaimVerdict::Partly | ClaimVerdict::Refused, _) => {
            let detail = "give an amount where the claim is partly paid, above zero, below what was asked for, and in its currency";
            return Err(Problem::field("benefit", detail));
        }
    };
    Ok(Decision {
        verdict: body.verdict,
        reason: body.reason,
        benefit: Money { value, currency },
        note: body.note.clone(),
    })
}

/// What speaks against a claim keeps it from being accepted, and a payer's suspicion becomes a case.
async fn check_findings(node: &Node, seen: &Seen, decision: &Decision) -> Result<(), Problem> {
    if decision.verdict == ClaimVerdict::Refused {
        let suspect = decision.reason.filter(|reason| reason.is_suspect());
        return if let Some(reason) = suspect { accused(node, seen, reason).await } else { Ok(()) };
    }
    let found = findings(node, seen).await?;
    if found.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = found.iter().map(|f| format!("{} ({}: {})", f.reason.as_str(), f.at, f.text)).collect();
    Err(Problem::new(Kind::Conflict, format!("the claim can be refused alone: {}", said.join("; "))))
}

/// A payment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paid {
    /// What the payer calls the payment.
    reference: String,
}

/// Says that an accepted claim is paid. A dispense is paid once: the ledger's contract refuses a second payment, whoever makes it.
#[utoipa::path(
    tag = "claims",
    params(("claim" = String, Path, description = "Name of the claim"), WriteHeaders),
    responses((status = 200, description = "Paid", body = Committed), Refusals)
)]
#[post("/claims/{claim}/pay")]
pub(super) async fn pay(write: Write, path: web::Path<String>, body: web::Json<Paid>) -> Result<HttpResponse, Problem> {
    if body.reference.trim().is_empty() {
        return Err(Problem::field("reference", "say what the payment is called"));
    }
    check_words("reference", &body.reference, REFERENCE_MAX)?;
    step(write, &path, |claim| ClaimStep::Pay { claim }, &body.reference, &*body).await
}

/// Words on a step.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// Why, for people; no name of the patient.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// Says that the payer has its money back, because packs of the dispense were taken back (Regulation (EU) 2016/161, Art. 13).
#[utoipa::path(
    tag = "claims",
    params(("claim" = String, Path, description = "Name of the claim"), WriteHeaders),
    responses((status = 200, description = "Reversed", body = Committed), Refusals)
)]
#[post("/claims/{claim}/reverse")]
pub(super) async fn reverse(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Words>,
) -> Result<HttpResponse, Problem> {
    check_words("note", &body.note, NOTE_MAX)?;
    step(write, &path, |claim| ClaimStep::Reverse { claim }, &body.note, &*body).await
}

/// Takes a claim back that is not paid.
#[utoipa::path(
    tag = "claims",
    params(("claim" = String, Path, description = "Name of the claim"), WriteHeaders),
    responses((status = 200, description = "Withdrawn", body = Committed), Refusals)
)]
#[post("/claims/{claim}/withdraw")]
pub(super) async fn withdraw(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Words>,
) -> Result<HttpResponse, Problem> {
    check_words("note", &body.note, NOTE_MAX)?;
    step(write, &path, |claim| ClaimStep::Withdraw { claim }, &body.note, &*body).await
}

async fn step<B: Serialize>(
    write: Write,
    path: &str,
    step: impl FnOnce(Commitment) -> ClaimStep,
    words: &str,
    body: &B,
) -> Result<HttpResponse, Problem> {
    let claim = row(write.node(), &write.caller, path).await?;
    let action = Action::MoveClaim { dispense: claim.dispense, step: step(claim.claim) };
    let plan = of_parties(&write, &claim, action, Payload::Note(Note::new(words.to_owned())));
    write.carry_out(body, plan, StatusCode::OK, |committed| committed).await
}

/// A plan whose document both parties of the claim read.
fn of_parties(write: &Write, claim: &ClaimRow, action: Action, document: Payload) -> Plan {
    let mut plan = write.plan(action, Vec::new(), write.happened(None), document);
    plan.readers.extend([claim.claimant.clone(), claim.payer.clone()]);
    plan
}

fn check_words(field: &'static str, text: &str, max: usize) -> Result<(), Problem> {
    if text.chars().count() <= max && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::field(field, format!("give at most {max} characters, without control characters")))
}
