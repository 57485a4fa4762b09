//! Goods of the trial network's manufacturer, and EPCIS documents about them.

use serde_json::{Value, json};

/// Its product, from the prefix that GS1 keeps for examples.
const GTIN: &str = "09506000134352";

/// The element string of a pack, as a scanner reads it.
pub fn pack(serial: &str) -> String {
    format!("(01){GTIN}(21){serial}")
}

/// The path under which the API shows a pack.
pub fn pack_path(serial: &str) -> String {
    format!("/packs/%2801%29{GTIN}%2821%29{serial}")
}

/// An event by which packs begin. Without a lot it is a bad one.
pub fn commissioning(serials: &[&str], lot: Option<&str>) -> Value {
    let epcs: Vec<_> = serials.iter().map(|serial| format!("https://id.gs1.org/01/{GTIN}/21/{serial}")).collect();
    let mut event = json!({
        "type": "ObjectEvent", "eventTime": "2026-01-05T08:00:00Z", "eventTimeZoneOffset": "+00:00",
        "epcList": epcs, "action": "ADD", "bizStep": "commissioning", "disposition": "active",
        "readPoint": {"id": "https://id.gs1.org/414/9506000100012"},
    });
    if let Some(lot) = lot {
        event["ilmd"] = json!({"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": "2049-12-31"});
    }
    event
}

/// An EPCIS document of the events.
pub fn document(events: &[Value]) -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                     {"cbvmda": "urn:epcglobal:cbv:mda"}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-05T09:00:00Z",
        "epcisBody": {"eventList": events},
    })
}
