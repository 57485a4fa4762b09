//! The EPCIS query interface.

use serde_json::{Value, json};
use veridose_epcis::{from_json, read_document};

use super::history::event;
use super::{Server, problem};
use crate::auth::Role;

const IN: &str = "https://id.gs1.org/01/09506000134352/21/Q1";
const OUT: &str = "https://id.gs1.org/01/09506000134352/21/Q2";
const CASE: &str = "https://id.gs1.org/00/095060001000000012";
const BULK: &str = "https://id.gs1.org/01/09506000134376/10/B7";
const MAKER: &str = "https://id.gs1.org/414/9506000100012";
const NORTH: &str = "https://id.gs1.org/414/9506000200019";

/// One event of each kind that queries tell apart.
fn events() -> Vec<Value> {
    let lot = json!({"cbvmda:lotNumber": "Q", "cbvmda:itemExpirationDate": "2049-12-31"});
    let mut events = vec![
        event(
            "ObjectEvent",
            json!({"action": "ADD", "bizStep": "commissioning", "epcList": [IN], "ilmd": lot,
            "readPoint": {"id": MAKER}, "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001"}),
        ),
        event(
            "TransformationEvent",
            json!({"inputEPCList": [IN], "outputEPCList": [OUT], "ilmd": lot,
            "transformationID": "urn:epc:id:gdti:9506000.12345.1", "readPoint": {"id": MAKER}}),
        ),
        event(
            "AggregationEvent",
            json!({"action": "ADD", "bizStep": "packing", "parentID": CASE, "childEPCs": [OUT],
            "childQuantityList": [{"epcClass": BULK, "quantity": 5.0}], "readPoint": {"id": MAKER}}),
        ),
        event(
            "ObjectEvent",
            json!({"action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
            "epcList": [CASE], "readPoint": {"id": MAKER},
            "persistentDisposition": {"set": ["completeness_verified"]},
            "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:9506000.12345.7"}],
            "sourceList": [{"type": "owning_party", "source": MAKER}],
            "destinationList": [{"type": "owning_party", "destination": NORTH}]}),
        ),
    ];
    // Each a minute after the one before.
    for (minute, event) in events.iter_mut().enumerate() {
        event["eventTime"] = json!(format!("2026-01-05T08:{minute:02}:00Z"));
    }
    events
}

fn list(answer: &Value) -> Vec<u64> {
    let events = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().expect("a list");
    let minute = |event: &Value| event["eventTime"].as_str().expect("a time")[14..16].parse().expect("a number");
    events.iter().map(minute).collect()
}

async fn server() -> (Server, String) {
    let server = Server::start(|config| config.limits.requests_per_second = 0).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let job = server.capture(&maker, &events()).await;
    assert_eq!(job["success"], true, "{job}");
    (server, maker)
}

