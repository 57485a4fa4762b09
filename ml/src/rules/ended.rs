//! After the end: codes used again (pattern 4), repeats (6), undoing (7), empties in trade (10).

use crate::events::{Disposition, NONE, Row, Step, ThingKind, flag};

use super::Code;
use super::walk::{Proof, Walk, is_reverse, span};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// The same hands at the same counter: a repeat within this time is a slip.
const SLIP_MS: i64 = 30 * MINUTE_MS;
/// Clocks of two sites may differ by this much.
const SKEW_MS: i64 = 15 * MINUTE_MS;
/// Days within which an end may be undone (Delegated Regulation (EU) 2016/161, Article 13).
const UNDO_DAYS_MAX: i64 = 10;

/// How a pack ended.
#[derive(Debug, Clone, Copy)]
struct End<'t> {
    event: u32,
    row: &'t Row,
    party: u32,
}

pub(super) fn check(walk: &mut Walk<'_>) {
    if walk.table().things.kind(walk.thing) != ThingKind::Pack {
        return;
    }
    let own: Vec<(u32, &Row)> = walk.own().collect();
    let mut end: Option<End<'_>> = None;
    let mut last_scan: Option<(u32, &Row)> = None;
    for (event, row) in own {
        let party = walk.facts.party_of(row);
        if row.is(flag::DECLARATION) {
            end = undo(walk, end, event, row);
            continue;
        }
        if let Some(ended) = end {
            if is_restoring(ended, row, party) {
                end = undo(walk, end, event, row);
            } else {
                after(walk, ended, event, row);
            }
        } else if row.step == Step::Restoring {
            end = undo(walk, end, event, row);
        }
        repeated(walk, last_scan, event, row);
        if is_scan(row) {
            last_scan = Some((event, row));
        }
        if row.step.is_end() && end.is_none_or(|ended| ended.party == party) {
            end = Some(end.unwrap_or(End { event, row, party }));
        }
    }
}

const fn is_scan(row: &Row) -> bool {
    matches!(row.step, Step::Inspecting | Step::Dispensing | Step::Decommissioning)
}

/// Whether an event says that the pack is in trade again: in so many words, or seen as available where it ended.
fn is_restoring(ended: End<'_>, row: &Row, party: u32) -> bool {
    row.step == Step::Restoring
        || (row.step == Step::Other && row.disposition == Disposition::Available)
        || (row.step == Step::Returning && party == ended.party && row.disposition == Disposition::Available)
}

/// Judges the undoing of an end, and undoes it where it is believed.
fn undo<'t>(walk: &mut Walk<'_>, end: Option<End<'t>>, event: u32, row: &'t Row) -> Option<End<'t>> {
    let facts = walk.facts;
    let Some(ended) = end else {
        undone_without_end(walk, event, row);
        return None;
    };
    let party = facts.party_of(row);
    let late = row.time - ended.row.time;
    let expired = facts.expiry(walk.thing).filter(|expiry| super::facts::day(row.time) > *expiry);
    let recalled = facts.recall(walk.thing).filter(|recall| *recall <= row.time);
    let why = match () {
        () if party != ended.party && party != NONE && ended.party != NONE => {
            "by another party than the one that did it".to_owned()
        }
        () if ended.row.step == Step::Destroying || ended.row.disposition == Disposition::Stolen => {
            "although it had been destroyed or stolen".to_owned()
        }
        () if late > UNDO_DAYS_MAX * DAY_MS => format!("{} later, more than ten days", span(late)),
        () if expired.is_some() => "after its expiry".to_owned(),
        () if recalled.is_some() => "after its recall".to_owned(),
        () => return None,
    };
    let text =
        format!("The {} of {} was undone at {} {why}.", ended.row.step.name(), walk.name(), facts.called(row.place));
    let parties = [party, ended.party];
    let proof = Proof { events: &[ended.event, event], parties: &parties, strength: 0.9, causes: &[] };
    walk.find(Code::UndoAbuse, &proof, text);
    None
}

