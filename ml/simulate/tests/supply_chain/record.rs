//! A run, read back.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_epcis::model::{Event, MasterDataElement, VERIDOSE_NAMESPACE, Value};
use veridose_epcis::read_document;
use veridose_simulate::Pattern;

#[derive(Debug, Deserialize)]
pub(crate) struct Truth {
    pub(crate) pattern: String,
    pub(crate) epcs: Vec<String>,
    pub(crate) parties: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// All events in the order of their times, the master data and the truth.
pub(crate) struct Record {
    pub(crate) events: Vec<Event>,
    pub(crate) truths: Vec<Truth>,
    by_epc: HashMap<String, Vec<usize>>,
    places: HashMap<String, MasterDataElement>,
}

impl Record {
    pub(crate) fn read(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let (mut events, mut places) = (Vec::new(), HashMap::new());
        for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".jsonld")) {
            let document = read_document(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            events.extend(document.events);
            let elements = document.header.master_data.into_iter().flat_map(|list| list.elements);
            places.extend(elements.map(|element| (element.id.to_string(), element)));
        }
        events.sort_by_key(|event| event.event_time.instant());
        let mut by_epc: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, event) in events.iter().enumerate() {
            event.epcs().for_each(|epc| by_epc.entry(epc.to_string()).or_default().push(at));
        }
        let lines = std::str::from_utf8(&files["truth.jsonl"]).expect("UTF-8").lines();
        let truths: Vec<Truth> = lines.map(|line| serde_json::from_str(line).expect("a truth")).collect();
        for truth in &truths {
            let [from, to] =
                [&truth.from, &truth.to].map(|text| OffsetDateTime::parse(text, &Rfc3339).expect("a time"));
            assert!(from <= to && !truth.epcs.is_empty() && !truth.parties.is_empty(), "{truth:?}");
        }
        Self { events, truths, by_epc, places }
    }

    pub(crate) fn attacks(&self) -> Vec<&Truth> {
        let is_attack = |truth: &&Truth| Pattern::ALL.iter().any(|pattern| pattern.name() == truth.pattern);
        self.truths.iter().filter(is_attack).collect()
    }

    pub(crate) fn slips(&self) -> Vec<&Truth> {
        let is_slip = |truth: &&Truth| Pattern::ALL.iter().all(|pattern| pattern.name() != truth.pattern);
        self.truths.iter().filter(is_slip).collect()
    }

    /// The events that name the EPC, oldest first.
    pub(crate) fn of(&self, epc: &str) -> Vec<&Event> {
        self.by_epc.get(epc).into_iter().flatten().map(|at| &self.events[*at]).collect()
    }

    /// Those of them with the business step.
    pub(crate) fn steps(&self, epc: &str, step: &str) -> Vec<&Event> {
        self.of(epc).into_iter().filter(|event| is(event, step)).collect()
    }

    pub(crate) fn of_step<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter(move |event| is(event, step))
    }

    /// The event in which a pack began.
    pub(crate) fn made(&self, epc: &str) -> Option<&Event> {
        let begins = |event: &&Event| {
            is(event, "commissioning") || event.output_epc_list.iter().any(|output| output.as_str() == epc)
        };
        self.of(epc).into_iter().find(begins)
    }

    /// An attribute of a place, also one of our own.
    pub(crate) fn about(&self, place: &str, name: &str) -> &str {
        let own = format!("veridose:{name}");
        let place = &self.places[place];
        let held = place.attributes.iter().find(|attribute| attribute.id.as_str() == own);
        place.attribute(name).or_else(|| held.and_then(|attribute| attribute.value.as_text())).expect("the attribute")
    }

    pub(crate) fn abroad(&self, one: &str, other: &str) -> bool {
        self.about(one, "countryCode") != self.about(other, "countryCode")
    }

    /// Kilometres between two places, measured on a sphere by the angle between them.
    pub(crate) fn kilometres(&self, one: &str, other: &str) -> f64 {
        let degrees = |place: &str, name: &str| self.about(place, name).parse::<f64>().expect("degrees").to_radians();
        let [(a, b), (c, d)] = [one, other].map(|place| (degrees(place, "latitude"), degrees(place, "longitude")));
        6371.0 * (a.sin() * c.sin() + a.cos() * c.cos() * (b - d).cos()).clamp(-1.0, 1.0).acos()
    }
}

pub(crate) fn is(event: &Event, step: &str) -> bool {
    event.biz_step.as_ref().is_some_and(|found| found.as_str() == step)
}

pub(crate) fn id(event: &Event) -> &str {
    event.event_id.as_ref().expect("every event has an id").as_str()
}

/// Where it happened.
pub(crate) fn site(event: &Event) -> &str {
    event.read_point.as_ref().expect("every event has a read point").id.as_str()
}

pub(crate) fn seconds(event: &Event) -> i64 {
    event.event_time.instant().unix_timestamp()
}

/// The owner before and after.
pub(crate) fn ends(event: &Event) -> (&str, &str) {
    (event.source_list[0].id.as_str(), event.destination_list[0].id.as_str())
}

pub(crate) fn order(event: &Event) -> &str {
    event.biz_transaction_list[0].id.as_str()
}

/// What the code said.
pub(crate) fn scanned<'a>(event: &'a Event, field: &str) -> Option<&'a str> {
    let fields = event.extensions.get(VERIDOSE_NAMESPACE, "scanned").and_then(Value::fields);
    fields.and_then(|fields| fields.get_local(field)).and_then(Value::as_text)
}
