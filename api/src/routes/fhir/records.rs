//! Patients, prescriptions, dispenses and observations.

use std::time::SystemTime;

use actix_web::http::header::HttpDate;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, post, web};
use serde_json::{Value, json};
use veridose_contract::{Action, Commitment};
use veridose_fhir::consent::{self, Whose};
use veridose_fhir::{Moment, Release, parse, systems};
use veridose_store::payload::FhirDocument;
use veridose_store::{Opened, Payload};

use super::access::{Admitted, Reader, admit, kinds};
use super::search::{AUTHORED, CATEGORY, CODE, HANDED_OVER, OBSERVED, PREPARED, Parameter, STATUS, Search, page};
use super::whose::{Kept, PatientId, Record, find, kept, name};
use super::{
    Asked, Outcomes, Sent, Wrong, base, consents, media, named_release, provenance, research, resource, wrong,
};
use crate::access::Use;
use crate::auth::Interaction;
use crate::node::{Node, date_time};
use crate::problem::{Kind, Problem};
use crate::routes::consents::Keeper;
use crate::routes::write::{Write, WriteHeaders, node};

/// Resources that are kept here, beside Consent.
pub(super) const KINDS: [&str; 4] = ["Patient", "MedicationRequest", "MedicationDispense", "Observation"];
/// Documents of a patient at a custodian.
const DOCUMENTS_MAX: usize = veridose_store::limits::COMMITMENTS_PER_CALL_MAX;

pub(super) fn known(kind: &str) -> Result<(), Wrong> {
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
    keeper.caller.check_scope(&kind, Interaction::Create)?;
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
    let at = write.node().clock().now();
    let document = FhirDocument::first(name, at, came.clone());
    let (commitment, sealed) = seal(write, &came, document).await?;
    let kept = present(commitment, &sealed, patient).ok_or_else(Wrong::not_found)?;
    let location = format!("{}/{kind}/{}/_history/1", base(&request), kept["id"].as_str().unwrap_or_default());
    Ok(of_version(HttpResponse::Created(), &sealed).insert_header(("Location", location)).body(kept.to_string()))
}

/// Seals a version of a record under its patient's key and puts its commitment on the ledger. The same request again gives the
/// first version's commitment and document.
pub(super) async fn seal(
    write: Write,
    body: &Value,
    document: FhirDocument,
) -> Result<(Commitment, FhirDocument), Wrong> {
    let node = write.shared();
    let patient = document.patient.clone();
    let mut plan = write.plan(Action::Anchor, Vec::new(), write.happened(None), Payload::Fhir(document));
    plan.patient = Some(patient);
    plan.readers.clear();
    let commitments = write.done(body, &plan).await?.1;
    let commitment = *commitments.first().ok_or_else(|| Problem::internal("a sealed resource has no commitment"))?;
    match node.store().vault.open_as_owner(&[commitment]).await?.remove(&commitment) {
        Some(Opened::Document(Payload::Fhir(document))) => Ok((commitment, document)),
        // Between the two the patient had everything erased.
        _ => Err(Wrong::not_found()),
    }
}

/// The headers of an answer that is a version of a record.
pub(super) fn of_version(mut builder: HttpResponseBuilder, document: &FhirDocument) -> HttpResponseBuilder {
    builder.insert_header(("ETag", format!("W/\"{}\"", document.version)));
    builder.insert_header(("Last-Modified", HttpDate::from(SystemTime::from(date_time(document.at))).to_string()));
    builder.content_type(media(Release::R4));
    builder
}

/// Whom a resource is about, and the element that says so.
pub(super) fn about(kind: &str, resource: &Value) -> (Whose, String) {
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
pub(super) async fn room(node: &Node, write: &Write, kind: &str, patient: PatientId) -> Result<(), Wrong> {
    if !write.sealed_before().await?.is_empty() {
        return Ok(());
    }
    let kept = kept(node, patient).await?;
    if kept.count >= DOCUMENTS_MAX {
        let detail = format!("of a patient, {DOCUMENTS_MAX} resources are kept at most");
        return Err(Problem::new(Kind::Conflict, detail).into());
    }
    let is_there = kept.records.iter().any(|record| record.said()["resourceType"] == "Patient");
    if kind == "Patient" && is_there {
        return Err(Problem::new(Kind::Conflict, "this patient has a Patient resource here").into());
    }
    Ok(())
}

/// The element that names the patient.
fn patient_element(kind: &Value) -> &'static str {
    if [json!("Claim"), json!("ClaimResponse")].contains(kind) { "patient" } else { "subject" }
}

