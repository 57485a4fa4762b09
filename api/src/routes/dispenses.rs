//! The end of a pack, and its undoing: supply to a patient, other decommissioning, Art. 13 of Regulation (EU) 2016/161.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use veridose_contract::{Action, Commitment, ConsentId, DecommissionReason};
use veridose_store::{Opened, Payload, Viewer};

use super::items::{items, split};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, document};
use crate::problem::Problem;
use crate::trade::record;

/// A dispense under a consent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dispense {
    /// The packs, in any form.
    items: Vec<String>,
    /// The patient's consent.
    consent: ConsentVersion,
    /// The prescription in any words: only a salted commitment to it leaves this request. Or `MedicationRequest/` and its id, for
    /// one that is kept here and is of the consent's patient: its own commitment goes onto the ledger.
    prescription: String,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// A consent as the pharmacist saw it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentVersion {
    /// Its name.
    #[schema(value_type = String)]
    id: ConsentId,
    /// Its version.
    version: u32,
}

/// What was dispensed.
#[derive(Serialize, ToSchema)]
pub(super) struct Dispensed {
    /// The salt of the commitment to a prescription in words, to be kept with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    prescription_salt: Option<String>,
    #[serde(flatten)]
    committed: Committed,
}

/// Supplies packs to a patient.
#[utoipa::path(
    tag = "dispenses",
    params(WriteHeaders),
    responses((status = 201, description = "Dispensed", body = Dispensed), Refusals)
)]
#[post("/dispenses")]
pub(super) async fn dispense(write: Write, body: web::Json<Dispense>) -> Result<HttpResponse, Problem> {
    write.node().ledger().check_fresh()?;
    let (keys, uris) = split(items(write.node().network_key(), &body.items)?);
    let happened = write.happened(body.happened);
    let event = record::object(record::DISPENSING, happened, write.actor.site, &uris);
    let kept = kept_prescription(&write, &body).await?;
    let salt = kept.is_none().then(|| write.name("prescription"));
    let prescription = kept.unwrap_or_else(|| commitment(&salt.unwrap_or_default(), &body.prescription));
    let salt = salt.map(hex::encode);
    let action = Action::Dispense { consent: body.consent.id, version: body.consent.version, prescription };
    let plan = write.plan(action, keys, happened, document(&event));
    let answer = |committed| Dispensed { prescription_salt: salt, committed };
    write.carry_out(&*body, plan, StatusCode::CREATED, answer).await
}

/// The prescription as a resource that is kept here, where the request names one.
async fn kept_prescription(write: &Write, body: &Dispense) -> Result<Option<Commitment>, Problem> {
    let Some(id) = body.prescription.strip_prefix("MedicationRequest/") else { return Ok(None) };
    let wrong =
        || Problem::field("prescription", "no MedicationRequest of the consent's patient is kept here under this id");
    let (party, store) = (&write.actor.party, write.node().store());
    let prescription = Commitment::parse(id).map_err(|_| wrong())?;
    write.node().caught_up().await;
    let consent = store.queries.consent(&Viewer::Party(party.clone()), &body.consent.id).await?;
    let consent = consent.ok_or_else(|| Problem::not_found("consent"))?;
    let opened = store.vault.open_many(&[prescription, consent.commitment], party).await?;
    match opened.as_slice() {
        [Opened::Document(Payload::Fhir(prescribed)), Opened::Document(Payload::Consent(given))]
            if prescribed.resource.as_ref().is_some_and(|resource| resource["resourceType"] == "MedicationRequest")
                && prescribed.patient == given.patient =>
        {
            Ok(Some(prescription))
        }
        _ => Err(wrong()),
    }
}

/// SHA-256(salt ‖ text).
fn commitment(salt: &[u8], text: &str) -> Commitment {
    use sha2::{Digest, Sha256};
    Commitment(Sha256::new().chain_update(salt).chain_update(text).finalize().into())
}

/// Packs or containers that leave the trade.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decommission {
    /// Packs or containers, in any form.
    items: Vec<String>,
    /// `supplied`, `exported`, `stolen`, `sample`, `free_sample`, `locked`, `destroyed` or `error`.
    #[schema(value_type = String, example = "supplied")]
    reason: DecommissionReason,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// Takes packs or containers out of the trade without a patient's record.
#[utoipa::path(
    tag = "dispenses",
    params(WriteHeaders),
    responses((status = 201, description = "Decommissioned", body = Committed), Refusals)
)]
#[post("/decommissions")]
pub(super) async fn decommission(write: Write, body: web::Json<Decommission>) -> Result<HttpResponse, Problem> {
    let (keys, uris) = split(items(write.node().network_key(), &body.items)?);
    let happened = write.happened(body.happened);
    let event = record::object(record::DECOMMISSIONING, happened, write.actor.site, &uris);
    let plan = write.plan(Action::Decommission { reason: body.reason }, keys, happened, document(&event));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// A dispense or decommissioning to be undone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {
    /// The packs, in any form.
    items: Vec<String>,
    /// The pharmacist declares that the packs were not handed to the public (Art. 13(1)(e)).
    not_supplied: bool,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// Undoes a dispense or decommissioning, where the law allows it.
#[utoipa::path(
    tag = "dispenses",
    params(WriteHeaders),
    responses((status = 200, description = "Back in the trade", body = Committed), Refusals)
)]
#[post("/dispenses/undo")]
pub(super) async fn undo(write: Write, body: web::Json<Undo>) -> Result<HttpResponse, Problem> {
    let (keys, uris) = split(items(write.node().network_key(), &body.items)?);
    let happened = write.happened(body.happened);
    let event = record::object(record::RESTORING, happened, write.actor.site, &uris);
    let plan = write.plan(Action::Undo { not_supplied: body.not_supplied }, keys, happened, document(&event));
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}
