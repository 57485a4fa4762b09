//! Versions of a record: the next one, the last one, and those that were.
//!
//! A version is a document of its own, sealed under the same patient's key and committed to on the ledger like the first one. Deleting
//! a record says that it was entered in error, or stands no longer: it is found no more, and what it said stays in its history, for who
//! may read it, until the patient has everything erased.

use actix_web::http::header::IF_MATCH;
use actix_web::{HttpRequest, HttpResponse, delete, get, put, web};
use serde_json::{Value, json};
use veridose_fhir::{Entry, IssueCode, Moment, Release, history as bundle, parse};
use veridose_store::Opened;
use veridose_store::payload::FhirDocument;

use super::access::Reader;
use super::records::{about, gone, known, of_version, present, read, seal};
use super::search::{Search, links};
use super::whose::{self, PatientId, Record, find};
use super::{Asked, Outcomes, Sent, Wrong, base, named_release, provenance, resource, wrong};
use crate::auth::{Interaction, Role};
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::routes::consents::Keeper;
use crate::routes::write::{Write, node};

/// Replaces a resource by its next version; `If-Match` names the version that the client has seen. For who keeps the record.
#[utoipa::path(
    tag = "fhir",
    params(
        ("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"),
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The version that is replaced, as `ETag` gave it: `W/\"1\"`")
    ),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 200, description = "The resource", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[put("/fhir/{kind}/{id}")]
pub(in crate::routes) async fn update(
    keeper: Asked<Keeper>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    sent: Sent,
) -> Result<HttpResponse, Wrong> {
    let (keeper, (kind, id), node) = (keeper.0, path.into_inner(), node(&request).clone());
    known(&kind)?;
    keeper.caller.check_scope(&kind, Interaction::Update)?;
    if named_release(&request, true)? == Some(Release::R5) {
        return Err(Problem::new(Kind::UnsupportedMedia, "of R5, only Consent is taken in").into());
    }
    let came = parse(Release::R4, &kind, &sent.0).map_err(wrong)?;
    if came["id"] != id.as_str() {
        return Err(Wrong::at(IssueCode::Value, format!("{kind}.id"), "give the id that stands in the URL"));
    }
    let seen = if_match(&request)?;
    let seen = seen.ok_or_else(|| Problem::new(Kind::BadRequest, "name the version that you replace in If-Match"))?;
    let (patient, record) = kept_by(&node, &keeper, &kind, &id).await?;
    let (whose, at) = about(&kind, &came);
    let name = whose::name(&node, &keeper, whose, &at).await?;
    if PatientId::of(&node, &name) != patient {
        return Err(Wrong::at(IssueCode::BusinessRule, at, "a record stays its patient's"));
    }
    if kind == "MedicationDispense" {
        provenance::check(&node, &keeper.actor.party, patient, &came).await?;
    }
    let write = next(keeper.write(&request)?, &record, seen).await?;
    let document = version(&node, &record, seen, Some(came.clone()));
    let (_, sealed) = seal(write, &came, document).await.map_err(overtaken)?;
    let shown = present(record.id, &sealed, patient).ok_or_else(gone)?;
    Ok(of_version(HttpResponse::Ok(), &sealed).body(shown.to_string()))
}

