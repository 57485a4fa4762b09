//! The ways that packs take, as what happens to them at whose hands, and which usual way is nearest to a pack's own.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::events::{NONE, Role, Step, ThingKind, number};
use crate::history::Visit;
use crate::rules::Facts;

/// Packs whose ways are counted, about; of more, so many are taken by their names.
const COUNTED: u64 = 20_000;
/// Usual ways that are kept: those that most packs take.
const KEPT: usize = 50;
/// Stops of a way that are looked at.
const STOPS_MAX: usize = 40;

/// What happened, and at whose hands.
pub(crate) type Stop = (Step, Role);

/// The ways that most packs take.
#[derive(Debug, Default)]
pub(crate) struct Ways(Vec<(Vec<Stop>, u32)>);

impl Ways {
    /// Counts the ways of packs that were seen alone.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let things = &facts.table.things;
        let packs = (0..number(things.len())).filter(|thing| things.kind(*thing) == ThingKind::Pack).count();
        let every = (packs as u64).div_ceil(COUNTED).max(1);
        let is_counted = |thing: &u32| {
            things.kind(*thing) == ThingKind::Pack
                && (every == 1 || xxh3_64(things.text(*thing).as_bytes()).is_multiple_of(every))
                && facts.is_seen_alone(*thing)
        };
        let ways: Vec<Vec<Stop>> = (0..number(things.len()))
            .into_par_iter()
            .filter(is_counted)
            .map_init(Vec::new, |visits, thing| way(facts, thing, visits))
            .collect();
        let mut counts: HashMap<Vec<Stop>, u32> = HashMap::new();
        for way in ways {
            *counts.entry(way).or_default() += 1;
        }
        let mut counts: Vec<(Vec<Stop>, u32)> = counts.into_iter().filter(|(way, _)| !way.is_empty()).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts.truncate(KEPT);
        Self(counts)
    }

    /// The usual way that takes the fewest changes to come from this one (Levenshtein), of equal ones the most trodden.
    pub(crate) fn nearest(&self, way: &[Stop]) -> Option<&[Stop]> {
        self.0.iter().map(|(usual, _)| usual).min_by_key(|usual| changes(way, usual)).map(Vec::as_slice)
    }
}

/// The stops of a thing, those of its containers too; the same thing at the same hands twice in a row is one stop.
pub(crate) fn way(facts: &Facts<'_>, thing: u32, visits: &mut Vec<Visit>) -> Vec<Stop> {
    let stays = facts.histories.stays(facts.table, thing);
    facts.histories.visits(facts.table, thing, &stays, visits);
    let rows = visits.iter().map(|visit| &facts.table.rows[visit.event as usize]).filter(|row| row.place != NONE);
    let mut way: Vec<Stop> = rows.map(|row| (row.step, facts.role(row.place))).collect();
    way.dedup();
    way.truncate(STOPS_MAX);
    way
}

/// A stop in words.
pub(crate) fn told(stop: Stop) -> String {
    format!("{} at {}", stop.0.name(), stop.1.name())
}

fn changes(a: &[Stop], b: &[Stop]) -> usize {
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (at, stop) in a.iter().enumerate() {
        let mut next = vec![at + 1];
        for (place, other) in b.iter().enumerate() {
            let kept = last[place] + usize::from(stop != other);
            next.push(kept.min(last[place + 1] + 1).min(next[place] + 1));
        }
        last = next;
    }
    last[b.len()]
}

/// A way for each pack with the packs that took it, so that what is said of a way is reckoned once.
pub(crate) fn by_way(facts: &Facts<'_>, things: &[u32]) -> BTreeMap<Vec<Stop>, Vec<usize>> {
    let fold = |mut ways: BTreeMap<Vec<Stop>, Vec<usize>>, (at, thing): (usize, &u32)| {
        ways.entry(way(facts, *thing, &mut Vec::new())).or_default().push(at);
        ways
    };
    let join = |mut all: BTreeMap<Vec<Stop>, Vec<usize>>, some: BTreeMap<Vec<Stop>, Vec<usize>>| {
        for (way, mut packs) in some {
            all.entry(way).or_default().append(&mut packs);
        }
        all
    };
    things.par_iter().enumerate().fold(BTreeMap::new, fold).reduce(BTreeMap::new, join)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_way_takes_the_fewest_changes() {
        const MADE: Stop = (Step::Commissioning, Role::Manufacturer);
        const SENT: Stop = (Step::Shipping, Role::Manufacturer);
        const GIVEN: Stop = (Step::Dispensing, Role::Pharmacy);
        const WARD: Stop = (Step::Dispensing, Role::Hospital);
        let ways = Ways(vec![(vec![MADE, SENT, GIVEN], 9), (vec![MADE, SENT, WARD], 5)]);
        assert_eq!(ways.nearest(&[MADE, SENT, WARD, GIVEN]), Some(&[MADE, SENT, GIVEN][..]), "the most trodden");
        assert_eq!(ways.nearest(&[MADE, WARD]), Some(&[MADE, SENT, WARD][..]));
        assert_eq!(Ways::default().nearest(&[MADE]), None);
        assert_eq!(
            (changes(&[], &[MADE, SENT]), changes(&[MADE], &[MADE]), changes(&[WARD, MADE], &[MADE])),
            (2, 0, 1)
        );
    }
}
