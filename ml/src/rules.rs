//! Rules: what contradicts the order of the trade, found without a model.
//!
//! Each rule has a stable [`Code`], names the events that prove it and says how sure it is. A slip of an operator has a
//! code of its own and is never called a falsification. Invariants: the findings are the same whatever the order of the
//! documents; a reading that was missed, doubled or handed in late weakens a rule and does not trip it alone.

mod clients;
mod code;
mod custody;
mod ended;
mod facts;
mod finding;
mod known;
mod late;
mod packing;
mod rare;
mod scanned;
mod shipments;
mod shortage;
mod status;
mod travel;
mod walk;

pub use code::{CATALOGUE, Code, Entry, Kind, Severity};
pub(crate) use facts::day;
pub use facts::{Facts, Lot};
pub use finding::Finding;
pub(crate) use finding::cause;
pub(crate) use scanned::date;
pub use travel::distance_km;

use rayon::prelude::*;

use crate::events::{EventTable, ThingKind, number};
use crate::history::{Stay, Visit};
use crate::stock::Accounts;
use walk::{Walk, counts};

/// Applies every rule to every thing.
pub fn check(facts: &Facts<'_>) -> Vec<Finding> {
    // Stock is followed from event to event, one after the other: beside it the rest has the other processors.
    let accounts = || Accounts::follow(facts.table, facts.histories.in_order());
    let (accounts, mut findings) = rayon::join(accounts, || check_all(facts));
    shortage::check(facts, &accounts, &mut findings);
    sort(facts.table, &mut findings);
    findings
}

/// Applies every rule that needs no accounts of stock.
fn check_all(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = (0..number(facts.table.things.len()))
        .into_par_iter()
        .fold(
            || (Vec::new(), (Vec::new(), Vec::new())),
            |(mut findings, mut room), thing| {
                check_thing(facts, thing, &mut room, &mut findings);
                (findings, room)
            },
        )
        .map(|(findings, _)| findings)
        .reduce(Vec::new, |mut all, mut some| {
            all.append(&mut some);
            all
        });
    shipments::check(facts, &mut findings);
    clients::check(facts, &mut findings);
    late::check(facts, &mut findings);
    findings
}

/// Applies the rules that need one thing's history alone to this one.
pub(crate) fn check_one(facts: &Facts<'_>, thing: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_thing(facts, thing, &mut (Vec::new(), Vec::new()), &mut findings);
    sort(facts.table, &mut findings);
    findings
}

/// Applies the rules that need one thing's history alone; stays and visits are room that is used again.
fn check_thing(
    facts: &Facts<'_>,
    thing: u32,
    (stays, visits): &mut (Vec<Stay>, Vec<Visit>),
    findings: &mut Vec<Finding>,
) {
    let (table, histories) = (facts.table, facts.histories);
    let kind = table.things.kind(thing);
    if matches!(kind, ThingKind::Lot | ThingKind::Product) || histories.own(thing).is_empty() {
        return;
    }
    histories.find_stays(table, thing, stays);
    let followed = if needs_containers(facts, thing, kind) { &stays[..] } else { &[] };
    histories.visits(table, thing, followed, visits);
    visits.retain(|visit| counts(&table.rows[visit.event as usize]));
    run(&mut Walk { facts, thing, stays, visits, findings });
}

fn run(walk: &mut Walk<'_>) {
    known::check(walk);
    scanned::check(walk);
    ended::check(walk);
    travel::check(walk);
    custody::check(walk);
    packing::check(walk);
    rare::check(walk);
    status::check(walk);
}

/// A pack that was never seen alone has no history but its container's, which is looked at by itself; unless it expired
/// or was recalled in there.
fn needs_containers(facts: &Facts<'_>, thing: u32, kind: ThingKind) -> bool {
    if kind != ThingKind::Pack {
        return true;
    }
    let has_run_out = || facts.expiry(thing).is_some_and(|expiry| day(facts.span.1) > expiry);
    facts.histories.is_seen_alone(thing) || has_run_out() || facts.recall(thing).is_some()
}

/// By code, time and name, so that neither threads nor documents change the order.
fn sort(table: &EventTable, findings: &mut [Finding]) {
    let name = |finding: &Finding| finding.things.first().map_or("", |thing| table.things.text(*thing)).to_owned();
    findings.par_sort_by(|a, b| {
        (a.code, a.at).cmp(&(b.code, b.at)).then_with(|| name(a).cmp(&name(b))).then_with(|| a.text.cmp(&b.text))
    });
}
