//! Documents that are meant to hurt: what they reach, and how much memory they cost.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;
use veridose_tests::{
    Answer, Client, Server, billion_laughs, deep_nesting, external_entity, gzip_of_zeros, send, token,
};

const XML: &str = "application/xml";
const JSON: &str = "application/ld+json";
/// What one hostile document may cost the server at most, in bytes.
const MEMORY_MAX: u64 = 300 << 20;
/// How soon it must be refused.
const TIME_MAX: Duration = Duration::from_secs(20);

async fn capture(client: &Client, media: &str, document: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, "/capture").header(CONTENT_TYPE, media).body(document);
    send(request).await.expect("the server answers")
}

/// The errors of the document: of the answer itself, or of the job that it became.
async fn errors(client: &Client, answer: Answer) -> Value {
    if answer.status != 202 {
        answer.refusal().expect("a refusal is a problem");
        return answer.body;
    }
    let job = answer.body["captureID"].as_str().expect("a job has a name").to_owned();
    let begin = Instant::now();
    loop {
        let job = client.get(&format!("/capture/{job}")).await.expect("an answer").success().expect("the job is ours");
        if job["running"] == false {
            assert_eq!(job["success"], false, "{job}");
            assert_eq!(job["captured"], 0, "{job}");
            return job["errors"].clone();
        }
        assert!(begin.elapsed() < TIME_MAX, "the job does not end: {job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn hostile_documents_are_refused_at_little_cost() {
    let data = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(data.path(), &["serve"]).await.expect("starts");
    let token = token(data.path(), "manufacturer", &["--party", "alpine-pharma"]).expect("a token");
    let client = Client::new(server.base(), Some(&token)).expect("a client");
    let secret = data.path().join("secret.txt");
    std::fs::write(&secret, "not-for-your-eyes").expect("written");
    let before = server.peak_memory_bytes().expect("Linux");

    let documents = [
        ("entities that grow", XML, billion_laughs()),
        ("an external entity", XML, external_entity(secret.to_str().expect("a path of text"))),
        ("XML as deep as a well", XML, deep_nesting("<a>", "</a>", 200_000)),
        ("JSON as deep as a well", JSON, deep_nesting("[", "]", 200_000)),
        ("JSON that is no document", JSON, "{\"type\":\"EPCISDocument\"".to_owned()),
    ];
    for (what, media, document) in documents {
        let begin = Instant::now();
        let answer = capture(&client, media, document).await;
        let errors = errors(&client, answer).await;
        assert!(begin.elapsed() < TIME_MAX, "{what}: {:?}", begin.elapsed());
        assert!(!errors.to_string().contains("not-for-your-eyes"), "{what} reached the file: {errors}");
        assert!(!errors.is_null() && errors != Value::Array(Vec::new()), "{what}: nothing is said of it");
    }
    let grown = server.peak_memory_bytes().expect("Linux") - before;
    assert!(grown < MEMORY_MAX, "{grown} bytes for small documents");
    assert_eq!(client.get("/healthz").await.expect("an answer").status, 200, "the server goes on");
}

#[tokio::test]
async fn ten_gigabytes_of_zeros_are_not_unpacked() {
    let data = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(data.path(), &["serve"]).await.expect("starts");
    let token = token(data.path(), "manufacturer", &["--party", "alpine-pharma"]).expect("a token");
    let client = Client::new(server.base(), Some(&token)).expect("a client");
    let before = server.peak_memory_bytes().expect("Linux");
    let begin = Instant::now();
    let request = client
        .request(Method::POST, "/capture")
        .header(CONTENT_TYPE, XML)
        .header(CONTENT_ENCODING, "gzip")
        .body(gzip_of_zeros(10 << 10));
    // A server that has seen enough may close the connection while the rest is still being sent.
    if let Ok(answer) = send(request).await {
        let errors = errors(&client, answer).await;
        assert!(!errors.is_null(), "nothing is said of it");
    }
    assert!(begin.elapsed() < TIME_MAX, "{:?}", begin.elapsed());
    let grown = server.peak_memory_bytes().expect("Linux") - before;
    assert!(grown < MEMORY_MAX, "{grown} bytes");
    assert_eq!(client.get("/healthz").await.expect("an answer").status, 200, "the server goes on");
}

#[tokio::test]
async fn a_client_cannot_ask_without_end() {
    let data = tempfile::tempdir().expect("temporary directory");
    let file = data.path().join("strict.toml");
    std::fs::write(&file, "[limits]\nrequests_per_second = 5\nrequests_burst = 20\nbody_bytes_max = 1000\n")
        .expect("written");
    let config = file.to_str().expect("a path of text");
    let server = Server::start(data.path(), &["serve", "--config", config]).await.expect("starts");
    let token = token(data.path(), "pharmacy", &["--party", "harbour-pharmacy"]).expect("a token");
    let client = Client::new(server.base(), Some(&token)).expect("a client");

    let large = serde_json::json!({ "scan": "1".repeat(2_000) });
    let answer = client.post("/verifications", "large", &large).await.expect("an answer");
    assert_eq!(answer.status, 413, "{}", answer.body);
    answer.refusal().expect("a problem");

    let mut refused = 0;
    for _ in 0..60 {
        let answer = client.get("/parties").await.expect("an answer");
        if answer.status == 429 {
            answer.refusal().expect("a problem");
            refused += 1;
        } else {
            answer.success().expect("within the limit it is served");
        }
    }
    assert!((1..60).contains(&refused), "{refused} of 60 refused");
}
