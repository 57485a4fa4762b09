//! One EPCIS document into rows.

use std::collections::HashSet;
use std::io::BufRead;

use veridose_epcis::model::{Action, Party, Term, Timestamp, Uri, Value};
use veridose_epcis::{EpcisError, Event, EventKind, Reader};
use veridose_gs1::Expiry;
use xxhash_rust::xxh3::Xxh3Default;

use super::names::NONE;
use super::step::{Disposition, Step};
use super::table::{EventTable, NO_DAY, NO_TIME, Row, Source, flag, number};
use super::things::{ThingKind, identity};

/// What came of reading a document.
#[derive(Debug, Default)]
pub struct Reading {
    /// Events that were read.
    pub events: u64,
    /// Events that cannot be read; the first is told in `problem`.
    pub broken: u64,
    /// The first thing that is wrong.
    pub problem: Option<String>,
    /// Whether the document was read to its end.
    pub is_complete: bool,
}

/// Reads a document into the table, event by event; what is broken is counted and passed over.
pub(super) fn read(table: &mut EventTable, name: &str, input: impl BufRead) -> Reading {
    let mut reading = Reading::default();
    let document = table.texts.intern_text(name);
    let mut reader = match Reader::new(input, None) {
        Ok(reader) => reader,
        Err(error) => {
            reading.problem = Some(error.to_string());
            return reading;
        }
    };
    for (index, event) in reader.by_ref().enumerate() {
        match event {
            Ok(event) => {
                append(table, &event, Source { document, index: number(index) });
                reading.events += 1;
            }
            Err(error) => {
                reading.broken += 1;
                note(&mut reading, &error);
            }
        }
    }
    table.places.learn(reader.header());
    reading.is_complete = reader.is_complete();
    reading
}

fn note(reading: &mut Reading, error: &EpcisError) {
    if reading.problem.is_none() {
        reading.problem = Some(error.to_string());
    }
}

/// Adds an event that was read elsewhere: the document that it stood in, and its place there. Copies are left in and declarations
/// of error not carried out until [`super::settle`].
pub fn add(table: &mut EventTable, event: &Event, document: &str, index: u32) {
    let document = table.texts.intern_text(document);
    append(table, event, Source { document, index });
}

/// The same of an event of which only some packs are asked for: the others are left out, but for the first, so that its product is known
/// to have been named.
pub fn add_of(table: &mut EventTable, event: &Event, document: &str, index: u32, wanted: &Wanted) {
    let document = table.texts.intern_text(document);
    append_of(table, event, Source { document, index }, Some(wanted));
}

/// Packs that are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted(HashSet<u128>);

impl Wanted {
    /// These, however they are spelled.
    pub fn new<'u>(uris: impl IntoIterator<Item = &'u str>) -> Self {
        Self(uris.into_iter().map(|uri| identity(uri).2).collect())
    }

    /// Whether it is asked for; what is no pack always is.
    fn has(&self, uri: &str) -> bool {
        let (kind, _, key) = identity(uri);
        kind != ThingKind::Pack || self.0.contains(&key)
    }
}

/// Adds the event as a row; a transformation is two, what went in and what came out.
fn append(table: &mut EventTable, event: &Event, source: Source) {
    append_of(table, event, source, None);
}

fn append_of(table: &mut EventTable, event: &Event, source: Source, wanted: Option<&Wanted>) {
    let mut row = common(table, event);
    let id = event.event_id.as_ref().map_or("", Uri::as_str);
    if event.kind == EventKind::Transformation {
        row.step = Step::Repackaging;
        push(table, event, (row, source), (&event.input_epc_list, wanted), id);
        row.flags |= flag::OUTPUT | flag::ADD;
        row.fingerprint ^= 1;
        push(table, event, (row, source), (&event.output_epc_list, wanted), id);
        return;
    }
    let things = if matches!(event.kind, EventKind::Aggregation | EventKind::Association) {
        row.flags |= flag::AGGREGATION;
        if row.step == Step::Other {
            row.step = match event.action {
                Some(Action::Add) => Step::Packing,
                Some(Action::Delete) => Step::Unpacking,
                Some(Action::Observe) | None => Step::Other,
            };
        }
        &event.child_epcs
    } else {
        &event.epc_list
    };
    if event.kind == EventKind::Object && row.step == Step::Other && event.action == Some(Action::Add) {
        row.step = Step::Commissioning;
    }
    push(table, event, (row, source), (things, wanted), id);
}

