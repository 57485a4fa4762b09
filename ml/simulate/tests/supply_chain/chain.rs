//! A naive check that honest trade obeys the order of things.

use std::collections::{HashMap, HashSet};

use veridose_epcis::model::{Action, Event, EventKind};

use crate::ran;
use crate::record::{Record, ends, is, site};

/// Where everything is, as far as the events say.
#[derive(Default)]
struct Chain {
    /// Holder of what stands alone; nothing for what is on its way.
    holder: HashMap<String, Option<String>>,
    parent: HashMap<String, String>,
    gone: HashSet<String>,
}

impl Chain {
    fn held(&self, epc: &str) -> Option<&str> {
        let mut top = epc;
        while let Some(parent) = self.parent.get(top) {
            top = parent;
        }
        self.holder.get(top).and_then(Option::as_deref)
    }

    fn check_held(&self, event: &Event, epc: &str) {
        assert!(!self.gone.contains(epc), "{epc} is gone: {event:?}");
        assert_eq!(self.held(epc), Some(site(event)), "{epc}: {event:?}");
    }

    fn follow(&mut self, event: &Event) {
        let epcs: Vec<String> = event.epc_list.iter().chain(&event.child_epcs).map(ToString::to_string).collect();
        match (event.kind, event.action) {
            (EventKind::Object, Some(Action::Add)) => {
                for epc in &epcs {
                    assert!(self.holder.insert(epc.clone(), Some(site(event).to_owned())).is_none(), "twice: {epc}");
                }
            }
            (EventKind::Transformation, _) => {
                for epc in &event.input_epc_list {
                    self.check_held(event, epc.as_str());
                    self.gone.insert(epc.to_string());
                }
                for epc in &event.output_epc_list {
                    let before = self.holder.insert(epc.to_string(), Some(site(event).to_owned()));
                    assert!(before.is_none(), "twice: {epc}");
                }
            }
            (EventKind::Aggregation, action) => self.aggregate(event, &epcs, action == Some(Action::Add)),
            _ => self.object(event, &epcs),
        }
    }

    fn aggregate(&mut self, event: &Event, children: &[String], packs: bool) {
        let parent = event.parent_id.as_ref().expect("a container").to_string();
        for child in children {
            self.check_held(event, child);
            if packs {
                assert!(self.parent.insert(child.clone(), parent.clone()).is_none(), "{child} is in two containers");
            } else {
                assert_eq!(self.parent.remove(child).as_ref(), Some(&parent));
                self.holder.insert(child.clone(), Some(site(event).to_owned()));
            }
        }
        if packs {
            self.holder.insert(parent, Some(site(event).to_owned()));
        }
    }

    fn object(&mut self, event: &Event, epcs: &[String]) {
        for epc in epcs {
            if is(event, "receiving") {
                assert_eq!(self.holder.insert(epc.clone(), Some(site(event).to_owned())), Some(None), "{event:?}");
                continue;
            }
            if is(event, "other") {
                assert!(self.gone.remove(epc), "undone without a dispense: {event:?}");
            }
            self.check_held(event, epc);
            if is(event, "shipping") {
                assert!(!self.parent.contains_key(epc), "shipped inside a container: {event:?}");
                assert_eq!(ends(event).0, site(event));
                self.holder.insert(epc.clone(), None);
            }
            if event.action == Some(Action::Delete) {
                self.gone.insert(epc.clone());
            }
        }
    }
}

#[test]
fn honest_trade_obeys_the_order_of_things() {
    let record = Record::read(&ran(|options| (options.prevalence, options.noise) = (0.0, 0.0)));
    let mut chain = Chain::default();
    record.events.iter().for_each(|event| chain.follow(event));
    let steps = [
        "commissioning",
        "packing",
        "shipping",
        "receiving",
        "unpacking",
        "inspecting",
        "dispensing",
        "repackaging",
        "other",
        "holding",
        "destroying",
    ];
    for step in steps {
        assert!(record.of_step(step).next().is_some(), "{step} never happens");
    }
    let returned =
        record.of_step("receiving").any(|event| event.disposition.as_ref().is_some_and(|d| d.as_str() == "returned"));
    assert!(returned && record.events.iter().any(|event| !event.sensor_element_list.is_empty()));
    check_ends(&record);
}

/// Nothing expired or recalled is given out, and every scan reads what is printed.
fn check_ends(record: &Record) {
    let recalls: HashMap<&str, &Event> =
        record.of_step("holding").map(|event| (event.quantity_list[0].epc_class.as_str(), event)).collect();
    assert!(!recalls.is_empty());
    for event in record.of_step("dispensing") {
        for epc in &event.epc_list {
            let made = record.made(epc.as_str()).expect("made before");
            let (lot, expiry) = (made.lot_number().expect("a lot"), made.item_expiration_date().expect("a date"));
            assert!(event.event_time.as_str()[..10] <= *expiry, "{event:?}");
            let class = format!("{}/10/{lot}", epc.as_str().split("/21/").next().expect("a product"));
            assert!(recalls.get(&*class).is_none_or(|recall| recall.event_time.instant() > event.event_time.instant()));
        }
    }
}
