//! Property tests: whatever event is written in a syntax is read back from it.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use veridose_epcis::model::{
    Action, BizTransaction, ErrorDeclaration, Fields, Name, Namespace, Number, Object, Party, PersistentDisposition,
    Place, QuantityElement, SensorElement, SensorMetadata, SensorReport, Term, Timestamp, Uri, Value, Vocabulary,
    ZoneOffset,
};
use veridose_epcis::{
    Document, Event, EventKind, Header, Syntax, from_json, hash, read_document, to_json, write_document,
};

/// Text that XML has: everything but control characters and the two non-characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~äé€😀\\t\\n\\r]{0,12}",
        1 => any::<String>().prop_map(|text| text.chars().filter(|found| {
            !matches!(found, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
        }).collect()),
    ]
}

fn uri() -> impl Strategy<Value = Uri> {
    prop_oneof![
        "[0-9]{7}\\.[0-9]{6}\\.[0-9A-Za-z%&'<-]{1,8}".prop_map(|rest| format!("urn:epc:id:sgtin:{rest}")),
        "[0-9]{14}/21/[0-9A-Za-z]{1,8}".prop_map(|rest| format!("https://id.gs1.org/01/{rest}?a=1&b=2")),
        "[a-z]{1,6}".prop_map(|rest| format!("ex1:{rest}")),
    ]
    .prop_map(|text| Uri::parse(&text).expect("a URI"))
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (1990..2099_u32, 1..13_u32, 1..29_u32, 0..24_u32, "(\\.[0-9]{1,12})?", "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])")
        .prop_map(|(year, month, day, hour, fraction, zone)| {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:30:59{fraction}{zone}");
            Timestamp::parse(&text).expect("a time")
        })
}

fn number() -> impl Strategy<Value = Number> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,10})?(e-?[1-9][0-9]?)?".prop_map(|text| Number::parse(&text).expect("a number"))
}

fn term(vocabulary: Vocabulary) -> impl Strategy<Value = Term> {
    prop_oneof!["[a-z][a-z_]{0,10}", "ex1:[a-z]{1,6}", "https://example\\.com/[a-z]{1,6}", "urn:x:[a-z]{1,6}"]
        .prop_map(move |text| Term::parse(vocabulary, &text).expect("a word"))
}

fn namespace() -> impl Strategy<Value = Option<Arc<Namespace>>> {
    prop_oneof![
        Just(Some(Namespace::new("ex1", "http://example.com/ext1/"))),
        Just(Some(Namespace::new("ex1", "http://example.com/the-same-prefix/"))),
        Just(Some(Namespace::new("other", "http://example.com/ext1/"))),
        Just(Some(Namespace::new("", "http://example.com/no-prefix#"))),
        Just(Some(Namespace::new("epcis", "http://example.com/a-taken-prefix"))),
        Just(Some(Namespace::new("cbvmda", "urn:epcglobal:cbv:mda"))),
        Just(Some(Namespace::new("veridose", veridose_epcis::model::VERIDOSE_NAMESPACE))),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    (namespace(), prop_oneof![9 => "[A-Za-zé_][A-Za-z0-9_.-]{0,6}", 1 => "[0-9 @/:<\"-]{1,4}"])
        .prop_map(|(namespace, local)| Name::new(namespace, &local))
}

fn inner_name() -> impl Strategy<Value = Name> {
    prop_oneof![3 => name(), 1 => "[A-Za-z][A-Za-z0-9]{0,6}".prop_map(|local| Name::new(None, &local))]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => text().prop_map(|text| Value::Text(text.into())),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => number().prop_map(Value::Number),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let space = prop_oneof![2 => Just(None), 1 => namespace()];
        let attribute = ((space, "[A-Za-z][A-Za-z0-9]{0,5}"), text());
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            fields_of(inner_name(), inner)
                .prop_map(|fields| { Value::Object(Box::new(Object { fields, ..Object::default() })) }),
            (vec(attribute, 1..3), text()).prop_map(|(attributes, text)| {
                let mut object = Object { text: (!text.is_empty()).then(|| text.into()), ..Object::default() };
                for ((namespace, local), value) in attributes {
                    let name = Name::new(namespace, &local);
                    if object.attributes.iter().all(|(known, _)| *known != name) {
                        object.attributes.push((name, value.into()));
                    }
                }
                Value::Object(Box::new(object))
            }),
        ]
    })
}

fn fields_of(name: impl Strategy<Value = Name>, value: impl Strategy<Value = Value>) -> impl Strategy<Value = Fields> {
    vec((name, value), 0..4).prop_map(|members| {
        let mut fields = Fields::default();
        for (name, value) in members {
            if fields.iter().all(|(known, _)| *known != name) {
                fields.add(name, value);
            }
        }
        fields
    })
}

fn fields() -> impl Strategy<Value = Fields> {
    fields_of(name(), value())
}

