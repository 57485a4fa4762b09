//! Patients, prescriptions, dispenses and observations.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::{Value, json};
use veridose_contract::{Action, Commitment};
use veridose_fhir::consent::{self, Whose};
use veridose_fhir::{Release, parse, systems};
use veridose_store::payload::FhirDocument;
use veridose_store::{Opened, Payload};

use super::access::{Admitted, Reader, admit, kinds};
use super::search::{Search, page};
use super::whose::{Kept, PatientId, kept, name};
use super::{Asked, Outcomes, Sent, Wrong, base, consents, media, named_release, provenance, resource, wrong};
use crate::auth::Interaction;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::routes::consents::Keeper;
use crate::routes::write::{WriteHeaders, node};

/// Resources that are kept here, beside Consent.
pub(super) const KINDS: [&str; 4] = ["Patient", "MedicationRequest", "MedicationDispense", "Observation"];
/// Documents of a patient at a custodian.
const DOCUMENTS_MAX: usize = veridose_store::limits::COMMITMENTS_PER_CALL_MAX;

fn known(kind: &str) -> Result<(), Wrong> {
    let known = KINDS.contains(&kind);
    if known {
        Ok(())
    } else {
        Err(Problem::not_found(&format!("resource: {} and Consent are kept here", KINDS.join(", "))).into())
    }
}

/// Keeps a resource, sealed under its patient's key; the ledger gets a salted commitment, which is the resource's id. A Patient is
/// named by an identifier with system `urn:veridose:patient`, whose value is the custodian's name of the patient; what is about
/// one, by `subject`.
#[utoipa::path(
    tag = "fhir",
    params(("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"), WriteHeaders),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 201, description = "The resource", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[post("/fhir/{kind}")]
pub(in crate::routes) async fn create(
    keeper: Asked<Keeper>,
    request: HttpRequest,
    path: web::Path<String>,
    sent: Sent,
) -> Result<HttpResponse, Wrong> {
    let (keeper, kind, node) = (keeper.0, path.into_inner(), node(&request).clone());
    known(&kind)?;
    if named_release(&request, true)? == Some(Release::R5) {
        return Err(Problem::new(Kind::UnsupportedMedia, "of R5, only Consent is taken in").into());
    }
    let came = parse(Release::R4, &kind, &sent.0).map_err(wrong)?;
    let (said, at) = about(&kind, &came);
    let name = name(&node, &keeper, said, &at).await?;
    let patient = PatientId::of(&node, &name);
    let custodian = keeper.actor.party.clone();
    let write = keeper.write(&request)?;
    room(&node, &write, &kind, patient).await?;
    if kind == "MedicationDispense" {
        provenance::check(&node, &custodian, patient, &came).await?;
    }
    let document = FhirDocument { patient: name.clone(), resource: came.clone() };
    let happened = write.happened(None);
    let mut plan = write.plan(Action::Anchor, Vec::new(), happened, Payload::Fhir(document));
    plan.patient = Some(name);
    plan.readers.clear();
    let commitments = write.done(&came, &plan).await?.1;
    let commitment = commitments.first().ok_or_else(|| Problem::internal("a sealed resource has no commitment"))?;
    let kept = present(commitment, &came, patient);
    let location = format!("{}/{kind}/{}/_history/1", base(&request), kept["id"].as_str().unwrap_or_default());
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(("ETag", "W/\"1\""))
        .content_type(media(Release::R4))
        .body(kept.to_string()))
}

/// Whom a resource is about, and the element that says so.
fn about(kind: &str, resource: &Value) -> (Whose, String) {
    if kind == "Patient" {
        let identifiers = resource["identifier"].as_array().into_iter().flatten();
        let mut named = identifiers.filter(|identifier| identifier["system"] == systems::PATIENT);
        let name = named.find_map(|identifier| identifier["value"].as_str());
        let whose = name.map_or(Whose::Unsaid, |name| Whose::Named(name.to_owned()));
        return (whose, "Patient.identifier".to_owned());
    }
    let whose = resource.get("subject").and_then(consent::whose).unwrap_or(Whose::Unsaid);
    (whose, format!("{kind}.subject"))
}

