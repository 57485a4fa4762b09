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

/// A pack of the maker's, on the ledger.
fn commissioning(serials: &[&str]) -> Value {
    json!({
        "type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "disposition": "active",
        "eventTime": "2026-01-05T08:00:00Z", "eventTimeZoneOffset": "+00:00",
        "epcList": serials.iter().map(|serial| format!("https://id.gs1.org/01/09506000134352/21/{serial}")).collect::<Vec<_>>(),
        "readPoint": {"id": "https://id.gs1.org/414/9506000100012"},
        "ilmd": {"cbvmda:lotNumber": "L7", "cbvmda:itemExpirationDate": "2031-06-30"},
    })
}

#[actix_web::test]
async fn what_a_case_names_is_set_apart_and_the_form_is_filled_in() {
    let server = Server::start(|_| ()).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let agency = server.token_of("medicines-agency", Role::Regulator);
    let job = server.capture(&maker, &[commissioning(&["C1", "C2"])]).await;
    assert_eq!(job["success"], true, "{job}");
    let about =
        json!({"title": "=1+1 at two counters", "items": ["(01)09506000134352(21)C1"], "codes": ["cloned_serial"]});
    let raised = server.post(&maker, "/cases", &about).await;
    let name = raised["case"].as_str().expect("a name").to_owned();
    let path = format!("/cases/{name}");

    let set = server.post(&agency, &format!("{path}/quarantine"), &json!({"note": "until looked into"})).await;
    let (status, problem) = refused(&server, &agency, &format!("{path}/quarantine"), &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("already_quarantined")));
    let lot = json!({"lot": {"gtin": "09506000134352", "lot": "L7"}});
    server.post(&agency, &format!("{path}/quarantine"), &lot).await;
    let shown = case(&server, &maker, &name).await;
    let quarantines = shown["quarantines"].as_array().expect("a list");
    assert_eq!(quarantines.len(), 2, "{shown}");
    assert_eq!((&quarantines[1]["tx_index"], &quarantines[1]["scope"]), (&set["index"], &json!({"items": 1})));
    assert!(quarantines[0]["scope"]["lot"].is_string(), "{shown}");
    let released = json!({"items": ["(01)09506000134352(21)C1"]});
    server.post(&agency, "/quarantines/release", &released).await;
    assert!(case(&server, &maker, &name).await["quarantines"][1]["released_at"].is_i64());

    server.post(&agency, &format!("{path}/close"), &json!({"outcome": "falsified"})).await;
    let form: Value = server.read(&maker, &format!("{path}/form-3911")).await.json().await.expect("JSON");
    let value = |number: usize| form["items"][number - 1]["value"].as_str().unwrap_or("?").to_owned();
    assert_eq!((form["form"].as_str(), value(5).as_str(), value(14).as_str()), (Some("FDA 3911"), "Counterfeit", "C1"));
    assert_eq!((value(15).as_str(), value(16).as_str(), value(21).as_str()), ("L7", "06/30/2031", "Manufacturer"));
    let pdf = server.read(&maker, &format!("{path}/form-3911.pdf?report=follow_up_notification&incident=IN-7")).await;
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = pdf.bytes().await.expect("bytes");
    assert!(pdf.starts_with(b"%PDF-1.7") && pdf.windows(4).any(|part| part == b"IN-7"), "{} bytes", pdf.len());
    let pharmacy = server.token();
    for hidden in ["form-3911", "form-3911.pdf"] {
        assert_eq!(
            super::problem(server.read(&pharmacy, &format!("{path}/{hidden}")).await).await["code"],
            "not_found"
        );
    }

    let table = server.read(&agency, "/cases.csv").await;
    assert_eq!(table.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let table = table.text().await.expect("text");
    let lines: Vec<&str> = table.split("\r\n").collect();
    assert_eq!((lines.len(), lines[0].split(',').count()), (3, 14), "{table}");
    assert!(lines[1].starts_with(&format!("{name},closed,falsified,alpine-pharma,")), "{table}");
    assert!(lines[1].contains(",'=1+1 at two counters,"), "a formula is text: {table}");
    assert_eq!(server.read(&pharmacy, "/cases.csv").await.text().await.expect("text").lines().count(), 1);
}
