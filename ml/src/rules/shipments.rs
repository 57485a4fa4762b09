//! What was sent against what arrived (pattern 14), and orders in many small parts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::events::{NONE, Row, Step, ThingKind, flag, number};

use super::facts::{Facts, day};
use super::finding::cause;
use super::walk::is_reverse;
use super::{Code, Finding};

/// Packs that a finding names.
const NAMED_MAX: usize = 500;
/// Orders of one buyer in a week from which on they are looked at.
const ORDERS_MIN: usize = 6;

/// As many buyers on one day are no exception.
const BUYERS_MIN: usize = 4;

/// All events under one despatch advice or order, between two parties.
#[derive(Debug, Default)]
struct Shipment {
    sent: Vec<u32>,
    received: Vec<u32>,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let shipments = shipments(facts);
    let quantities = quantities(facts);
    for (papers, shipment) in &shipments {
        if !shipment.sent.is_empty() && !shipment.received.is_empty() {
            findings.extend(compare(facts, *papers, shipment));
            findings.extend(compare_amounts(facts, *papers, shipment, &quantities));
        }
    }
    findings.extend(splitting(facts, &shipments));
}

fn shipments(facts: &Facts<'_>) -> BTreeMap<u32, Shipment> {
    let mut shipments: BTreeMap<u32, Shipment> = BTreeMap::new();
    for (event, row) in facts.table.rows.iter().enumerate() {
        if row.transaction == NONE || row.is(flag::RETRACTED | flag::DECLARATION) {
            continue;
        }
        match row.step {
            Step::Shipping => shipments.entry(row.transaction).or_default().sent.push(number(event)),
            Step::Receiving => shipments.entry(row.transaction).or_default().received.push(number(event)),
            _ => {}
        }
    }
    for shipment in shipments.values_mut() {
        for events in [&mut shipment.sent, &mut shipment.received] {
            events.sort_by_key(|event| (row(facts, *event).time, row(facts, *event).fingerprint));
        }
    }
    shipments
}

fn row<'f>(facts: &Facts<'f>, event: u32) -> &'f Row {
    &facts.table.rows[event as usize]
}

fn things(facts: &Facts<'_>, events: &[u32]) -> BTreeSet<u32> {
    events.iter().flat_map(|event| facts.table.named(row(facts, *event))).copied().collect()
}

/// Compares by serial number: what is over was never sent under these papers, what is short never came up again.
fn compare(facts: &Facts<'_>, papers: u32, shipment: &Shipment) -> Vec<Finding> {
    let (sent, received) = (things(facts, &shipment.sent), things(facts, &shipment.received));
    if sent.is_empty() || received.is_empty() || sent == received {
        return Vec::new();
    }
    let is_inside = |thing: u32, of: &BTreeSet<u32>| {
        facts.histories.stays(facts.table, thing).iter().any(|stay| of.contains(&stay.parent))
    };
    let arrived = shipment.received.iter().map(|event| row(facts, *event).time).max().unwrap_or(i64::MAX);
    let extra: Vec<u32> = received
        .difference(&sent)
        .copied()
        .filter(|thing| !is_inside(*thing, &sent) && !holds_any(facts, *thing, &sent))
        .collect();
    let is_gone = |thing: u32| {
        facts.histories.own(thing).iter().all(|event| row(facts, *event).time <= arrived)
            && !is_inside(thing, &received)
            && !holds_any(facts, thing, &received)
    };
    let missing: Vec<u32> = sent.difference(&received).copied().filter(|thing| is_gone(*thing)).collect();
    let mut found = Vec::new();
    if !extra.is_empty() && sent.intersection(&received).next().is_some() {
        // What the sender had and did not read is no surprise, a few at a time.
        let (first, sender) = (row(facts, shipment.sent[0]).time, facts.party_of(row(facts, shipment.sent[0])));
        let had_it = |thing: &u32| {
            facts
                .histories
                .own(*thing)
                .iter()
                .map(|event| row(facts, *event))
                .any(|row| row.time <= first && facts.party_of(row) == sender)
                || facts.histories.stays(facts.table, *thing).iter().any(|stay| stay.from <= first)
        };
        let is_foreign = !extra.iter().all(had_it);
        let strength = match is_foreign || is_more_than_missed(extra.len(), received.len()) {
            true if is_foreign => 0.85,
            true => 0.7,
            false => 0.12,
        };
        found.push(difference(facts, papers, shipment, (Code::Overage, &extra, strength)));
    }
    if !missing.is_empty() {
        // What has just been missed may still turn up.
        let doubt = if has_settled(facts, arrived) { 1.0 } else { 0.6 };
        let strength = match missing.len() {
            1 => 0.12,
            few if !is_more_than_missed(few, sent.len()) => 0.2,
            _ => 0.75 * doubt,
        };
        found.push(difference(facts, papers, shipment, (Code::Shortage, &missing, strength)));
    }
    found
}