/// A patient has one Patient resource at a custodian, and a limited number of others. The same request again is let through to
/// its first answer.
pub(super) async fn room(
    node: &Node,
    write: &crate::routes::write::Write,
    kind: &str,
    patient: PatientId,
) -> Result<(), Wrong> {
    if !write.sealed_before().await?.is_empty() {
        return Ok(());
    }
    let kept = kept(node, patient).await?;
    if kept.count >= DOCUMENTS_MAX {
        let detail = format!("of a patient, {DOCUMENTS_MAX} resources are kept at most");
        return Err(Problem::new(Kind::Conflict, detail).into());
    }
    let is_there = kept.records.iter().any(|(_, document)| document.resource["resourceType"] == "Patient");
    if kind == "Patient" && is_there {
        return Err(Problem::new(Kind::Conflict, "this patient has a Patient resource here").into());
    }
    Ok(())
}

/// The element that names the patient.
fn whose(kind: &Value) -> &'static str {
    if [json!("Claim"), json!("ClaimResponse")].contains(kind) { "patient" } else { "subject" }
}

/// The resource as it is served.
pub(super) fn present(commitment: &Commitment, resource: &Value, patient: PatientId) -> Value {
    let is_patient = resource["resourceType"] == "Patient";
    let id = if is_patient { patient.to_string() } else { hex::encode(commitment.0) };
    let mut shown = json!({"resourceType": resource["resourceType"], "id": id, "meta": {}});
    for (name, value) in resource.as_object().into_iter().flatten() {
        if !["resourceType", "id"].contains(&name.as_str()) {
            shown[name] = value.clone();
        }
    }
    shown["meta"]["versionId"] = json!("1");
    if !is_patient {
        shown[whose(&resource["resourceType"])]["reference"] = json!(format!("Patient/{patient}"));
    }
    shown
}

/// Those of the resources that may be read, as they are served, the Patient first.
fn shown(kept: &Kept, admitted: &Admitted, patient: PatientId) -> Vec<Value> {
    let covered = kept.records.iter().filter(|(_, document)| admitted.covers(&document.resource));
    let mut shown: Vec<Value> =
        covered.map(|(commitment, document)| present(commitment, &document.resource, patient)).collect();
    shown.sort_by_key(|resource| resource["resourceType"] != "Patient");
    shown
}

