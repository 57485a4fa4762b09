//! People who stand in the tests, and how they are written in FHIR.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, send};

/// What would tell who a patient is; none of it may come out of the vault.
pub(crate) const SECRETS: [&str; 6] =
    ["mrn-4711-harbour", "Quastenflosser", "Wendeltreppe", "1961-07-19", "555-0147-22", "harbour-lighthouse-lane"];

/// A Patient of the name at the custodian.
pub(crate) fn patient(name: &str) -> Value {
    json!({"resourceType": "Patient", "active": true, "gender": "female", "birthDate": SECRETS[3],
        "identifier": [{"system": "urn:veridose:patient", "value": name}],
        "name": [{"family": SECRETS[1], "given": [SECRETS[2]]}], "telecom": [{"system": "phone", "value": SECRETS[4]}],
        "address": [{"line": [SECRETS[5]], "state": "NH", "country": "US", "postalCode": "03601"}]})
}

pub(crate) fn subject(name: &str) -> Value {
    json!({"identifier": {"system": "urn:veridose:patient", "value": name}})
}

pub(crate) fn prescription(name: &str) -> Value {
    json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": subject(name),
        "medicationCodeableConcept": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "617312"}]},
        "authoredOn": "2026-02-01", "note": [{"text": SECRETS[2]}]})
}

pub(crate) fn observation(name: &str, value: f64) -> Value {
    json!({"resourceType": "Observation", "status": "final", "subject": subject(name),
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}, "effectiveDateTime": "2026-02-03",
        "valueQuantity": {"value": value, "unit": "g/dL"}})
}

/// A consent to recording dispenses.
pub(crate) fn consent(name: &str) -> Value {
    json!({"resourceType": "Consent", "status": "active", "patient": subject(name),
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
        "sourceAttachment": {"title": "the paper that was signed"},
        "provision": {"type": "permit",
            "purpose": [{"system": "urn:veridose:purpose", "code": "dispense_record"}],
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "MedicationDispense"}]}})
}

/// Hands a resource in.
pub(crate) async fn create(client: &Client, resource: &Value) -> Answer {
    let kind = resource["resourceType"].as_str().expect("a resource").to_owned();
    create_as(client, &kind, "application/fhir+json", resource.to_string()).await
}

pub(crate) async fn create_as(client: &Client, kind: &str, media: &str, body: String) -> Answer {
    let request = client.request(Method::POST, &format!("/fhir/{kind}")).header(CONTENT_TYPE, media).body(body);
    send(request).await.expect("an answer")
}

/// The id of a resource that was taken in.
pub(crate) async fn created(client: &Client, resource: &Value) -> String {
    let answer = create(client, resource).await;
    assert_eq!((answer.status.as_u16(), answer.media_type.as_str()), (201, "application/fhir+json"), "{}", answer.body);
    answer.body["id"].as_str().expect("an id").to_owned()
}

/// Code and place of the first issue of an `OperationOutcome`.
pub(crate) fn issue(answer: &Answer) -> (u16, String, String) {
    assert_eq!(answer.body["resourceType"], "OperationOutcome", "{}: {}", answer.status, answer.body);
    let issue = &answer.body["issue"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text(&issue["code"]), text(&issue["expression"][0]))
}

/// A patient of whom four documents are kept; the id.
pub(crate) async fn kept(harbour: &Client, name: &str) -> String {
    let id = created(harbour, &patient(name)).await;
    created(harbour, &prescription(name)).await;
    created(harbour, &observation(name, 13.5)).await;
    created(harbour, &consent(name)).await;
    id
}
