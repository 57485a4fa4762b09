//! What packs usually do: the probabilities that surprisals are taken from.

use std::ops::Range;

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::events::{NONE, Row, Step, ThingKind, number};
use crate::rules::Facts;

const STEPS: usize = Step::ALL.len();
const ROLES: usize = 7;
/// A stop is a step at a role; one more stands for the beginning.
const STOPS: usize = STEPS * ROLES + 1;
const HOURS: usize = 24;
/// Each part of the things goes over all events: more parts than that win nothing.
const PARTS_MAX: usize = 8;

/// Surprisals by what all packs did, in nats. Probabilities are smoothed by one in each place (Laplace), so that nothing is impossible.
#[derive(Debug, Clone)]
pub struct Usual {
    transitions: Vec<f64>,
    hours: Vec<f64>,
    places: HashMap<(u64, u32), f64>,
    /// Of a party that never had the product.
    elsewhere: HashMap<u64, f64>,
    /// Where nobody ever had it.
    nowhere: f64,
    /// The share of each client's scans that failed.
    clients: HashMap<u32, f64>,
}

impl Usual {
    /// Counts what the things themselves did, in one pass over the events for each part of the things.
    pub fn of(facts: &Facts<'_>) -> Self {
        let things = facts.table.things.len();
        let parts = rayon::current_num_threads().clamp(1, PARTS_MAX);
        let part = |at: usize| number(things * at / parts)..number(things * (at + 1) / parts);
        let counts = (0..parts).into_par_iter().map(|at| Counts::of(facts, part(at)));
        let of_rows = || {
            let rows = facts.table.rows.par_iter().filter(|row| row.place != NONE);
            let hours = rows.fold(Counts::hours, |mut hours, row| {
                hours[row.step as usize * HOURS + hour(row)] += 1;
                hours
            });
            hours.reduce(Counts::hours, |mut hours, other| {
                add(&mut hours, &other);
                hours
            })
        };
        let (counts, hours) = rayon::join(|| counts.reduce(Counts::nothing, Counts::join), of_rows);
        counts.usual(&hours, facts.table.places.len().max(1))
    }

    /// `-ln P(stop | stop before)`, in nats.
    pub(super) fn transition(&self, facts: &Facts<'_>, last: Option<&Row>, row: &Row) -> f64 {
        self.transitions[stop(facts, last) * STOPS + stop(facts, Some(row))]
    }

    /// `-ln P(hour of day | step)`, in nats; hours are UTC.
    pub(super) fn hour(&self, row: &Row) -> f64 {
        self.hours[row.step as usize * HOURS + hour(row)]
    }

    /// `-ln P(party | product)`, in nats.
    pub(super) fn place(&self, gtin: u64, party: u32) -> f64 {
        let here = self.places.get(&(gtin, party)).or_else(|| self.elsewhere.get(&gtin));
        here.copied().unwrap_or(self.nowhere)
    }

    /// The share of a client's scans that failed, drawn towards none where there are few.
    pub(super) fn failures(&self, client: u32) -> f64 {
        self.clients.get(&client).copied().unwrap_or(0.0)
    }
}

/// What is counted over the packs.
#[derive(Debug)]
struct Counts {
    transitions: Vec<u32>,
    places: HashMap<(u64, u32), u32>,
    products: HashMap<u64, u32>,
    /// Scans that failed, and all.
    clients: HashMap<u32, (u32, u32)>,
}

impl Counts {
    fn nothing() -> Self {
        Self {
            transitions: vec![0; STOPS * STOPS],
            places: HashMap::new(),
            products: HashMap::new(),
            clients: HashMap::new(),
        }
    }

    fn hours() -> Vec<u32> {
        vec![0; STEPS * HOURS]
    }

