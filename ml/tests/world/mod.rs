//! A small trade, written down as EPCIS events.

use serde_json::{Value, json};

/// Days since 2026-01-01.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(pub(crate) i64);

/// Name, number, role, country, latitude, longitude.
const PLACES: [(&str, u32, &str, &str, f64, f64); 8] = [
    ("mf-de", 1, "manufacturer", "DE", 50.1, 8.7),
    ("wh-de-1", 2, "wholesaler", "DE", 52.5, 13.4),
    ("wh-fr-1", 3, "wholesaler", "FR", 48.9, 2.4),
    ("ph-de-1", 4, "pharmacy", "DE", 52.4, 13.1),
    ("ph-de-2", 5, "pharmacy", "DE", 53.6, 10.0),
    ("ph-fr-1", 6, "pharmacy", "FR", 43.3, 5.4),
    ("ho-de-1", 7, "hospital", "DE", 48.1, 11.6),
    ("ho-fr-1", 8, "hospital", "FR", 45.8, 4.8),
];

/// Events in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    events: Vec<Value>,
    minute: i64,
    late_days: Option<i64>,
    papers: u32,
}

/// The identifier of a pack, or of a container by the names that begin with CASE.
pub(crate) fn pack(serial: &str) -> String {
    match serial.strip_prefix("CASE") {
        Some(number) => format!("urn:epc:id:sscc:4012345.{number:0>10}"),
        None => format!("urn:epc:id:sgtin:4012345.011111.{serial}"),
    }
}

/// The identifier of a place.
pub(crate) fn place(name: &str) -> String {
    let number = PLACES.iter().find(|(known, ..)| *known == name).map_or(99, |(_, number, ..)| *number);
    format!("urn:epc:id:sgln:4012345.{number:05}.0")
}

