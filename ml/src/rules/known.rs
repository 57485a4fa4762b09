//! Was it ever made? Unknown packs (patterns 1 and 13), and the slips that look like one.

use veridose_gs1::scan::{swap_case, swap_yz};

use crate::events::{NONE, Row, Step, ThingKind};

use super::Code;
use super::finding::cause;
use super::scanned::glued;
use super::walk::{Proof, Walk, span};

/// Scanners' and lines' clocks may be off by this much, in milliseconds.
const SKEW_MS: i64 = 6 * 3_600_000;

pub(super) fn check(walk: &mut Walk<'_>) {
    if walk.table().things.kind(walk.thing) != ThingKind::Pack {
        return;
    }
    match walk.facts.commissioning_event(walk.thing) {
        Some(event) => commissioned(walk, event),
        None => uncommissioned(walk),
    }
}

fn commissioned(walk: &mut Walk<'_>, first: u32) {
    let made = *walk.row(first);
    let again = walk.own().find(|(event, row)| {
        *event != first && row.step == Step::Commissioning && row.time - made.time > 1_000 && row.parent == NONE
    });
    if let Some((event, row)) = again {
        let places = [walk.facts.party_of(&made), walk.facts.party_of(row)];
        let is_elsewhere = places[0] != places[1] || row.lot != made.lot;
        let text = format!(
            "{} was commissioned again {} later at {}.",
            walk.name(),
            span(row.time - made.time),
            walk.facts.called(row.place)
        );
        let causes = [cause("commissioned twice", &[&row.fingerprint.to_string()])];
        let strength = if is_elsewhere { 0.95 } else { 0.8 };
        walk.find(
            Code::CommissionedTwice,
            &Proof { events: &[first, event], parties: &places, strength, causes: &causes },
            text,
        );
    }
    let early = walk.own().find(|(_, row)| {
        made.time - row.time > SKEW_MS
            && row.step != Step::Commissioning
            && row.step != Step::Repackaging
            && row.place != NONE
    });
    if let Some((event, row)) = early {
        let text = format!(
            "{} was seen ({}) at {} {} before it was commissioned.",
            walk.name(),
            row.step.name(),
            walk.facts.called(row.place),
            span(made.time - row.time)
        );
        let parties = [walk.facts.party_of(row), walk.facts.party_of(&made)];
        let proof = Proof { events: &[event, first], parties: &parties, strength: 0.85, causes: &[] };
        walk.find(Code::ScannedBeforeCommissioning, &proof, text);
    }
}

fn uncommissioned(walk: &mut Walk<'_>) {
    let gtin = walk.gtin();
    let Some((event, row)) = walk.own().next() else { return };
    // Where nobody says what was made, nothing is known to be unknown.
    if !walk.facts.has_products() {
        return;
    }
    if walk.facts.packs_of(gtin) == 0 {
        if walk.facts.are_products_made_here() {
            unknown_product(walk, event, row);
        }
        return;
    }
    if slip(walk, event, row) {
        return;
    }
    let is_upstream =
        |row: &Row| matches!(row.step, Step::Packing | Step::Unpacking | Step::Shipping) || row.parent != NONE;
    let packed = walk.own().find(|(_, row)| is_upstream(row) && !walk.facts.role(row.place).is_dispenser());
    let scans = walk.own().filter(|(_, row)| matches!(row.step, Step::Inspecting | Step::Dispensing | Step::Receiving));
    match (packed, scans.map(|(event, _)| event).next()) {
        (Some((event, row)), _) => shipped(walk, event, row),
        (None, Some(scan)) => unknown_serial(walk, scan),
        (None, None) => {}
    }
}

