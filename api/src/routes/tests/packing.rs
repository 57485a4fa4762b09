//! Packs begin, are packed and unpacked, change hands in their case and are recalled; and a table says the same.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Server, problem};
use crate::auth::Role;
use crate::routes::encoded;

const CASE: &str = "(00)095060000000000015";

fn lot() -> Value {
    json!({"gtin": "09506000134352", "lot": "P1", "expiry": "2049-12-31", "count": 3})
}

async fn refused(server: &Server, token: &str, path: &str, body: &Value) -> Value {
    let sent = server.request(Method::POST, path).bearer_auth(token).json(body).send().await.expect("answers");
    problem(sent).await
}

async fn read(server: &Server, token: &str, path: &str) -> Value {
    server.read(token, path).await.json().await.expect("JSON")
}

#[actix_web::test]
async fn packs_begin_once_and_their_case_takes_them_along() {
    let server = Server::start(|_| ()).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let (north, south) =
        (server.token_of("north-wholesale", Role::Distributor), server.token_of("south-wholesale", Role::Distributor));
    let commission = |key: &'static str| {
        let request = server.request(Method::POST, "/commissions").bearer_auth(&maker);
        request.header("Idempotency-Key", key).json(&lot()).send()
    };
    // The same request makes the same packs, another one others.
    let first: Value = commission("one").await.expect("answers").json().await.expect("JSON");
    let again: Value = commission("one").await.expect("answers").json().await.expect("JSON");
    let other: Value = commission("two").await.expect("answers").json().await.expect("JSON");
    assert_eq!((&first["packs"], &again["repeated"]), (&again["packs"], &json!(true)));
    assert_ne!(first["packs"], other["packs"]);
    let packs: Vec<String> = serde_json::from_value(first["packs"].clone()).expect("three packs");
    assert_eq!(packs.len(), 3);
    // What cannot be is refused with the field that is wrong; who makes nothing commissions nothing.
    for (change, field) in [
        (json!({"gtin": "09506000134351"}), "gtin"),
        (json!({"count": 0}), "count"),
        (json!({"count": null, "serials": ["A", "§"]}), "serials[1]"),
        (json!({"serials": ["A"]}), "serials"),
        (json!({"expiry": "2048-01-01"}), "ilmd.cbvmda:itemExpirationDate"),
    ] {
        let mut body = lot();
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let said = refused(&server, &maker, "/commissions", &body).await;
        assert_eq!((said["code"].as_str(), said["field"].as_str()), (Some("invalid"), Some(field)), "{said}");
    }
    assert_eq!(refused(&server, &north, "/commissions", &lot()).await["code"], "forbidden");

    // Packed, handed over in the case, unpacked by who holds it then.
    let packing = json!({"container": CASE, "items": &packs[..2]});
    assert_eq!(refused(&server, &maker, "/packings", &json!({"container": CASE})).await["field"], "items");
    server.post(&maker, "/packings", &packing).await;
    let offered = server.post(&maker, "/handoffs", &json!({"to": "north-wholesale", "items": [CASE]})).await;
    let accept = format!("/handoffs/{}/accept", offered["offer"].as_str().expect("a name"));
    server.post(&north, &accept, &json!({})).await;
    assert_eq!(refused(&server, &maker, "/unpackings", &json!({"container": CASE})).await["code"], "not_holder");
    server.post(&north, "/unpackings", &json!({"container": CASE})).await;

    // The papers of a pack that went along in the case are for its two owners.
    let path = format!("/traces?item={}", encoded(&packs[0]));
    for owner in [&maker, &north] {
        let trace = read(&server, owner, &path).await;
        assert_eq!((trace["lot"].as_str(), trace["maker"]["party"].as_str()), (Some("P1"), Some("alpine-pharma")));
        let transfers = trace["transfers"].as_array().expect("a list");
        assert_eq!(transfers.len(), 1, "{trace}");
        assert_eq!(
            (&transfers[0]["from"]["name"], &transfers[0]["to"]["party"]),
            (&json!("Alpine Pharma"), &json!("north-wholesale"))
        );
    }
    assert_eq!(server.read(&south, &path).await.status(), StatusCode::NOT_FOUND);
    let stayed = read(&server, &maker, &format!("/traces?item={}", encoded(&packs[2]))).await;
    assert_eq!(stayed["transfers"], json!([]));

    // A recall of the lot reaches them all; a member that did not call it sees its own.
    let recall = json!({"lot": {"gtin": "09506000134352", "lot": "P1"}, "class": 2, "reason": "leaks"});
    let called = server.post(&maker, "/recalls", &recall).await;
    let reach = format!("/recalls/{}/0/reach", called["index"]);
    let counts = |reach: &Value| {
        let holders = reach["holders"].as_array().expect("a list");
        holders.iter().map(|one| (one["party"].clone(), one["open"].clone())).collect::<Vec<_>>()
    };
    let whole = read(&server, &maker, &reach).await;
    assert_eq!(counts(&whole), [(json!("alpine-pharma"), json!(4)), (json!("north-wholesale"), json!(2))]);
    assert_eq!(counts(&read(&server, &north, &reach).await), [(json!("north-wholesale"), json!(2))]);
    assert_eq!(counts(&read(&server, &south, &reach).await), []);
    server.post(&north, "/quarantines", &json!({"items": &packs[..2]})).await;
    let now = read(&server, &maker, &reach).await;
    assert_eq!(
        (now["holders"][1]["open"].as_u64(), now["holders"][1]["set_apart"].as_u64()),
        (Some(0), Some(2)),
        "{now}"
    );
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_table_is_captured_and_its_faults_name_line_and_column() {
    let server = Server::start(|_| ()).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let captured = |table: String| captured(&server, &maker, "text/csv", table);
    let header = "event,time,item,container,lot,expiry,partner";
    let row = |event: &str, rest: &str| format!("{event},2026-01-05T08:00:00Z,{rest}\n");
    let sound = [
        row("commission", "(01)09506000134352(21)T1,,T,2049-12-31,"),
        row("commission", "(01)09506000134352(21)T2,,T,2049-12-31,"),
        row("pack", &format!("(01)09506000134352(21)T1,{CASE},,,")),
        row("ship", &format!("{CASE},,,,9506000200019")),
    ]
    .concat();
    let job = captured(format!("{header}\n{sound}")).await;
    assert_eq!((&job["success"], &job["events"]), (&json!(true), &json!(3)), "{job}");
    let bad =
        [row("ship", "(01)09506000134352(21)T2,,,,123"), row("ship", "(01)09506000134352(21)NONE,,,,9506000200019")]
            .concat();
    let job = captured(format!("{header}\n{bad}")).await;
    let faults: Vec<_> =
        job["errors"].as_array().expect("a list").iter().map(|error| (&error["code"], &error["place"])).collect();
    assert_eq!(job["success"], false);
    assert_eq!(faults[0], (&json!("table_gln"), &json!("line 2, column partner")), "{job}");
    assert_eq!(faults[1], (&json!("unknown_item"), &json!("line 3, event")), "{job}");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_fault_in_xml_names_the_line_of_its_event() {
    let server = Server::start(|_| ()).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let event = "<ObjectEvent>\n<eventTime>2026-01-05T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\n\
                 <epcList><epc>https://id.gs1.org/01/09506000134352/21/NONE</epc></epcList><action>OBSERVE</action>\n\
                 <bizStep>https://ref.gs1.org/cbv/BizStep-shipping</bizStep>\n<destinationList>\n\
                 <destination type=\"https://ref.gs1.org/cbv/SDT-owning_party\">https://id.gs1.org/414/9506000200019</destination>\n\
                 </destinationList></ObjectEvent>\n";
    let document = format!(
        "<?xml version=\"1.0\"?>\n<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" \
         creationDate=\"2026-01-05T09:00:00Z\">\n<EPCISBody><EventList>\n{event}{event}</EventList></EPCISBody></epcis:EPCISDocument>\n"
    );
    let job = captured(&server, &maker, "application/xml", document).await;
    let places: Vec<_> = job["errors"].as_array().expect("a list").iter().map(|error| &error["place"]).collect();
    assert_eq!(places, [&json!("line 4, event"), &json!("line 11, event")], "{job}");
    server.running.stop().await.expect("stops");
}

/// Captures a document and waits for the end of its job.
async fn captured(server: &Server, token: &str, media: &str, document: String) -> Value {
    let request = server.request(Method::POST, "/capture").bearer_auth(token).header("Content-Type", media);
    let job: Value = request.body(document).send().await.expect("answers").json().await.expect("JSON");
    let path = format!("/capture/{}", job["captureID"].as_str().expect("a name"));
    loop {
        let job = read(server, token, &path).await;
        if job["running"] == false {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
