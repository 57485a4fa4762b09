//! What a row takes from the document behind its command.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use veridose_contract::Commitment;

use crate::query::DocumentState;
use crate::vault::Opened;
use crate::{Payload, payload};

/// The documents of a batch; one that is not there has never been in this vault.
pub(super) type Documents = HashMap<Commitment, Opened>;

/// The columns that come from an EPCIS event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EventDetail {
    /// The event's own, or its hash.
    pub(super) event_id: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) action: Option<String>,
    pub(super) biz_step: Option<String>,
    pub(super) disposition: Option<String>,
    pub(super) read_point: Option<String>,
    pub(super) biz_location: Option<String>,
    /// Type and value of each business transaction.
    pub(super) biz_transactions: Vec<(String, String)>,
}

/// Whether the document is there.
pub(super) fn state(documents: &Documents, commitment: &Commitment) -> DocumentState {
    match documents.get(commitment) {
        Some(Opened::Document(_)) => DocumentState::Present,
        Some(Opened::Erased) => DocumentState::Erased,
        Some(Opened::NotYours | Opened::NotFound) | None => DocumentState::Absent,
    }
}

fn document<'a>(documents: &'a Documents, commitment: &Commitment) -> Option<&'a Payload> {
    match documents.get(commitment)? {
        Opened::Document(payload) => Some(payload),
        Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    }
}

/// Columns of the event in the document; empty where the document is no event or is gone.
pub(super) fn event(documents: &Documents, commitment: &Commitment) -> EventDetail {
    let Some(Payload::Event(raw)) = document(documents, commitment) else { return EventDetail::default() };
    let Ok(event) = serde_json::from_str::<Value>(raw.get()) else { return EventDetail::default() };
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let transactions = event.get("bizTransactionList").and_then(Value::as_array);
    let biz_transactions = transactions.into_iter().flatten().filter_map(|entry| {
        let value = entry.get("bizTransaction")?.as_str()?;
        let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
        Some((kind.to_owned(), value.to_owned()))
    });
    EventDetail {
        event_id: text("/eventID").or_else(|| hash(raw)),
        event_type: text("/type"),
        action: text("/action"),
        biz_step: text("/bizStep"),
        disposition: text("/disposition"),
        read_point: text("/readPoint/id"),
        biz_location: text("/bizLocation/id"),
        biz_transactions: biz_transactions.collect(),
    }
}

/// The hash of an event that its maker gave no name: what CBV 2.0 (section 8.9) lets stand for one.
fn hash(raw: &RawValue) -> Option<String> {
    veridose_epcis::from_json(raw.get().as_bytes()).ok().map(|event| veridose_epcis::hash(&event))
}

/// Details of a product, as JSON.
pub(super) fn product(documents: &Documents, commitment: &Commitment) -> Option<String> {
    let Payload::Product(product) = document(documents, commitment)? else { return None };
    Some(serde_json::to_string(product).expect("a product's details are strings"))
}

/// Details of a lot.
pub(super) fn lot<'a>(documents: &'a Documents, commitment: &Commitment) -> Option<&'a payload::Lot> {
    let Payload::Lot(lot) = document(documents, commitment)? else { return None };
    Some(lot)
}

/// The reason of a recall.
pub(super) fn recall_reason(documents: &Documents, commitment: &Commitment) -> Option<String> {
    let Payload::Recall(recall) = document(documents, commitment)? else { return None };
    Some(recall.reason.clone())
}
