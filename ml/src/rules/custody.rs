//! Who had it before whom: forged pedigrees (pattern 9) and diverted goods (11).

use crate::events::{Disposition, NONE, Row, Step, ThingKind, flag};

use super::Code;
use super::finding::cause;
use super::walk::{Proof, Walk, is_reverse, span};

/// Own events of a container whose goods are named as concerned.
const CONTENTS_MAX: usize = 200;
/// Containers in containers that are opened to see what they hold.
const DEPTH_MAX: usize = 6;

pub(super) fn check(walk: &mut Walk<'_>) {
    let stops: Vec<(u32, &Row, bool)> = walk
        .visits
        .iter()
        .map(|visit| (visit.event, walk.row(visit.event), visit.is_inherited))
        .filter(|(_, row, _)| row.step != Step::Restoring)
        .collect();
    for at in 0..stops.len() {
        let (event, row, is_inherited) = stops[at];
        // What befell the container is told of the container.
        if is_inherited {
            continue;
        }
        if row.step == Step::Receiving {
            receipt(walk, &stops[..at], event, row);
        } else if row.step == Step::Shipping {
            sale(walk, event, row);
        }
        stolen(walk, &stops[..at], event, row);
        astray(walk, &stops[..at], event, row);
    }
}

/// The last shipment before, if nothing was received since.
fn open_shipment<'t>(before: &[(u32, &'t Row, bool)]) -> Option<(u32, &'t Row)> {
    before
        .iter()
        .rev()
        .find(|(_, row, _)| matches!(row.step, Step::Shipping | Step::Receiving | Step::VoidShipping | Step::Returning))
        .filter(|(_, row, _)| matches!(row.step, Step::Shipping | Step::Returning))
        .map(|(event, row, _)| (*event, *row))
}

/// A receipt must follow a shipment by its source; where that was not read, the source must at least have had the goods.
fn receipt(walk: &mut Walk<'_>, before: &[(u32, &Row, bool)], event: u32, row: &Row) {
    let facts = walk.facts;
    let (buyer, source) = (facts.party_of(row), facts.party(row.source));
    if source == NONE || source == buyer {
        return;
    }
    let is_shipped = open_shipment(before)
        .is_some_and(|(_, sent)| facts.party_of(sent) == source || facts.party(sent.source) == source);
    if facts.is_stranger(row.source) {
        stranger(walk, event, row, row.source);
        return;
    }
    unlisted_sale(walk, event, row, row.source);
    let last = before.iter().rev().find(|(_, row, _)| row.place != NONE);
    let had_it = before.iter().any(|(_, row, _)| facts.party_of(row) == source);
    let holder = last.map_or(NONE, |(_, row, _)| facts.party_of(row));
    let is_meant_for_source = open_shipment(before).is_some_and(|(_, sent)| facts.party(sent.destination) == source);
    if is_shipped
        || had_it
        || is_meant_for_source
        || before.is_empty() && facts.commissioning_event(walk.thing).is_none()
    {
        return;
    }
    let mut events: Vec<u32> = last.iter().map(|(event, _, _)| *event).collect();
    events.push(event);
    let holder_text = if holder == NONE {
        "nobody is known to have had them".to_owned()
    } else {
        format!("the last that had it was {}", facts.called(holder))
    };
    let text = format!(
        "{} received {} from {}, which never had it; {holder_text}.",
        facts.called(row.place),
        walk.name(),
        facts.called(row.source)
    );
    let strength = if holder == NONE { 0.4 } else { 0.9 };
    let causes = [
        cause("pedigree", &[&row.fingerprint.to_string()]),
        path_cause(walk, "pedigree path", row.source, row.place, row.time),
    ];
    find_with_contents(
        walk,
        Code::ForgedPedigree,
        &Proof { events: &events, parties: &[source, buyer, holder], strength, causes: &causes },
        text,
    );
}

/// A sale by a party that may not sell: not in the master data, or one that dispenses and sells upwards.
fn sale(walk: &mut Walk<'_>, event: u32, row: &Row) {
    if walk.facts.is_stranger(row.place) {
        stranger(walk, event, row, row.place);
    } else {
        unlisted_sale(walk, event, row, row.place);
    }
}

/// A sale of a product by a party that is not among the sellers that master data names for it.
fn unlisted_sale(walk: &mut Walk<'_>, event: u32, row: &Row, seller: u32) {
    let facts = walk.facts;
    let gtin = product(walk);
    let is_inside = facts.party(row.destination) == facts.party(seller);
    if seller == NONE || facts.may_sell(seller, gtin) || is_inside || is_reverse(facts, row) {
        return;
    }
    let text = format!(
        "{} was sold by {}, which is not among the sellers that master data names for product {gtin:014}.",
        walk.name(),
        facts.called(seller)
    );
    let causes = [cause("seller", &[facts.table.places.text(facts.party(seller)), &gtin.to_string()])];
    let parties = [facts.party(seller), facts.party_of(row), facts.party(row.destination)];
    find_with_contents(
        walk,
        Code::UnauthorisedSource,
        &Proof { events: &[event], parties: &parties, strength: 0.85, causes: &causes },
        text,
    );
}

