//! Claims in FHIR: Claim in, `ClaimResponse` out. `/claims` comes the same way.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::Value;
use time::OffsetDateTime;
use veridose_contract::{Action, ClaimStep, Commitment, DataForm, DataKind, DispenseId, PartyId};
use veridose_fhir::claim::{self, Claimed, Finding, Money, Payment, Reason};
use veridose_fhir::{Issue, IssueCode, Moment, Release, parse};
use veridose_store::payload::FhirDocument;
use veridose_store::{ClaimRow, Opened, Payload};

use super::access::{Reader, admit};
use super::records::{present, room};
use super::whose::PatientId;
use super::{Asked, Outcomes, Sent, Wrong, base, media, named_release, resource, wrong};
use crate::access::{Ask, Use, decide_and_record};
use crate::auth::{Caller, Interaction};
use crate::claims::{Known, known, suspect};
use crate::node::{Done, Node};
use crate::problem::{Kind, Problem};
use crate::routes::lists::viewer_of;
use crate::routes::write::{Write, WriteHeaders, actor, node};

/// A claim that was handed in.
pub(in crate::routes) struct Submitted {
    /// Its name: the commitment to its document.
    pub(in crate::routes) claim: Commitment,
    /// The dispense that it is for.
    pub(in crate::routes) dispense: DispenseId,
    pub(in crate::routes) done: Done,
    payer: PartyId,
    patient: PatientId,
    document: FhirDocument,
}

/// Takes a Claim in: judged by its dispense first, then sealed under the patient's key, then on the ledger. The same request again gets
/// the first answer, whatever happened since.
pub(in crate::routes) async fn take(request: &HttpRequest, write: Write, sent: &Sent) -> Result<Submitted, Wrong> {
    write.caller.check_scope("Claim", Interaction::Create)?;
    if named_release(request, true)? == Some(Release::R5) {
        return Err(Problem::new(Kind::UnsupportedMedia, "of R5, only Consent is taken in").into());
    }
    let came = parse(Release::R4, "Claim", &sent.0).map_err(wrong)?;
    let claimed = claim::read(&came).map_err(wrong)?;
    let claimant = write.actor.party.clone();
    if claimed.provider.as_ref().is_some_and(|provider| provider != claimant.as_str()) {
        return Err(Wrong::at(IssueCode::BusinessRule, "Claim.provider", "who dispensed hands the claim in"));
    }
    let payer = PartyId::parse(&claimed.payer)
        .map_err(|_| Wrong::at(IssueCode::BusinessRule, "Claim.insurer", "a member's name has a-z, 0-9 and hyphens"))?;
    let node = node(request);
    node.ledger().check_fresh()?;
    node.caught_up().await;
    let known = known(node, &claimant, &claimed).await?;
    if write.sealed_before().await?.is_empty() {
        refuse(node, &known, &claimed, &came).await?;
    }
    let (Some((dispense, _)), Some(name)) = (&known.dispense, &known.patient) else {
        return Err(Problem::new(Kind::Conflict, "what was kept of the patient is erased").into());
    };
    let (dispense, patient) = (*dispense, PatientId::of(node, name));
    room(node, &write, "Claim", patient).await?;
    let packs = claimed.items.iter().fold(0u32, |sum, item| sum.saturating_add(item.packs));
    let step = ClaimStep::Submit { payer: payer.clone(), packs };
    let document = FhirDocument::first(name.clone(), node.clock().now(), came.clone());
    let happened = write.happened(None);
    let mut plan = write.plan(Action::MoveClaim { dispense, step }, Vec::new(), happened, Payload::Fhir(document));
    plan.patient = Some(name.clone());
    plan.readers.clear();
    let (done, commitments) = write.done(&came, &plan).await?;
    let claim = commitments.first().ok_or_else(|| Problem::internal("a sealed resource has no commitment"))?;
    let document = opened(node, claim).await?.ok_or_else(Wrong::not_found)?;
    Ok(Submitted { claim: *claim, dispense, done, payer, patient, document })
}

/// Refuses a claim that something speaks against; a case is raised where that looks like fraud.
async fn refuse(node: &Node, known: &Known, claimed: &Claimed, came: &Value) -> Result<(), Wrong> {
    let found = claim::judge(claimed, &known.facts);
    if found.is_empty() {
        return Ok(());
    }
    suspect(node, known, &claimed.payer, came, &found).await;
    Err(wrong(found.iter().map(issue).collect()))
}