fn shipped(walk: &mut Walk<'_>, event: u32, row: &Row) {
    let last = walk.own().filter(|(_, row)| row.step.is_transfer()).map(|(event, _)| event).last();
    let text = format!(
        "{} was never commissioned; {} at {} is the first that is known of it.",
        walk.name(),
        row.step.name(),
        walk.facts.called(row.place)
    );
    let events = [event, last.unwrap_or(event)];
    let parties = [walk.facts.party_of(row)];
    let container = walk.table().things.text(row.parent).to_owned();
    let causes = [if container.is_empty() {
        cause("uncommissioned", &[&row.fingerprint.to_string()])
    } else {
        cause("uncommissioned in", &[&container])
    }];
    walk.find(
        Code::ShippedUncommissioned,
        &Proof { events: &events[..], parties: &parties, strength: 0.8, causes: &causes },
        text,
    );
}

fn unknown_serial(walk: &mut Walk<'_>, scan: u32) {
    let facts = walk.facts;
    let row = walk.row(scan);
    let gtin = walk.gtin();
    let lot = facts.table.texts.text(row.lot);
    let is_lot_unknown = row.lot != NONE && facts.lot(gtin, row.lot).is_none();
    let code = if is_lot_unknown { Code::UnknownBatch } else { Code::UnknownSerial };
    let of_lot = if lot.is_empty() { String::new() } else { format!(" of lot {lot}") };
    let known = if is_lot_unknown { ", nor was any of that lot" } else { "" };
    let text =
        format!("{}{of_lot} was scanned at {} and never commissioned{known}.", walk.name(), facts.called(row.place));
    let digits = format!("{gtin:014}");
    let group = if lot.is_empty() { facts.table.places.text(facts.party_of(row)) } else { lot };
    let causes = [cause("unknown", &[&digits, group])];
    let events: Vec<u32> = walk.own().map(|(event, _)| event).take(4).collect();
    let parties: Vec<u32> = walk.own().map(|(_, row)| facts.party_of(row)).chain([row.client]).take(6).collect();
    walk.find(code, &Proof { events: &events, parties: &parties, strength: 0.9, causes: &causes }, text);
    // Known from its first scan on, not from its last.
    if let Some(finding) = walk.findings.last_mut() {
        finding.at = row.time;
    }
}

fn unknown_product(walk: &mut Walk<'_>, event: u32, row: &Row) {
    let text = format!(
        "{} was scanned at {}; no pack of this product was ever commissioned.",
        walk.name(),
        walk.facts.called(row.place)
    );
    let parties = [walk.facts.party_of(row), row.client];
    let causes = [cause("unknown product", &[&format!("{:014}", walk.gtin())])];
    walk.find(
        Code::UnknownProduct,
        &Proof { events: &[event], parties: &parties, strength: 0.5, causes: &causes },
        text,
    );
}

/// A code that would be known if a slip were undone is a slip, and says so.
fn slip(walk: &mut Walk<'_>, event: u32, row: &Row) -> bool {
    let things = &walk.table().things;
    let Some(serial) = things.serial(walk.thing) else { return false };
    let gtin = walk.gtin();
    let is_known = |serial: &str| {
        things.find_pack(gtin, serial).is_some_and(|pack| walk.facts.commissioning_event(pack).is_some())
    };
    let found = [(Code::CapsLock, swap_case(&serial)), (Code::KeyboardLayout, swap_yz(&serial))]
        .into_iter()
        .chain([(Code::CapsLock, serial.to_uppercase()), (Code::CapsLock, serial.to_lowercase())])
        .find(|(_, meant)| *meant != serial && is_known(meant));
    let found = found.or_else(|| {
        let meant = glued(&serial).find(|meant| is_known(meant))?;
        Some((Code::LostSeparator, meant.to_owned()))
    });
    let Some((code, meant)) = found else { return false };
    let text = format!(
        "{} was scanned at {}; {meant} is known: {}",
        walk.name(),
        walk.facts.called(row.place),
        code.entry().text
    );
    let mut events: Vec<u32> = walk.own().map(|(event, _)| event).take(4).collect();
    events.push(event);
    let parties = [walk.facts.party_of(row), row.client];
    let meant = things.find_pack(gtin, &meant);
    walk.find(code, &Proof { events: &events, parties: &parties, strength: 0.95, causes: &[] }, text);
    if let (Some(finding), Some(meant)) = (walk.findings.last_mut(), meant) {
        finding.things.push(meant);
    }
    true
}
