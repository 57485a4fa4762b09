//! What ties a MedicationDispense to the consent and the prescription that it was made under: the dispense on the ledger.
//!
//! The resource names the transaction in an extension; nobody has to believe it, because the ledger says which consent, in which
//! version, and which prescription the transaction commits to.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use veridose_contract::PartyId;
use veridose_fhir::{IssueCode, Link, Moment, Release, searchset, systems};
use veridose_store::{Opened, Payload};

use super::access::Reader;
use super::records::{gone, present, read};
use super::whose::PatientId;
use super::{Asked, Outcomes, Wrong, base, resource};
use crate::dispensed::{DISPENSE, dispensed};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Refuses a MedicationDispense that names a dispense of somebody else, under a consent of another patient or of another
/// prescription than its own.
pub(super) async fn check(node: &Node, custodian: &PartyId, patient: PatientId, came: &Value) -> Result<(), Wrong> {
    let extensions = came["extension"].as_array().into_iter().flatten();
    if !extensions.clone().any(|extension| extension["url"] == DISPENSE) {
        return Ok(());
    }
    let refused = |at: &str, text: &str| Err(Wrong::at(IssueCode::BusinessRule, at, text));
    let at = "MedicationDispense.extension";
    let Some(found) = dispensed(node, came)? else { return refused(at, "there is no such dispense on the ledger") };
    if found.party != *custodian {
        return refused(at, "the dispense is another party's");
    }
    let rows = node.store().queries.consent(&veridose_store::Viewer::Party(custodian.clone()), &found.consent).await?;
    let document = match rows {
        Some(row) => node.store().vault.open(&row.commitment, custodian).await?,
        None => Opened::NotFound,
    };
    let Opened::Document(Payload::Consent(document)) = document else {
        return refused(at, "the consent of the dispense is not kept here");
    };
    if PatientId::of(node, &document.patient) != patient {
        return refused("MedicationDispense.subject", "the dispense was made under another patient's consent");
    }
    let prescription = hex::encode(found.prescription.0);
    for (at, reference) in came["authorizingPrescription"].as_array().into_iter().flatten().enumerate() {
        let named = reference["reference"].as_str().and_then(|named| named.strip_prefix("MedicationRequest/"));
        if named.is_some_and(|named| named != prescription) {
            let at = format!("MedicationDispense.authorizingPrescription[{at}]");
            return refused(&at, "the dispense on the ledger commits to another prescription");
        }
    }
    Ok(())
}

/// The Provenance of a MedicationDispense as it is served, where the ledger has its dispense.
pub(super) fn of(node: &Node, dispense: &Value) -> Result<Option<Value>, Wrong> {
    let Some(found) = dispensed(node, dispense)? else { return Ok(None) };
    let id = dispense["id"].as_str().unwrap_or_default();
    let moment = |at| {
        Moment::text(at).ok_or_else(|| Problem::internal("a time of the ledger has more than four digits of year"))
    };
    let entity = |reference: String| json!({"role": "source", "what": {"reference": reference}});
    let prescription = format!("MedicationRequest/{}", hex::encode(found.prescription.0));
    // A prescription in words is committed to as well, and is no resource here.
    let known = dispense["authorizingPrescription"].as_array().into_iter().flatten();
    let known = known.clone().any(|reference| reference["reference"] == prescription);
    let mut entities = vec![entity(format!("Consent/{}/_history/{}", found.consent, found.version))];
    entities.push(if known {
        entity(prescription)
    } else {
        let hash = json!({"system": "urn:veridose:commitment", "value": hex::encode(found.prescription.0)});
        json!({"role": "source", "what": {"type": "MedicationRequest", "identifier": hash}})
    });
    Ok(Some(json!({
        "resourceType": "Provenance",
        "id": id,
        "target": [{"reference": format!("MedicationDispense/{id}")}],
        "occurredDateTime": moment(found.command.happened)?,
        "recorded": moment(found.command.happened)?,
        "activity": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "CREATE"}]},
        "agent": [{"who": {"type": "Organization", "identifier": {"system": systems::PARTY, "value": found.party.as_str()}}}],
        "entity": entities,
        "extension": [{"url": DISPENSE, "valueString": found.tx.to_string()}],
    })))
}

/// Of what the provenance is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Target {
    /// `MedicationDispense/` and its id.
    target: String,
}

/// The consent and prescription that a dispense was made under, for who may see the dispense.
#[utoipa::path(
    tag = "fhir",
    params(Target),
    responses((status = 200, description = "A searchset Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/Provenance")]
pub(in crate::routes) async fn find(
    reader: Asked<Reader>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> Result<HttpResponse, Wrong> {
    let wanted = "say target=MedicationDispense/ and its id";
    let target = web::Query::<Target>::from_query(request.query_string());
    let target = target.map_err(|_| Problem::new(Kind::BadRequest, wanted))?.into_inner().target;
    let id = target.strip_prefix("MedicationDispense/").and_then(PatientId::parse);
    let id = id.ok_or_else(|| Problem::new(Kind::BadRequest, wanted))?;
    let (patient, record) = read(&node, &reader.0, "MedicationDispense", &id.to_string()).await?;
    let dispense = present(record.id, record.last(), patient).ok_or_else(gone)?;
    let base = base(&request);
    let found: Vec<Value> = of(&node, &dispense)?.into_iter().collect();
    let links = [Link { relation: "self", url: format!("{base}/Provenance?target={target}") }];
    Ok(resource(Release::R4, &searchset(&base, &links, Some(found.len()), found)))
}
