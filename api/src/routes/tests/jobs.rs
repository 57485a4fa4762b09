//! The queue of jobs as regulators and operators see it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Server, problem};
use crate::auth::Role;

#[actix_web::test]
async fn jobs_are_seen_called_off_and_put_back_by_those_who_may() {
    let server = Server::start(|_| ()).await;
    let agency = server.token_of("medicines-agency", Role::Regulator);
    let operator = server.token_of("medicines-agency", Role::Operator);
    for path in ["/jobs", "/jobs/prune"] {
        assert_eq!(problem(server.read(&server.token(), path).await).await["code"], "forbidden");
    }
    // A pharmacy does not become a regulator by what its token says.
    let claims = server.token_of("harbour-pharmacy", Role::Regulator);
    assert_eq!(problem(server.read(&claims, "/jobs").await).await["code"], "forbidden");
    for token in [&agency, &operator] {
        let listed: Value = server.read(token, "/jobs?kind=prune").await.json().await.expect("JSON");
        assert_eq!(listed["items"][0]["id"], "prune", "{listed}");
    }
    // It waits for its next turn as soon as it has run once.
    let job = loop {
        let job: Value = server.read(&agency, "/jobs/prune").await.json().await.expect("JSON");
        if job["claims"] == 1 && job["state"] == "queued" {
            break job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!((&job["every_ms"], &job["error"]), (&json!(3_600_000), &Value::Null));
    let cancelled = server.post(&operator, "/jobs/prune/cancel", &json!({})).await;
    assert_eq!(cancelled["state"], "cancelled");
    let again = server.request(Method::POST, "/jobs/prune/cancel").bearer_auth(&operator).send().await;
    assert_eq!(problem(again.expect("answers")).await["code"], "conflict");
    server.post(&agency, "/jobs/prune/retry", &json!({})).await;
    assert_eq!(problem(server.read(&agency, "/jobs/none").await).await["code"], "not_found");
    let metrics = server.get("/metrics").await.text().await.expect("text");
    assert!(metrics.lines().any(|line| line == "veridose_jobs_dead 0"), "{metrics}");
    server.running.stop().await.expect("stops");
}