/// Deletes a resource: it is found no more. Its history stays. For who keeps the record.
#[utoipa::path(
    tag = "fhir",
    params(
        ("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"),
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = Option<String>, Header, description = "The version that is deleted; the current one where none is named")
    ),
    responses((status = 204, description = "Deleted"), Outcomes)
)]
#[delete("/fhir/{kind}/{id}")]
pub(in crate::routes) async fn delete(
    keeper: Asked<Keeper>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Wrong> {
    let (keeper, (kind, id), node) = (keeper.0, path.into_inner(), node(&request).clone());
    known(&kind)?;
    keeper.caller.check_scope(&kind, Interaction::Delete)?;
    let seen = if_match(&request)?;
    let (_, record) = kept_by(&node, &keeper, &kind, &id).await?;
    // What is deleted already is as was asked.
    let last = record.last().version;
    if record.current().is_none() && seen.is_none_or(|seen| seen == last) {
        return Ok(HttpResponse::NoContent().insert_header(("ETag", format!("W/\"{last}\""))).finish());
    }
    let seen = seen.unwrap_or(last);
    let write = next(keeper.write(&request)?, &record, seen).await?;
    let (_, sealed) =
        seal(write, &json!({"deletes": seen}), version(&node, &record, seen, None)).await.map_err(overtaken)?;
    Ok(HttpResponse::NoContent().insert_header(("ETag", format!("W/\"{}\"", sealed.version))).finish())
}

/// Every version of a resource, the latest first.
#[utoipa::path(
    tag = "fhir",
    params(
        ("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"),
        ("id" = String, Path, description = "Its id"),
        Search
    ),
    responses((status = 200, description = "A history Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/{kind}/{id}/_history")]
pub(in crate::routes) async fn history(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Wrong> {
    let (kind, id) = path.into_inner();
    let search = Search::of_query(&request, &[])?;
    let (patient, record) = read(&node, &reader.0, &kind, &id).await?;
    let at = format!("{kind}/{id}");
    let (links, range) = links(&request, &format!("{at}/_history"), &search, None, record.versions().len())?;
    let versions = record.versions().iter().rev().skip(range.start).take(range.len());
    let entries = versions.map(|document| Entry {
        path: at.clone(),
        version: document.version,
        at: Moment::text(document.at).unwrap_or_default(),
        resource: present(record.id, document, patient),
    });
    let total = record.versions().len();
    Ok(resource(Release::R4, &bundle(&base(&request), &links, total, entries.collect())))
}

/// One version of a resource.
#[utoipa::path(
    tag = "fhir",
    params(
        ("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"),
        ("id" = String, Path, description = "Its id"),
        ("version" = String, Path, description = "The version, from 1")
    ),
    responses((status = 200, description = "The resource", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/{kind}/{id}/_history/{version}")]
pub(in crate::routes) async fn show(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Wrong> {
    let (kind, id, version) = path.into_inner();
    let (patient, record) = read(&node, &reader.0, &kind, &id).await?;
    let wanted = |document: &&FhirDocument| document.version.to_string() == version;
    let document = record.versions().iter().find(wanted).ok_or_else(Wrong::not_found)?;
    let shown = present(record.id, document, patient).ok_or_else(gone)?;
    Ok(of_version(HttpResponse::Ok(), document).body(shown.to_string()))
}

/// The version that `If-Match` names.
fn if_match(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    let Some(value) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let version = text.strip_prefix("W/").unwrap_or(text).trim_matches('"').parse().ok();
    let wrong = || Problem::new(Kind::BadRequest, "If-Match names one version as ETag gave it: W/\"1\"");
    version.map(Some).ok_or_else(wrong)
}

/// A record that the caller's party keeps, and whose it is.
async fn kept_by(node: &Node, keeper: &Keeper, kind: &str, id: &str) -> Result<(PatientId, Record), Wrong> {
    if keeper.caller.role == Role::Patient {
        return Err(Problem::new(Kind::Forbidden, "a record is changed by who keeps it: ask there").into());
    }
    let id = PatientId::parse(id).ok_or_else(Wrong::not_found)?;
    let (patient, record) = find(node, kind, id).await?;
    match node.store().vault.open(&record.id, &keeper.actor.party).await? {
        Opened::Document(_) => Ok((patient, record)),
        Opened::Erased | Opened::NotYours | Opened::NotFound => Err(Wrong::not_found()),
    }
}

/// The write of the version that follows the one that was seen. Of several at once one happens; the same again gets its answer.
async fn next(write: Write, record: &Record, seen: u32) -> Result<Write, Wrong> {
    let write = write.once(&format!("version after {seen} of {}", hex::encode(record.id.0)));
    let last = record.last().version;
    if last != seen && write.sealed_before().await?.is_empty() {
        return Err(Problem::new(Kind::PreconditionFailed, format!("the current version is {last}")).into());
    }
    Ok(write)
}

/// Another write of the version after the one that was seen came first.
fn overtaken(wrong: Wrong) -> Wrong {
    match wrong {
        Wrong::Problem(problem) if problem.kind() == Kind::IdempotencyConflict => {
            Problem::new(Kind::PreconditionFailed, "there is another version since the one that you have seen").into()
        }
        Wrong::Problem(_) | Wrong::Resource(_) => wrong,
    }
}

fn version(node: &Node, record: &Record, seen: u32, resource: Option<Value>) -> FhirDocument {
    let (patient, at) = (record.last().patient.clone(), node.clock().now());
    FhirDocument { patient, record: Some(record.id), version: seen.saturating_add(1), at, resource }
}