impl Journal {
    /// Nothing has happened.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Two lots, a case that lies at a wholesaler and packs at a pharmacy.
    pub(crate) fn of_trade() -> Self {
        let mut journal = Self::default();
        let packs: Vec<String> = (1..30).map(|n| format!("P{n}")).chain(["SY1".to_owned()]).collect();
        let names: Vec<&str> = packs.iter().map(String::as_str).collect();
        journal.commission(&names, "L1", "mf-de", Day(0));
        journal.commission(&["Q1", "Q2"], "L2", "mf-de", Day(0));
        journal.pack("CASE1", &["P7", "P8"], "mf-de", Day(1));
        journal.ship(&["CASE1", "P9"], "mf-de", "wh-de-1", Day(2));
        journal.receive(&["CASE1", "P9"], "mf-de", "wh-de-1", Day(4));
        journal.ship(&["P1", "SY1"], "mf-de", "ph-de-1", Day(2));
        journal.receive(&["P1", "SY1"], "mf-de", "ph-de-1", Day(4));
        for (name, ..) in PLACES {
            journal.add(
                "ObjectEvent",
                "OBSERVE",
                "storing",
                name,
                Day(5),
                json!({ "epcList": [format!("urn:epc:id:giai:4012345.{name}")] }),
            );
        }
        journal
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    /// The next event is so many minutes later in its day.
    pub(crate) fn at_minute(&mut self, minute: i64) -> &mut Self {
        self.minute = minute;
        self
    }

    /// The next event is recorded so many days after it happened.
    pub(crate) fn recorded_days_later(&mut self, days: i64) -> &mut Self {
        self.late_days = Some(days);
        self
    }

    fn add(&mut self, kind: &str, action: &str, step: &str, at: &str, day: Day, more: Value) {
        let id = format!("urn:uuid:00000000-0000-4000-8000-{:012}", self.events.len());
        let mut event = json!({
            "type": kind, "eventID": id, "eventTime": moment(day, std::mem::take(&mut self.minute)),
            "eventTimeZoneOffset": "+00:00", "action": action, "bizStep": step, "readPoint": { "id": place(at) },
        });
        if let Some(days) = self.late_days.take() {
            event["recordTime"] = json!(moment(Day(day.0 + days), 1));
        }
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        self.events.push(event);
    }

    pub(crate) fn commission(&mut self, packs: &[&str], lot: &str, at: &str, day: Day) {
        let ilmd = json!({ "cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": "2027-06-30" });
        self.add("ObjectEvent", "ADD", "commissioning", at, day, json!({ "epcList": ids(packs), "ilmd": ilmd }));
    }

    pub(crate) fn pack(&mut self, case: &str, packs: &[&str], at: &str, day: Day) {
        self.add(
            "AggregationEvent",
            "ADD",
            "packing",
            at,
            day,
            json!({ "parentID": pack(case), "childEPCs": ids(packs) }),
        );
    }

    pub(crate) fn unpack(&mut self, case: &str, packs: &[&str], at: &str, day: Day) {
        self.add(
            "AggregationEvent",
            "DELETE",
            "unpacking",
            at,
            day,
            json!({ "parentID": pack(case), "childEPCs": ids(packs) }),
        );
    }

    fn handoff(&mut self, step: &str, papers: &str, packs: &[&str], (from, to, at): (&str, &str, &str), day: Day) {
        let more = json!({
            "epcList": ids(packs),
            "bizTransactionList": [{ "type": "desadv", "bizTransaction": format!("urn:epcglobal:cbv:bt:4012345000009:{papers}") }],
            "sourceList": [{ "type": "owning_party", "source": place(from) }],
            "destinationList": [{ "type": "owning_party", "destination": place(to) }],
        });
        self.add("ObjectEvent", "OBSERVE", step, at, day, more);
    }

    pub(crate) fn ship(&mut self, packs: &[&str], from: &str, to: &str, day: Day) {
        self.papers += 1;
        let papers = format!("{from}-{to}-{}", self.papers);
        self.handoff("shipping", &papers, packs, (from, to, from), day);
    }

    /// A shipment under papers of its own.
    pub(crate) fn order(&mut self, number: i64, packs: &[&str], from: &str, to: &str, day: Day) {
        self.handoff("shipping", &format!("order-{number}"), packs, (from, to, from), day);
    }

    pub(crate) fn receive(&mut self, packs: &[&str], from: &str, to: &str, day: Day) {
        let papers = format!("{from}-{to}-{}", self.papers);
        self.handoff("receiving", &papers, packs, (from, to, to), day);
    }

    pub(crate) fn inspect(&mut self, serial: &str, at: &str, day: Day, scanned: Option<(&str, &str)>) {
        let mut more = json!({ "epcList": [pack(serial)], "veridose:client": format!("{at}/till") });
        if let Some((lot, expiry)) = scanned {
            more["veridose:scanned"] = json!({ "lot": lot, "expiry": expiry });
        }
        self.add("ObjectEvent", "OBSERVE", "inspecting", at, day, more);
    }

    pub(crate) fn dispense(&mut self, serial: &str, at: &str, day: Day) {
        let more = json!({ "epcList": [pack(serial)], "disposition": "dispensed" });
        self.add("ObjectEvent", "DELETE", "dispensing", at, day, more);
    }

    /// A dispense undone.
    pub(crate) fn restore(&mut self, serial: &str, at: &str, day: Day) {
        let more = json!({ "epcList": [pack(serial)], "disposition": "available" });
        self.add("ObjectEvent", "OBSERVE", "other", at, day, more);
    }

    pub(crate) fn steal(&mut self, serial: &str, at: &str, day: Day) {
        self.add(
            "ObjectEvent",
            "OBSERVE",
            "holding",
            at,
            day,
            json!({ "epcList": [pack(serial)], "disposition": "stolen" }),
        );
    }

    pub(crate) fn recall(&mut self, lot: &str, at: &str, day: Day) {
        let class = json!([{ "epcClass": format!("urn:epc:class:lgtin:4012345.011111.{lot}") }]);
        self.add(
            "ObjectEvent",
            "OBSERVE",
            "holding",
            at,
            day,
            json!({ "quantityList": class, "disposition": "recalled" }),
        );
    }

    /// The last event again, as one that was wrong.
    pub(crate) fn declare_last_wrong(&mut self, day: Day) {
        let Some(mut wrong) = self.events.last().cloned() else { return };
        wrong["errorDeclaration"] = json!({ "declarationTime": moment(day, 0), "reason": "did_not_occur" });
        self.events.push(wrong);
    }

    pub(crate) fn document(&self) -> String {
        document(&self.events)
    }

    /// The same events in another order over three documents, every seventh twice.
    pub(crate) fn shuffled(&self, seed: u64) -> Vec<String> {
        let mut parts: [Vec<Value>; 3] = Default::default();
        let mut order: Vec<(u64, &Value)> =
            self.events.iter().enumerate().map(|(at, event)| (mix(seed ^ at as u64), event)).collect();
        order.sort_by_key(|(key, _)| *key);
        for (key, event) in order {
            parts[usize::try_from(key % 3).unwrap_or(0)].push(event.clone());
            if key % 7 == 0 {
                parts[usize::try_from(key / 7 % 3).unwrap_or(0)].push(event.clone());
            }
        }
        parts.iter().map(|events| document(events)).collect()
    }
}

fn ids(packs: &[&str]) -> Vec<String> {
    packs.iter().map(|serial| pack(serial)).collect()
}

fn moment(Day(day): Day, minute: i64) -> String {
    let time =
        time::macros::datetime!(2026-01-01 10:00 UTC) + time::Duration::days(day) + time::Duration::minutes(minute);
    time.format(&time::format_description::well_known::Rfc3339).expect("a year of four digits")
}

/// One step of `SplitMix64`.
fn mix(seed: u64) -> u64 {
    let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

fn document(events: &[Value]) -> String {
    let places: Vec<Value> = PLACES
        .iter()
        .map(|(name, _, role, country, latitude, longitude)| {
            json!({ "id": place(name), "attributes": [
                { "id": "cbvmda:countryCode", "attribute": country },
                { "id": "cbvmda:latitude", "attribute": latitude.to_string() },
                { "id": "cbvmda:longitude", "attribute": longitude.to_string() },
                { "id": "veridose:role", "attribute": role },
            ]})
        })
        .collect();
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-01T00:00:00Z",
        "epcisHeader": { "epcisMasterData": { "vocabularyList": [
            { "type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": places },
        ]}},
        "epcisBody": { "eventList": events },
    })
    .to_string()
}
