//! What a row takes from the document behind its command.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use veridose_contract::{CaseId, Commitment};
use veridose_gs1::canonical_uri;

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
    /// What it is found by beside the columns: names as in EPCIS queries, and values.
    pub(super) terms: Vec<(String, String)>,
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
    // Places and classes in their one canonical form, so that they are found in whatever form they are asked for.
    let place = |pointer: &str| text(pointer).map(|place| canonical_uri(&place));
    EventDetail {
        event_id: text("/eventID").or_else(|| hash(raw)),
        event_type: text("/type"),
        action: text("/action"),
        biz_step: text("/bizStep"),
        disposition: text("/disposition"),
        read_point: place("/readPoint/id"),
        biz_location: place("/bizLocation/id"),
        terms: terms(&event),
    }
}

/// Lists whose entries have a type, with the entry's field and the name of the term without the type.
const TYPED: [(&str, &str, &str); 3] = [
    ("bizTransactionList", "bizTransaction", "bizTransaction"),
    ("sourceList", "source", "source"),
    ("destinationList", "destination", "destination"),
];
/// Lists of quantities of a class.
const CLASSES: [(&str, &str); 4] = [
    ("quantityList", "epcClass"),
    ("childQuantityList", "epcClass"),
    ("inputQuantityList", "inputEPCClass"),
    ("outputQuantityList", "outputEPCClass"),
];
/// Fields that hold a word or a list of them.
const WORDS: [(&str, &str); 6] = [
    ("/transformationID", "transformationID"),
    ("/persistentDisposition/set", "persistentDisposition_set"),
    ("/persistentDisposition/unset", "persistentDisposition_unset"),
    ("/errorDeclaration/reason", "errorReason"),
    ("/errorDeclaration/correctiveEventIDs", "correctiveEventID"),
    ("/errorDeclaration/declarationTime", "errorDeclaration"),
];

fn terms(event: &Value) -> Vec<(String, String)> {
    let entries = |list: &str| event.get(list).and_then(Value::as_array).into_iter().flatten();
    let mut terms = Vec::new();
    for (list, field, name) in TYPED {
        for entry in entries(list) {
            let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
            let value = entry.get(field).and_then(Value::as_str);
            terms.extend(value.map(|value| (format!("{name}_{kind}"), canonical_uri(value))));
        }
    }
    for (list, name) in CLASSES {
        let classes = entries(list).filter_map(|entry| entry.get("epcClass")?.as_str());
        terms.extend(classes.map(|class| (name.to_owned(), canonical_uri(class))));
    }
    for (pointer, name) in WORDS {
        let words = match event.pointer(pointer) {
            Some(Value::Array(words)) => words.iter().collect(),
            Some(word) => vec![word],
            None => Vec::new(),
        };
        terms.extend(words.into_iter().filter_map(Value::as_str).map(|word| (name.to_owned(), word.to_owned())));
    }
    terms
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

/// The case that a note belongs to.
pub(super) fn case(documents: &Documents, commitment: &Commitment) -> Option<CaseId> {
    let Payload::Note(note) = document(documents, commitment)? else { return None };
    note.case
}
