//! A case from the pharmacy's suspicion to the regulator's outcome.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Server, problem};
use crate::auth::Role;

async fn case(server: &Server, token: &str, case: &str) -> Value {
    server.read(token, &format!("/cases/{case}")).await.json().await.expect("JSON")
}

async fn refused(server: &Server, token: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let sent = server.request(Method::POST, path).bearer_auth(token).json(body).send().await.expect("answers");
    (sent.status(), problem(sent).await)
}

#[actix_web::test]
async fn a_case_is_raised_assigned_closed_and_taken_up_again() {
    let server = Server::start(|_| ()).await;
    let pharmacy = server.token();
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let agency = server.token_of("medicines-agency", Role::Regulator);
    let about = json!({
        "title": "the same pack at two counters", "codes": ["cloned_serial"],
        "items": ["https://id.gs1.org/01/09506000134352/21/C1"], "parties": ["north-wholesale"],
    });
    let raised = server.post(&pharmacy, "/cases", &about).await;
    let name = raised["case"].as_str().expect("a name").to_owned();
    let path = |step: &str| format!("/cases/{name}/{step}");

    let shown = case(&server, &pharmacy, &name).await;
    assert_eq!((&shown["state"], &shown["party"]), (&json!("new"), &json!("harbour-pharmacy")));
    assert_eq!(shown["about"]["items"], json!(["(01)09506000134352(21)C1"]), "by its canonical name");
    let other = server.read(&maker, &format!("/cases/{name}")).await;
    assert_eq!(problem(other).await["code"], "not_found", "others do not learn of it");
    let (status, problem) = refused(&server, &pharmacy, &path("close"), &json!({"outcome": "technical"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_not_allowed")));

    server.post(&agency, &path("assign"), &json!({"note": "for the second floor"})).await;
    let shown = case(&server, &agency, &name).await;
    assert_eq!((&shown["state"], &shown["assignee"]), (&json!("investigating"), &json!("medicines-agency")));
    assert_eq!(shown["about"]["title"], about["title"]);
    server.post(&agency, &path("escalate"), &json!({})).await;
    server.post(&agency, &path("close"), &json!({"outcome": "falsified"})).await;
    let shown = case(&server, &pharmacy, &name).await;
    assert_eq!((&shown["state"], &shown["outcome"]), (&json!("closed"), &json!("falsified")));
    let (moved, notify) = (shown["moved_at"].as_i64().expect("a time"), shown["notify_by"].as_i64().expect("a time"));
    assert_eq!(notify - moved, 86_400_000, "within 24 hours");
    let (status, problem) = refused(&server, &agency, &path("escalate"), &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("case_closed")));

    server.post(&agency, &path("reopen"), &json!({})).await;
    let listed: Value = server.read(&agency, "/cases?state=investigating").await.json().await.expect("JSON");
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!((&listed["items"][0]["case"], &listed["items"][0]["outcome"]), (&json!(name), &Value::Null));
    let listed: Value = server.read(&maker, "/cases").await.json().await.expect("JSON");
    assert_eq!(listed["items"], json!([]));
}

#[actix_web::test]
async fn a_case_that_says_nothing_or_too_much_is_refused() {
    let server = Server::start(|_| ()).await;
    let pharmacy = server.token();
    for (body, field) in [
        (json!({"title": " "}), "title"),
        (json!({"title": "a", "items": ["(01)09506000134352"]}), "items[0]"),
        (json!({"title": "a", "items": vec!["https://id.gs1.org/01/09506000134352/21/C1"; 1_001]}), "items"),
        (json!({"title": "a", "evidence": "x".repeat(300_000)}), "evidence"),
    ] {
        let (status, problem) = refused(&server, &pharmacy, "/cases", &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
}