fn issue(finding: &Finding) -> Issue {
    let code = if finding.reason == Reason::DuplicateClaim { IssueCode::Duplicate } else { IssueCode::BusinessRule };
    Issue::at(code, &finding.at, format!("{}: {}", finding.reason.as_str(), finding.text))
}

/// Hands in a claim for a dispense, and keeps it: sealed under its patient's key, under the dispense on the ledger. One claim for one
/// dispense; whoever claims it again, to whichever payer, is refused with `duplicate`.
#[utoipa::path(
    tag = "fhir",
    params(WriteHeaders),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 201, description = "The Claim", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[post("/fhir/Claim")]
pub(in crate::routes) async fn create(
    write: Asked<Write>,
    request: HttpRequest,
    sent: Sent,
) -> Result<HttpResponse, Wrong> {
    let taken = take(&request, write.0, &sent).await?;
    let kept = shown(taken.claim, &taken.document, taken.patient);
    let location = format!("{}/Claim/{}/_history/1", base(&request), taken.claim);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(("ETag", "W/\"1\""))
        .content_type(media(Release::R4))
        .body(kept.to_string()))
}

/// The same as an operation: the answer is the `ClaimResponse`, which waits for the payer.
#[utoipa::path(
    tag = "fhir",
    params(WriteHeaders),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 200, description = "The ClaimResponse", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[post("/fhir/Claim/$submit")]
pub(in crate::routes) async fn submit(
    write: Asked<Write>,
    request: HttpRequest,
    sent: Sent,
) -> Result<HttpResponse, Wrong> {
    let taken = take(&request, write.0, &sent).await?;
    let (id, patient) = (taken.claim.to_string(), taken.patient.to_string());
    let now = Moment::text(node(&request).clock().now()).unwrap_or_default();
    let mut told = claim::response((&id, taken.document.content()), &taken.payer, &patient, &now, None);
    told["id"] = Value::String(id);
    Ok(resource(Release::R4, &told))
}

/// A Claim: as it came for the patient and for who handed it in; for who is to pay, what a claim needs.
#[utoipa::path(
    tag = "fhir",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The Claim", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/Claim/{id}")]
