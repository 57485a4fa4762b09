//! Missed reads, doubled events, clocks that are off, sites that are offline. None of it is anybody's bad will.

use std::collections::BTreeMap;

use crate::chance::{Chance, Stream};
use crate::event::{DAY, Epc, Event, SiteId, Step};
use crate::name::Names;
use crate::network::Network;
use crate::pattern::Slip;
use crate::slip;
use crate::truth::Truth;

/// Share of things that a reader misses.
const MISSED: f64 = 0.02;
/// Share of events that are handed in twice.
const DOUBLED: f64 = 0.002;
/// Share of days that a site is offline.
const OFFLINE: f64 = 0.002;
/// Share of sites whose clock is off by minutes.
const WRONG_CLOCKS: f64 = 0.03;
/// Packs of a late upload that the truth names, at most.
const LATE_EPCS_MAX: usize = 1_000;

pub(crate) struct Noise {
    chance: Chance,
    factor: f64,
    /// Seconds by which the clock of each site is off.
    skew: Vec<i64>,
}

impl Noise {
    pub(crate) fn new(seed: u64, stream: Stream, factor: f64, network: &Network) -> Self {
        // The clocks are the same for honest events and others.
        let mut clocks = Chance::new(seed ^ 0xc10c, Stream::Noise);
        let mut skew = || {
            let usual = clocks.between(-20, 20);
            let wrong = clocks.between(180, 1_800) * if clocks.happens(0.5) { 1 } else { -1 };
            let is_wrong = clocks.happens(WRONG_CLOCKS * factor);
            if factor == 0.0 {
                0
            } else if is_wrong {
                wrong
            } else {
                usual
            }
        };
        Self { chance: Chance::new(seed, stream), factor, skew: network.sites.iter().map(|_| skew()).collect() }
    }

    /// Lays all of it over the honest events of a day.
    pub(crate) fn lay(&mut self, events: Vec<Event>, names: &Names<'_>) -> (Vec<Event>, Vec<Truth>) {
        let offline = self.offline(names.network);
        let (mut left, mut late) = (Vec::with_capacity(events.len()), BTreeMap::<SiteId, Vec<Event>>::new());
        for mut event in events {
            if event.id < slip::IDS && !self.read(&mut event) {
                continue;
            }
            event.time += self.skew[event.site];
            let doubled = self.doubled(&event);
            match offline.get(&event.site) {
                Some(days) => {
                    event.recorded += days * DAY;
                    late.entry(event.site).or_default().push(event);
                }
                None => left.push(event),
            }
            left.extend(doubled);
        }
        let mut truths = Vec::new();
        for (_, events) in late {
            truths.extend(late_truth(&events, names));
            left.extend(events);
        }
        (left, truths)
    }

    /// Lays doubling and skew over the events of attackers: what proves an attack is never lost.
    pub(crate) fn lay_over_attacks(&mut self, events: &mut Vec<Event>) {
        let mut added = Vec::new();
        for event in events.iter_mut() {
            event.time += self.skew[event.site];
            added.extend(self.doubled(event));
        }
        events.append(&mut added);
    }

    /// The sites that are offline today, and for how many days.
    fn offline(&mut self, network: &Network) -> BTreeMap<SiteId, i64> {
        let mut offline = BTreeMap::new();
        for site in 0..network.sites.len() {
            if self.chance.happens(OFFLINE * self.factor) && network.sites[site].is_retail() {
                offline.insert(site, self.chance.between(1, 5));
            }
        }
        offline
    }

    /// Leaves out what the reader missed. Whether anything is left.
    fn read(&mut self, event: &mut Event) -> bool {
        let by_reader = match event.step {
            Step::Ship
            | Step::ShipReturn
            | Step::Receive
            | Step::ReceiveReturn
            | Step::Unpacking
            | Step::Inspect
            | Step::Dispense => true,
            // Without these a pack has no beginning or end: makers and destroyers count.
            Step::Commission | Step::Packing | Step::Transform | Step::Undo | Step::Recall | Step::Destroy => false,
        };
        let missed = MISSED * self.factor;
        if by_reader && missed > 0.0 {
            event.epcs.retain(|_: &Epc| !self.chance.happens(missed));
            return !event.epcs.is_empty();
        }
        true
    }

    /// A second copy, recorded later.
    fn doubled(&mut self, event: &Event) -> Option<Event> {
        let (doubled, later) = (self.chance.happens(DOUBLED * self.factor), self.chance.between(30, DAY));
        doubled.then(|| Event { recorded: event.recorded + later, ..event.clone() })
    }
}

/// What a site handed in late, if any of it was a scan or dispense.
fn late_truth(events: &[Event], names: &Names<'_>) -> Option<Truth> {
    let at_counter = |event: &&Event| matches!(event.step, Step::Inspect | Step::Dispense);
    let mut epcs: Vec<String> =
        events.iter().filter(at_counter).flat_map(|event| &event.epcs).map(|epc| names.uri(epc)).collect();
    epcs.sort_unstable();
    epcs.dedup();
    epcs.truncate(LATE_EPCS_MAX);
    (!epcs.is_empty()).then(|| Truth::new(Slip::LateUpload.name(), epcs, None, events, names))
}