    /// Of the packs among these things.
    fn of(facts: &Facts<'_>, part: Range<u32>) -> Self {
        let table = facts.table;
        let mut counts = Self::nothing();
        // Where each of them was last.
        let mut stops = vec![u8::try_from(STOPS - 1).expect("few stops"); part.len()];
        for event in facts.histories.in_order() {
            let row = &table.rows[*event as usize];
            let now = stop(facts, Some(row));
            // Things of one event are mostly of one product.
            let mut run = (0, 0);
            let named = table.named(row).iter().copied().chain((row.parent != NONE).then_some(row.parent));
            for thing in named.filter(|thing| part.contains(thing)) {
                if table.things.kind(thing) != ThingKind::Pack {
                    continue;
                }
                let last = &mut stops[(thing - part.start) as usize];
                let before = usize::from(std::mem::replace(last, u8::try_from(now).expect("few stops")));
                counts.transitions[before * STOPS + now] += 1;
                let gtin = table.things.gtin(thing);
                if run.0 != gtin {
                    counts.count(facts, row, std::mem::replace(&mut run, (gtin, 0)));
                }
                run.1 += 1;
                if row.step == Step::Inspecting && row.client != NONE {
                    let client = counts.clients.entry(row.client).or_default();
                    let is_unknown = facts.commissioning_event(thing).is_none() && facts.packs_of(gtin) > 0;
                    client.0 += u32::from(is_unknown);
                    client.1 += 1;
                }
            }
            counts.count(facts, row, run);
        }
        counts
    }

    /// So many packs of a product were at the place of an event.
    fn count(&mut self, facts: &Facts<'_>, row: &Row, (gtin, packs): (u64, u32)) {
        if packs > 0 && row.place != NONE {
            *self.places.entry((gtin, facts.party_of(row))).or_default() += packs;
            *self.products.entry(gtin).or_default() += packs;
        }
    }

    fn join(mut self, other: Self) -> Self {
        add(&mut self.transitions, &other.transitions);
        for (key, count) in other.places {
            *self.places.entry(key).or_default() += count;
        }
        for (key, count) in other.products {
            *self.products.entry(key).or_default() += count;
        }
        for (key, (failed, all)) in other.clients {
            let client = self.clients.entry(key).or_default();
            *client = (client.0 + failed, client.1 + all);
        }
        self
    }

    /// What follows from the counts.
    fn usual(self, hours: &[u32], parties: usize) -> Usual {
        let of = |gtin: u64| self.products.get(&gtin).copied().unwrap_or(0);
        let from: Vec<u32> = self.transitions.chunks(STOPS).map(|stops| stops.iter().sum()).collect();
        let steps: Vec<u32> = hours.chunks(HOURS).map(|hours| hours.iter().sum()).collect();
        Usual {
            transitions: (0..STOPS * STOPS)
                .map(|at| surprisal(self.transitions[at], from[at / STOPS], STOPS))
                .collect(),
            hours: (0..STEPS * HOURS).map(|at| surprisal(hours[at], steps[at / HOURS], HOURS)).collect(),
            places: (self.places.iter()).map(|(key, here)| (*key, surprisal(*here, of(key.0), parties))).collect(),
            elsewhere: self.products.iter().map(|(gtin, all)| (*gtin, surprisal(0, *all, parties))).collect(),
            nowhere: surprisal(0, 0, parties),
            clients: (self.clients.iter())
                .map(|(client, (failed, all))| (*client, f64::from(*failed) / (f64::from(*all) + 5.0)))
                .collect(),
        }
    }
}

fn add(mine: &mut [u32], other: &[u32]) {
    mine.iter_mut().zip(other).for_each(|(mine, other)| *mine += other);
}

fn stop(facts: &Facts<'_>, row: Option<&Row>) -> usize {
    row.map_or(STOPS - 1, |row| row.step as usize * ROLES + facts.role(row.place) as usize)
}

fn hour(row: &Row) -> usize {
    usize::try_from(row.time.div_euclid(3_600_000).rem_euclid(24)).unwrap_or(0)
}

fn surprisal(count: u32, of: u32, kinds: usize) -> f64 {
    -((f64::from(count) + 1.0) / (f64::from(of) + f64::from(number(kinds)))).ln()
}
