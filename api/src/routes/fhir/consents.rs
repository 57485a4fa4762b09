//! Consents as FHIR resources.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::Value;
use veridose_contract::{Commitment, ConsentId, SignedBy};
use veridose_fhir::consent::{self, Standing, Terms, Whose};
use veridose_fhir::{Release, parse};
use veridose_store::ConsentRow;
use veridose_store::payload::ConsentDocument;

use super::search::{CONSENTED, STATUS, Search, page};
use super::whose::{self, PatientId, kept};
use super::{Asked, Outcomes, Sent, Wrong, base, media, named_release, resource, wrong};
use crate::access::record_consents;
use crate::auth::{Interaction, Role};
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::consents::{Keeper, NewConsent, found};
use crate::routes::write::WriteHeaders;

/// Registers a consent that came as FHIR Consent, R4 or R5 (`Content-Type: application/fhir+json; fhirVersion=5.0`).
#[utoipa::path(
    tag = "fhir",
    params(WriteHeaders),
    request_body(content = Value, content_type = "application/fhir+json"),
    responses((status = 201, description = "The Consent", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[post("/fhir/Consent")]
pub(in crate::routes) async fn create(
    keeper: Asked<Keeper>,
    request: HttpRequest,
    sent: Sent,
) -> Result<HttpResponse, Wrong> {
    let keeper = keeper.0;
    keeper.caller.check_scope("Consent", Interaction::Create)?;
    let loose: Value = serde_json::from_slice(&sent.0).unwrap_or_default();
    let release = named_release(&request, true)?.unwrap_or_else(|| consent::release_of(&loose));
    let came = parse(release, "Consent", &sent.0).map_err(wrong)?;
    let terms = consent::read(release, &came).map_err(wrong)?;
    let at = if release == Release::R4 { "Consent.patient" } else { "Consent.subject" };
    let node = crate::routes::write::node(&request).clone();
    let patient = whose::name(&node, &keeper, terms.whose.clone(), at).await?;
    let custodian = keeper.actor.party.clone();
    let write = keeper.write(&request)?;
    let wish = NewConsent::from_terms(&terms, came.clone());
    let (id, plan) = wish.registration(&write, patient.clone(), SignedBy::Custodian);
    let held = NewConsent::held(&plan).ok_or_else(|| Problem::internal("a registration registers"))?;
    write.done(&came, &plan).await?;
    let standing = Standing {
        id: &id.to_string(),
        version: 1,
        patient: &PatientId::of(&node, &patient).to_string(),
        custodian: &custodian,
        revoked: false,
        terms: &held,
        kept: &came,
    };
    let location = format!("{}/Consent/{id}/_history/1", base(&request));
    let written = consent::write(release, &standing);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(("ETag", "W/\"1\""))
        .content_type(media(release))
        .body(written.to_string()))
}

/// One consent as FHIR Consent; as R5 where `Accept` says `fhirVersion=5.0`.
#[utoipa::path(
    tag = "fhir",
    params(("id" = String, Path, description = "Name of the consent")),
    responses((status = 200, description = "The Consent", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/Consent/{id}")]
pub(in crate::routes) async fn show(
    keeper: Asked<Keeper>,
    node: web::Data<Node>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Wrong> {
    let release = named_release(&request, false)?.unwrap_or(Release::R4);
    node.ledger().check_fresh()?;
    let id = ConsentId::parse(&path).map_err(|_| Wrong::not_found())?;
    let (row, document) = found(&node, &keeper.0, &id).await?.ok_or_else(Wrong::not_found)?;
    record_consents(&node, &keeper.0.caller, &[row.commitment], "Consent/read").await?;
    let patient = PatientId::of(&node, &document.patient);
    Ok(resource(release, &written(release, &row, &document, patient)))
}

/// A patient's consents: `patient`, for a patient's own token not needed; `status`.
#[utoipa::path(
    tag = "fhir",
    params(Search),
    responses((status = 200, description = "A searchset Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/Consent")]
pub(in crate::routes) async fn index(
    keeper: Asked<Keeper>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> Result<HttpResponse, Wrong> {
    let release = named_release(&request, false)?.unwrap_or(Release::R4);
    let search = Search::of_query(&request, &[STATUS, CONSENTED])?;
    node.ledger().check_fresh()?;
    let keeper = keeper.0;
    let own = keeper.caller.patient.as_ref().filter(|_| keeper.caller.role == Role::Patient);
    let (patient, _) = search.patient(&node, own)?;
    let rows = rows_of(&node, &keeper, patient).await?;
    let seen: Vec<Commitment> = rows.iter().map(|(row, _)| row.commitment).collect();
    record_consents(&node, &keeper.caller, &seen, "Consent/search").await?;
    let mut found: Vec<Value> = rows.iter().map(|(row, document)| written(release, row, document, patient)).collect();
    found.retain(|consent| search.finds(consent, &[STATUS, CONSENTED]));
    Ok(resource(release, &page(&request, "Consent", &search, patient, found)?))
}

/// Consents of a patient as they stand: those that the caller keeps, for the patient all. That they are seen is recorded by who asks.
pub(super) async fn of_patient(
    release: Release,
    node: &Node,
    keeper: &Keeper,
    patient: PatientId,
) -> Result<Vec<Value>, Wrong> {
    let rows = rows_of(node, keeper, patient).await?;
    Ok(rows.iter().map(|(row, document)| written(release, row, document, patient)).collect())
}

pub(super) async fn rows_of(
    node: &Node,
    keeper: &Keeper,
    patient: PatientId,
) -> Result<Vec<(ConsentRow, ConsentDocument)>, Wrong> {
    let mut documents: HashMap<Commitment, ConsentDocument> = kept(node, patient).await?.consents.into_iter().collect();
    let commitments: Vec<Commitment> = documents.keys().copied().collect();
    let rows = node.store().queries.consent_rows_of(&commitments).await?;
    let is_patient = keeper.caller.role == Role::Patient;
    let known = rows.into_iter().filter_map(|row| documents.remove(&row.commitment).map(|document| (row, document)));
    let seen = known.filter(|(row, document)| {
        let own = keeper.caller.patient.as_ref() == Some(&document.patient);
        if is_patient { own } else { row.custodian == keeper.actor.party }
    });
    Ok(seen.collect())
}

fn written(release: Release, row: &ConsentRow, document: &ConsentDocument, patient: PatientId) -> Value {
    let terms = Terms {
        whose: Whose::Unsaid,
        purpose: row.purpose,
        data: row.data.clone(),
        form: Some(row.form),
        grantee: row.grantee.clone(),
        credential: row.credential,
        from: Some(row.from),
        until: row.until,
    };
    let standing = Standing {
        id: &row.consent.to_string(),
        version: row.version,
        patient: &patient.to_string(),
        custodian: &row.custodian,
        revoked: row.revoked_at.is_some(),
        terms: &terms,
        kept: &document.terms,
    };
    consent::write(release, &standing)
}