/// Whether so many of a list are more than readings that were missed: up to one in twenty are, and two by chance.
fn is_more_than_missed(count: usize, of: usize) -> bool {
    count > 2 + of / 20
}

/// A container whose contents were named instead of itself, or the other way round, is no difference.
fn holds_any(facts: &Facts<'_>, thing: u32, of: &BTreeSet<u32>) -> bool {
    let table = facts.table;
    table.things.kind(thing) != ThingKind::Pack
        && facts
            .histories
            .own(thing)
            .iter()
            .map(|event| row(facts, *event))
            .any(|row| row.parent == thing && table.named(row).iter().any(|child| of.contains(child)))
}

/// Whether there are enough days behind an arrival that what came would have been seen.
fn has_settled(facts: &Facts<'_>, arrived: i64) -> bool {
    facts.span.1 - arrived >= 3 * 86_400_000
}

fn difference(
    facts: &Facts<'_>,
    papers: u32,
    shipment: &Shipment,
    (code, packs, strength): (Code, &[u32], f64),
) -> Finding {
    let (sent, received) = (row(facts, shipment.sent[0]), row(facts, shipment.received[0]));
    let name = facts.table.texts.text(papers);
    let way = if code == Code::Overage { "arrived without having been sent" } else { "were sent and never arrived" };
    let text = format!(
        "{} packs {way} under {name}, from {} to {}.",
        packs.len(),
        facts.called(sent.place),
        facts.called(received.place)
    );
    let mut named: Vec<u32> = packs.to_vec();
    named.sort_by(|a, b| facts.table.things.text(*a).cmp(facts.table.things.text(*b)));
    named.truncate(NAMED_MAX);
    finding(facts, papers, shipment, (code, strength), named, text)
}

fn finding(
    facts: &Facts<'_>,
    papers: u32,
    shipment: &Shipment,
    (code, strength): (Code, f64),
    things: Vec<u32>,
    text: String,
) -> Finding {
    let mut events: Vec<u32> = shipment.sent.iter().chain(&shipment.received).copied().collect();
    events.sort_by_key(|event| (row(facts, *event).time, row(facts, *event).fingerprint));
    events.truncate(8);
    let at = shipment.received.iter().map(|event| row(facts, *event).time).max().unwrap_or(i64::MIN);
    let ends = [row(facts, shipment.received[0]), row(facts, shipment.sent[0])];
    let mut parties = ends.map(|row| facts.party_of(row)).to_vec();
    parties.retain(|party| *party != NONE);
    let causes = vec![cause("shipment", &[facts.table.texts.text(papers)])];
    Finding { code, things, parties, events, at, strength, causes, text }
}

type Amounts = HashMap<u32, Vec<(u32, f64)>>;

fn quantities(facts: &Facts<'_>) -> Amounts {
    let mut amounts = Amounts::new();
    for (event, class, count) in &facts.table.quantities {
        amounts.entry(*event).or_default().push((*class, *count));
    }
    amounts
}

