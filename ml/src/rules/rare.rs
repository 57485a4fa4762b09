//! Handoffs of a kind that hardly ever happens (pattern 8): between roles, within or across a border.

use std::collections::HashMap;

use crate::events::{EventTable, NONE, Role, Row, Step};

use super::Code;
use super::facts::Facts;
use super::finding::cause;
use super::walk::{Proof, Walk};

/// A kind of handoff: from which role to which, and whether across a border.
type Kind = (Role, Role, bool);

/// Fewer handoffs than this say nothing about what is usual.
const HANDOFFS_MIN: u32 = 200;
/// A kind of which there are at most so many, and at most this share of all, is rare.
const RARE_MAX: u32 = 60;
const RARE_SHARE_MAX: f64 = 0.005;

/// How often each kind of handoff happens.
#[derive(Debug, Default)]
pub(crate) struct Handoffs {
    counts: HashMap<Kind, u32>,
    total: u32,
}

impl Handoffs {
    pub(super) fn count(table: &EventTable, facts: &Facts<'_>) -> Self {
        let mut handoffs = Self::default();
        for row in &table.rows {
            if let Some(kind) = kind(facts, row) {
                *handoffs.counts.entry(kind).or_default() += 1;
                handoffs.total += 1;
            }
        }
        handoffs
    }

    fn rare(&self, kind: Kind) -> Option<u32> {
        let count = self.counts.get(&kind).copied().unwrap_or(0);
        let is_rare = count <= RARE_MAX && f64::from(count) <= RARE_SHARE_MAX * f64::from(self.total);
        (self.total >= HANDOFFS_MIN && is_rare).then_some(count)
    }
}

/// The kind of a handoff, if the event is one and both ends' roles are known.
fn kind(facts: &Facts<'_>, row: &Row) -> Option<Kind> {
    let (from, to) = match row.step {
        Step::Receiving => (row.source, row.place),
        Step::Shipping => (row.place, row.destination),
        _ => return None,
    };
    let (a, b) = (facts.role(from), facts.role(to));
    let is_known = facts.party(from) != facts.party(to) && a != Role::Unknown && b != Role::Unknown;
    (from != NONE && to != NONE && is_known && !row.disposition.is_reverse())
        .then(|| (a, b, facts.are_countries_apart(from, to)))
}

pub(super) fn check(walk: &mut Walk<'_>) {
    let facts = walk.facts;
    let found = walk.own().find_map(|(event, row)| {
        let kind = kind(facts, row)?;
        Some((event, row, kind, facts.handoffs().rare(kind)?))
    });
    let Some((event, row, (from, to, is_across), count)) = found else { return };
    let border = if is_across { " across a border" } else { "" };
    let text = format!(
        "{} went from a {} to a {}{border}, which {count} of {} handoffs do.",
        walk.name(),
        from.name(),
        to.name(),
        facts.handoffs().total
    );
    // Between those that make and sell many ways are trodden rarely; those that dispense sell to nobody.
    let strength = if from.is_dispenser() { 0.65 } else { 0.3 * (1.0 - f64::from(count) / f64::from(RARE_MAX)) };
    let parties = [facts.party(row.source), facts.party_of(row), facts.party(row.destination)];
    let names = parties.map(|party| facts.table.places.text(party));
    let causes =
        [cause("rare", &[names[0], names[1], names[2], &super::facts::day(row.time).div_euclid(7).to_string()])];
    walk.find(Code::RareTransition, &Proof { events: &[event], parties: &parties, strength, causes: &causes }, text);
}
