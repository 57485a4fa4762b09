//! What this service can do, as FHIR says it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde_json::{Value, json};
use veridose_fhir::{Moment, Release};

use super::records::{KINDS, parameters};
use super::search::{CONSENTED, Parameter, STATUS};
use super::{Outcomes, Wrong, base, resource};
use crate::node::Node;

const SECURITY: &str = "An access token (RFC 6750) with scopes as in SMART App Launch; who acts for a member names the purpose in \
                        Veridose-Purpose and shows credentials in Veridose-Credential";

const RECORDS: &str = "PUT needs If-Match and is for who keeps the record. DELETE marks: the history stays until the patient has everything \
                       erased. A search without a patient, under a Veridose-Purpose of research, finds records of everybody who consents, \
                       without what identifies (meta.security PSEUDED)";

/// The CapabilityStatement; without a token.
#[utoipa::path(
    tag = "fhir",
    security(()),
    responses((status = 200, description = "A CapabilityStatement", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/fhir/metadata")]
pub(in crate::routes) async fn show(node: web::Data<Node>, request: HttpRequest) -> Result<HttpResponse, Wrong> {
    Ok(resource(Release::R4, &statement(&base(&request), &Moment::text(node.clock().now()).unwrap_or_default())))
}

fn statement(base: &str, at: &str) -> Value {
    let interactions = |codes: &[&str]| codes.iter().map(|code| json!({"code": code})).collect::<Vec<_>>();
    let search = |names: &[(&str, &str)]| {
        names.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect::<Vec<_>>()
    };
    let patient = [("patient", "reference"), ("_id", "token")];
    let with = |own: &[Parameter], all: &[(&'static str, &'static str)]| {
        search(&patient.iter().chain(all).copied().chain(own.iter().map(|one| one.told())).collect::<Vec<_>>())
    };
    let kept = |kind: &&str| {
        let all = ["create", "read", "vread", "update", "delete", "history-instance", "search-type"];
        let mut told = json!({
            "type": kind, "interaction": interactions(&all), "versioning": "versioned-update",
            "readHistory": true, "updateCreate": false, "conditionalCreate": false, "conditionalUpdate": false,
            "documentation": RECORDS, "searchParam": with(parameters(kind), &[("_lastUpdated", "date")]),
        });
        if *kind == "Patient" {
            let definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything";
            told["operation"] = json!([{"name": "everything", "definition": definition}]);
            told["searchParam"] = json!(search(&[("identifier", "token"), ("_id", "token"), ("_lastUpdated", "date")]));
        }
        told
    };
    let mut resources: Vec<Value> = KINDS.iter().map(kept).collect();
    resources.push(json!({
        "type": "Consent", "interaction": interactions(&["create", "read", "search-type"]), "versioning": "versioned",
        "documentation": "R4; R5 where fhirVersion=5.0 stands in Content-Type or Accept",
        "searchParam": with(&[STATUS, CONSENTED], &[]),
    }));
    resources.push(json!({
        "type": "Provenance", "interaction": interactions(&["search-type"]),
        "searchParam": [{"name": "target", "type": "reference"}],
    }));
    resources.push(json!({
        "type": "Claim", "interaction": interactions(&["create", "read"]), "versioning": "no-version",
        "documentation": "One claim for one dispense: one that is claimed or paid is refused as duplicate",
        "operation": [{"name": "submit", "definition": "http://hl7.org/fhir/OperationDefinition/Claim-submit"}],
    }));
    resources
        .push(json!({"type": "ClaimResponse", "interaction": interactions(&["read"]), "versioning": "no-version"}));
    let security = json!({"description": SECURITY});
    json!({
        "resourceType": "CapabilityStatement", "status": "active", "date": at, "kind": "instance",
        "software": {"name": "Veridose", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Consents and records of patients, and claims for dispenses", "url": base},
        "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "security": security, "resource": resources}],
    })
}