/// Compares amounts of lots or products that were sent and received without serial numbers.
fn compare_amounts(facts: &Facts<'_>, papers: u32, shipment: &Shipment, amounts: &Amounts) -> Vec<Finding> {
    let sum = |events: &[u32]| {
        let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
        for (class, count) in events.iter().filter_map(|event| amounts.get(event)).flatten() {
            *sums.entry(*class).or_default() += count;
        }
        sums
    };
    let (sent, received) = (sum(&shipment.sent), sum(&shipment.received));
    let mut found = Vec::new();
    for (class, count) in &sent {
        let Some(arrived) = received.get(class).filter(|arrived| (*arrived - count).abs() > 0.5) else { continue };
        let code = if arrived > count { Code::Overage } else { Code::Shortage };
        let name = facts.table.things.text(*class);
        let text =
            format!("{count} of {name} were sent under {} and {arrived} received.", facts.table.texts.text(papers));
        found.push(finding(facts, papers, shipment, (code, 0.8), vec![*class], text));
    }
    found
}

/// What a buyer's orders of one week were.
#[derive(Debug, Default)]
struct Week {
    orders: BTreeSet<u32>,
    events: Vec<u32>,
    packs: usize,
}

/// Many orders of one buyer in one week, several times as many as in its other weeks and smaller ones.
fn splitting(facts: &Facts<'_>, shipments: &BTreeMap<u32, Shipment>) -> Vec<Finding> {
    let mut buyers: BTreeMap<u32, BTreeMap<i32, Week>> = BTreeMap::new();
    for (papers, shipment) in shipments {
        for event in &shipment.sent {
            let row = row(facts, *event);
            let buyer = facts.party(row.destination);
            if buyer != NONE && !is_reverse(facts, row) {
                let week = buyers.entry(buyer).or_default().entry(day(row.time)).or_default();
                week.orders.insert(*papers);
                week.events.push(*event);
                week.packs += row.things as usize;
            }
        }
    }
    let found: Vec<Finding> = buyers.into_iter().flat_map(|(buyer, days)| split_days(facts, buyer, &days)).collect();
    // A day on which many buyers order much is a season, not a scheme.
    let of_day = |time: i64| found.iter().filter(|finding| day(finding.at) == day(time)).count();
    let is_odd: Vec<bool> = found.iter().map(|finding| of_day(finding.at) < BUYERS_MIN).collect();
    found.into_iter().zip(is_odd).filter_map(|(finding, is_odd)| is_odd.then_some(finding)).collect()
}

fn split_days(facts: &Facts<'_>, buyer: u32, days: &BTreeMap<i32, Week>) -> Vec<Finding> {
    let mut counts: Vec<usize> = days.values().map(|day| day.orders.len()).collect();
    counts.sort_unstable();
    let median = counts[(counts.len() - 1) / 2].max(1);
    let most = days.values().filter(|day| day.orders.len() >= ORDERS_MIN && day.orders.len() >= 4 * median);
    most.map(|day| {
        let first = row(facts, day.events[0]);
        let mut things: Vec<u32> =
            day.events.iter().flat_map(|event| facts.table.named(row(facts, *event))).copied().collect();
        things.sort_by(|a, b| facts.table.things.text(*a).cmp(facts.table.things.text(*b)));
        things.dedup();
        things.truncate(NAMED_MAX);
        let date = super::scanned::date(super::facts::day(first.time));
        let text = format!(
            "{} got {} orders with {} items on {date}, {median} on most days.",
            facts.called(buyer),
            day.orders.len(),
            day.packs
        );
        let mut events = day.events.clone();
        events.sort_by_key(|event| (row(facts, *event).time, row(facts, *event).fingerprint));
        let at = events.iter().map(|event| row(facts, *event).time).nth(ORDERS_MIN - 1).unwrap_or(first.time);
        events.truncate(20);
        let causes = vec![cause("splitting", &[facts.table.places.text(buyer), &date])];
        Finding {
            code: Code::OrderSplitting,
            things,
            parties: vec![buyer, facts.party_of(first)],
            events,
            at,
            strength: 0.5,
            causes,
            text,
        }
    })
    .collect()
}
