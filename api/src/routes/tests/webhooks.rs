//! A receiver of messages about cases.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{BASE64, Server, problem};
use crate::auth::Role;

/// A request that came in: its headers, lower case, and its body.
struct Heard {
    headers: Vec<(String, String)>,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).1
    }

    /// The signatures, each of which must be that of one of the secrets, in their order.
    fn check(&self, secrets: &[&str]) {
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let signatures: Vec<&str> = self.header("webhook-signature").split(' ').collect();
        assert_eq!(signatures.len(), secrets.len(), "{signatures:?}");
        for (signature, secret) in signatures.iter().zip(secrets) {
            let key = BASE64.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
            let tag = BASE64.decode(signature.strip_prefix("v1,").expect("a version")).expect("base64");
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::verify(&key, signed.as_bytes(), &tag).expect("signed with the secret");
        }
    }
}

/// Answers each request with the next status, the last one for ever, and hands the requests out.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let (sender, hears) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("the same one"));
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request");
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                let Some((name, value)) = line.split_once(':') else { break };
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, value)| value);
            let mut body = vec![0; length.parse().expect("a number")];
            reader.read_exact(&mut body).expect("a body");
            let status = statuses.get(number).or(statuses.last()).expect("a status");
            let answer = format!(
                "HTTP/1.1 {status} It\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).expect("answered");
            if sender.send(Heard { headers, body: String::from_utf8(body).expect("text") }).is_err() {
                return;
            }
        }
    });
    (url, hears)
}

async fn next(hears: &Receiver<Heard>) -> Heard {
    for _ in 0..4_000 {
        if let Ok(heard) = hears.try_recv() {
            return heard;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing was delivered in 20 s");
}

async fn server() -> Server {
    Server::start(|config| {
        (config.webhooks.private_addresses, config.webhooks.tries_max, config.webhooks.pause_seconds) = (true, 2, 0);
    })
    .await
}

async fn raise(server: &Server, token: &str) -> String {
    let raised = server.post(token, "/cases", &json!({"title": "the seal is broken"})).await;
    raised["case"].as_str().expect("a name").to_owned()
}

/// The log of a subscription once it says so, in the order of the states.
async fn log(server: &Server, token: &str, webhook: &str, state: &str) -> Value {
    for _ in 0..4_000 {
        let path = format!("/webhooks/{webhook}/deliveries");
        let log: Value = server.read(token, &path).await.json().await.expect("JSON");
        if log["items"][0]["state"] == state {
            return log["items"][0].clone();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no message is {state}");
}

#[actix_web::test]
async fn a_case_is_told_signed_and_tried_again() {
    let server = server().await;
    let (agency, pharmacy) = (server.token_of("medicines-agency", Role::Regulator), server.token());
    let (url, hears) = receiver(&[503, 204]);
    let made = server.post(&agency, "/webhooks", &json!({"url": url})).await;
    let (webhook, secret) = (made["id"].as_str().expect("a name"), made["secret"].as_str().expect("a secret"));
    let case = raise(&server, &pharmacy).await;
    let (first, second) = (next(&hears).await, next(&hears).await);
    for heard in [&first, &second] {
        heard.check(&[secret]);
        let body: Value = serde_json::from_str(&heard.body).expect("JSON");
        assert_eq!((&body["type"], &body["data"]["case"]), (&json!("case.raised"), &json!(case)));
        assert!(!heard.body.contains("seal"), "what the case is about is for who may ask: {}", heard.body);
    }
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "the same message");
    let told = log(&server, &agency, webhook, "delivered").await;
    assert_eq!((&told["tries"], &told["status"], &told["error"]), (&json!(2), &json!(204), &Value::Null));

    let path = format!("/webhooks/{webhook}/rotate");
    let rotated = server.post(&agency, &path, &json!({})).await;
    let fresh = rotated["secret"].as_str().expect("a secret");
    server.post(&agency, &format!("/cases/{case}/close"), &json!({"outcome": "process"})).await;
    let closed = next(&hears).await;
    closed.check(&[fresh, secret]);
    let body: Value = serde_json::from_str(&closed.body).expect("JSON");
    assert_eq!((&body["type"], &body["data"]["outcome"]), (&json!("case.closed"), &json!("process")));
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn who_may_not_see_a_case_is_not_told_and_a_receiver_that_fails_for_ever_is_left() {
    let server = server().await;
    let (agency, pharmacy) = (server.token_of("medicines-agency", Role::Regulator), server.token());
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    // A redirection is not followed: it would lead past the check of the address.
    let (url, fails) = receiver(&[302]);
    let (others, hears_others) = receiver(&[200]);
    let made = server.post(&agency, "/webhooks", &json!({"url": url})).await;
    server.post(&maker, "/webhooks", &json!({"url": others})).await;
    raise(&server, &pharmacy).await;
    let webhook = made["id"].as_str().expect("a name");
    let told = log(&server, &agency, webhook, "failed").await;
    assert_eq!((&told["tries"], &told["status"]), (&json!(2), &json!(302)));
    drop((next(&fails).await, next(&fails).await));
    let path = format!("/webhooks/{webhook}");
    let shown: Value = server.read(&agency, &path).await.json().await.expect("JSON");
    assert_eq!(shown["state"], "disabled", "{shown}");
    assert!(shown["secret"].is_null(), "told once");
    // The end of the run is written after what the run itself wrote.
    let dead = loop {
        let dead: Value = server.read(&agency, "/jobs?state=dead&kind=deliver").await.json().await.expect("JSON");
        if !dead["items"][0].is_null() {
            break dead;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(dead["items"][0]["payload"]["webhook"], json!(webhook), "{dead}");
    let enabled = server.post(&agency, &format!("{path}/enable"), &json!({})).await;
    assert_eq!((&enabled["state"], &enabled["reason"]), (&json!("active"), &Value::Null));
    assert!(hears_others.try_recv().is_err(), "the maker may not see the pharmacy's case");
    assert_eq!(problem(server.read(&maker, &path).await).await["code"], "not_found");
    let ended = server.request(Method::DELETE, &path).bearer_auth(&agency).send().await.expect("answers");
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(problem(server.read(&agency, &path).await).await["code"], "not_found");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_url_into_a_private_network_is_refused() {
    let server = Server::start(|_| ()).await;
    let agency = server.token_of("medicines-agency", Role::Regulator);
    for url in ["http://127.0.0.1:9/", "https://10.0.0.1/", "https://169.254.169.254/", "http://agency.example/"] {
        let sent =
            server.request(Method::POST, "/webhooks").bearer_auth(&agency).json(&json!({"url": url})).send().await;
        let refused = problem(sent.expect("answers")).await;
        assert_eq!((&refused["status"], &refused["field"]), (&json!(422), &json!("url")), "{url}: {refused}");
    }
    // The same request again subscribes once.
    let mut names = Vec::new();
    for _ in 0..2 {
        let sent = server.request(Method::POST, "/webhooks").bearer_auth(&agency).header("idempotency-key", "once");
        let sent = sent.json(&json!({"url": "https://agency.example/"})).send().await.expect("answers");
        let made: Value = sent.json().await.expect("JSON");
        names.push((made["id"].clone(), made["secret"].clone()));
    }
    assert_eq!(names[0], names[1]);
    let all: Value = server.read(&agency, "/webhooks").await.json().await.expect("JSON");
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    server.running.stop().await.expect("stops");
}