fn push(
    table: &mut EventTable,
    event: &Event,
    (mut row, source): (Row, Source),
    (uris, wanted): (&[Uri], Option<&Wanted>),
    id: &str,
) {
    if let Some(parent) = &event.parent_id {
        row.parent = table.things.intern(parent.as_str());
    }
    let is_kept = |(at, uri): &(usize, &Uri)| *at == 0 || wanted.is_none_or(|wanted| wanted.has(uri.as_str()));
    let kept = uris.iter().enumerate().filter(is_kept);
    let things: Vec<u32> = kept.map(|(_, uri)| table.things.intern(uri.as_str())).collect();
    let event_number = table.push(row, source, &things, id);
    let lists = [&event.quantity_list, &event.child_quantity_list];
    for quantity in lists.into_iter().flatten() {
        let class = table.things.intern(quantity.epc_class.as_str());
        let count = quantity.quantity.as_ref().map_or(1.0, veridose_epcis::model::Number::to_f64);
        table.quantities.push((event_number, class, count));
    }
}

fn common(table: &mut EventTable, event: &Event) -> Row {
    let place = event.read_point.as_ref().or(event.biz_location.as_ref());
    let mut row = Row {
        time: milliseconds(&event.event_time),
        recorded: event.record_time.as_ref().map_or(NO_TIME, milliseconds),
        fingerprint: fingerprint(event),
        first_thing: 0,
        things: 0,
        parent: NONE,
        place: place.map_or(NONE, |place| table.places.intern(place.id.as_str())),
        source: end(table, &event.source_list),
        destination: end(table, &event.destination_list),
        client: NONE,
        lot: NONE,
        expiry: NO_DAY,
        transaction: transaction(event).map_or(NONE, |id| table.texts.intern_text(id)),
        step: Step::parse(event.biz_step.as_ref()),
        disposition: disposition(event),
        flags: match event.action {
            Some(Action::Add) => flag::ADD,
            Some(Action::Delete) => flag::DELETE,
            Some(Action::Observe) | None => 0,
        },
    };
    if let Some(declaration) = &event.error_declaration {
        row.flags |= flag::DECLARATION;
        row.time = milliseconds(&declaration.declaration_time);
    }
    if let Some(client) = event.extensions.get_local("client").and_then(client_text) {
        row.client = table.places.intern(client);
    }
    let (lot, expiry) = match event.extensions.get_local("scanned").and_then(Value::fields) {
        Some(scanned) => {
            row.flags |= flag::SCANNED;
            // What reads a code asks, whatever its step is called.
            row.step = if row.step == Step::Other { Step::Inspecting } else { row.step };
            let text = |name| scanned.get_local(name).and_then(Value::as_text).map(str::trim);
            (text("lot"), text("expiry"))
        }
        None => (event.lot_number(), event.item_expiration_date()),
    };
    if let Some(lot) = lot.filter(|lot| !lot.is_empty()) {
        row.lot = table.texts.intern_text(lot);
    }
    if let Some((day, is_day_zero)) = expiry.and_then(|text| day(text, event.event_time.instant().year())) {
        row.expiry = day;
        row.flags |= if is_day_zero { flag::DAY_ZERO } else { 0 };
    }
    row
}

/// The client's name: a text, or the identifier of an object.
fn client_text(value: &Value) -> Option<&str> {
    let inner = || value.fields()?.get_local("id")?.as_text();
    value.as_text().or_else(inner).map(str::trim).filter(|text| !text.is_empty())
}

/// A persistent disposition tells more than the passing one.
fn disposition(event: &Event) -> Disposition {
    let lasting = event.persistent_disposition.as_ref().and_then(|both| both.set.first());
    match Disposition::parse(lasting) {
        Disposition::Other => Disposition::parse(event.disposition.as_ref()),
        told => told,
    }
}