/// A version as it is served; nothing where it deletes the record. `id` is the commitment to the first version.
pub(super) fn present(id: Commitment, document: &FhirDocument, patient: PatientId) -> Option<Value> {
    let resource = document.resource.as_ref()?;
    let is_patient = resource["resourceType"] == "Patient";
    let id = if is_patient { patient.to_string() } else { hex::encode(id.0) };
    let mut shown = json!({"resourceType": resource["resourceType"], "id": id, "meta": {}});
    for (name, value) in resource.as_object().into_iter().flatten() {
        if !["resourceType", "id"].contains(&name.as_str()) {
            shown[name] = value.clone();
        }
    }
    shown["meta"]["versionId"] = json!(document.version.to_string());
    shown["meta"]["lastUpdated"] = json!(Moment::text(document.at));
    if !is_patient {
        shown[patient_element(&resource["resourceType"])]["reference"] = json!(format!("Patient/{patient}"));
    }
    Some(shown)
}

/// Those of the resources that may be read, as they are served, the Patient first.
fn shown(kept: &Kept, admitted: &Admitted, patient: PatientId) -> Vec<Value> {
    let covered = kept.records.iter().filter(|record| record.current().is_some_and(|one| admitted.covers(one)));
    let mut shown: Vec<Value> = covered.filter_map(|record| present(record.id, record.last(), patient)).collect();
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
    let (patient, record) = read(&node, &reader.0, &kind, &id).await?;
    let shown = present(record.id, record.last(), patient).ok_or_else(gone)?;
    Ok(of_version(HttpResponse::Ok(), record.last()).body(shown.to_string()))
}

/// What is said of a record that was deleted.
pub(super) fn gone() -> Wrong {
    Problem::new(Kind::Gone, "it was deleted; what it said stands in its _history").into()
}

/// A record of that kind with all its versions, if it may be read.
pub(super) async fn read(node: &Node, reader: &Reader, kind: &str, id: &str) -> Result<(PatientId, Record), Wrong> {
    known(kind)?;
    let id = PatientId::parse(id).ok_or_else(Wrong::not_found)?;
    let (patient, record) = find(node, kind, id).await?;
    let of = systems::kind_of(record.said()).map_or_else(|| kinds(kind), |kind| vec![kind]);
    let what = format!("{kind}/read");
    let admitted = admit(node, reader, patient, of, Interaction::Read, &what).await?;
    if !admitted.covers(record.said()) {
        return Err(Wrong::not_found());
    }
    Ok((patient, record))
}

/// A patient's resources of a kind; or, where `Veridose-Purpose` names a study, the training of models or the marketplace and no patient
/// is named, those of everybody who consents to it, without what identifies.
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
pub(in crate::routes) async fn search_by_form(
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

/// What a kind is searched by, beside the patient, and which element a date is looked for in.
pub(super) fn parameters(kind: &str) -> &'static [Parameter] {
    match kind {
        "Observation" => &[STATUS, CATEGORY, CODE, OBSERVED],
        "MedicationRequest" => &[STATUS, CODE, AUTHORED],
        "MedicationDispense" => &[STATUS, CODE, HANDED_OVER, PREPARED],
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
    let is_of_one = search.patient.is_some() || search.identifier.is_some();
    if let Use::Purpose(purpose) = reader.asked.what_for
        && research::is_for(purpose)
        && !is_of_one
    {
        return research::found(node, reader, request, kind, search, purpose).await;
    }
    if search.cursor.is_some() {
        return Err(Problem::new(Kind::BadRequest, "_cursor is for searches over many patients").into());
    }
    let (patient, named) = search.patient(node, reader.own())?;
    let kept = kept(node, patient).await?;
    if !named && kept.count == 0 {
        return Err(Wrong::not_found());
    }
    let what = format!("{kind}/search");
    let admitted = admit(node, reader, patient, kinds(kind), Interaction::Search, &what).await?;
    let mut found = shown(&kept, &admitted, patient);
    found.retain(|resource| resource["resourceType"] == kind && search.finds(resource, parameters(kind)));
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
    let mut all = all(&node, &reader.0, &keeper.0, patient).await?;
    all.retain(|resource| search.finds(resource, &[]));
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
    if kept.count == 0 {
        return Err(Wrong::not_found());
    }
    let what = "Patient/everything";
    let admitted = admit(node, reader, patient, systems::KINDS.to_vec(), Interaction::Read, what).await?;
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
