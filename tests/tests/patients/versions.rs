//! Versions of records: replaced, deleted, read again, found by date.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, Trial, send};

use super::library::valid;
use super::people::{SECRETS, created, issue, observation, patient, prescription};

const NAME: &str = SECRETS[0];

async fn put(client: &Client, resource: &Value, seen: Option<&str>) -> Answer {
    let path = format!(
        "/fhir/{}/{}",
        resource["resourceType"].as_str().expect("a kind"),
        resource["id"].as_str().expect("an id")
    );
    let mut request = client.request(Method::PUT, &path).header(CONTENT_TYPE, "application/fhir+json");
    if let Some(seen) = seen {
        request = request.header(IF_MATCH, seen);
    }
    send(request.body(resource.to_string())).await.expect("an answer")
}

async fn got(client: &Client, path: &str) -> Answer {
    client.get(path).await.expect("an answer")
}

async fn deleted(client: &Client, path: &str, seen: Option<&str>) -> u16 {
    let mut request = client.request(Method::DELETE, path);
    if let Some(seen) = seen {
        request = request.header(IF_MATCH, seen);
    }
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One course of things.
async fn a_record_is_replaced_deleted_and_its_versions_stay() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    let person = created(&harbour, &patient(NAME)).await;
    let id = created(&harbour, &observation(NAME, 13.5)).await;
    let path = format!("/fhir/Observation/{id}");
    let mut next = observation(NAME, 14.5);
    next["id"] = json!(id);
    next["status"] = json!("corrected");
    assert_eq!(issue(&put(&harbour, &next, None).await).0, 400, "which version is replaced must be said");
    assert_eq!(issue(&put(&harbour, &next, Some("W/\"2\"")).await), (412, "conflict".to_owned(), String::new()));
    let answer = put(&harbour, &next, Some("W/\"1\"")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["meta"]["versionId"]), (200, &json!("2")), "{}", answer.body);
    let again = put(&harbour, &next, Some("W/\"1\"")).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &answer.body), "the same again is answered as before");
    // Of two who saw the same version one is told that it changed.
    next["valueQuantity"]["value"] = json!(15.5);
    assert_eq!(put(&harbour, &next, Some("W/\"1\"")).await.status, 412);
    let mut foreign = observation("p-2", 1.0);
    foreign["id"] = json!(id);
    assert_eq!(issue(&put(&harbour, &foreign, Some("W/\"2\"")).await).2, "Observation.subject");
    assert_eq!(issue(&put(&own, &next, Some("W/\"2\"")).await).0, 403, "who keeps a record changes it");
    let station = trial.member("pharmacy", "station-pharmacy").expect("a client");
    assert_eq!(issue(&put(&station, &next, Some("W/\"2\"")).await).0, 404);

    let now = got(&own, &path).await.success().expect("ours");
    assert_eq!((&now["valueQuantity"]["value"], &now["meta"]["versionId"]), (&json!(14.5), &json!("2")));
    let first = got(&own, &format!("{path}/_history/1")).await.success().expect("ours");
    assert_eq!((&first["valueQuantity"]["value"], &first["status"]), (&json!(13.5), &json!("final")));
    assert_eq!(got(&own, &format!("{path}/_history/3")).await.status, 404);
    assert_eq!(got(&harbour, &format!("{path}/_history/1")).await.status, 403, "history is data too");
    let found = got(&own, "/fhir/Observation?status=corrected").await.success().expect("found");
    assert_eq!(found["total"], 1);
    assert_eq!(got(&own, "/fhir/Observation?status=final").await.body["total"], 0);

    let mut told = patient(NAME);
    told["id"] = json!(person);
    told["gender"] = json!("other");
    let answer = put(&harbour, &told, Some("W/\"1\"")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["id"]), (200, &json!(person)), "{}", answer.body);
    assert_eq!(got(&own, &format!("/fhir/Patient/{person}")).await.body["gender"], "other");

    assert_eq!(deleted(&harbour, &path, Some("W/\"1\"")).await, 412);
    assert_eq!(deleted(&own, &path, None).await, 403);
    assert_eq!(deleted(&harbour, &path, None).await, 204);
    assert_eq!(deleted(&harbour, &path, None).await, 204, "it is as was asked");
    assert_eq!(issue(&got(&own, &path).await), (410, "deleted".to_owned(), String::new()));
    assert_eq!(got(&own, "/fhir/Observation").await.body["total"], 0);
    assert_eq!(got(&own, &format!("{path}/_history/3")).await.status, 410);
    let history = got(&own, &format!("{path}/_history")).await.success().expect("ours");
    let methods: Vec<&Value> =
        history["entry"].as_array().expect("entries").iter().map(|entry| &entry["request"]["method"]).collect();
    assert_eq!((methods, &history["total"]), (vec![&json!("DELETE"), &json!("PUT"), &json!("POST")], &json!(3)));
    let page = got(&own, &format!("{path}/_history?_count=2")).await.success().expect("ours");
    assert_eq!((page["entry"].as_array().map(Vec::len), page["link"].as_array().map(Vec::len)), (Some(2), Some(2)));
    valid(&[now, first, found, history, page, got(&own, "/fhir/metadata").await.body]);

    // Erasing reaches every version.
    let erase = json!({"erase_everything": true});
    own.post("/patients/me/erase", "erase", &erase).await.expect("an answer").success().expect("erased");
    for path in [path.clone(), format!("{path}/_history"), format!("{path}/_history/1")] {
        assert_eq!(got(&own, &path).await.status, 404, "{path}");
    }
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn records_are_found_by_their_dates() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    let mut ids = Vec::new();
    for date in ["2026-01-31", "2026-02-03", "2026-02-03T10:00:00Z", "2026-03"] {
        let mut measured = observation(NAME, 1.0);
        measured["effectiveDateTime"] = json!(date);
        ids.push(created(&harbour, &measured).await);
    }
    created(&harbour, &prescription(NAME)).await;
    for (query, expected) in [
        ("date=2026-02-03", 2),
        ("date=2026-02", 2),
        ("date=ge2026-02-03", 3),
        ("date=gt2026-02-03", 1),
        ("date=lt2026-02-01", 1),
        ("date=le2026-02-03", 3),
        ("date=ne2026-02-03", 2),
        ("date=sa2026-02", 1),
        ("date=eb2026-03", 3),
        ("date=ge2026-02-01&date=lt2026-03-01", 2),
        ("_lastUpdated=ge2020", 4),
        ("_lastUpdated=lt2020", 0),
    ] {
        let found = got(&own, &format!("/fhir/Observation?{query}")).await.success().expect("found");
        assert_eq!(found["total"], expected, "{query}");
    }
    let one = got(&own, &format!("/fhir/Observation?_id={}", ids[0])).await.success().expect("found");
    assert_eq!((&one["total"], &one["entry"][0]["resource"]["id"]), (&json!(1), &json!(ids[0])));
    assert_eq!(got(&own, "/fhir/MedicationRequest?authoredon=2026-02-01").await.body["total"], 1);
    for (query, place) in [
        ("date=ap2026", "http.date"),
        ("date=soon", "http.date"),
        ("_count=0", "http._count"),
        ("_lastUpdated=x", "http._lastUpdated"),
        ("_id=a&_id=b", "http._id"),
    ] {
        let refused = got(&own, &format!("/fhir/Observation?{query}")).await;
        assert_eq!(issue(&refused), (400, "value".to_owned(), place.to_owned()), "{query}");
    }
    assert_eq!(got(&own, "/fhir/Patient?date=2026").await.status, 400, "a Patient is not searched by date");
    trial.server.stop().await.expect("stops");
}
