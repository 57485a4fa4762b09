//! What packs usually do: the probabilities that surprisals are taken from.

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::events::{NONE, Row, Step, ThingKind, number};
use crate::rules::Facts;

const STEPS: usize = Step::ALL.len();
const ROLES: usize = 7;
/// A stop is a step at a role; one more stands for the beginning.
const STOPS: usize = STEPS * ROLES + 1;
const HOURS: usize = 24;

/// Counts over all packs. Probabilities are smoothed by one in each place (Laplace), so that nothing is impossible.
#[derive(Debug, Clone)]
pub struct Usual {
    transitions: Vec<u32>,
    from: Vec<u32>,
    hours: Vec<u32>,
    steps: Vec<u32>,
    places: HashMap<(u64, u32), u32>,
    products: HashMap<u64, u32>,
    clients: HashMap<u32, (u32, u32)>,
    parties: u32,
}

impl Usual {
    /// Counts what the things themselves did, in one pass.
    pub fn of(facts: &Facts<'_>) -> Self {
        let things = (0..number(facts.table.things.len())).into_par_iter();
        let counted = things.filter(|thing| facts.table.things.kind(*thing) == ThingKind::Pack);
        let mut usual = counted
            .fold(Self::nothing, |mut usual, thing| {
                usual.count(facts, thing);
                usual
            })
            .reduce(Self::nothing, Self::join);
        usual.parties = number(facts.table.places.len()).max(1);
        for row in facts.table.rows.iter().filter(|row| row.place != NONE) {
            usual.hours[row.step as usize * HOURS + hour(row)] += 1;
            usual.steps[row.step as usize] += 1;
        }
        usual
    }

    fn nothing() -> Self {
        Self {
            transitions: vec![0; STOPS * STOPS],
            from: vec![0; STOPS],
            hours: vec![0; STEPS * HOURS],
            steps: vec![0; STEPS],
            places: HashMap::new(),
            products: HashMap::new(),
            clients: HashMap::new(),
            parties: 1,
        }
    }

    fn count(&mut self, facts: &Facts<'_>, thing: u32) {
        let gtin = facts.table.things.gtin(thing);
        let is_unknown = facts.commissioning_event(thing).is_none() && facts.packs_of(gtin) > 0;
        let mut last = None;
        for event in facts.histories.own(thing) {
            let row = &facts.table.rows[*event as usize];
            let (before, now) = (stop(facts, last), stop(facts, Some(row)));
            self.transitions[before * STOPS + now] += 1;
            self.from[before] += 1;
            last = Some(row);
            if row.place != NONE {
                *self.places.entry((gtin, facts.party_of(row))).or_default() += 1;
                *self.products.entry(gtin).or_default() += 1;
            }
            if row.step == Step::Inspecting && row.client != NONE {
                let client = self.clients.entry(row.client).or_default();
                client.0 += u32::from(is_unknown);
                client.1 += 1;
            }
        }
    }

    fn join(mut self, other: Self) -> Self {
        fn add(mine: &mut [u32], other: &[u32]) {
            mine.iter_mut().zip(other).for_each(|(mine, other)| *mine += other);
        }
        add(&mut self.transitions, &other.transitions);
        add(&mut self.from, &other.from);
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

    /// `-ln P(stop | stop before)`, in nats.
    pub(super) fn transition(&self, facts: &Facts<'_>, last: Option<&Row>, row: &Row) -> f64 {
        let (before, now) = (stop(facts, last), stop(facts, Some(row)));
        surprisal(self.transitions[before * STOPS + now], self.from[before], STOPS)
    }

    /// `-ln P(hour of day | step)`, in nats; hours are UTC.
    pub(super) fn hour(&self, row: &Row) -> f64 {
        surprisal(self.hours[row.step as usize * HOURS + hour(row)], self.steps[row.step as usize], HOURS)
    }

    /// `-ln P(party | product)`, in nats.
    pub(super) fn place(&self, facts: &Facts<'_>, thing: u32, row: &Row) -> f64 {
        let gtin = facts.table.things.gtin(thing);
        let here = self.places.get(&(gtin, facts.party_of(row))).copied().unwrap_or(0);
        surprisal(here, self.products.get(&gtin).copied().unwrap_or(0), self.parties as usize)
    }

    /// The share of a client's scans that failed, drawn towards none where there are few.
    pub(super) fn failures(&self, client: u32) -> f64 {
        let (failed, all) = self.clients.get(&client).copied().unwrap_or((0, 0));
        f64::from(failed) / (f64::from(all) + 5.0)
    }
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