/// Undone what nobody has done: the wrong state, unless the end was not read.
fn undone_without_end(walk: &mut Walk<'_>, event: u32, row: &Row) {
    if walk.facts.commissioning(walk.thing).is_none() || row.is(flag::DECLARATION) {
        return;
    }
    let text = format!("An end of {} was undone at {}, and none is known.", walk.name(), walk.facts.called(row.place));
    let parties = [walk.facts.party_of(row)];
    walk.find(Code::UndoAbuse, &Proof { events: &[event], parties: &parties, strength: 0.5, causes: &[] }, text);
}

/// An event after the end.
fn after(walk: &mut Walk<'_>, ended: End<'_>, event: u32, row: &Row) {
    let facts = walk.facts;
    let party = facts.party_of(row);
    let gap = row.time - ended.row.time;
    let is_same_site = party == ended.party || party == NONE || ended.party == NONE;
    if gap < SKEW_MS && !is_same_site && ended.row.step != Step::Dispensing {
        return;
    }
    let code = match row.step {
        Step::Dispensing | Step::Decommissioning if is_same_site && gap > SLIP_MS => Code::RepeatSameSite,
        Step::Dispensing | Step::Decommissioning if !is_same_site => Code::DispensedTwice,
        Step::Inspecting | Step::Returning | Step::Commissioning if !is_same_site => Code::ReuseAfterEnd,
        Step::Shipping | Step::Receiving | Step::Packing if gap > SKEW_MS && !is_going_away(walk, ended, row) => {
            Code::ResoldEmpty
        }
        _ => return,
    };
    let place = if is_same_site { "the same site".to_owned() } else { facts.called(row.place) };
    let text = format!(
        "{} ended ({}) at {}; {} later came {} at {place}.",
        walk.name(),
        ended.row.step.name(),
        facts.called(ended.row.place),
        span(gap),
        row.step.name()
    );
    let strength = match code {
        Code::RepeatSameSite => 0.05,
        // A pack shown at a second counter is often an honest question.
        Code::ReuseAfterEnd => 0.85,
        _ => 0.92,
    };
    let parties = [party, ended.party, row.client];
    walk.find(code, &Proof { events: &[ended.event, event], parties: &parties, strength, causes: &[] }, text);
    if code == Code::DispensedTwice {
        // The same proof: the code was used after the pack's end.
        let text = format!("{} was used again at {} after its end.", walk.name(), facts.called(row.place));
        let proof = Proof { events: &[ended.event, event], parties: &parties, strength: 0.85, causes: &[] };
        walk.find(Code::ReuseAfterEnd, &proof, text);
    }
}

/// What was taken out of trade and goes to be destroyed or back is no trade.
fn is_going_away(walk: &Walk<'_>, ended: End<'_>, row: &Row) -> bool {
    let is_waste = ended.row.step != Step::Dispensing && is_reverse(walk.facts, row);
    is_waste || row.disposition.is_reverse() || row.step == Step::Returning
}

/// The same scan at the same site within minutes.
fn repeated(walk: &mut Walk<'_>, last: Option<(u32, &Row)>, event: u32, row: &Row) {
    let Some((earlier, before)) = last.filter(|_| is_scan(row)) else { return };
    let gap = row.time - before.time;
    let is_same = before.step == row.step && before.place == row.place && gap <= SLIP_MS;
    if !is_same {
        return;
    }
    let text = format!(
        "{} was scanned ({}) again after {} at {}.",
        walk.name(),
        row.step.name(),
        span(gap),
        walk.facts.called(row.place)
    );
    let parties = [walk.facts.party_of(row), row.client];
    walk.find(
        Code::RepeatedScan,
        &Proof { events: &[earlier, event], parties: &parties, strength: 0.9, causes: &[] },
        text,
    );
}
