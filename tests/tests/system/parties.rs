//! What is another's is not one's own to change or to see.

use serde_json::{Value, json};
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, pack, pack_path, send};

async fn refused(client: &Client, path: &str, body: &Value, status: u16, code: &str) {
    let answer = client.post(path, path, body).await.expect("an answer");
    assert_eq!(
        (answer.status.as_u16(), answer.refusal().expect("a problem")),
        (status, code),
        "{path}: {}",
        answer.body
    );
}

async fn done(client: &Client, path: &str, body: &Value) -> Value {
    client.post(path, path, body).await.expect("an answer").success().expect("ours to do")
}

async fn consent(client: &Client, body: &Value) -> String {
    let consent = client.post("/consents", &body.to_string(), body).await.expect("an answer").success();
    consent.expect("registered")["consent"].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn a_pack_is_its_holders() {
    let trial = Trial::start().await.expect("starts");
    let (maker, north, harbour) =
        (trial.maker().expect("a client"), trial.north().expect("a client"), trial.harbour().expect("a client"));
    let packs = document(&[commissioning(&["A", "B"], Some("L1"))]).to_string();
    assert_eq!(maker.capture(JSON_LD, "rollback", packs).await.expect("a job")["success"], true);

    let theirs = json!([pack("A")]);
    refused(&north, "/handoffs", &json!({"to": "harbour-pharmacy", "items": theirs}), 403, "not_holder").await;
    refused(&north, "/decommissions", &json!({"items": theirs, "reason": "stolen"}), 403, "not_holder").await;
    let wish = json!({"patient": "p-1", "purpose": "dispense_record"});
    let id = consent(&harbour, &wish).await;
    let dispense = json!({"items": theirs, "prescription": "one", "consent": {"id": id, "version": 1}});
    refused(&harbour, "/dispenses", &dispense, 403, "not_holder").await;
    let hidden = north.get(&pack_path("A")).await.expect("an answer");
    assert_eq!((hidden.status.as_u16(), hidden.refusal().expect("a problem")), (404, "not_found"));

    let offer = done(&maker, "/handoffs", &json!({"to": "north-wholesale", "items": [pack("B")]})).await;
    let offer = offer["offer"].as_str().expect("a name");
    refused(&harbour, &format!("/handoffs/{offer}/accept"), &json!({}), 404, "not_found").await;
    refused(&maker, &format!("/handoffs/{offer}/accept"), &json!({}), 403, "not_receiver").await;
    refused(&north, &format!("/handoffs/{offer}/withdraw"), &json!({}), 403, "not_sender").await;
    assert_eq!(harbour.get(&format!("/handoffs/{offer}")).await.expect("an answer").status, 404);

    for (client, offers, events) in [(&maker, 1, 2), (&north, 1, 1), (&harbour, 0, 0)] {
        assert_eq!(client.rows("/handoffs").await.expect("a list").len(), offers);
        assert_eq!(client.events().await.expect("events").len(), events);
        let jobs = client.rows("/capture").await.expect("a list").len();
        assert_eq!(jobs, usize::from(events == 2), "only the maker handed a document in");
    }
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_patient_takes_back_only_its_own_consent() {
    let trial = Trial::start().await.expect("starts");
    let harbour = trial.harbour().expect("a client");
    let own = consent(&harbour, &json!({"patient": "p-1", "purpose": "dispense_record"})).await;
    let others = consent(&harbour, &json!({"patient": "p-2", "purpose": "dispense_record"})).await;
    let patient = trial.patient("p-1").expect("a client");

    let seen = patient.rows("/consents").await.expect("a list");
    assert_eq!(seen.iter().map(|row| &row["consent"]).collect::<Vec<_>>(), [&json!(own)]);
    assert_eq!(patient.get(&format!("/consents/{others}")).await.expect("an answer").status, 404);
    let version = json!({"version": 1});
    refused(&patient, &format!("/consents/{others}/revoke"), &version, 404, "not_found").await;
    let for_another = json!({"patient": "p-2", "purpose": "care"});
    refused(&patient, "/consents", &for_another, 403, "forbidden").await;
    done(&patient, &format!("/consents/{own}/revoke"), &version).await;
    let twice = patient.post(&format!("/consents/{own}/revoke"), "again", &version).await.expect("an answer");
    twice.refusal().expect("revoked for good");

    // The other consent is in force still: its keeper can revoke it, once.
    done(&harbour, &format!("/consents/{others}/revoke"), &version).await;
    let stranger = trial.member("pharmacy", "station-pharmacy").expect("a client");
    assert_eq!(stranger.get(&format!("/consents/{own}")).await.expect("an answer").status, 404);
    assert_eq!(stranger.rows("/consents").await.expect("a list"), Vec::<Value>::new());
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_consent_is_amended_by_its_patient_and_the_amendment_holds_at_once() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, patient) = (trial.harbour().expect("a client"), trial.patient("p-1").expect("a client"));
    let wish = json!({"patient": "p-1", "purpose": "study:NCT01234567", "data": ["genomics", "dispense"]});
    let study = consent(&harbour, &wish).await;
    let path = format!("/consents/{study}");
    let row = |answer: Value| (answer["version"].clone(), answer["data"].clone(), answer["form"].clone());
    let registered = patient.get(&path).await.expect("an answer").success().expect("its own");
    assert_eq!(row(registered.clone()), (json!(1), json!(["dispense", "genomics"]), json!("de_identified")));
    let purpose = registered["purpose"].as_str().expect("text").to_owned();
    assert!(purpose.starts_with("study:") && !purpose.contains("NCT"), "{purpose}");

    let put = async |client: &Client, query: &str, body: Value| {
        let request = client.request(reqwest::Method::PUT, &format!("{path}?{query}")).json(&body);
        send(request.header("Idempotency-Key", format!("{query} {body}"))).await.expect("an answer")
    };
    let narrower = json!({"purpose": "study:NCT01234567", "data": ["dispense"], "credential": "researcher"});
    let amended = put(&patient, "version=1", narrower.clone()).await.success().expect("amended");
    assert_eq!(amended["version"], 2);
    let repeated = put(&patient, "version=1", narrower.clone()).await.success().expect("the same request again");
    assert_eq!((&repeated["version"], &repeated["tx"]), (&json!(2), &amended["tx"]));
    let row = patient.get(&path).await.expect("an answer").success().expect("its own");
    assert_eq!((&row["data"], &row["credential"]), (&json!(["dispense"]), &json!("researcher")));

    for (client, query, body, status, code) in [
        (&harbour, "version=1", json!({"purpose": "study:NCT01234567", "data": ["genomics"]}), 409, "consent_version"),
        (&harbour, "version=2", json!({"purpose": "care", "data": ["genomics"]}), 409, "consent_identity"),
        (&harbour, "version=2", json!({"purpose": "study:NCT01234567"}), 422, "consent_data"),
        (&trial.patient("p-2").expect("a client"), "version=2", narrower.clone(), 404, "not_found"),
        (&trial.maker().expect("a client"), "version=2", narrower.clone(), 404, "not_found"),
    ] {
        let answer = put(client, query, body).await;
        assert_eq!((answer.status.as_u16(), answer.refusal().expect("a problem")), (status, code), "{}", answer.body);
    }
    let telling = json!({"patient": "p-1", "purpose": "public_health_research", "data": ["dispense"], "form": "full"});
    refused(&harbour, "/consents", &telling, 422, "consent_data").await;
    refused(&harbour, "/consents", &json!({"patient": "p-1", "purpose": "gossip"}), 400, "bad_request").await;
    trial.server.stop().await.expect("stops");
}
