//! Shelves, orders and counts from a lake of events.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use veridose_ml::events::read_texts;
use veridose_ml::lake::Lake;

use super::{Server, problem};
use crate::auth::Role;
use crate::config::Config;

const GTIN: &str = "09506000134352";
const HARBOUR: &str = "https://id.gs1.org/414/9506000400013";
const NORTH: &str = "https://id.gs1.org/414/9506000200019";

fn now() -> OffsetDateTime {
    crate::node::clock(&Config::default()).date_time()
}

/// So many packs, so many days ago.
fn event(days_ago: i64, step: &str, place: &str, numbers: std::ops::Range<u32>) -> Value {
    let at = (now() - Duration::days(days_ago)).replace_time(time::macros::time!(10:00));
    let pack = |number| format!("https://id.gs1.org/01/{GTIN}/21/S{number}");
    let mut event = json!({
        "type": "ObjectEvent", "action": if step == "dispensing" { "DELETE" } else { "OBSERVE" }, "bizStep": step,
        "eventTime": at.format(&Rfc3339).expect("a time"), "eventTimeZoneOffset": "+00:00",
        "epcList": numbers.map(pack).collect::<Vec<_>>(), "readPoint": {"id": place},
    });
    if step != "dispensing" {
        event["sourceList"] = json!([{"type": "owning_party", "source": NORTH}]);
        event["destinationList"] = json!([{"type": "owning_party", "destination": HARBOUR}]);
    }
    event
}

fn fill(server: &Server, events: &[Value]) {
    let document = json!({
        "@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": events},
    });
    let (table, loaded) = read_texts(&[("trade.jsonld", document.to_string().as_bytes())]);
    assert_eq!(loaded.problems, []);
    Lake::new(server.data.path().join("lake")).add(table).expect("added");
}

/// Forty packs came thirty days ago; one was given out on each day since.
fn trade() -> Vec<Value> {
    let mut events = vec![event(31, "shipping", NORTH, 0..40), event(30, "receiving", HARBOUR, 0..40)];
    events.extend((0..29).map(|day| event(29 - i64::from(day), "dispensing", HARBOUR, day..day + 1)));
    events
}

#[actix_web::test]
async fn shelves_are_told_to_their_owner_and_to_regulators() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let (harbour, agency) = (server.token(), server.token_of("medicines-agency", Role::Regulator));
    let empty = server.read(&harbour, "/stock/outlook").await;
    assert_eq!(problem(empty).await["code"], "unavailable", "there is no lake");
    fill(&server, &trade());
    let station = server.token_of("station-pharmacy", Role::Pharmacy);
    for token in [&harbour, &agency] {
        let told: Value = server.read(token, "/stock/outlook?horizon=30").await.json().await.expect("JSON");
        let shelf = &told["items"][0];
        assert_eq!(
            (&shelf["gtin"], &shelf["party"], &shelf["on_hand"]),
            (&json!(GTIN), &json!("harbour-pharmacy"), &json!(11))
        );
        let by: Vec<f64> = shelf["empty_by"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert_eq!(by.len(), 30);
        assert!(by[5] < 0.5 && by[29] > 0.5, "eleven packs last about eleven days: {by:?}");
        assert!(by.windows(2).all(|pair| pair[0] <= pair[1]), "{by:?}");
        let orders: Value = server.read(token, "/stock/orders?horizon=30").await.json().await.expect("JSON");
        let order = &orders["items"][0];
        let packs = ["packs_low", "packs", "packs_high"].map(|field| order[field].as_u64().expect("a number"));
        assert!(packs[0] <= packs[1] && packs[1] <= packs[2] && (15..=35).contains(&packs[1]), "{orders}");
    }
    let none: Value = server.read(&station, "/stock/outlook").await.json().await.expect("JSON");
    assert_eq!(none["items"], json!([]), "others do not see it");
    assert_eq!(problem(server.read(&station, "/stock/shortages").await).await["code"], "forbidden");
    let products: Value = server.read(&agency, "/stock/shortages?horizon=30").await.json().await.expect("JSON");
    assert_eq!((&products["items"][0]["places"], &products["items"][0]["on_hand"]), (&json!(1), &json!(11)));
    let table = server.read(&harbour, "/stock/orders.csv?horizon=30").await.text().await.expect("text");
    assert!(table.starts_with("gtin,place,party,") && table.contains(",harbour-pharmacy,"), "{table}");
    assert_eq!(problem(server.read(&harbour, "/stock/outlook?horizon=0").await).await["field"], "horizon");
}

#[actix_web::test]
async fn alerts_are_counted_against_scans() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let (harbour, agency) = (server.token(), server.token_of("medicines-agency", Role::Regulator));
    fill(&server, &trade());
    let about = json!({"title": "twice", "codes": ["cloned_serial", "cloned_serial"], "parties": ["harbour-pharmacy"]});
    let raised = server.post(&agency, "/cases", &about).await;
    server.post(&harbour, "/cases", &json!({"title": "a torn seal"})).await;
    let close = format!("/cases/{}/close", raised["case"].as_str().expect("a name"));
    server.post(&agency, &close, &json!({"outcome": "technical"})).await;
    // The last event is of yesterday: 27 days of one scan each, and today without any.
    let told: Value = server.read(&agency, "/cases/statistics").await.json().await.expect("JSON");
    assert_eq!((&told["all"]["alerts"], &told["all"]["scans"]), (&json!(2), &json!(27)), "{told}");
    let rate = told["all"]["alerts_per_million_scans"].as_f64().expect("a rate");
    assert!((rate - 2.0 / 27.0 * 1e6).abs() < 1e-6, "{rate}");
    assert_eq!(told["by_code"]["cloned_serial"]["alerts"], 1, "a case counts once under a code");
    assert_eq!(
        (&told["by_party"]["harbour-pharmacy"]["alerts"], &told["by_party"]["harbour-pharmacy"]["scans"]),
        (&json!(1), &json!(27))
    );
    assert_eq!(told["by_outcome"], json!({"open": 1, "technical": 1}));
    let today = &told["by_day"][now().date().to_string()];
    assert_eq!((&today["alerts"], &today["alerts_per_million_scans"]), (&json!(2), &Value::Null));
    let own: Value = server.read(&harbour, "/cases/statistics").await.json().await.expect("JSON");
    assert_eq!((&own["all"]["alerts"], &own["all"]["scans"]), (&json!(1), &json!(27)), "{own}");
    let far = server.read(&agency, "/cases/statistics?from=2020-01-01&to=2022-01-01").await;
    assert_eq!(problem(far).await["field"], "from");
}