pub(in crate::routes) async fn show(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Wrong> {
    let seen = seen(&node, &reader.0, &path, "Claim/read").await?;
    Ok(resource(Release::R4, &seen.claim()))
}

/// What became of the claim of this id.
#[utoipa::path(
    tag = "fhir",
    params(("id" = String, Path, description = "The claim's id")),
    responses((status = 200, description = "The ClaimResponse", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/ClaimResponse/{id}")]
pub(in crate::routes) async fn answer(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Wrong> {
    let seen = seen(&node, &reader.0, &path, "ClaimResponse/read").await?;
    Ok(resource(Release::R4, &response(&node, &seen).await?))
}

/// A claim that somebody may look at.
pub(in crate::routes) struct Seen {
    pub(in crate::routes) row: ClaimRow,
    pub(in crate::routes) document: FhirDocument,
    patient: PatientId,
    /// Whether it is to be given without what a claim does not need.
    least: bool,
}

impl Seen {
    /// The Claim, as far as it may be given.
    pub(in crate::routes) fn claim(&self) -> Value {
        let shown = shown(self.row.claim, &self.document, self.patient);
        if !self.least {
            return shown;
        }
        let mut least = claim::minimum(&shown, &self.patient.to_string());
        least["id"] = shown["id"].clone();
        least
    }
}

async fn seen(node: &Node, reader: &Reader, id: &str, what: &str) -> Result<Seen, Wrong> {
    if reader.own().is_none() {
        return Ok(looked_at(node, &reader.caller, id, what).await?);
    }
    let id = Commitment::parse(id).map_err(|_| Wrong::not_found())?;
    node.caught_up().await;
    let row = node.store().queries.claim_for_patient(&id).await?.ok_or_else(Wrong::not_found)?;
    let document = document(node, &row).await?.ok_or_else(Wrong::not_found)?;
    let patient = PatientId::of(node, &document.patient);
    admit(node, reader, patient, vec![DataKind::Dispense], Interaction::Read, what).await?;
    Ok(Seen { row, document, patient, least: false })
}

/// A claim for one of its parties; decided and recorded before.
pub(in crate::routes) async fn looked_at(node: &Node, caller: &Caller, id: &str, what: &str) -> Result<Seen, Problem> {
    let row = row(node, caller, id).await?;
    let erased = || Problem::new(Kind::Conflict, "what was kept of the patient is erased, the claim with it");
    let document = document(node, &row).await?.ok_or_else(erased)?;
    let ask = Ask {
        caller,
        credentials: &[],
        what_for: Use::Claim(row.dispense),
        kinds: vec![DataKind::Dispense],
        interaction: Interaction::Read,
        what,
    };
    let patient = PatientId::of(node, &document.patient);
    let grant = decide_and_record(node, &ask, patient.0).await?;
    if grant.form != DataForm::Full {
        return Err(Problem::internal("a claim is given as it is, or not at all"));
    }
    Ok(Seen { least: caller.party()? != &row.claimant, row, document, patient })
}

/// The row of a claim that the caller handed in or is to pay.
pub(in crate::routes) async fn row(node: &Node, caller: &Caller, id: &str) -> Result<ClaimRow, Problem> {
    let missing = || Problem::not_found("claim");
    let id = Commitment::parse(id).map_err(|_| missing())?;
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let found = node.store().queries.claim(&viewer_of(&actor), &id).await?;
    found.ok_or_else(missing)
}

/// The claim itself; nothing once it is erased.
pub(in crate::routes) async fn document(node: &Node, row: &ClaimRow) -> Result<Option<FhirDocument>, Problem> {
    opened(node, &row.claim).await
}

async fn opened(node: &Node, claim: &Commitment) -> Result<Option<FhirDocument>, Problem> {
    let opened = node.store().vault.open_as_owner(std::slice::from_ref(claim)).await?.remove(claim);
    Ok(match opened {
        Some(Opened::Document(Payload::Fhir(document))) => Some(document),
        _ => None,
    })
}

/// A claim or its answer as it is served: neither is ever deleted.
fn shown(id: Commitment, document: &FhirDocument, patient: PatientId) -> Value {
    present(id, document, patient).unwrap_or_default()
}

/// What became of a claim: the payer's decision, and the payment.
pub(in crate::routes) async fn response(node: &Node, seen: &Seen) -> Result<Value, Problem> {
    let (id, row) = (seen.row.claim.to_string(), &seen.row);
    let wanted: Vec<Commitment> = row.decision.into_iter().chain(row.payment).collect();
    let mut opened = node.store().vault.open_as_owner(&wanted).await?;
    let mut take = |name: Option<Commitment>| opened.remove(&name?);
    let mut told = if let Some(Opened::Document(Payload::Fhir(decided))) = take(row.decision) {
        shown(row.claim, &decided, seen.patient)
    } else {
        let (at, patient) = (Moment::text(row.moved_at).unwrap_or_default(), seen.patient.to_string());
        claim::response((&id, seen.document.content()), &row.payer, &patient, &at, None)
    };
    told["id"] = Value::String(id);
    if let Some(Opened::Document(Payload::Note(note))) = take(row.payment) {
        let at = OffsetDateTime::from_unix_timestamp(row.moved_at.0.div_euclid(1_000)).map_err(Problem::internal)?;
        let amount = benefit(&told).ok_or_else(|| Problem::internal("a paid claim has no amount"))?;
        Payment { amount, reference: note.text, date: at.date().to_string() }.stand_in(&mut told);
    }
    Ok(told)
}

/// What is paid, as a decision says.
fn benefit(response: &Value) -> Option<Money> {
    let totals = response["total"].as_array()?;
    claim::money(&totals.last()?["amount"]).ok()
}

/// What speaks against a claim that is decided on: the same that would have kept it from being handed in.
pub(in crate::routes) async fn findings(node: &Node, seen: &Seen) -> Result<Vec<Finding>, Problem> {
    let claimed = claim::read(seen.document.content()).map_err(|_| Problem::internal("a claim that was taken in"))?;
    let mut known = known(node, &seen.row.claimant, &claimed).await?;
    known.facts.claimed_before = false;
    Ok(claim::judge(&claimed, &known.facts))
}

/// Raises a case where the payer's reason looks like fraud.
pub(in crate::routes) async fn accused(node: &Node, seen: &Seen, reason: Reason) -> Result<(), Problem> {
    let claimed = claim::read(seen.document.content()).map_err(|_| Problem::internal("a claim that was taken in"))?;
    let known = known(node, &seen.row.claimant, &claimed).await?;
    let finding = Finding { reason, at: "Claim".to_owned(), text: "the payer says so" };
    suspect(node, &known, &claimed.payer, seen.document.content(), &[finding]).await;
    Ok(())
}