/// The product of a pack, or of what was first packed into a container or the containers in it; 0 where nothing tells.
fn product(walk: &Walk<'_>) -> u64 {
    let table = walk.table();
    let mut thing = walk.thing;
    for _ in 0..DEPTH_MAX {
        let packed = |event: &u32| {
            let row = &table.rows[*event as usize];
            (row.parent == thing && row.is(flag::ADD)).then(|| table.named(row).first().copied()).flatten()
        };
        match (table.things.gtin(thing), walk.facts.histories.own(thing).iter().find_map(packed)) {
            (0, Some(inner)) => thing = inner,
            (gtin, _) => return gtin,
        }
    }
    0
}

fn stranger(walk: &mut Walk<'_>, event: u32, row: &Row, seller: u32) {
    let facts = walk.facts;
    let text = format!("{} came from {}, which no master data names.", walk.name(), facts.called(seller));
    let causes = [cause("stranger", &[facts.table.places.text(facts.party(seller))])];
    let parties = [facts.party(seller), facts.party_of(row), facts.party(row.destination)];
    find_with_contents(
        walk,
        Code::UnauthorisedSource,
        &Proof { events: &[event], parties: &parties, strength: 0.85, causes: &causes },
        text,
    );
}

/// What was declared stolen moves or is dispensed.
fn stolen(walk: &mut Walk<'_>, before: &[(u32, &Row, bool)], event: u32, row: &Row) {
    let declared = before.iter().rev().find(|(_, row, _)| row.disposition == Disposition::Stolen);
    let Some((earlier, theft, _)) = declared else { return };
    if !(row.step.is_transfer() || row.step == Step::Dispensing) || row.disposition == Disposition::Stolen {
        return;
    }
    let facts = walk.facts;
    let text = format!(
        "{} was declared stolen and {} later came {} at {}.",
        walk.name(),
        span(row.time - theft.time),
        row.step.name(),
        facts.called(row.place)
    );
    let parties = [facts.party_of(row), facts.party_of(theft)];
    find_with_contents(
        walk,
        Code::StolenMoving,
        &Proof { events: &[*earlier, event], parties: &parties, strength: 0.93, causes: &[] },
        text,
    );
}

/// Goods that turn up with somebody else than the one they were sent to, or upwards from where medicine ends.
fn astray(walk: &mut Walk<'_>, before: &[(u32, &Row, bool)], event: u32, row: &Row) {
    let facts = walk.facts;
    let here = facts.party_of(row);
    if here == NONE
        || !matches!(row.step, Step::Receiving | Step::Inspecting | Step::Dispensing | Step::Shipping)
        || is_reverse(facts, row) && row.step != Step::Receiving
    {
        return;
    }
    let Some((last_event, last, _)) = before.iter().rev().find(|(_, row, _)| row.place != NONE).copied() else {
        return;
    };
    let from = facts.party_of(last);
    if from == here || last.disposition.is_reverse() || row.disposition.is_reverse() {
        return;
    }
    let (strength, why) = if matches!(last.step, Step::Shipping) {
        let meant = facts.party(last.destination);
        if meant == NONE || meant == here {
            return;
        }
        let is_named = facts.party(row.source) == meant;
        match (
            facts.are_countries_apart(last.destination, row.place),
            is_named,
            facts.role(last.destination).is_dispenser(),
        ) {
            (true, _, true) => (0.9, meant),
            (true, false, false) => (0.8, meant),
            (false, false, true) if facts.role(row.place).is_upstream() => (0.7, meant),
            (false, false, _) => (0.35, meant),
            (_, true, _) => return,
        }
    } else {
        let is_upwards = facts.role(last.place).is_dispenser() && facts.role(row.place).is_upstream();
        match (is_upwards, facts.are_countries_apart(last.place, row.place)) {
            (true, true) => (0.9, from),
            (true, false) if row.step == Step::Receiving && facts.party(row.source) != from => (0.6, from),
            _ => return,
        }
    };
    let text = format!(
        "{} was meant for {} and turned up ({}) at {} {} later.",
        walk.name(),
        facts.called(why),
        row.step.name(),
        facts.called(row.place),
        span(row.time - last.time)
    );
    let causes = [
        path_cause(walk, "diverted", why, row.place, row.time),
        cause("diverted shipment", &[&last.fingerprint.to_string()]),
    ];
    let causes = if last.step == Step::Shipping { &causes[..] } else { &causes[..1] };
    find_with_contents(
        walk,
        Code::Diverted,
        &Proof { events: &[last_event, event], parties: &[here, why, from], strength, causes },
        text,
    );
}

/// The same path in the same week is one cause.
pub(super) fn path_cause(walk: &Walk<'_>, kind: &str, from: u32, to: u32, time: i64) -> u64 {
    let facts = walk.facts;
    let name = |place: u32| facts.table.places.text(facts.party(place));
    cause(kind, &[name(from), name(to), &super::facts::day(time).div_euclid(7).to_string()])
}

/// A finding about a container is one about what lies in it.
fn find_with_contents(walk: &mut Walk<'_>, code: Code, proof: &Proof<'_>, text: String) {
    walk.find(code, proof, text);
    let table = walk.table();
    if table.things.kind(walk.thing) != ThingKind::Container {
        return;
    }
    let packed = walk
        .facts
        .histories
        .own(walk.thing)
        .iter()
        .map(|event| &table.rows[*event as usize])
        .filter(|row| row.parent == walk.thing && row.step == Step::Packing);
    let contents: Vec<u32> = packed.flat_map(|row| table.named(row)).copied().take(CONTENTS_MAX).collect();
    if let Some(finding) = walk.findings.last_mut() {
        finding.things.extend(contents);
    }
}
