//! Tokens that must be accepted, and every forgery that must not.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{AuthError, Authority, Embedded, Grant, Role};
use veridose_ledger::pki::Passphrase;

use crate::config::{Config, IssuerConfig};
use crate::node::KeyStore;

/// A test issuer on a free port whose key set can change under the authority.
struct Issuer {
    url: String,
    keys: Arc<Mutex<Vec<Value>>>,
    fetches: Arc<std::sync::atomic::AtomicUsize>,
}

impl Issuer {
    fn start(keys: Vec<Value>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (keys, fetches) = (Arc::new(Mutex::new(keys)), Arc::new(std::sync::atomic::AtomicUsize::new(0)));
        let (at, served, counted) = (url.clone(), Arc::clone(&keys), Arc::clone(&fetches));
        let pages = HttpServer::new(move || {
            let (at, served, counted) = (at.clone(), Arc::clone(&served), Arc::clone(&counted));
            let discovery = json!({ "issuer": at, "jwks_uri": format!("{at}/jwks") });
            App::new()
                .route(
                    "/.well-known/openid-configuration",
                    web::get().to(move || std::future::ready(HttpResponse::Ok().json(&discovery))),
                )
                .route(
                    "/jwks",
                    web::get().to(move || {
                        let (served, counted) = (Arc::clone(&served), Arc::clone(&counted));
                        async move {
                            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            HttpResponse::Ok().json(json!({ "keys": *served.lock().await }))
                        }
                    }),
                )
        });
        actix_web::rt::spawn(pages.workers(1).listen(listener).expect("listens").run());
        Self { url, keys, fetches }
    }

    fn authority(&self, change: impl FnOnce(&mut IssuerConfig)) -> Authority {
        let mut issuer: IssuerConfig =
            serde_json::from_value(json!({ "issuer": self.url, "audience": "veridose" })).expect("a configuration");
        change(&mut issuer);
        let mut config = Config::default();
        config.auth.embedded = false;
        config.auth.issuers.push(issuer);
        Authority::new(&config, None).expect("an authority")
    }

    fn claims(&self) -> Value {
        let now = jsonwebtoken::get_current_timestamp();
        json!({ "iss": self.url, "aud": "veridose", "sub": "anna", "exp": now + 300, "party": "acme", "role": "pharmacy" })
    }
}

/// A signing key and its public form with a name.
fn rsa(kid: &str) -> (EncodingKey, Value) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).expect("PKCS#8");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(der.as_ref())
    );
    named(EncodingKey::from_rsa_pem(pem.as_bytes()).expect("PEM"), Algorithm::RS256, kid)
}

fn ec(kid: &str) -> (EncodingKey, Value) {
    let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = aws_lc_rs::signature::EcdsaKeyPair::generate(algorithm).expect("an EC key");
    named(EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("PKCS#8").as_ref()), Algorithm::ES256, kid)
}

fn named(key: EncodingKey, algorithm: Algorithm, kid: &str) -> (EncodingKey, Value) {
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).expect("a JWK");
    jwk.common.key_id = Some(kid.into());
    (key, serde_json::to_value(jwk).expect("JSON"))
}