fn quantity() -> impl Strategy<Value = QuantityElement> {
    (uri(), of("[0-9]{1,6}(\\.[0-9]{1,4})?"), of("[A-Z0-9]{2,3}")).prop_map(|(epc_class, quantity, uom)| {
        QuantityElement {
            epc_class,
            quantity: quantity.map(|text| Number::parse_quantity(&text).expect("a quantity")),
            uom: uom.map(Into::into),
        }
    })
}

fn place() -> impl Strategy<Value = Place> {
    (uri(), fields()).prop_map(|(id, extensions)| Place { id, extensions })
}

fn metadata() -> impl Strategy<Value = SensorMetadata> {
    (of(timestamp()), of(uri()), of(uri()), fields()).prop_map(|(time, device_id, biz_rules, extensions)| {
        SensorMetadata { end_time: time.clone(), time, device_id, biz_rules, extensions, ..SensorMetadata::default() }
    })
}

fn report() -> impl Strategy<Value = SensorReport> {
    let words =
        (of(term(Vocabulary::Measurement)), of(term(Vocabulary::SensorException)), of(term(Vocabulary::Component)));
    let texts = (of(text()), of(any::<bool>()), of("[0-9a-f]{2,8}"), of("[A-Z0-9]{2,3}"));
    (words, texts, of(number()), of(uri()), fields()).prop_map(|(words, texts, value, uri_value, extensions)| {
        SensorReport {
            kind: words.0,
            exception: words.1,
            component: words.2,
            string_value: texts.0.map(Into::into),
            boolean_value: texts.1,
            hex_binary_value: texts.2.map(Into::into),
            uom: texts.3.map(Into::into),
            s_dev: value.clone(),
            value,
            uri_value,
            extensions,
            ..SensorReport::default()
        }
    })
}

fn sensor() -> impl Strategy<Value = SensorElement> {
    (of(metadata()), vec(report(), 0..3), fields()).prop_map(|(metadata, reports, extensions)| SensorElement {
        metadata,
        reports,
        extensions,
    })
}

fn party() -> impl Strategy<Value = Party> {
    (term(Vocabulary::SourceDestType), uri()).prop_map(|(kind, id)| Party { kind, id })
}

