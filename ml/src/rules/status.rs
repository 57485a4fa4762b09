//! Expired or recalled goods that move (pattern 17).

use crate::events::{NONE, Role, Row, Step, ThingKind};

use super::Code;
use super::facts::day;
use super::finding::cause;
use super::scanned::date;
use super::walk::{Proof, Walk, is_reverse, span};

/// Who is told of a recall needs a while to hear of it: goods on their way still arrive.
const RECALL_GRACE_MS: i64 = 24 * 3_600_000;

pub(super) fn check(walk: &mut Walk<'_>) {
    if walk.table().things.kind(walk.thing) != ThingKind::Pack {
        return;
    }
    let expiry = walk.facts.expiry(walk.thing);
    let recall = walk.facts.recall(walk.thing);
    if expiry.is_none() && recall.is_none() {
        return;
    }
    let moves: Vec<(u32, &Row)> = walk
        .visits
        .iter()
        .map(|visit| (visit.event, walk.row(visit.event)))
        .filter(|(_, row)| is_trade(walk, row))
        .collect();
    // The pack is in trade on its expiry date in every time zone.
    let expired = expiry.and_then(|expiry| Some((expiry, moves.iter().find(|(_, row)| day(row.time) > expiry + 1)?)));
    if let Some((expiry, (event, row))) = expired {
        let text = format!(
            "{} expired on {} and came {} at {} on {}.",
            walk.name(),
            date(expiry),
            row.step.name(),
            walk.facts.called(row.place),
            date(day(row.time))
        );
        moved(walk, Code::ExpiredMoving, *event, row, text);
    }
    let recalled = recall.and_then(|recall| {
        let is_after = |(_, row): &&(u32, &Row)| {
            row.time > recall + if row.step == Step::Dispensing { 0 } else { RECALL_GRACE_MS }
        };
        Some((
            recall,
            moves
                .iter()
                .filter(|(_, row)| row.step != Step::Receiving || !was_sent_before(walk, row, recall))
                .find(is_after)?,
        ))
    });
    if let Some((recall, (event, row))) = recalled {
        let text = format!(
            "{} was recalled and {} later came {} at {}.",
            walk.name(),
            span(row.time - recall),
            row.step.name(),
            walk.facts.called(row.place)
        );
        moved(walk, Code::RecalledMoving, *event, row, text);
    }
}

fn moved(walk: &mut Walk<'_>, code: Code, event: u32, row: &Row, text: String) {
    let facts = walk.facts;
    let lot = facts.commissioning(walk.thing).map_or(NONE, |row| row.lot);
    let party = facts.party_of(row);
    let causes = [cause(
        code.name(),
        &[&format!("{:014}", walk.gtin()), facts.table.texts.text(lot), facts.table.places.text(party)],
    )];
    let mut events = vec![event];
    events.extend(facts.commissioning_event(walk.thing));
    walk.find(
        code,
        &Proof { events: &events, parties: &[party, facts.party(row.destination)], strength: 0.85, causes: &causes },
        text,
    );
    if let Some(finding) = walk.findings.last_mut() {
        finding.at = row.time;
    }
}

/// Whether the event moves goods towards patients.
fn is_trade(walk: &Walk<'_>, row: &Row) -> bool {
    let is_move = matches!(row.step, Step::Shipping | Step::Receiving | Step::Dispensing);
    let back = walk.facts.role(row.place) == Role::Manufacturer && row.step == Step::Receiving;
    is_move && !back && !is_reverse(walk.facts, row)
}

/// Whether what is received was sent before the recall.
fn was_sent_before(walk: &Walk<'_>, receipt: &Row, recall: i64) -> bool {
    let sent = walk
        .visits
        .iter()
        .map(|visit| walk.row(visit.event))
        .filter(|row| row.step == Step::Shipping && row.time <= receipt.time);
    sent.map(|row| row.time).max().is_none_or(|time| time <= recall + RECALL_GRACE_MS)
}
