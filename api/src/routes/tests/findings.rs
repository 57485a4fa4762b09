//! What the rules find in one pack's past is told at the counter.

use serde_json::{Value, json};

use super::Server;
use super::history::event;
use crate::auth::Role;

const PACK: &str = "https://id.gs1.org/01/09506000134352/21/F1";

async fn verdict(server: &Server, token: &str, scan: &str) -> Value {
    server.post(token, "/verifications", &json!({ "scan": scan })).await
}

fn codes(verdict: &Value) -> Vec<&str> {
    let codes = verdict["findings"].as_array().expect("a list").iter();
    codes.map(|found| found["code"].as_str().expect("a code")).collect()
}

#[actix_web::test]
async fn a_copy_and_a_false_date_are_told_where_they_are_scanned_and_an_ordinary_scan_finds_nothing() {
    let server = Server::start(|_| ()).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let (harbour, station) = (server.token(), server.token_of("station-pharmacy", Role::Pharmacy));
    let made = event(
        "ObjectEvent",
        json!({
            "action": "ADD", "bizStep": "commissioning", "epcList": [PACK],
            "readPoint": {"id": "https://id.gs1.org/414/9506000100012"},
            "ilmd": {"cbvmda:lotNumber": "F", "cbvmda:itemExpirationDate": "2049-12-31"},
        }),
    );
    let job = server.capture(&maker, &[made]).await;
    assert_eq!(job["success"], true, "{job}");
    let offered = server.post(&maker, "/handoffs", &json!({"to": "harbour-pharmacy", "items": [PACK]})).await;
    let accept = format!("/handoffs/{}/accept", offered["offer"].as_str().expect("a name"));
    server.post(&harbour, &accept, &json!({})).await;

    let sound = verdict(&server, &harbour, "(01)09506000134352(17)491231(10)F(21)F1").await;
    assert_eq!((&sound["findings"], &sound["alert_level"]), (&json!([]), &json!("none")), "{sound}");
    let relabelled = verdict(&server, &harbour, "(01)09506000134352(17)511231(10)F(21)F1").await;
    assert_eq!(codes(&relabelled), ["expiry_mismatch"], "{relabelled}");
    let found = &relabelled["findings"][0];
    assert_eq!((&found["nmvs_code"], &found["severity"]), (&json!("A52"), &json!("alert")), "{found}");
    assert_eq!(found["lvms_code"], "No_match_GTIN_Serial_Expiry");
    // The state alone says no more than that somebody else holds it.
    let copied = verdict(&server, &station, "(01)09506000134352(17)491231(10)F(21)F1").await;
    assert_eq!(copied["severity"], "warning", "{copied}");
    assert!(codes(&copied).contains(&"cloned_serial"), "{copied}");
    assert_eq!(copied["alert_level"], "alert");
    assert!(!copied.to_string().to_lowercase().contains("harbour"), "nobody else is named: {copied}");
    let invented = verdict(&server, &station, "(01)09506000134352(17)491231(10)F(21)NEVER").await;
    assert_eq!(
        (&invented["code"], &invented["alert_level"]),
        (&json!("unknown_serial"), &json!("alert")),
        "{invented}"
    );
    server.running.stop().await.expect("stops");
}
