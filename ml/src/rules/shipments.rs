//! What was sent against what arrived (pattern 14), and orders in many small parts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::events::{NONE, Row, Step, ThingKind, flag, number};

use super::facts::{Facts, day};
use super::finding::cause;
use super::walk::is_reverse;
use super::{Code, Finding};
use crate::to_f64;

/// Packs that a finding names.
const NAMED_MAX: usize = 500;
/// Orders of one buyer in a week from which on they are looked at.
const ORDERS_MIN: usize = 6;

/// So many milliseconds after an arrival what came would have been seen.
const SETTLED_MS: i64 = 14 * 86_400_000;
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
    let mut gaps = Gaps::default();
    let mut differing = Vec::new();
    for (papers, shipment) in &shipments {
        if !shipment.sent.is_empty() && !shipment.received.is_empty() {
            let difference = compare(facts, shipment);
            gaps.add(&difference);
            if !difference.extra.is_empty() || !difference.missing.is_empty() {
                differing.push((*papers, shipment, difference));
            }
            findings.extend(compare_amounts(facts, *papers, shipment, &quantities));
        }
    }
    for (papers, shipment, difference) in &differing {
        findings.extend(judge(facts, *papers, shipment, difference, &gaps));
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

/// What stands in one list of a shipment and not in the other.
#[derive(Debug, Default)]
struct Difference {
    /// Received and never sent under these papers.
    extra: Vec<u32>,
    /// Whether some of it was with somebody else than the sender.
    is_foreign: bool,
    /// Sent and never seen again.
    missing: Vec<u32>,
    sent: usize,
    received: usize,
    /// Whether there are enough days behind the arrival that what came would have been seen.
    has_settled: bool,
}

/// Compares by serial number.
fn compare(facts: &Facts<'_>, shipment: &Shipment) -> Difference {
    let (sent, received) = (things(facts, &shipment.sent), things(facts, &shipment.received));
    let arrived = shipment.received.iter().map(|event| row(facts, *event).time).max().unwrap_or(i64::MAX);
    let has_settled = facts.span.1 - arrived >= SETTLED_MS;
    let mut difference =
        Difference { sent: sent.len(), received: received.len(), has_settled, ..Difference::default() };
    if sent.is_empty() || received.is_empty() || sent == received {
        return difference;
    }
    let is_inside = |thing: u32, of: &BTreeSet<u32>| {
        facts.histories.stays(facts.table, thing).iter().any(|stay| of.contains(&stay.parent))
    };
    let is_extra = |thing: &u32| !is_inside(*thing, &sent) && !holds_any(facts, *thing, &sent);
    if sent.intersection(&received).next().is_some() {
        difference.extra = received.difference(&sent).copied().filter(is_extra).collect();
    }
    let (first, sender) = (row(facts, shipment.sent[0]).time, facts.party_of(row(facts, shipment.sent[0])));
    difference.is_foreign = difference.extra.iter().any(|thing| is_elsewhere(facts, *thing, sender, first));
    let is_gone = |thing: &u32| {
        facts.histories.own(*thing).iter().all(|event| row(facts, *event).time <= arrived)
            && !is_inside(*thing, &received)
            && !holds_any(facts, *thing, &received)
    };
    difference.missing = sent.difference(&received).copied().filter(is_gone).collect();
    difference
}

/// How often readers leave gaps in these data, which is what a difference has to be more than.
#[derive(Debug, Default)]
struct Gaps {
    shipments: usize,
    /// Of what was received: what the sender had and did not read.
    unsent: Gap,
    /// Of what was sent: what was not seen again, of shipments that have settled and of others.
    unseen: [Gap; 2],
}

#[derive(Debug, Default)]
struct Gap {
    odd: usize,
    all: usize,
}

impl Gaps {
    fn add(&mut self, difference: &Difference) {
        self.shipments += 1;
        let unsent = if difference.is_foreign { 0 } else { difference.extra.len() };
        self.unsent.add(unsent, difference.received);
        self.unseen[usize::from(difference.has_settled)].add(difference.missing.len(), difference.sent);
    }

    /// How sure so many of a list are no gap that a reader left: by how many of all the shipments would have as many if
    /// gaps came by chance, as often as in the other shipments.
    fn strength(&self, gap: &Gap, odd: usize, all: usize) -> f64 {
        // A little doubt is left where nothing was ever missed.
        let share = (to_f64(gap.odd - odd) + 0.5) / (to_f64(gap.all - all) + 100.0);
        match to_f64(self.shipments) * tail(odd, all, share) {
            expected if expected < 0.1 => 0.75,
            expected if expected < 1.0 => 0.4,
            _ => 0.05,
        }
    }
}

impl Gap {
    fn add(&mut self, odd: usize, all: usize) {
        self.odd += odd;
        self.all += all;
    }
}

/// The probability that at least so many of a list are chosen, each with that probability by itself; 1 for no more than
/// are to be expected.
fn tail(count: usize, of: usize, probability: f64) -> f64 {
    if to_f64(count) <= probability * to_f64(of) {
        return 1.0;
    }
    // Terms of the binomial distribution, from the largest on.
    let ways: f64 = (0..count).map(|at| (to_f64(of - at) / to_f64(at + 1)).ln()).sum();
    let mut term = (ways + to_f64(count) * probability.ln() + to_f64(of - count) * (1.0 - probability).ln()).exp();
    let mut sum = 0.0;
    for more in count..=of {
        sum += term;
        term *= to_f64(of - more) / to_f64(more + 1) * probability / (1.0 - probability);
    }
    sum
}

fn judge(
    facts: &Facts<'_>,
    papers: u32,
    shipment: &Shipment,
    found: &Difference,
    gaps: &Gaps,
) -> impl Iterator<Item = Finding> {
    let over = (!found.extra.is_empty()).then(|| {
        let strength =
            if found.is_foreign { 0.85 } else { gaps.strength(&gaps.unsent, found.extra.len(), found.received) };
        difference(facts, papers, shipment, (Code::Overage, &found.extra, strength))
    });
    let short = (!found.missing.is_empty()).then(|| {
        let gap = &gaps.unseen[usize::from(found.has_settled)];
        // What has just been missed may still turn up.
        let doubt = if found.has_settled { 1.0 } else { 0.6 };
        let strength = doubt * gaps.strength(gap, found.missing.len(), found.sent);
        difference(facts, papers, shipment, (Code::Shortage, &found.missing, strength))
    });
    over.into_iter().chain(short)
}

/// Whether a thing was last seen before that time with, or on its way to, somebody else than this party.
fn is_elsewhere(facts: &Facts<'_>, thing: u32, party: u32, time: i64) -> bool {
    let (table, mut visits) = (facts.table, Vec::new());
    let stays = facts.histories.stays(table, thing);
    facts.histories.visits(table, thing, &stays, &mut visits);
    let before = visits.iter().map(|visit| row(facts, visit.event)).filter(|row| row.time <= time && row.place != NONE);
    before.last().is_some_and(|last| {
        let is_coming = last.step == Step::Shipping && facts.party(last.destination) == party;
        facts.party_of(last) != party && !is_coming
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_binomial_distribution() {
        for (count, of, probability, expected) in
            [(0, 10, 0.1, 1.0), (2, 2, 0.5, 0.25), (10, 10, 0.5, 0.5_f64.powi(10)), (3, 10, 0.05, 0.011_504)]
        {
            assert!((tail(count, of, probability) - expected).abs() < 1e-6, "{count} of {of}");
        }
        assert!(tail(700, 10_000, 0.05) < 1e-15);
    }

    #[test]
    fn a_difference_is_judged_by_what_readers_miss_elsewhere() {
        let gap = |odd, all| Gap { odd, all };
        let gaps = |shipments| Gaps { shipments, ..Gaps::default() };
        // The only one, where nothing else was missed; one of thousands, where one in fifty is.
        assert!(gaps(2).strength(&gap(1, 5), 1, 3) > 0.7);
        assert!(gaps(50_000).strength(&gap(10_000, 500_000), 1, 10) < 0.1);
        assert!(gaps(50_000).strength(&gap(10_000, 500_000), 9, 10) > 0.7);
    }
}
