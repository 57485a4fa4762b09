//! The interface as a client sees it, over a real socket.

mod access;
mod cases;
mod events;
mod findings;
mod history;
mod jobs;
mod models;
mod packing;
mod pages;
mod passkeys;
mod sign_in;
mod stock;
mod webhooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use veridose_contract::PartyId;

use crate::app::{self, Running, Stop};
use crate::auth::{Embedded, Grant, Role};
use crate::config::Config;
use crate::node::Node;

struct Server {
    running: Running,
    client: reqwest::Client,
    data: tempfile::TempDir,
    issuer: Embedded,
}

impl Server {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config { data: data.path().into(), listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        config.limits.workers = 1;
        change(&mut config);
        let node = Node::open(&config).await.expect("opens");
        let issuer = Embedded::open(node.keys(), &config).expect("opens");
        let (listener, stop) = (app::listen(config.listen).expect("a free port"), Stop::catch().expect("caught"));
        let running = app::start(&config, listener, node, stop).await.expect("starts");
        Self { running, client: reqwest::Client::new(), data, issuer }
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.running.address))
    }

    /// A token of the trial network's first pharmacy.
    fn token(&self) -> String {
        self.token_of("harbour-pharmacy", Role::Pharmacy)
    }

    /// A token of a member of the trial network.
    fn token_of(&self, party: &str, role: Role) -> String {
        let party = Some(PartyId::parse(party).expect("a party"));
        let (subject, lifetime) = ("test".to_owned(), std::time::Duration::from_mins(5));
        let grant = Grant { subject, party, role, site: None, patient: None, scope: None, lifetime };
        self.issuer.mint(&grant).expect("mints")
    }

    /// POST of JSON by a member; the answer must be a success.
    async fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let sent = self.request(reqwest::Method::POST, path).bearer_auth(token).json(body).send().await;
        let answer = sent.expect("answers");
        let (status, body) = (answer.status(), answer.json().await.expect("JSON"));
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// GET by a member.
    async fn read(&self, token: &str, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, path).bearer_auth(token).send().await.expect("answers")
    }

    /// Captures the events under rollback and waits for the end of the job, which is given.
    async fn capture(&self, token: &str, events: &[Value]) -> Value {
        let document = serde_json::json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                         {"cbvmda": "urn:epcglobal:cbv:mda"}],
            "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-05T09:00:00Z",
            "epcisBody": {"eventList": events},
        });
        let job = self.post(token, "/capture", &document).await;
        let path = format!("/capture/{}", job["captureID"].as_str().expect("a name"));
        loop {
            let job: Value = self.read(token, &path).await.json().await.expect("JSON");
            if job["running"] == false {
                return job;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, path).send().await.expect("answers")
    }
}

async fn problem(response: reqwest::Response) -> Value {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/problem+json"));
    let (status, id) = (response.status().as_u16(), header("x-request-id").expect("every answer has an id"));
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["status"], status);
    assert_eq!(body["instance"], format!("urn:uuid:{id}"));
    body
}

#[actix_web::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = Server::start(|_| ()).await;
    assert_eq!(problem(server.get("/nothing").await).await["code"], "not_found");
    let response = server.request(reqwest::Method::DELETE, "/healthz").send().await.expect("answers");
    assert_eq!(response.headers()["allow"], "GET");
    assert_eq!(problem(response).await["code"], "method_not_allowed");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn every_answer_has_the_headers_of_safety() {
    let server = Server::start(|_| ()).await;
    for path in ["/healthz", "/nothing", "/metrics", "/docs/"] {
        let response = server.get(path).await;
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(response.headers().contains_key("content-security-policy"), "{path}");
    }
    let page = server.get("/docs").await;
    assert!(page.status().is_success() && page.text().await.expect("text").contains("swagger-ui"));
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let server =
        Server::start(|config| (config.limits.requests_per_second, config.limits.requests_burst) = (1, 2)).await;
    for _ in 0..2 {
        assert!(server.get("/healthz").await.status().is_success());
    }
    let response = server.get("/healthz").await;
    let wait: u64 = response.headers()["retry-after"].to_str().expect("ASCII").parse().expect("seconds");
    assert!((1..=2).contains(&wait));
    assert_eq!(problem(response).await["code"], "too_many_requests");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn the_issuer_serves_its_public_key_only() {
    let server = Server::start(|_| ()).await;
    let keys: Value = server.get("/.well-known/jwks.json").await.json().await.expect("JSON");
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    assert!(keys["keys"][0].get("d").is_none(), "the private part");
    server.running.stop().await.expect("stops");
    let server = Server::start(|config| config.auth.embedded = false).await;
    assert_eq!(problem(server.get("/.well-known/jwks.json").await).await["code"], "not_found");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn served_document_is_the_committed_one() {
    let committed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = format!("{}\n", super::openapi().to_pretty_json().expect("JSON"));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&committed, &current).expect("writes");
    }
    let said = std::fs::read_to_string(&committed).expect("api/openapi.json is committed");
    assert!(said == current, "api/openapi.json is out of date: run `cargo run -- openapi > api/openapi.json`");
    let server = Server::start(|_| ()).await;
    let served: Value = server.get("/openapi.json").await.json().await.expect("JSON");
    assert_eq!(served, serde_json::from_str::<Value>(&current).expect("JSON"));
    assert_eq!(served["openapi"], "3.1.0");
    server.running.stop().await.expect("stops");
}

