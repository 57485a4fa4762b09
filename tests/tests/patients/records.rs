//! Records over HTTP.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, pack, send};

use super::people::{SECRETS, consent, create, create_as, created, issue, observation, patient, prescription};

const NAME: &str = SECRETS[0];

async fn got(client: &Client, path: &str) -> Value {
    client.get(path).await.expect("an answer").success().expect("ours to see")
}

async fn status(client: &Client, path: &str) -> u16 {
    client.get(path).await.expect("an answer").status.as_u16()
}

fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.map(|entry| entry["resource"]["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn records_are_their_patients_and_their_keepers() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    let id = created(&harbour, &patient(NAME)).await;
    let order = created(&harbour, &prescription(NAME)).await;
    let mut found = vec![created(&harbour, &observation(NAME, 13.5)).await];
    found.push(created(&own, &observation(NAME, 14.25)).await);
    let other = created(&harbour, &patient("p-2")).await;

    let read = got(&own, &format!("/fhir/Patient/{id}")).await;
    assert_eq!((&read["birthDate"], &read["id"]), (&json!(SECRETS[3]), &json!(id)));
    let read = got(&own, &format!("/fhir/MedicationRequest/{order}")).await;
    assert_eq!(read["subject"]["reference"], format!("Patient/{id}"));
    let strangers = [
        trial.harbour().expect("a client"),
        trial.member("pharmacy", "station-pharmacy").expect("a client"),
        trial.agency().expect("a client"),
        trial.patient("p-2").expect("a client"),
    ];
    for stranger in &strangers {
        for path in [
            format!("/fhir/Patient/{id}"),
            format!("/fhir/MedicationRequest/{order}"),
            format!("/fhir/Patient/{id}/$everything"),
        ] {
            assert_eq!(status(stranger, &path).await, 403, "without a consent nobody else sees {path}");
        }
    }
    assert_eq!(status(&own, &format!("/fhir/Patient/{other}")).await, 403);
    assert_eq!(status(&own, &format!("/fhir/Patient/{}", "0".repeat(64))).await, 404);
    assert_eq!(issue(&create(&own, &observation("p-2", 1.0)).await), (403, "forbidden".to_owned(), String::new()));
    assert_eq!(create(&harbour, &patient(NAME)).await.status, 409, "there is one already");

    let all = got(&own, &format!("/fhir/Observation?patient={id}&code=http://loinc.org%7C718-7&status=final")).await;
    found.sort_unstable();
    assert_eq!((&all["total"], ids(&all)), (&json!(2), found.clone()));
    assert_eq!(got(&own, "/fhir/Observation?category=vital-signs").await["total"], 0);
    let first = got(&own, "/fhir/Observation?_count=1").await;
    let next =
        first["link"].as_array().expect("links").iter().find(|link| link["relation"] == "next").expect("a next page");
    let path = next["url"].as_str().expect("a URL").replace(trial.server.base(), "");
    let second = got(&own, &path).await;
    assert_eq!([ids(&first), ids(&second)].concat(), found);
    assert!(!second["link"].to_string().contains("next"));

    let form = format!("identifier=urn:veridose:patient%7C{NAME}");
    let search = own.request(Method::POST, "/fhir/MedicationRequest/_search").body(form.clone());
    let search = search.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(ids(&send(search).await.expect("an answer").success().expect("found")), [order]);
    for query in [form.as_str(), "", "patient=x", "shoe=1", "status=final&patient=x", "_count=0"] {
        let answer = harbour.get(&format!("/fhir/Patient?{query}")).await.expect("an answer");
        assert_eq!(issue(&answer).0, 400, "{query}");
    }
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_consent_comes_and_goes_as_fhir() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    let mut wish = consent(NAME);
    wish["provision"]["period"] = json!({"start": "2020-01-01", "end": "2049"});
    let id = created(&harbour, &wish).await;
    let shown = got(&own, &format!("/fhir/Consent/{id}")).await;
    assert_eq!(shown["sourceAttachment"], wish["sourceAttachment"]);
    assert_eq!(
        shown["provision"]["period"],
        json!({"start": "2020-01-01T00:00:00.000Z", "end": "2049-12-31T23:59:59.999Z"})
    );
    assert_eq!(got(&harbour, &format!("/consents/{id}")).await["purpose"], "dispense_record");

    let r5 = own
        .request(Method::GET, &format!("/fhir/Consent/{id}"))
        .header(ACCEPT, "application/fhir+json; fhirVersion=5.0");
    let mut r5 = send(r5).await.expect("an answer").success().expect("ours to see");
    assert_eq!((&r5["decision"], r5.get("scope")), (&json!("permit"), None));
    r5["sourceAttachment"] = json!([{"title": "again"}]);
    let again = create_as(&own, "Consent", "application/fhir+json; fhirVersion=5.0", r5.to_string()).await;
    assert_eq!((again.status.as_u16(), &again.body["provision"]), (201, &r5["provision"]), "{}", again.body);

    let revoked =
        own.post(&format!("/consents/{id}/revoke"), "revoke", &json!({"version": 1})).await.expect("an answer");
    revoked.success().expect("revoked");
    let shown = got(&own, &format!("/fhir/Consent/{id}")).await;
    assert_eq!((&shown["status"], &shown["meta"]["versionId"]), (&json!("inactive"), &json!("2")));
    assert_eq!(got(&own, "/fhir/Consent").await["total"], 2);
    assert_eq!(got(&own, "/fhir/Consent?status=active").await["total"], 1);

    let mut unheld = consent(NAME);
    unheld["provision"]["dataPeriod"] = json!({"start": "2020"});
    let refused = (422, "not-supported".to_owned(), "Consent.provision.dataPeriod".to_owned());
    assert_eq!(issue(&create(&harbour, &unheld).await), refused);
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn malformed_fhir_is_refused_with_its_path() {
    let trial = Trial::start().await.expect("starts");
    let harbour = trial.harbour().expect("a client");
    let cases = [
        ("Patient", json!({"resourceType": "Patient", "name": [{"family": 1}]}), "value", "Patient.name[0].family"),
        ("Patient", json!({"resourceType": "Patient", "shoe": SECRETS[1]}), "structure", "Patient.shoe"),
        ("Patient", json!({"resourceType": "Observation"}), "structure", "Patient"),
        ("Observation", json!({"resourceType": "Observation", "status": "final"}), "required", "Observation.code"),
        ("Consent", json!({"resourceType": "Consent", "status": "active"}), "required", "Consent.scope"),
    ];
    for (kind, body, code, expression) in cases {
        let answer = create_as(&harbour, kind, "application/fhir+json", body.to_string()).await;
        assert_eq!(issue(&answer), (400, code.to_owned(), expression.to_owned()), "{}", answer.body);
        assert!(!answer.body.to_string().contains(SECRETS[1]));
    }
    for (media, body, expected) in [
        ("text/plain", patient(NAME).to_string(), 415),
        ("application/fhir+json", "{".to_owned(), 400),
        ("application/fhir+json", " ".repeat(600_000), 413),
    ] {
        assert_eq!(issue(&create_as(&harbour, "Patient", media, body).await).0, expected);
    }
    let nobody = Client::new(trial.server.base(), None).expect("a client");
    assert_eq!(issue(&nobody.get("/fhir/Patient").await.expect("an answer")), (401, "login".to_owned(), String::new()));
    let statement = got(&nobody, "/fhir/metadata").await;
    assert_eq!(
        (&statement["resourceType"], &statement["fhirVersion"]),
        (&json!("CapabilityStatement"), &json!("4.0.1"))
    );
    trial.server.stop().await.expect("stops");
}

/// Packs in Harbour Pharmacy's hands.
pub(super) async fn stocked(trial: &Trial, serials: &[&str]) {
    let (maker, harbour) = (trial.maker().expect("a client"), trial.harbour().expect("a client"));
    let packs = document(&[commissioning(serials, Some("L1"))]).to_string();
    assert_eq!(maker.capture(JSON_LD, "rollback", packs).await.expect("a job")["success"], true);
    let items: Vec<_> = serials.iter().map(|serial| pack(serial)).collect();
    let offer = json!({"to": "harbour-pharmacy", "items": items});
    let offer = maker
        .post("/handoffs", &format!("offer {}", serials[0]), &offer)
        .await
        .expect("an answer")
        .success()
        .expect("offered");
    let path = format!("/handoffs/{}/accept", offer["offer"].as_str().expect("a name"));
    harbour
        .post(&path, &format!("accept {}", serials[0]), &json!({}))
        .await
        .expect("an answer")
        .success()
        .expect("accepted");
}

#[tokio::test]
async fn a_dispense_is_tied_to_its_consent_and_prescription() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    stocked(&trial, &["A", "B"]).await;
    let (order, foreign) =
        (created(&harbour, &prescription(NAME)).await, created(&harbour, &prescription("p-2")).await);
    let given = created(&harbour, &consent(NAME)).await;
    let dispense = |serial: &str, consent: &str, version: u32, order: &str| {
        json!({"items": [pack(serial)], "prescription": format!("MedicationRequest/{order}"),
            "consent": {"id": consent, "version": version}})
    };
    let refused =
        harbour.post("/dispenses", "none", &dispense("A", &"0".repeat(32), 1, &order)).await.expect("an answer");
    assert_eq!(refused.status, 404, "no consent, no dispense");
    let refused = harbour.post("/dispenses", "other", &dispense("A", &given, 1, &foreign)).await.expect("an answer");
    assert_eq!((refused.status.as_u16(), &refused.body["field"]), (422, &json!("prescription")));
    let refused = harbour.post("/dispenses", "version", &dispense("A", &given, 2, &order)).await.expect("an answer");
    assert_eq!(refused.refusal().expect("a problem"), "consent_version");
    let done = harbour.post("/dispenses", "done", &dispense("A", &given, 1, &order)).await.expect("an answer");
    let tx = done.success().expect("dispensed")["tx"].clone();

    let record = |name: &str, order: &str| {
        json!({"resourceType": "MedicationDispense", "status": "completed", "subject": super::people::subject(name),
            "medicationCodeableConcept": {"text": "one a day"}, "whenHandedOver": "2026-02-04T10:00:00Z",
            "authorizingPrescription": [{"reference": format!("MedicationRequest/{order}")}],
            "extension": [{"url": "urn:veridose:dispense", "valueString": tx}]})
    };
    let id = created(&harbour, &record(NAME, &order)).await;
    let bundle = got(&own, &format!("/fhir/Provenance?target=MedicationDispense/{id}")).await;
    let provenance = &bundle["entry"][0]["resource"];
    let sources: Vec<_> =
        provenance["entity"].as_array().expect("sources").iter().map(|e| &e["what"]["reference"]).collect();
    assert_eq!(sources, [&json!(format!("Consent/{given}/_history/1")), &json!(format!("MedicationRequest/{order}"))]);
    // A consent to recording dispenses shows them, and nothing else, to whoever records them.
    let asked = |path: &str| send(harbour.request(Method::GET, path).header("Veridose-Purpose", "dispense_record"));
    for (path, expected) in [
        (format!("/fhir/Provenance?target=MedicationDispense/{id}"), 200),
        (format!("/fhir/MedicationDispense/{id}"), 200),
        (format!("/fhir/MedicationRequest/{order}"), 403),
    ] {
        assert_eq!(asked(&path).await.expect("an answer").status, expected, "{path}");
        assert_eq!(status(&harbour, &path).await, 403, "no purpose was said: {path}");
    }
    let everything = got(&own, &format!("/fhir/Patient/{}/$everything", everything_of(&own).await)).await;
    let kinds: Vec<_> = everything["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| e["resource"]["resourceType"].clone())
        .collect();
    assert!(kinds.contains(&json!("Provenance")) && kinds.contains(&json!("Consent")), "{kinds:?}");
    let wrong = issue(&create(&harbour, &record("p-2", &order)).await);
    assert_eq!(wrong, (422, "business-rule".to_owned(), "MedicationDispense.subject".to_owned()));
    let wrong = issue(&create(&harbour, &record(NAME, &foreign)).await);
    assert_eq!(wrong.2, "MedicationDispense.authorizingPrescription[0]");

    // The law's minimum needs no patient and no consent.
    own.post(&format!("/consents/{given}/revoke"), "revoke", &json!({"version": 1}))
        .await
        .expect("an answer")
        .success()
        .expect("revoked");
    let refused = harbour.post("/dispenses", "revoked", &dispense("B", &given, 1, &order)).await.expect("an answer");
    assert_eq!(refused.refusal().expect("a problem"), "consent_revoked");
    let supplied = json!({"items": [pack("B")], "reason": "supplied"});
    harbour.post("/decommissions", "supplied", &supplied).await.expect("an answer").success().expect("always works");
    trial.server.stop().await.expect("stops");
}

/// The id of the patient who asks.
async fn everything_of(own: &Client) -> String {
    let bundle = got(own, "/fhir/MedicationRequest").await;
    let subject = bundle["entry"][0]["resource"]["subject"]["reference"].as_str().expect("a subject").to_owned();
    subject.replace("Patient/", "")
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One course of things.
async fn nothing_that_identifies_leaves_the_vault() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own) = (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"));
    let id = created(&harbour, &patient(NAME)).await;
    let order = created(&harbour, &prescription(NAME)).await;
    let given = created(&harbour, &consent(NAME)).await;
    got(&own, &format!("/fhir/Patient/{id}/$everything")).await;
    stocked(&trial, &["A"]).await;
    let dispense = json!({"items": [pack("A")], "prescription": format!("MedicationRequest/{order}"),
        "consent": {"id": given, "version": 1}});
    let done = harbour.post("/dispenses", "dispense", &dispense).await.expect("an answer");
    let mut told = vec![done.success().expect("dispensed").to_string()];
    let refused = harbour.post("/dispenses", "again", &dispense).await.expect("an answer");
    assert!(!refused.status.is_success());
    told.push(refused.body.to_string());
    // Who keeps a consent is seen to look at it.
    got(&harbour, &format!("/fhir/Consent/{given}")).await;
    got(&harbour, "/consents").await;
    let seen = got(&own, "/patients/me/accesses?perPage=100").await.to_string();
    assert!(
        seen.contains("Consent/read") && seen.contains("Consent/search") && seen.contains("consent_party"),
        "{seen}"
    );
    let erased = own.post("/patients/me/erase", "erase", &json!({"erase_everything": true})).await.expect("an answer");
    told.push(erased.success().expect("erased").to_string());
    let refused = create(&harbour, &observation(NAME, 1.0)).await;
    assert!(!refused.status.is_success(), "who is erased is not taken in again");
    told.push(refused.body.to_string());
    let refused = harbour.post("/dispenses", "erased", &dispense).await.expect("an answer");
    told.push(refused.body.to_string());
    let log = trial.agency().expect("a client").get("/access/log").await.expect("an answer");
    told.push(log.success().expect("a list").to_string());
    assert!(told.iter().all(|told| SECRETS.iter().all(|secret| !told.contains(secret))), "{told:?}");
    for (kind, body) in [
        ("Patient", json!({"resourceType": "Patient", "gender": SECRETS[1], "birthDate": SECRETS[2]})),
        ("Observation", json!([SECRETS[1]])),
    ] {
        let answer = create_as(&harbour, kind, "application/fhir+json", body.to_string()).await;
        assert_eq!(answer.status, 400);
        assert!(SECRETS.iter().all(|secret| !answer.body.to_string().contains(secret)), "{}", answer.body);
    }
    let metrics =
        reqwest::get(format!("{}/metrics", trial.server.base())).await.expect("an answer").text().await.expect("text");
    assert!(metrics.contains("/fhir/{kind}"), "{metrics}");
    let data = trial.stop().await.expect("stops");
    // Ledger, view, vault, lake and log, every byte that the node has left behind.
    let mut files = vec![data.path().to_path_buf()];
    let mut bytes = vec![("metrics".to_owned(), metrics.into_bytes())];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).expect("a directory").map(|entry| entry.expect("an entry").path()));
        } else {
            bytes.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    assert!(bytes.len() > 10, "{}", bytes.len());
    for (path, bytes) in &bytes {
        for secret in SECRETS {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {path}");
        }
    }
}
