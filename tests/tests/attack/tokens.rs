//! Tokens that say more than they may.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use veridose_tests::{Client, Server, token, veridose};

/// A list that every caller with a token may read.
const LIST: &str = "/parties";

async fn refused(server: &Server, token: &str, why: &str) {
    let client = Client::new(server.base(), Some(token)).expect("a token is a header's value");
    let answer = client.get(LIST).await.expect("the server answers");
    assert_eq!(answer.status, 401, "{why}: {}", answer.body);
    answer.refusal().unwrap_or_else(|error| panic!("{why}: {error}"));
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn no_forged_token_is_accepted() {
    let data = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(data.path(), &["serve"]).await.expect("starts");
    let honest = token(data.path(), "regulator", &["--party", "medicines-agency"]).expect("a token");
    let client = Client::new(server.base(), Some(&honest)).expect("a client");
    client.get(LIST).await.expect("an answer").success().expect("the honest token is accepted");

    let anonymous = Client::new(server.base(), None).expect("a client");
    assert_eq!(anonymous.get(LIST).await.expect("an answer").status, 401, "no token");

    let parts: Vec<&str> = honest.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts: {honest}") };
    let (header_value, claims_value) = (decode(header), decode(claims));
    let with = |name: &str, value: Value| {
        let mut changed = header_value.clone();
        changed[name] = value;
        encode(&changed)
    };

    for algorithm in ["none", "None", "NONE", ""] {
        let none = with("alg", json!(algorithm));
        refused(&server, &format!("{none}.{claims}."), "alg none without a signature").await;
        refused(&server, &format!("{none}.{claims}.{signature}"), "alg none with a signature").await;
    }
    for name in ["jwk", "jku", "x5u", "x5c", "crit"] {
        refused(&server, &format!("{}.{claims}.{signature}", with(name, json!(["x"]))), name).await;
    }
    refused(&server, &format!("{}.{claims}.{signature}", with("kid", json!("../../issuer.key"))), "kid").await;

    let mut raised = claims_value.clone();
    raised["party"] = json!("alpine-pharma");
    refused(&server, &format!("{header}.{}.{signature}", encode(&raised)), "claims changed").await;
    refused(&server, &format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64])), "a signature of zeros")
        .await;
    refused(&server, &format!("{header}.{claims}"), "two parts").await;
    refused(&server, &"A".repeat(6_000), "not a token").await;
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let data = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(data.path(), &["serve"]).await.expect("starts");
    let honest = token(data.path(), "regulator", &["--party", "medicines-agency"]).expect("a token");
    let client = Client::new(server.base(), None).expect("a client");
    let keys = client.get("/.well-known/jwks.json").await.expect("an answer").success().expect("the keys are public");
    let public = keys["keys"][0]["x"].as_str().expect("an Ed25519 key").to_owned();
    let raw = URL_SAFE_NO_PAD.decode(&public).expect("base64");

    let mut parts = honest.split('.');
    let mut header = decode(parts.next().expect("a header"));
    let claims = parts.next().expect("claims");
    header["alg"] = json!("HS256");
    let signed = format!("{}.{claims}", encode(&header));
    for secret in [raw, public.into_bytes(), keys["keys"][0].to_string().into_bytes()] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key of any length");
        mac.update(signed.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        refused(&server, &format!("{signed}.{tag}"), "HS256 under the public key").await;
    }
}

#[tokio::test]
async fn a_token_for_another_service_is_refused() {
    let data = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(data.path(), &["serve"]).await.expect("starts");
    // The same key, so that only the audience, or only the issuer, is another's.
    let file = data.path().join("other.toml");
    std::fs::write(&file, "[auth]\naudience = \"another-service\"\n").expect("written");
    let file = file.to_str().expect("a path of text");
    for other in [["--config", file], ["--public-url", "https://other.example"]] {
        let arguments = [&["token", "--role", "regulator", "--party", "medicines-agency"], &other[..]].concat();
        let output = veridose(data.path(), &arguments).expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout).expect("text");
        refused(&server, token.trim(), other[0]).await;
    }
}