fn error_declaration() -> impl Strategy<Value = ErrorDeclaration> {
    (timestamp(), of(term(Vocabulary::ErrorReason)), vec(uri(), 0..3), fields()).prop_map(
        |(declaration_time, reason, corrective_event_ids, extensions)| ErrorDeclaration {
            declaration_time,
            reason,
            corrective_event_ids,
            extensions,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let frame = (prop::sample::select(EventKind::ALL.to_vec()), timestamp(), of(timestamp()), of(uri()));
    let marks = (of(error_declaration()), vec(uri(), 0..3), vec(uri(), 1..4), vec(quantity(), 0..3));
    let action = prop::sample::select(vec![Action::Add, Action::Observe, Action::Delete]);
    let why = (action, of(term(Vocabulary::BizStep)), of(term(Vocabulary::Disposition)), of(place()), of(place()));
    let transaction =
        (of(term(Vocabulary::BizTransactionType)), uri()).prop_map(|(kind, id)| BizTransaction { kind, id });
    let disposition = || vec(term(Vocabulary::Disposition), 0..3);
    let persistent = (disposition(), disposition()).prop_map(|(set, unset)| PersistentDisposition { set, unset });
    let parties = (vec(transaction, 1..3), vec(party(), 0..3), vec(party(), 0..3), of(persistent));
    let rest = (vec(sensor(), 0..3), fields(), fields(), uri());
    (frame, marks, why, parties, rest).prop_map(|(frame, marks, why, parties, rest)| {
        let offset = ZoneOffset::parse("-05:00").expect("an offset");
        let mut event = Event::new(frame.0, frame.1, offset);
        (event.record_time, event.event_id) = (frame.2, frame.3);
        (event.error_declaration, event.certification_info) = (marks.0.map(Box::new), marks.1);
        (event.biz_step, event.disposition, event.read_point, event.biz_location) = (why.1, why.2, why.3, why.4);
        (event.biz_transaction_list, event.source_list, event.destination_list) = (parties.0, parties.1, parties.2);
        (event.persistent_disposition, event.sensor_element_list, event.extensions) = (parties.3, rest.0, rest.1);
        things(&mut event, marks.2, marks.3, why.0, rest.2, rest.3);
        // The generated words are spelled with this prefix.
        event.namespaces = vec![Namespace::new("ex1", "http://example.com/vocabulary/")];
        event
    })
}

/// Fills in what only some kinds of events have.
fn things(
    event: &mut Event,
    epcs: Vec<Uri>,
    quantities: Vec<QuantityElement>,
    action: Action,
    ilmd: Fields,
    parent: Uri,
) {
    match event.kind {
        EventKind::Object => {
            (event.epc_list, event.quantity_list, event.ilmd) = (epcs, quantities, ilmd);
            event.action = Some(action);
        }
        EventKind::Aggregation | EventKind::Association => {
            (event.child_epcs, event.child_quantity_list) = (epcs, quantities);
            (event.action, event.parent_id) = (Some(action), Some(parent));
        }
        EventKind::Transaction => {
            (event.epc_list, event.quantity_list) = (epcs, quantities);
            (event.action, event.parent_id) = (Some(action), Some(parent));
        }
        EventKind::Transformation => {
            (event.input_epc_list, event.output_quantity_list, event.ilmd) = (epcs.clone(), quantities, ilmd);
            (event.output_epc_list, event.transformation_id) = (epcs, Some(parent));
        }
    }
}

/// The prefix is kept only where a word or identifier is spelled with it.
fn normalised(mut event: Event) -> Event {
    if !spelled_with_prefix(&event) {
        event.namespaces.clear();
    }
    event
}

fn spelled_with_prefix(event: &Event) -> bool {
    let is = |text: &str| text.starts_with("ex1:");
    let uri = |uri: &Uri| is(uri.as_str());
    let term = |term: &Term| is(term.as_str());
    let declared = event.error_declaration.iter();
    event.epcs().any(uri)
        || event.event_id.iter().chain(&event.certification_info).chain(&event.transformation_id).any(uri)
        || event.biz_step.iter().chain(&event.disposition).any(term)
        || event.read_point.iter().chain(&event.biz_location).any(|place| uri(&place.id))
        || event.biz_transaction_list.iter().any(|one| uri(&one.id) || one.kind.iter().any(term))
        || event.source_list.iter().chain(&event.destination_list).any(|one| uri(&one.id) || term(&one.kind))
        || event.persistent_disposition.iter().any(|both| both.set.iter().chain(&both.unset).any(term))
        || [&event.quantity_list, &event.child_quantity_list, &event.output_quantity_list]
            .into_iter()
            .flatten()
            .any(|one| uri(&one.epc_class))
        || declared.clone().any(|one| one.reason.iter().any(term) || one.corrective_event_ids.iter().any(uri))
        || event.sensor_element_list.iter().any(|element| {
            element.metadata.iter().any(|data| data.device_id.iter().chain(&data.biz_rules).any(uri))
                || element.reports.iter().any(|report| {
                    report.kind.iter().chain(&report.exception).chain(&report.component).any(term)
                        || report.uri_value.iter().any(uri)
                })
        })
}

fn header() -> Header {
    Header {
        creation_date: Some(Timestamp::parse("2023-04-01T08:45:16Z").expect("a time")),
        namespaces: vec![Namespace::new("ex1", "http://example.com/ext1/")],
        ..Header::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_syntax_gives_the_event_back(events in vec(event(), 1..3)) {
        let events: Vec<_> = events.into_iter().map(normalised).collect();
        let document = Document { header: header(), events };
        for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
            let written = write_document(&document, syntax).expect("the event has a form in each syntax");
            let again = read_document(&written)
                .unwrap_or_else(|error| panic!("{}: {error}\n{}", syntax.name(), String::from_utf8_lossy(&written)));
            for (again, event) in again.events.iter().zip(&document.events) {
                prop_assert_eq!(again, event, "{}:\n{}", syntax.name(), String::from_utf8_lossy(&written));
                prop_assert_eq!(hash(again), hash(event));
            }
            prop_assert_eq!(again.events.len(), document.events.len());
            prop_assert_eq!(&again.header, &document.header);
        }
    }

    #[test]
    fn one_event_alone_gives_the_same_bytes_for_ever(event in event()) {
        let event = normalised(event);
        let bytes = to_json(&event);
        let again = from_json(&bytes).expect("what was written is read");
        prop_assert_eq!(&again, &event, "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(to_json(&again), bytes);
    }

    #[test]
    fn one_event_alone_is_a_document_whatever_the_order_of_its_members(event in event(), first in any::<prop::sample::Index>()) {
        let event = normalised(event);
        let text = to_json(&event);
        let serde_json::Value::Object(mut members) = serde_json::from_slice(&text).expect("JSON") else { panic!("an object") };
        let fields: Vec<_> = members.keys().filter(|key| !key.contains(':')).cloned().collect();
        let first = first.get(&fields);
        let mut reordered = serde_json::Map::new();
        reordered.extend(members.shift_remove_entry(first));
        reordered.extend(members);
        let text = serde_json::to_vec(&reordered).expect("JSON");
        let document = read_document(&text).expect("a single event");
        let read: Vec<_> = document.events.iter().map(|event| (event.kind, event.epcs().count())).collect();
        prop_assert_eq!(read, [(event.kind, event.epcs().count())]);
    }

    #[test]
    fn no_damage_makes_the_reader_panic(event in event(), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let document = Document { header: header(), events: vec![normalised(event)] };
        for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
            let mut text = write_document(&document, syntax).expect("the event has a form in each syntax");
            for (at, byte) in &damage {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            // Whatever is still read can also be written and is then stable.
            if let Ok(read) = read_document(&text)
                && let Ok(written) = write_document(&read, Syntax::Json)
            {
                prop_assert_eq!(read_document(&written).expect("what was written is read").events, read.events);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200), start in "(\\{|<|\\{\"type\": \"ObjectEvent\",|<ObjectEvent>)?") {
        let mut text = start.into_bytes();
        text.extend(bytes);
        let _ = read_document(&text);
        let _ = from_json(&text);
    }
}
