//! Containers that say something else than what lies in them (pattern 12).

use crate::events::{NONE, Row, flag};
use crate::history::Stay;

use super::Code;
use super::finding::cause;
use super::walk::{Proof, Walk, span};

pub(super) fn check(walk: &mut Walk<'_>) {
    let stays = walk.stays;
    for pair in stays.windows(2) {
        if let [first, second] = pair {
            two_parents(walk, first, second);
        }
    }
    let out: Vec<(u32, &Row)> = walk
        .own()
        .filter(|(_, row)| {
            row.is(flag::AGGREGATION) && row.is(flag::DELETE) && row.parent != walk.thing && row.parent != NONE
        })
        .collect();
    for (event, row) in out {
        unpacked_elsewhere(walk, event, row);
    }
}

/// Put into a second container without having left the first. Where the first was opened at the site, that is most often a
/// pack whose unpacking was not read; at two sites, or if the first container was never opened or is known to have been
/// whole later, one of the two is false.
fn two_parents(walk: &mut Walk<'_>, first: &Stay, second: &Stay) {
    if first.parent == second.parent || first.is_unpacked {
        return;
    }
    let facts = walk.facts;
    let table = walk.table();
    let (packed, again) = (walk.row(first.packed), walk.row(second.packed));
    let later = facts.histories.own(first.parent);
    // The first container goes on travelling as a whole after the second packing.
    let travels = later.iter().map(|event| &table.rows[*event as usize]).find(|row| {
        row.time > second.from
            && row.place != NONE
            && (row.step.is_transfer()
                || (row.parent == first.parent && row.is(flag::DELETE) && table.named(row).contains(&walk.thing)))
    });
    let last_place = later
        .iter()
        .map(|event| &table.rows[*event as usize])
        .rfind(|row| row.time <= second.from && row.place != NONE);
    let is_apart =
        last_place.is_some_and(|row| row.place != again.place && facts.party_of(row) != facts.party_of(again));
    let is_opened = later.iter().map(|event| &table.rows[*event as usize]).any(|row| {
        row.parent == first.parent && row.is(flag::DELETE) && (first.from..=second.from).contains(&row.time)
    });
    let strength = match (travels.is_some(), is_apart) {
        (true, _) => 0.9,
        (false, true) => 0.7,
        (false, false) if is_opened => 0.12,
        (false, false) => 0.6,
    };
    let text = format!(
        "{} was put into {} at {} and {} later into {} at {}; nothing took it out of the first.",
        walk.name(),
        table.things.text(first.parent),
        facts.called(packed.place),
        span(second.from - first.from),
        table.things.text(second.parent),
        facts.called(again.place)
    );
    let parties = [facts.party_of(again), facts.party_of(packed)];
    let causes = [cause("two parents", &[table.things.text(second.parent)])];
    walk.find(
        Code::TwoParents,
        &Proof { events: &[first.packed, second.packed], parties: &parties, strength, causes: &causes },
        text,
    );
    if let Some(finding) = walk.findings.last_mut() {
        finding.things.extend([second.parent, first.parent]);
    }
}

/// Taken out of a container into which it was never put, while it lay in another.
fn unpacked_elsewhere(walk: &mut Walk<'_>, event: u32, row: &Row) {
    let lay_in = walk.stays.iter().rev().find(|stay| stay.from < row.time && stay.parent != row.parent);
    let was_in = walk.stays.iter().any(|stay| stay.parent == row.parent && stay.from <= row.time);
    let Some(stay) = lay_in.filter(|_| !was_in) else { return };
    // An unpacking that was read ends the stay before; then the container it came out of is one that was not read.
    if stay.to < row.time && stay.is_unpacked {
        return;
    }
    let facts = walk.facts;
    let table = walk.table();
    let text = format!(
        "{} came out of {} at {}; it had been put into {}.",
        walk.name(),
        table.things.text(row.parent),
        facts.called(row.place),
        table.things.text(stay.parent)
    );
    let parties = [facts.party_of(row), facts.party_of(walk.row(stay.packed))];
    let mut both = [table.things.text(row.parent), table.things.text(stay.parent)];
    both.sort_unstable();
    let causes = [cause("contents", &both)];
    walk.find(
        Code::ContentMismatch,
        &Proof { events: &[stay.packed, event], parties: &parties, strength: 0.92, causes: &causes },
        text,
    );
    if let Some(finding) = walk.findings.last_mut() {
        finding.things.extend([row.parent, stay.parent]);
    }
}
