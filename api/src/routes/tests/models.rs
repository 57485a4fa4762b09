//! A model from its registration to its use, its check and its end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use borsh::{BorshDeserialize, BorshSerialize};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use veridose_contract::{Body, Header, PartyId, Role as Trade, Timestamp, Transaction};
use veridose_ledger::pki::{Passphrase, Request};
use veridose_ledger::signer::Signer;
use veridose_ml::model::{self, Card};

use super::{Server, problem};
use crate::auth::Role;
use crate::node::KeyStore;

const AGENCY: &str = "medicines-agency";

/// As small as a model can be.
#[derive(BorshSerialize, BorshDeserialize)]
struct Tiny(u8);

impl model::Body for Tiny {
    const KIND: &'static str = "detector";

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

fn file(number: u8, parent: Option<String>) -> Vec<u8> {
    let (snapshot, lock) = ("11".repeat(32), "22".repeat(32));
    let card = Card { code: "a1b2".to_owned(), lock, snapshot, seed: 7, parent, ..Card::default() };
    model::write(&card, &Tiny(number)).expect("a model")
}

async fn register(server: &Server, token: &str, file: Vec<u8>) -> reqwest::Response {
    let request = server.request(Method::POST, "/models").bearer_auth(token).body(file);
    request.header("content-type", "application/octet-stream").send().await.expect("answers")
}

async fn registered(server: &Server, token: &str, number: u8, parent: Option<String>) -> String {
    let answer: Value = register(server, token, file(number, parent)).await.json().await.expect("JSON");
    answer["model"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A second person of the agency, with a certificate of its own on the ledger.
async fn second_person(server: &Server, token: &str) -> Signer {
    let keys = server.data.path().join("keys");
    let passphrase = Passphrase::from_file(&keys.join("passphrase")).expect("a passphrase");
    let party = PartyId::parse(AGENCY).expect("a party");
    let authority = KeyStore::new(server.data.path(), passphrase).authority(&party).expect("an authority");
    let now = crate::node::clock(&crate::config::Config::default()).now().0 / 1_000 * 1_000;
    let (not_before, not_after) = (Timestamp(now - 60_000), Timestamp(now + 86_400_000));
    let issued = authority.issue(&Request { role: Trade::Regulator, site: None, not_before, not_after });
    let issued = issued.expect("a certificate");
    let request = server.request(Method::POST, &format!("/parties/{AGENCY}/certificates")).bearer_auth(token);
    let request = request.header("content-type", "application/pkix-cert").body(issued.certificate.der.clone());
    let signer = Signer::new(&issued.key, issued.certificate).expect("a signer");
    let unsigned: Value = request.send().await.expect("answers").json().await.expect("JSON");
    assert_eq!(submit(server, token, &signer, &unsigned).await.0, StatusCode::CREATED);
    signer
}

async fn submit(server: &Server, token: &str, signer: &Signer, unsigned: &Value) -> (StatusCode, Value) {
    let text = unsigned["transaction"].as_str().unwrap_or_else(|| panic!("{unsigned}"));
    let (header, body): (Header, Body) = borsh::from_slice(&BASE64.decode(text).expect("base64")).expect("a draft");
    let signature = signer.sign(&header).expect("signs");
    let transaction = borsh::to_vec(&Transaction { header, signature, body }).expect("bytes");
    let request = server.request(Method::POST, "/transactions").bearer_auth(token);
    let request = request.header("content-type", "application/octet-stream").body(transaction);
    let answer = request.send().await.expect("answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn promoted(server: &Server, token: &str, signer: &Signer, model: &str) -> (StatusCode, Value) {
    let request = server.request(Method::POST, &format!("/models/{model}/promote")).bearer_auth(token);
    let request = request
        .header("prefer", "return=unsigned")
        .header("veridose-certificate", signer.fingerprint().to_string())
        .json(&json!({"note": "fewer false alerts in May"}));
    let unsigned: Value = request.send().await.expect("answers").json().await.expect("JSON");
    submit(server, token, signer, &unsigned).await
}

async fn state(server: &Server, token: &str, model: &str) -> Value {
    let shown: Value = server.read(token, &format!("/models/{model}")).await.json().await.expect("JSON");
    shown["state"].clone()
}

#[actix_web::test]
async fn one_person_registers_a_second_one_promotes_and_any_rolls_back() {
    let server = Server::start(|_| ()).await;
    let agency = server.token_of(AGENCY, Role::Regulator);
    let first = registered(&server, &agency, 1, None).await;
    let shown: Value = server.read(&agency, &format!("/models/{first}")).await.json().await.expect("JSON");
    assert_eq!((&shown["state"], &shown["card"]["seed"]), (&json!("registered"), &json!(7)), "{shown}");
    assert_eq!(shown["ledger"]["snapshot"], json!("11".repeat(32)));
    let bytes = server.read(&agency, &format!("/models/{first}/file")).await.bytes().await.expect("bytes");
    assert_eq!(hex::encode(model::hash(&bytes)), first, "the name is the file's hash");
    let checked: Value = server.read(&agency, &format!("/models/{first}/check")).await.json().await.expect("JSON");
    assert_eq!((&checked["is_intact"], &checked["differences"]), (&json!(true), &json!([])));

    let own = server.request(Method::POST, &format!("/models/{first}/promote")).bearer_auth(&agency);
    let refused = own.json(&json!({})).send().await.expect("answers");
    assert_eq!(problem(refused).await["code"], "second_person_required");
    let second = second_person(&server, &agency).await;
    assert_eq!(promoted(&server, &agency, &second, &first).await.0, StatusCode::CREATED);
    assert_eq!(state(&server, &agency, &first).await, "in_use");

    let next = registered(&server, &agency, 2, Some(first.clone())).await;
    assert_eq!(promoted(&server, &agency, &second, &next).await.0, StatusCode::CREATED);
    assert_eq!(state(&server, &agency, &first).await, "retired");
    server.post(&agency, "/models/rollback", &json!({"kind": "detector", "note": "too many alerts"})).await;
    let listed: Value = server.read(&agency, "/models?kind=detector").await.json().await.expect("JSON");
    let states: Vec<(&Value, &Value)> =
        listed["items"].as_array().expect("a list").iter().map(|row| (&row["model"], &row["state"])).collect();
    assert_eq!(states, [(&json!(next), &json!("retired")), (&json!(first), &json!("in_use"))]);
    let pharmacy: Value = server.read(&server.token(), "/models").await.json().await.expect("JSON");
    assert_eq!(pharmacy["items"], json!([]), "others do not see it");

    let case = server.post(&agency, "/cases", &json!({"title": "the same pack twice"})).await;
    let path = format!("/cases/{}/decisions", case["case"].as_str().expect("a name"));
    let said = json!({"model": first, "score": 0.875, "features": {"speed": 6.5}, "contributions": {"speed": 0.4}});
    server.post(&agency, &path, &said).await;
    let told: Value = server.read(&agency, path.trim_end_matches("/decisions")).await.json().await.expect("JSON");
    let decision = &told["decisions"][0];
    assert_eq!((&decision["model"], &decision["score_millionths"]), (&json!(first), &json!(875_000)), "{told}");
    let twice = server.request(Method::POST, &path).bearer_auth(&agency).json(&said).send().await.expect("answers");
    assert_eq!(problem(twice).await["code"], "decision_exists");
}

#[actix_web::test]
async fn a_file_that_is_no_model_or_says_too_little_is_refused() {
    let server = Server::start(|_| ()).await;
    let agency = server.token_of(AGENCY, Role::Regulator);
    let bare = model::write(&Card::default(), &Tiny(1)).expect("a model");
    let mut damaged = file(1, None);
    damaged[40] ^= 1;
    for (bytes, words) in [(b"{}".to_vec(), "VDSMODEL"), (bare, "root of the data"), (damaged, "damaged")] {
        let answer = register(&server, &agency, bytes).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let problem = problem(answer).await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
    }
    let missing = server.read(&agency, &format!("/models/{}", "0".repeat(64))).await;
    assert_eq!(problem(missing).await["code"], "not_found");
}
