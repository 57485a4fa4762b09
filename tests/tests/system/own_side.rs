//! An organisation that signs on its own side: the node prepares, the organisation signs, anybody carries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, JSON_LD, Trial, commissioning, document, pack_path, send, signed_destruction};

async fn submit(client: &Client, transaction: &str) -> Answer {
    let request = client.request(Method::POST, "/transactions").header(CONTENT_TYPE, "text/plain");
    send(request.body(transaction.to_owned())).await.expect("an answer")
}

async fn status(client: &Client, serial: &str) -> Value {
    let pack = client.get(&pack_path(serial)).await.expect("an answer").success().expect("the pack is ours");
    pack["status"].clone()
}

#[tokio::test]
async fn signed_at_home_and_carried_once() {
    let trial = Trial::start().await.expect("starts");
    let maker = trial.maker().expect("a client");
    let packs = document(&[commissioning(&["A", "B"], Some("L1"))]).to_string();
    let job = maker.capture(JSON_LD, "rollback", packs).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");

    let transaction = signed_destruction(&trial.server, &maker, "A").await.expect("signed");
    assert_eq!(status(&maker, "A").await, "active", "nothing is done before the organisation has signed");

    let mut tampered = BASE64.decode(&transaction).expect("base64");
    for place in [0, tampered.len() / 2, tampered.len() - 1] {
        tampered[place] ^= 1;
        submit(&maker, &BASE64.encode(&tampered)).await.refusal().expect("refused");
        tampered[place] ^= 1;
    }
    let another = trial.north().expect("a client");
    let answer = submit(&another, &transaction).await;
    assert_eq!((answer.status.as_u16(), answer.refusal().expect("a problem")), (403, "forbidden"));
    assert_eq!(status(&maker, "A").await, "active", "a refused transaction did something");

    let first = submit(&maker, &transaction).await.success().expect("accepted");
    assert_eq!((&first["repeated"], &status(&maker, "A").await), (&json!(false), &json!("decommissioned")));
    let receipt = format!("/receipts/{}", first["tx"].as_str().expect("a name"));
    let leaf = |receipt: Value| (receipt["entry"].clone(), receipt["commands"].clone(), receipt["items"].clone());
    let before = leaf(maker.get(&receipt).await.expect("an answer").success().expect("a receipt"));
    let second = submit(&maker, &transaction).await.success().expect("answered as before");
    assert_eq!((&second["tx"], &second["index"], &second["repeated"]), (&first["tx"], &first["index"], &json!(true)));
    let after = leaf(maker.get(&receipt).await.expect("an answer").success().expect("a receipt"));
    assert_eq!(before, after);
    trial.server.stop().await.expect("stops");
}