/// The description holds one shape for each name: a second type of that name would be told as the first.
#[test]
fn described_types_have_names_of_their_own() {
    let mut seen = std::collections::BTreeMap::new();
    for folder in ["src", "store/src"] {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("readable") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") {
                    for name in described(&std::fs::read_to_string(&path).expect("text")) {
                        let earlier = seen.insert(name.clone(), path.clone());
                        assert_eq!(earlier, None, "{name} in {} too: add #[schema(as = …)]", path.display());
                    }
                }
            }
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

/// The names under which the types of a file are described.
fn described(source: &str) -> Vec<String> {
    let after = source.split("ToSchema").skip(1).filter(|rest| !rest.starts_with([';', '}']));
    let name = |rest: &str| {
        let head = &rest[..rest.find([';', '{'])?];
        let given = head.split_once("schema(as = ").map(|(_, name)| name.split([')', ',']).next().unwrap_or_default());
        let mut words = head.split_whitespace().skip_while(|word| !["struct", "enum"].contains(word)).skip(1);
        let own = words.next()?.split(['<', '(']).next()?;
        Some(given.unwrap_or(own).trim().to_owned())
    };
    after.filter_map(name).collect()
}

#[actix_web::test]
async fn zeros_are_refused_long_before_they_are_all_unpacked() {
    use std::io::Write as _;
    let server = Server::start(|config| config.limits.requests_per_second = 0).await;
    // 64 MiB of zeros: enough that only the ratio stops them.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        gzip.write_all(&vec![0; 1 << 20]).expect("a Vec takes all");
    }
    let body = gzip.finish().expect("a Vec takes all");
    let token = server.token();
    let post = |path, media: &'static str, encoding: &'static str, body: Vec<u8>| {
        let request = server.request(reqwest::Method::POST, path).bearer_auth(&token).body(body);
        request.header("content-type", media).header("content-encoding", encoding).send()
    };
    for path in ["/capture", "/verifications"] {
        let media = "application/json";
        assert_eq!(problem(post(path, media, "gzip", body.clone()).await.expect("answers")).await["code"], "too_large");
    }
    let answer = post("/capture", "application/xml", "br", body.clone()).await.expect("answers");
    assert_eq!(problem(answer).await["code"], "unsupported_media_type");
    let answer = post("/capture", "text/plain", "identity", body.clone()).await.expect("answers");
    assert_eq!(problem(answer).await["code"], "unsupported_media_type");
    let answer = post("/capture", "application/xml", "gzip", body[..100].to_vec()).await.expect("answers");
    assert_eq!(problem(answer).await["code"], "bad_request");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn nothing_of_the_trade_is_told_without_a_token() {
    let server = Server::start(|_| ()).await;
    let document: Value = serde_json::to_value(super::openapi()).expect("JSON");
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let open =
                operation["security"].as_array().is_some_and(|security| security.contains(&serde_json::json!({})));
            // Hashes of the log are public; its entries are asked for below.
            if open || path.starts_with("/log/tile") {
                continue;
            }
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let answer = server.request(method, &path.replace(['{', '}'], "")).json(&Value::Null).send().await;
            assert_eq!(answer.expect("answers").status(), 401, "{path}");
        }
    }
    assert_eq!(problem(server.get("/log/tile/entries/000.p/1").await).await["code"], "unauthenticated");
    assert_eq!(problem(server.get("/log/tile/..%2Fcheckpoint").await).await["code"], "not_found");
    server.running.stop().await.expect("stops");
}

const EMPTY: &str = r#"{ "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
  "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2024-01-01T00:00:00Z",
  "epcisBody": { "eventList": [] } }"#;

