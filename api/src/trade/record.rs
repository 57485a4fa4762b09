//! The EPCIS event that stands for an operation which did not come as one: a handoff accepted with a click is recorded in
//! the same words as one that a warehouse system reported.

use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_contract::Site;
use veridose_epcis::model::{
    Action, Event, EventKind, Fields, Party, Place, Term, Timestamp, Uri, Vocabulary, ZoneOffset,
};

/// What an operation says of things: the words of the Core Business Vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What the event says of the things.
    pub action: Action,
    /// The business step.
    pub step: &'static str,
    /// The disposition, if one fits.
    pub disposition: Option<&'static str>,
}

/// Made.
pub const COMMISSIONING: Words = Words { action: Action::Add, step: "commissioning", disposition: Some("active") };
/// Put into a container.
pub const PACKING: Words = Words { action: Action::Add, step: "packing", disposition: Some("in_progress") };
/// Taken out of a container.
pub const UNPACKING: Words = Words { action: Action::Delete, step: "unpacking", disposition: Some("in_progress") };
/// Sent to another member.
pub const SHIPPING: Words = Words { action: Action::Observe, step: "shipping", disposition: Some("in_transit") };
/// Sent back.
pub const RETURNING: Words = Words { action: Action::Observe, step: "shipping", disposition: Some("returned") };
/// An open shipment taken back.
pub const VOID_SHIPPING: Words =
    Words { action: Action::Observe, step: "void_shipping", disposition: Some("in_progress") };
/// Taken over from another member.
pub const RECEIVING: Words = Words { action: Action::Observe, step: "receiving", disposition: Some("in_progress") };
/// Looked at and not taken over.
pub const REJECTING: Words = Words { action: Action::Observe, step: "inspecting", disposition: Some("non_conformant") };
/// Looked at, to know whether it is genuine.
pub const VERIFYING: Words = Words { action: Action::Observe, step: "inspecting", disposition: None };
/// Supplied to the public.
pub const DISPENSING: Words = Words { action: Action::Delete, step: "dispensing", disposition: Some("dispensed") };
/// Back in the trade after a dispense or decommissioning was undone.
pub const RESTORING: Words = Words { action: Action::Observe, step: "other", disposition: Some("available") };
/// Taken out of the trade.
pub const DECOMMISSIONING: Words =
    Words { action: Action::Delete, step: "decommissioning", disposition: Some("inactive") };
/// Set apart.
pub const QUARANTINING: Words =
    Words { action: Action::Observe, step: "holding", disposition: Some("non_sellable_other") };
/// No longer set apart.
pub const RELEASING: Words = Words { action: Action::Observe, step: "holding", disposition: Some("available") };
/// Recalled.
pub const RECALLING: Words = Words { action: Action::Observe, step: "holding", disposition: Some("recalled") };

/// An object event on the EPCs, at a place of the one who acts.
pub fn object(words: Words, at: OffsetDateTime, place: Option<Site>, epcs: &[Uri]) -> Event {
    let mut event = Event::new(EventKind::Object, timestamp(at), utc());
    event.action = Some(words.action);
    event.biz_step = Some(term(Vocabulary::BizStep, words.step));
    event.disposition = words.disposition.map(|word| term(Vocabulary::Disposition, word));
    event.epc_list = epcs.to_vec();
    event.read_point = place.map(|site| Place { id: place_uri(site), extensions: Fields::default() });
    event
}

/// Adds the two ends of a handoff: the parties that own before and after.
pub fn between(mut event: Event, from: Option<Site>, to: Option<Site>) -> Event {
    let end = |site| Party { kind: term(Vocabulary::SourceDestType, "owning_party"), id: place_uri(site) };
    event.source_list = from.map(end).into_iter().collect();
    event.destination_list = to.map(end).into_iter().collect();
    event
}

/// The event as the vault keeps it.
pub fn json(event: &Event) -> Box<RawValue> {
    let text = String::from_utf8(veridose_epcis::to_json(event)).expect("JSON is written as UTF-8");
    RawValue::from_string(text).expect("the writer writes JSON")
}

/// The Digital Link of a place.
pub fn place_uri(site: Site) -> Uri {
    Uri::parse(&format!("https://id.gs1.org/414/{:013}", site.0)).expect("a GLN makes a URI")
}

/// A moment as EPCIS writes it, in UTC.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    let text = at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).expect("the years of the ledger have four digits");
    Timestamp::parse(&text).expect("RFC 3339 is what EPCIS asks for")
}

fn utc() -> ZoneOffset {
    ZoneOffset::parse("+00:00").expect("the offset of UTC is one")
}

fn term(vocabulary: Vocabulary, word: &str) -> Term {
    Term::parse(vocabulary, word).expect("the words of this file are of the vocabulary")
}
