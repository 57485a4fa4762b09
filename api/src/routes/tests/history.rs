//! The history of a pack holds what happened to the containers it lay in, for as long as it lay in them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{Receipt, verify};

use super::Server;
use crate::auth::Role;

const PACK: &str = "https://id.gs1.org/01/09506000134352/21/H1";
const SIBLING: &str = "https://id.gs1.org/01/09506000134352/21/H2";
const CASE: &str = "https://id.gs1.org/00/095060001000000012";
const PALLET: &str = "https://id.gs1.org/00/095060001000000029";

pub(super) fn event(kind: &str, fields: Value) -> Value {
    let mut event = json!({
        "type": kind, "eventTime": "2026-01-05T08:00:00Z", "eventTimeZoneOffset": "+00:00",
    });
    let Value::Object(fields) = fields else { panic!("fields") };
    event.as_object_mut().expect("an object").extend(fields);
    event
}

fn packed(action: &str, parent: &str, children: &[&str]) -> Value {
    let step = if action == "ADD" { "packing" } else { "unpacking" };
    event("AggregationEvent", json!({"action": action, "bizStep": step, "parentID": parent, "childEPCs": children}))
}

fn made() -> Value {
    event(
        "ObjectEvent",
        json!({
            "action": "ADD", "bizStep": "commissioning", "epcList": [PACK, SIBLING],
            "readPoint": {"id": "https://id.gs1.org/414/9506000100012"},
            "ilmd": {"cbvmda:lotNumber": "H", "cbvmda:itemExpirationDate": "2049-12-31"},
        }),
    )
}

/// The history as the caller sees it: what was done, and whether a container was named instead of the pack.
async fn history(server: &Server, token: &str, item: &str) -> (Vec<(String, bool)>, Value) {
    let pack: Value =
        server.read(token, &format!("/packs/{}", super::super::encoded(item))).await.json().await.expect("JSON");
    let kind = |event: &Value| (event["kind"].as_str().expect("a kind").to_owned(), event["through"].is_string());
    assert_eq!(pack["history_is_cut"], false, "{pack}");
    (pack["history"].as_array().expect("a history").iter().map(kind).collect(), pack)
}

/// Offers and accepts.
async fn handed_over(server: &Server, from: &str, to: (&str, &str), item: &str) {
    let offered = server.post(from, "/handoffs", &json!({"to": to.0, "items": [item]})).await;
    let path = format!("/handoffs/{}/accept", offered["offer"].as_str().expect("a name"));
    server.post(to.1, &path, &json!({})).await;
}

fn told(kinds: &[(&str, bool)]) -> Vec<(String, bool)> {
    kinds.iter().map(|(kind, through)| ((*kind).to_owned(), *through)).collect()
}

#[actix_web::test]
async fn a_pack_that_left_its_container_keeps_what_happened_in_it() {
    let server = Server::start(|config| config.limits.requests_per_second = 0).await;
    let maker = server.token_of("alpine-pharma", Role::Manufacturer);
    let north = server.token_of("north-wholesale", Role::Distributor);
    let (harbour, agency) = (server.token(), server.token_of("medicines-agency", Role::Regulator));
    // The whole packing is one transaction: the commands in it, not only the transactions, are told apart.
    let packing = [made(), packed("ADD", CASE, &[PACK, SIBLING]), packed("ADD", PALLET, &[CASE])];
    let job = server.capture(&maker, &packing).await;
    assert_eq!(job["success"], true, "{job}");
    handed_over(&server, &maker, ("north-wholesale", &north), PALLET).await;
    // The pallet is emptied in one go, which names no case; the case gives up one pack by name.
    let job = server.capture(&north, &[packed("DELETE", PALLET, &[]), packed("DELETE", CASE, &[PACK])]).await;
    assert_eq!(job["success"], true, "{job}");
    // What becomes of the case and the pallet without the pack is no part of its history.
    handed_over(&server, &north, ("harbour-pharmacy", &harbour), CASE).await;
    handed_over(&server, &north, ("harbour-pharmacy", &harbour), PACK).await;

    let (all, pack) = history(&server, &agency, PACK).await;
    let (made, into) = (("commission", false), ("aggregate", false));
    let on_the_pallet = [("aggregate", true), ("offer", true), ("accept", true), ("disaggregate", true)];
    let alone = [("disaggregate", false), ("offer", false), ("accept", false)];
    assert_eq!(all, told(&[&[made, into][..], &on_the_pallet, &alone].concat()), "{pack}");
    let (own, _) = history(&server, &maker, PACK).await;
    let of_maker = [made, into, ("aggregate", true), ("offer", true), ("accept", true)];
    assert_eq!(own, told(&of_maker), "the maker sees its part, though it holds the pack no longer");
    let (own, _) = history(&server, &harbour, PACK).await;
    assert_eq!(own, told(&alone[1..]), "who received it last was no party to what came before");
    let (sibling, _) = history(&server, &agency, SIBLING).await;
    assert_eq!(sibling.last(), Some(&("accept".to_owned(), true)), "the other one went on in the case");
    let (pallet, _) = history(&server, &agency, PALLET).await;
    assert_eq!(pallet, told(&[("aggregate", false), ("offer", false), ("accept", false), ("disaggregate", false)]));
    receipts(&server, (&agency, &harbour), &pack).await;
    server.running.stop().await.expect("stops");
}

/// Each event's receipt is where the history says, and proves the item or the container it went through.
async fn receipts(server: &Server, (agency, harbour): (&str, &str), pack: &Value) {
    let key = server.get("/log/key").await.text().await.expect("text");
    let log = LogVerifier::parse(key.trim()).expect("a key");
    for event in pack["history"].as_array().expect("a history") {
        let path = event["receipt"].as_str().expect("a place");
        let answer = server.read(agency, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{event}");
        let receipt = Receipt::parse(&answer.text().await.expect("text")).expect("a receipt");
        let verified = verify(&receipt, None, &log, None).expect("proven");
        assert_eq!(verified.index, event["tx_index"], "{event}");
        let about = event.get("through").unwrap_or(&pack["item"]);
        let is_emptying = event["kind"] == "disaggregate" && event["through"].is_string();
        // Who empties a container names it in the command, and no item.
        let mut items: Vec<_> = verified.items.iter().map(|(item, _)| json!(item)).collect();
        items.dedup();
        assert_eq!(items, if is_emptying { Vec::new() } else { vec![about.clone()] }, "{event}");
        // The pharmacy holds the pack: what listed it or its container is proven to it too, the rest was others' business.
        let status = server.read(harbour, path).await.status();
        assert_eq!(status, if is_emptying { StatusCode::NOT_FOUND } else { StatusCode::OK }, "{event}");
    }
    let other = format!("/receipts/{}?item={}", pack["history"][7]["tx"].as_str().expect("a name"), CASE);
    assert_eq!(
        server.read(agency, &other).await.status(),
        StatusCode::NOT_FOUND,
        "a case that was not handed over then"
    );
}