#[actix_web::test]
async fn a_document_sent_again_under_its_key_is_the_same_job() {
    let server = Server::start(|_| ()).await;
    let token = server.token();
    let post = async |key: &str, document: String| {
        let request = server.request(reqwest::Method::POST, "/capture").bearer_auth(&token).body(document);
        let headers = request.header("content-type", "application/json").header("idempotency-key", key);
        headers.send().await.expect("answers")
    };
    let first = post("monday", EMPTY.to_owned()).await;
    assert_eq!(first.status(), 202);
    assert_eq!(first.headers()["gs1-epcis-version"], "2.0.0");
    assert!(first.headers().contains_key("gs1-epcis-capture-limit"));
    let place = first.headers()["location"].clone();
    assert_eq!(post("monday", EMPTY.to_owned()).await.headers()["location"], place);
    assert_ne!(post("tuesday", EMPTY.to_owned()).await.headers()["location"], place);
    assert_eq!(problem(post("monday", format!("{EMPTY} ")).await).await["code"], "idempotency_conflict");
    let as_long = EMPTY.replace("2024-01-01", "2024-01-02");
    assert_eq!(
        problem(post("monday", as_long).await).await["code"],
        "idempotency_conflict",
        "another of the same size"
    );
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn readiness_and_counters_tell_how_far_the_view_is() {
    let server = Server::start(|_| ()).await;
    let ready: Value = server.get("/readyz").await.json().await.expect("JSON");
    assert_eq!((&ready["status"], &ready["view_lag"]), (&"ok".into(), &0.into()));
    let counters = server.get("/metrics").await.text().await.expect("text");
    for line in ["veridose_view_lag 0", "veridose_view_failures 0"] {
        assert!(counters.lines().any(|found| found == line), "{line}\n{counters}");
    }
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_new_certificate_registers_itself() {
    let server = Server::start(|_| ()).await;
    let config = Config { data: server.data.path().into(), ..Config::default() };
    let keys = crate::node::parts(&config).expect("the network").keys;
    let party = PartyId::parse("harbour-pharmacy").expect("a party");
    let signer = keys.signer(&party).expect("a key");
    let now = crate::node::clock(&config).now();
    let next = keys.issue(&party, signer.certificate().role, None, now).expect("issues");
    let post = async |path: &str, media: &str, body: Vec<u8>| {
        let request = server.request(reqwest::Method::POST, path).bearer_auth(server.token()).body(body);
        request.header("content-type", media).send().await.expect("answers")
    };
    let path = "/parties/harbour-pharmacy/certificates";
    let der = next.certificate().der.clone();
    let foreign = post("/parties/alpine-pharma/certificates", "application/pkix-cert", der.clone()).await;
    assert_eq!(problem(foreign).await["code"], "forbidden");
    assert_eq!(problem(post(path, "application/pkix-cert", vec![0; 9]).await).await["field"], "certificate");
    let answer: Value = post(path, "application/pkix-cert", der.clone()).await.json().await.expect("JSON");
    let unsigned = BASE64.decode(answer["transaction"].as_str().expect("text")).expect("base64");
    let (header, body): (veridose_contract::Header, veridose_contract::Body) =
        borsh::from_slice(&unsigned).expect("header and body");
    assert_eq!(header.creator, next.fingerprint());
    let signature = next.sign(&header).expect("signs");
    let signed = borsh::to_vec(&veridose_contract::Transaction { header, signature, body }).expect("a Vec takes all");
    assert_eq!(post("/transactions", "application/octet-stream", signed).await.status(), 201);
    assert_eq!(problem(post(path, "application/pkix-cert", der).await).await["code"], "conflict");
    server.running.stop().await.expect("stops");
}

/// A signed batch of 10,000 packs is a body of 320 kB.
#[actix_web::test]
async fn a_transaction_may_be_as_large_as_a_body_and_no_larger() {
    let server = Server::start(|config| config.limits.body_bytes_max = 330_000).await;
    let post = async |bytes: usize| {
        let request = server.request(reqwest::Method::POST, "/transactions").bearer_auth(server.token());
        let request = request.header("Content-Type", "application/octet-stream").body(vec![0; bytes]);
        problem(request.send().await.expect("answers")).await
    };
    assert_eq!(post(325_000).await["detail"], "the body is not a transaction");
    let refused = post(330_001).await;
    assert_eq!((&refused["status"], &refused["detail"]), (&413.into(), &"the body is larger than 330000 bytes".into()));
    server.running.stop().await.expect("stops");
}