fn sign(algorithm: Algorithm, kid: &str, claims: &Value, key: &EncodingKey) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).expect("signs")
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[actix_web::test]
async fn all_three_algorithms_are_accepted() {
    let ((rs, rs_jwk), (es, es_jwk)) = (rsa("r"), ec("e"));
    let issuer = Issuer::start(vec![rs_jwk, es_jwk]);
    let authority = issuer.authority(|_| ());
    for (algorithm, kid, key) in [(Algorithm::RS256, "r", &rs), (Algorithm::ES256, "e", &es)] {
        let caller = authority.caller(&sign(algorithm, kid, &issuer.claims(), key)).await.expect("accepted");
        assert_eq!((caller.subject.as_str(), caller.role), ("anna", Role::Pharmacy));
        assert_eq!(caller.party.expect("a party").as_str(), "acme");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { data: directory.path().into(), ..Config::default() };
    let keys = crate::node::keys(&config).expect("unlocks");
    let open = || Embedded::open(&keys, &config).expect("opens");
    let authority = Authority::new(&config, Some(open())).expect("an authority");
    let embedded = authority.embedded().expect("on by default");
    let caller = authority.caller(&embedded.mint(&grant(60)).expect("mints")).await.expect("accepted");
    assert_eq!((caller.role, caller.patient.as_deref()), (Role::Patient, Some("p-1")));
    assert_eq!(open().jwks(), embedded.jwks(), "the key is read again");
    let file = std::fs::read(config.keys().join("issuer.key")).expect("there");
    let file: Value = serde_json::from_slice(&file).expect("sealed like the other keys");
    assert_eq!(file["purpose"], "issuer");
    let passphrase = Passphrase::new("another passphrase".to_owned(), "a test").expect("long enough");
    let other = KeyStore::new(&config.data, passphrase);
    assert!(Embedded::open(&other, &config).is_err(), "it opens under the node's passphrase only");
}

fn grant(seconds: u64) -> Grant {
    Grant {
        subject: "ben".into(),
        party: None,
        role: Role::Patient,
        site: None,
        patient: Some("p-1".into()),
        scope: None,
        lifetime: Duration::from_secs(seconds),
    }
}

#[actix_web::test]
async fn claims_that_do_not_hold_are_refused() {
    let (key, jwk) = ec("e");
    let issuer = Issuer::start(vec![jwk]);
    let authority = issuer.authority(|_| ());
    let now = jsonwebtoken::get_current_timestamp();
    let good = issuer.claims();
    let mut no_expiry = good.clone();
    no_expiry.as_object_mut().expect("an object").remove("exp");
    for (what, claims) in [
        ("another audience", with(good.clone(), "aud", json!("elsewhere"))),
        ("another issuer", with(good.clone(), "iss", json!("https://evil.example"))),
        ("two issuers", with(good.clone(), "iss", json!([issuer.url, "https://evil.example"]))),
        ("expired", with(good.clone(), "exp", json!(now - 31))),
        ("not yet valid", with(good.clone(), "nbf", json!(now + 60))),
        ("no expiry", no_expiry),
        ("expiry as text", with(good.clone(), "exp", json!("tomorrow"))),
        ("no subject", with(good.clone(), "sub", Value::Null)),
        ("unknown role", with(good.clone(), "role", json!("king"))),
        ("a party that is none", with(good.clone(), "party", json!("ACME ../"))),
        ("a patient without pseudonym", with(good.clone(), "role", json!("patient"))),
    ] {
        let token = sign(Algorithm::ES256, "e", &claims, &key);
        assert!(authority.caller(&token).await.is_err(), "{what} was accepted");
    }
    let leeway = with(with(good, "exp", json!(now - 5)), "nbf", json!(now + 5));
    authority.caller(&sign(Algorithm::ES256, "e", &leeway, &key)).await.expect("clocks differ by seconds");
}

#[actix_web::test]
async fn forged_headers_are_refused() {
    let ((rs, rs_jwk), (evil, evil_jwk)) = (rsa("r"), rsa("evil"));
    let modulus = rs_jwk["n"].as_str().expect("a modulus").to_owned();
    let issuer = Issuer::start(vec![rs_jwk.clone()]);
    let authority = issuer.authority(|_| ());
    let good = sign(Algorithm::RS256, "r", &issuer.claims(), &rs);
    authority.caller(&good).await.expect("the honest one is accepted");
    let claims = B64.encode(issuer.claims().to_string());
    let none = |alg: &str| format!("{}.{claims}.", B64.encode(json!({ "alg": alg, "kid": "r" }).to_string()));
    // The public key used as an HMAC secret, in each form that a careless verifier may hold it.
    let confused = |secret: &[u8]| sign(Algorithm::HS256, "r", &issuer.claims(), &EncodingKey::from_secret(secret));
    let pointing = |name: &str, value: Value| {
        let mut header = json!({ "alg": "RS256", "typ": "JWT", "kid": "r" });
        header[name] = value;
        resign(&header, &claims, &evil)
    };
    let unsigned = format!("{}.{}.", good.split('.').next().expect("a header"), claims);
    for (what, token) in [
        ("none", none("none")),
        ("None", none("None")),
        ("no signature", unsigned),
        ("HMAC with the modulus", confused(&B64.decode(&modulus).expect("base64"))),
        ("HMAC with the modulus' text", confused(modulus.as_bytes())),
        ("HMAC with nothing", confused(b"")),
        ("kid of nobody", sign(Algorithm::RS256, "evil", &issuer.claims(), &evil)),
        ("kid as a path", sign(Algorithm::RS256, "../../dev/null", &issuer.claims(), &evil)),
        ("another key under a known kid", sign(Algorithm::RS256, "r", &issuer.claims(), &evil)),
        ("jwk", pointing("jwk", evil_jwk.clone())),
        ("jku", pointing("jku", json!("https://evil.example/jwks"))),
        ("x5u", pointing("x5u", json!("https://evil.example/cert"))),
        ("RS384 with the same key", sign(Algorithm::RS384, "r", &issuer.claims(), &rs)),
        ("PS256 with the same key", sign(Algorithm::PS256, "r", &issuer.claims(), &rs)),
        ("claims changed", replace(&good, 1, &B64.encode(with(issuer.claims(), "party", json!("rival")).to_string()))),
        ("four parts", format!("{good}.x")),
        ("too long", format!("{good}{}", "A".repeat(9_000))),
        ("crit", resign(&json!({ "alg": "RS256", "kid": "r", "crit": ["x"], "x": 1 }), &claims, &rs)),
    ] {
        assert!(authority.caller(&token).await.is_err(), "{what} was accepted");
    }
}

/// A token with any header, signed with the key.
fn resign(header: &Value, claims: &str, key: &EncodingKey) -> String {
    let message = format!("{}.{claims}", B64.encode(header.to_string()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::RS256).expect("signs");
    format!("{message}.{signature}")
}

fn replace(token: &str, part: usize, by: &str) -> String {
    let mut parts: Vec<_> = token.split('.').collect();
    parts[part] = by;
    parts.join(".")
}

#[actix_web::test]
async fn symmetric_small_and_foreign_keys_of_an_issuer_are_left_out() {
    let (key, mut jwk) = ec("e");
    jwk["use"] = json!("enc");
    let secret = json!({ "kty": "oct", "k": B64.encode("secret"), "kid": "s", "alg": "HS256" });
    let small = json!({ "kty": "RSA", "n": B64.encode([255; 128]), "e": "AQAB", "kid": "small" });
    let issuer = Issuer::start(vec![jwk, secret, small]);
    let authority = issuer.authority(|_| ());
    let hmac = sign(Algorithm::HS256, "s", &issuer.claims(), &EncodingKey::from_secret(b"secret"));
    for token in [hmac, sign(Algorithm::ES256, "e", &issuer.claims(), &key)] {
        assert!(authority.caller(&token).await.is_err());
    }
}

#[actix_web::test]
async fn a_new_key_is_found_and_the_issuer_is_not_hammered() {
    let ((old, old_jwk), (new, new_jwk)) = (ec("old"), ec("new"));
    let issuer = Issuer::start(vec![old_jwk]);
    let rotated =
        Issuer { url: issuer.url.clone(), keys: Arc::clone(&issuer.keys), fetches: Arc::clone(&issuer.fetches) };
    let (before, after) = (issuer.authority(|_| ()), rotated.authority(|_| ()));
    let stale = sign(Algorithm::ES256, "old", &issuer.claims(), &old);
    before.caller(&stale).await.expect("the old key");
    *issuer.keys.lock().await = vec![new_jwk];
    for _ in 0..20 {
        let error = before
            .caller(&sign(Algorithm::ES256, "new", &issuer.claims(), &new))
            .await
            .expect_err("asked a moment ago");
        assert!(matches!(error, AuthError::Key));
    }
    assert_eq!(
        issuer.fetches.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "an unknown kid fetches at most twice a minute"
    );
    after.caller(&sign(Algorithm::ES256, "new", &issuer.claims(), &new)).await.expect("the new key");
    assert!(after.caller(&stale).await.is_err(), "the old key is gone");
}

#[actix_web::test]
async fn an_issuer_speaks_only_for_its_parties_and_roles() {
    let (key, jwk) = ec("e");
    let issuer = Issuer::start(vec![jwk]);
    let authority = issuer.authority(|config| {
        config.parties = vec![veridose_contract::PartyId::parse("acme").expect("a party")];
        config.roles = vec![Role::Pharmacy];
    });
    let token = |claims: Value| sign(Algorithm::ES256, "e", &claims, &key);
    authority.caller(&token(issuer.claims())).await.expect("its own");
    for claims in [with(issuer.claims(), "party", json!("rival")), with(issuer.claims(), "role", json!("regulator"))] {
        let error = authority.caller(&token(claims)).await.expect_err("not its own");
        assert!(matches!(error, AuthError::Claim { .. }));
    }
}
