//! To FHIR.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use veridose_contract::Timestamp;

use super::systems::{
    ACT_CODE, ACT_REASON, ACTION, CREDENTIAL, CREDENTIALS, FHIR_TYPES, LOINC, OBSERVATION_VALUE, PARTICIPATION, PARTY,
    PURPOSE, RESOURCE_TYPES, SCOPE, category, label, reason, resource, scope,
};
use super::{Standing, release_of};
use crate::definitions::Release;
use crate::moment::Moment;

/// The consent as a resource: what came as one of the same release comes back with all that it said, the rest made from what
/// the ledger holds.
pub fn write(release: Release, standing: &Standing<'_>) -> Value {
    let kept = standing.kept.as_object().filter(|_| standing.kept["resourceType"] == "Consent");
    let kept = kept.filter(|_| release_of(standing.kept) == release);
    let mut consent = Map::new();
    consent.insert("resourceType".to_owned(), json!("Consent"));
    consent.insert("id".to_owned(), json!(standing.id));
    let mut meta = kept.and_then(|kept| kept.get("meta")).cloned().unwrap_or_else(|| json!({}));
    meta["versionId"] = json!(standing.version.to_string());
    consent.insert("meta".to_owned(), meta);
    consent.insert("status".to_owned(), json!(if standing.revoked { "inactive" } else { "active" }));
    match release {
        Release::R4 => r4(&mut consent, standing),
        Release::R5 => r5(&mut consent, standing),
    }
    for (name, value) in kept.into_iter().flatten() {
        if !OWN.contains(&name.as_str()) {
            consent.insert(name.clone(), value.clone());
        }
    }
    Value::Object(consent)
}

/// What the ledger says, whatever came.
const OWN: [&str; 10] =
    ["resourceType", "id", "meta", "status", "patient", "subject", "provision", "decision", "period", "grantee"];

fn r4(consent: &mut Map<String, Value>, standing: &Standing<'_>) {
    let coded = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    consent.insert("scope".to_owned(), coded(SCOPE, scope(standing.terms.purpose)));
    consent.insert("category".to_owned(), json!([coded(LOINC, "59284-0")]));
    consent.insert("patient".to_owned(), patient(standing));
    consent.insert("organization".to_owned(), json!([member(standing.custodian.as_str())]));
    if let Some(words) = words(standing) {
        consent.insert("sourceAttachment".to_owned(), words);
    }
    consent.insert("policyRule".to_owned(), coded(ACT_CODE, "OPTIN"));
    let mut provision = provision(standing, "class", RESOURCE_TYPES);
    provision.insert("type".to_owned(), json!("permit"));
    consent.insert("provision".to_owned(), Value::Object(provision));
}

fn r5(consent: &mut Map<String, Value>, standing: &Standing<'_>) {
    consent.insert("category".to_owned(), json!([{"coding": [{"system": LOINC, "code": "59284-0"}]}]));
    consent.insert("subject".to_owned(), patient(standing));
    consent.insert("controller".to_owned(), json!([member(standing.custodian.as_str())]));
    if let Some(words) = words(standing) {
        consent.insert("sourceAttachment".to_owned(), json!([words]));
    }
    consent.insert("decision".to_owned(), json!("permit"));
    consent.insert("provision".to_owned(), json!([provision(standing, "resourceType", FHIR_TYPES)]));
}

fn provision(standing: &Standing<'_>, classes: &str, types: &str) -> Map<String, Value> {
    let terms = standing.terms;
    let mut provision = Map::new();
    let start = terms.from.and_then(Moment::text);
    // FHIR's period includes its last moment, the contract's does not.
    let end = terms.until.and_then(|until| Moment::text(Timestamp(until.0.saturating_sub(1))));
    let mut period = Map::new();
    period.extend(start.map(|start| ("start".to_owned(), json!(start))));
    period.extend(end.map(|end| ("end".to_owned(), json!(end))));
    if !period.is_empty() {
        provision.insert("period".to_owned(), Value::Object(period));
    }
    let actors = actors(standing);
    if !actors.is_empty() {
        provision.insert("actor".to_owned(), Value::Array(actors));
    }
    provision.insert("action".to_owned(), json!([{"coding": [{"system": ACTION, "code": "access"}]}]));
    if let Some(label) = terms.form.and_then(label) {
        provision.insert("securityLabel".to_owned(), json!([{"system": OBSERVATION_VALUE, "code": label}]));
    }
    let mut purpose = vec![json!({"system": PURPOSE, "code": terms.purpose.to_string()})];
    purpose.extend(reason(terms.purpose).map(|code| json!({"system": ACT_REASON, "code": code})));
    provision.insert("purpose".to_owned(), Value::Array(purpose));
    let mut names: Vec<&str> = terms.data.iter().map(|kind| resource(*kind)).collect();
    names.dedup();
    if !names.is_empty() {
        let coded: Vec<Value> = names.iter().map(|name| json!({"system": types, "code": name})).collect();
        provision.insert(classes.to_owned(), Value::Array(coded));
    }
    let codes: Vec<Value> = terms
        .data
        .iter()
        .filter_map(|kind| category(*kind))
        .map(|(system, code)| json!({"coding": [{"system": system, "code": code}]}))
        .collect();
    if !codes.is_empty() {
        provision.insert("code".to_owned(), Value::Array(codes));
    }
    provision
}

/// The member, and what a person must be shown to be. FHIR wants a reference with each.
fn actors(standing: &Standing<'_>) -> Vec<Value> {
    let role = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let mut actors = Vec::new();
    if let Some(grantee) = &standing.terms.grantee {
        actors.push(json!({"role": role(PARTICIPATION, "IRCP"), "reference": member(grantee.as_str())}));
    }
    if let Some(credential) = standing.terms.credential {
        let code = CREDENTIALS.iter().find(|(kind, _)| *kind == credential).map_or("", |(_, code)| code);
        let anybody = json!({"display": "whoever is shown to be this"});
        actors.push(json!({"role": role(CREDENTIAL, code), "reference": anybody}));
    }
    actors
}

fn patient(standing: &Standing<'_>) -> Value {
    json!({"reference": format!("Patient/{}", standing.patient)})
}

fn member(name: &str) -> Value {
    json!({"type": "Organization", "identifier": {"system": PARTY, "value": name}})
}

/// Words that the patient agreed to, where they did not come as a resource.
fn words(standing: &Standing<'_>) -> Option<Value> {
    let text = match standing.kept {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Object(_) if standing.kept["resourceType"] == "Consent" => return None,
        Value::Null | Value::String(_) => return None,
        Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
            return Some(json!({"contentType": "application/json", "data": BASE64.encode(standing.kept.to_string())}));
        }
    };
    Some(json!({"contentType": "text/plain", "data": BASE64.encode(text)}))
}