/// One resource.
#[utoipa::path(
    tag = "fhir",
    params(
        ("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"),
        ("id" = String, Path, description = "Its id")
    ),
    responses((status = 200, description = "The resource", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/{kind}/{id}")]
pub(in crate::routes) async fn show(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Wrong> {
    let (kind, id) = path.into_inner();
    known(&kind)?;
    let id = PatientId::parse(&id).ok_or_else(Wrong::not_found)?;
    if kind != "Patient" {
        return Ok(resource(Release::R4, &record(&node, &reader.0, &kind, Commitment(id.0)).await?));
    }
    let kept = kept(&node, id).await?;
    let name = kept.name.clone().ok_or_else(Wrong::not_found)?;
    let admitted = admit(&node, &reader.0, &name, kinds(&kind), Interaction::Read, "Patient/read").await?;
    let found = shown(&kept, &admitted, id).into_iter().find(|resource| resource["resourceType"] == "Patient");
    found.map(|patient| resource(Release::R4, &patient)).ok_or_else(Wrong::not_found)
}

/// A record of that kind, if it may be read.
pub(super) async fn record(node: &Node, reader: &Reader, kind: &str, commitment: Commitment) -> Result<Value, Wrong> {
    let opened = node.store().vault.open_as_owner(&[commitment]).await?.remove(&commitment);
    let Some(Opened::Document(Payload::Fhir(document))) = opened else { return Err(Wrong::not_found()) };
    if document.resource["resourceType"] != kind {
        return Err(Wrong::not_found());
    }
    let of = systems::kind_of(&document.resource).map_or_else(|| kinds(kind), |kind| vec![kind]);
    let what = format!("{kind}/read");
    let admitted = admit(node, reader, &document.patient, of, Interaction::Read, &what).await?;
    if !admitted.covers(&document.resource) {
        return Err(Wrong::not_found());
    }
    Ok(present(&commitment, &document.resource, PatientId::of(node, &document.patient)))
}

/// A patient's resources of a kind.
#[utoipa::path(
    tag = "fhir",
    params(("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation"), Search),
    responses((status = 200, description = "A searchset Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/{kind}")]
pub(in crate::routes) async fn index(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Wrong> {
    known(&path)?;
    let search = Search::of_query(&request, parameters(&path))?;
    found(&node, &reader.0, &request, &path, &search).await
}

/// The same with the parameters as a form, where a patient may be named by the custodian's name.
#[utoipa::path(
    tag = "fhir",
    params(("kind" = String, Path, description = "Patient, MedicationRequest, MedicationDispense or Observation")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A searchset Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[post("/fhir/{kind}/_search")]
pub(in crate::routes) async fn find(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
) -> Result<HttpResponse, Wrong> {
    known(&path)?;
    let text = std::str::from_utf8(&body).map_err(|_| Problem::new(Kind::BadRequest, "the form is no text"))?;
    let search = Search::read(text, parameters(&path))?;
    found(&node, &reader.0, &request, &path, &search).await
}

/// What a kind is searched by, beside the patient.
pub(super) fn parameters(kind: &str) -> &'static [&'static str] {
    match kind {
        "Observation" => &["status", "category", "code"],
        "MedicationRequest" | "MedicationDispense" => &["status", "code"],
        _ => &[],
    }
}

async fn found(
    node: &Node,
    reader: &Reader,
    request: &HttpRequest,
    kind: &str,
    search: &Search,
) -> Result<HttpResponse, Wrong> {
    let (patient, named) = search.patient(node, reader.own())?;
    let kept = kept(node, patient).await?;
    let name = named.or_else(|| kept.name.clone()).ok_or_else(Wrong::not_found)?;
    let what = format!("{kind}/search");
    let admitted = admit(node, reader, &name, kinds(kind), Interaction::Search, &what).await?;
    let mut found = shown(&kept, &admitted, patient);
    found.retain(|resource| resource["resourceType"] == kind && search.finds(resource));
    Ok(resource(Release::R4, &page(request, kind, search, patient, found)?))
}

/// Everything about a patient that the caller may read: the Patient, consents (a patient's own, or those that the caller keeps),
/// records, and where dispenses come from.
#[utoipa::path(
    tag = "fhir",
    params(("id" = String, Path, description = "The patient's id"), Search),
    responses((status = 200, description = "A searchset Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/Patient/{id}/$everything")]
pub(in crate::routes) async fn everything(
    reader: Asked<Reader>,
    keeper: Asked<Keeper>,
    node: web::Data<Node>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Wrong> {
    let search = Search::of_query(&request, &[])?;
    let patient = PatientId::parse(&path).ok_or_else(Wrong::not_found)?;
    let all = all(&node, &reader.0, &keeper.0, patient).await?;
    let at = format!("Patient/{patient}/$everything");
    Ok(resource(Release::R4, &page(&request, &at, &search, patient, all)?))
}

/// Everything about a patient, as far as the caller may read it.
pub(super) async fn all(
    node: &Node,
    reader: &Reader,
    keeper: &Keeper,
    patient: PatientId,
) -> Result<Vec<Value>, Wrong> {
    let kept = kept(node, patient).await?;
    let name = kept.name.clone().ok_or_else(Wrong::not_found)?;
    let what = "Patient/everything";
    let admitted = admit(node, reader, &name, systems::KINDS.to_vec(), Interaction::Read, what).await?;
    let mut all = shown(&kept, &admitted, patient);
    let consents = consents::of_patient(Release::R4, node, keeper, patient).await?;
    let after = usize::from(all.first().is_some_and(|first| first["resourceType"] == "Patient"));
    all.splice(after..after, consents);
    let dispenses = all.iter().filter(|resource| resource["resourceType"] == "MedicationDispense");
    let origins: Vec<Option<Value>> =
        dispenses.map(|dispense| provenance::of(node, dispense)).collect::<Result<_, _>>()?;
    all.extend(origins.into_iter().flatten());
    Ok(all)
}