#[actix_web::test]
async fn every_parameter_finds_its_events() {
    let (server, maker) = server().await;
    let get = async |query: &str| server.read(&maker, &format!("/events?{query}")).await;
    for (query, minutes) in [
        ("", &[0, 1, 2, 3][..]),
        ("eventType=TransformationEvent|AggregationEvent", &[1, 2]),
        ("GE_eventTime=2026-01-05T08:01:00Z&LT_eventTime=2026-01-05T08:03:00Z", &[1, 2]),
        ("GE_recordTime=2020-01-01T00:00:00Z&LT_recordTime=2021-01-01T00:00:00Z", &[]),
        ("EQ_action=ADD", &[0, 2]),
        ("EQ_bizStep=urn:epcglobal:cbv:bizstep:shipping", &[3]),
        ("EQ_disposition=in_transit", &[3]),
        ("EQ_persistentDisposition_set=completeness_verified", &[3]),
        ("EQ_persistentDisposition_unset=completeness_verified", &[]),
        // The place as a URN, though the events have its Digital Link.
        ("EQ_readPoint=urn:epc:id:sgln:9506000.10001.0", &[0, 1, 2, 3]),
        ("EQ_bizLocation=urn:epc:id:sgln:9506000.10001.0", &[]),
        ("EQ_bizTransaction_po=urn:epc:id:gdti:9506000.12345.7", &[3]),
        ("EQ_bizTransaction_inv=urn:epc:id:gdti:9506000.12345.7", &[]),
        ("EQ_source_owning_party=urn:epc:id:sgln:9506000.10001.0", &[3]),
        ("EQ_destination_owning_party=https://id.gs1.org/414/9506000200019", &[3]),
        ("EQ_source_owning_party=https://id.gs1.org/414/9506000200019", &[]),
        ("EQ_transformationID=urn:epc:id:gdti:9506000.12345.1", &[1]),
        ("EQ_eventID=urn:uuid:00000000-0000-4000-8000-000000000001", &[0]),
        ("EXISTS_errorDeclaration=", &[]),
        ("EQ_errorReason=did_not_occur", &[]),
        // Everything was one transaction: the events are told apart in it.
        ("MATCH_epc=(01)09506000134352(21)Q1", &[0]),
        ("MATCH_epc=https://id.gs1.org/01/09506000134352/21/Q2", &[2]),
        ("MATCH_parentID=(00)095060001000000012", &[2]),
        ("MATCH_epc=(00)095060001000000012", &[3]),
        ("MATCH_inputEPC=(01)09506000134352(21)Q1", &[1]),
        ("MATCH_outputEPC=(01)09506000134352(21)Q1", &[]),
        ("MATCH_outputEPC=(01)09506000134352(21)Q2", &[1]),
        ("MATCH_anyEPC=(01)09506000134352(21)Q1|(00)095060001000000012", &[0, 1, 2, 3]),
        ("MATCH_epcClass=https://id.gs1.org/01/09506000134376/10/B7", &[2]),
        ("MATCH_anyEPCClass=https://id.gs1.org/01/09506000134376/10/B7", &[2]),
        ("MATCH_inputEPCClass=https://id.gs1.org/01/09506000134376/10/B7", &[]),
        ("MATCH_anyEPC=(01)09506000134352(21)Q2&EQ_action=ADD", &[2]),
        ("orderBy=eventTime", &[3, 2, 1, 0]),
        ("orderBy=eventTime&orderDirection=ASC", &[0, 1, 2, 3]),
        ("orderBy=eventTime&eventCountLimit=2", &[3, 2]),
        ("maxEventCount=4", &[0, 1, 2, 3]),
    ] {
        let answer = get(query).await;
        assert_eq!(answer.status(), 200, "{query}");
        assert!(!query.contains("eventCountLimit") || !answer.headers().contains_key("nextpagetoken"), "{query}");
        assert_eq!(list(&answer.json().await.expect("JSON")), minutes, "{query}");
    }
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn what_is_not_answered_is_an_error_of_the_standard() {
    let (server, maker) = server().await;
    let get = async |query: &str| problem(server.read(&maker, &format!("/events?{query}")).await).await;
    for query in [
        "EQ_whatever=1",
        "whatever=1",
        "WD_readPoint=urn:epc:id:sgln:9506000.10001.0",
        "EQ_ILMD_https://example.com/lot=1",
        "HASATTR_bizLocation=x",
        "MATCH_epc=urn:epc:idpat:sgtin:9506000.*.*",
        "GE_eventTime=yesterday",
        "orderBy=epc",
        "EQ_bizTransaction_=1",
        "eventCountLimit=0",
        "maxEventCount=2&eventCountLimit=2",
    ] {
        let problem = get(query).await;
        assert_eq!(problem["type"], "epcisException:QueryParameterException", "{query}: {problem}");
        assert_eq!((&problem["status"], &problem["code"]), (&json!(400), &json!("query_parameter")), "{query}");
        let name = query.split('=').next().expect("a name");
        assert!(problem["detail"].as_str().expect("words").contains(name), "{query}: {problem}");
    }
    let problem = get("maxEventCount=3").await;
    assert_eq!(problem["type"], "epcisException:QueryTooLargeException", "{problem}");
    assert_eq!(problem["status"], 413);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn xml_says_the_same_as_json() {
    let (server, maker) = server().await;
    let get = async |path: &str, accept: &str| {
        let request = server.request(reqwest::Method::GET, path).bearer_auth(&maker).header("accept", accept);
        request.send().await.expect("answers")
    };
    let json: Value = get("/events", "*/*").await.json().await.expect("JSON");
    let xml = get("/events", "application/xml").await;
    assert_eq!(xml.headers()["content-type"], "application/xml");
    assert_eq!(xml.headers()["gs1-epcis-version"], "2.0.0");
    let xml = xml.text().await.expect("text");
    assert!(xml.contains("<queryName>SimpleEventQuery</queryName>"), "{xml}");
    let events = json["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().expect("a list");
    let events: Vec<_> =
        events.iter().map(|event| from_json(event.to_string().as_bytes()).expect("an event")).collect();
    assert_eq!(read_document(xml.as_bytes()).expect("a document").events, events);
    let one = get("/events/urn:uuid:00000000-0000-4000-8000-000000000001", "text/xml").await;
    let one = read_document(one.text().await.expect("text").as_bytes()).expect("a document");
    assert_eq!(one.events, events[..1]);
    assert_eq!(problem(get("/events", "text/csv").await).await["code"], "not_acceptable");
    server.running.stop().await.expect("stops");
}