/// One end of a transfer: the owner rather than the holder rather than the location. A location beside its owner tells
/// whose it is.
fn end(table: &mut EventTable, list: &[Party]) -> u32 {
    let find = |kind: &str| list.iter().find(|party| party.kind.as_str() == kind);
    let location = find("location").map(|party| table.places.intern(party.id.as_str()));
    let owner = find("owning_party").or_else(|| find("possessing_party"));
    let owner = owner.or_else(|| list.iter().find(|party| party.kind.as_str() != "location"));
    let owner = owner.map(|party| table.places.intern(party.id.as_str()));
    if let (Some(location), Some(owner)) = (location, owner)
        && location != owner
        && table.places.known(location).owner.is_none()
    {
        table.places.known_mut(location).owner = Some(owner);
    }
    owner.or(location).unwrap_or(NONE)
}

/// The despatch advice, else the order, else what comes first.
fn transaction(event: &Event) -> Option<&str> {
    let list = &event.biz_transaction_list;
    let of = |kind: &str| list.iter().find(|entry| entry.kind.as_ref().is_some_and(|term| term.as_str() == kind));
    of("desadv").or_else(|| of("po")).or_else(|| list.first()).map(|entry| entry.id.as_str())
}

fn milliseconds(time: &Timestamp) -> i64 {
    let instant = time.instant();
    instant.unix_timestamp() * 1000 + i64::from(instant.millisecond())
}

/// The day of an expiry as codes and master data write it: `YYYY-MM-DD`, `YYYYMMDD` or `YYMMDD`; day 00 is the last of
/// the month (GS1 General Specifications 3.4.7), and the second value says that it stood there.
fn day(text: &str, reference_year: i32) -> Option<(i32, bool)> {
    let digits: String = text.split(['T', 'Z']).next()?.chars().filter(char::is_ascii_digit).take(8).collect();
    let six = if digits.len() == 8 { digits.get(2..)? } else { digits.as_str() };
    let reference = if digits.len() == 8 { digits.get(..4)?.parse().ok()? } else { reference_year };
    let day = Expiry::from_yymmdd(six, reference).ok()?.day();
    Some((day, six.ends_with("00")))
}

/// What the event says, hashed: everything but its own identifier, its time of recording and a declaration of error.
fn fingerprint(event: &Event) -> u64 {
    let mut hash = Xxh3Default::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    };
    add(event.kind.name());
    add(&milliseconds(&event.event_time).to_string());
    add(event.action.map_or("", Action::name));
    add(event.biz_step.as_ref().map_or("", Term::as_str));
    add(event.disposition.as_ref().map_or("", Term::as_str));
    add(event.read_point.as_ref().map_or("", |place| place.id.as_str()));
    add(event.biz_location.as_ref().map_or("", |place| place.id.as_str()));
    for uri in event.epcs() {
        add(uri.as_str());
    }
    for quantity in event.quantity_list.iter().chain(&event.child_quantity_list) {
        add(quantity.epc_class.as_str());
        add(quantity.quantity.as_ref().map_or("", veridose_epcis::model::Number::as_str));
    }
    for party in event.source_list.iter().chain(&event.destination_list) {
        add(party.id.as_str());
    }
    for transaction in &event.biz_transaction_list {
        add(transaction.id.as_str());
    }
    for name in ["client", "scanned"] {
        if let Some(value) = event.extensions.get_local(name) {
            add_value(value, &mut add);
        }
    }
    hash.digest()
}

fn add_value(value: &Value, add: &mut impl FnMut(&str)) {
    add(value.as_text().unwrap_or(""));
    for (name, value) in value.fields().into_iter().flat_map(veridose_epcis::model::Fields::iter) {
        add(&name.local);
        add_value(value, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_read_in_the_forms_that_occur() {
        let of = |text| day(text, 2026).map(|(day, zero)| (Expiry::from_day(day).expect("a day").to_string(), zero));
        for (text, date, zero) in [
            ("2027-08-31", "2027-08-31", false),
            ("20270831", "2027-08-31", false),
            ("270831", "2027-08-31", false),
            ("270800", "2027-08-31", true),
            ("2027-08-00", "2027-08-31", true),
            ("2027-08-31T00:00:00Z", "2027-08-31", false),
        ] {
            assert_eq!(of(text), Some((date.to_owned(), zero)), "{text}");
        }
        for text in ["", "soon", "2027-13-01", "27083"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
