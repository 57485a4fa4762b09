//! What is another's is not one's own to change or to see.

use serde_json::{Value, json};
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, pack, pack_path};

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
