//! A group of findings told as an alert.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::alert::{Alert, Found, Proof, kind_name, severity_name};
use super::{EPCS_MAX, EVENTS_MAX, FINDINGS_MAX, PARTIES_MAX};
use crate::events::{NONE, ThingKind, hash};
use crate::rules::{Code, Facts, Finding, Kind, Severity};
use crate::ways::{told, way};

/// Findings that are told one by one.
const TOLD_MAX: usize = 5;

/// Tells a group; its rank is given later.
pub(crate) fn alert(facts: &Facts<'_>, group: &[&Finding], score: f64) -> Alert {
    let mut surest = group.to_vec();
    surest.sort_by(|a, b| {
        let order = |finding: &Finding| (finding.code.is_operator_error(), finding.code);
        b.strength
            .total_cmp(&a.strength)
            .then_with(|| order(a).cmp(&order(b)))
            .then(a.at.cmp(&b.at))
            .then_with(|| a.text.cmp(&b.text))
    });
    let codes = distinct(surest.iter().map(|finding| finding.code));
    let entries = || codes.iter().map(|code| code.entry());
    let things = distinct(surest.iter().flat_map(|finding| finding.things.iter().copied()));
    let events = events(facts, group);
    let time = |at: Option<&u32>| at.map_or_else(String::new, |event| moment(facts.table.rows[*event as usize].time));
    let usual_path = usual_path(facts, things.first().copied());
    let mut explanation = explanation(&surest, &codes);
    if !usual_path.is_empty() {
        write!(explanation, " Packs like it usually go: {}.", usual_path.join(", ")).expect("a string takes all");
    }
    let kept = kept(&events);
    let events_told = proofs(facts, &kept);
    Alert {
        case: name(facts, group),
        rank: 0,
        score,
        kind: kind_name(entries().map(|entry| entry.kind).max().unwrap_or(Kind::Process)).to_owned(),
        severity: severity_name(entries().map(|entry| entry.severity).max().unwrap_or(Severity::Notice)).to_owned(),
        codes: codes.iter().map(|code| code.name().to_owned()).collect(),
        nmvs: distinct(entries().filter_map(|entry| entry.nmvs)).into_iter().map(str::to_owned).collect(),
        lvms: distinct(entries().filter_map(|entry| entry.lvms)).into_iter().map(str::to_owned).collect(),
        epcs: things.iter().take(EPCS_MAX).map(|thing| facts.table.things.text(*thing).to_owned()).collect(),
        epcs_total: things.len(),
        lots: lots(facts, &things),
        parties: parties(facts, &surest, &events),
        first_event: time(events.first()),
        last_event: time(events.last()),
        detected_at: moment(group.iter().map(|finding| finding.at).min().unwrap_or(0)),
        explanation,
        contributions: Vec::new(),
        usual_path,
        position: events_told.iter().rev().find_map(|proof| proof.position),
        events: events_told,
        findings: surest.iter().take(FINDINGS_MAX).map(|finding| found(facts, finding, &kept)).collect(),
    }
}

fn found(facts: &Facts<'_>, finding: &Finding, kept: &[u32]) -> Found {
    let mut events: Vec<usize> =
        finding.events.iter().filter_map(|event| kept.iter().position(|other| other == event)).collect();
    events.sort_unstable();
    events.dedup();
    Found {
        code: finding.code.name().to_owned(),
        item: finding.things.first().map_or("", |thing| facts.table.things.text(*thing)).to_owned(),
        strength: finding.strength,
        events,
    }
}

/// The usual way nearest to a pack's own; none where the pack went that way.
fn usual_path(facts: &Facts<'_>, thing: Option<u32>) -> Vec<String> {
    let Some(thing) = thing.filter(|thing| facts.table.things.kind(*thing) == ThingKind::Pack) else {
        return Vec::new();
    };
    let own = way(facts, thing, &mut Vec::new());
    let nearest = facts.ways().nearest(&own).filter(|usual| *usual != own);
    nearest.unwrap_or_default().iter().map(|stop| told(*stop)).collect()
}

/// In the order of their first appearance.
fn distinct<T: PartialEq + Eq + std::hash::Hash + Copy>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    all.filter(|item| seen.insert(*item)).collect()
}

fn events(facts: &Facts<'_>, group: &[&Finding]) -> Vec<u32> {
    let mut events = distinct(group.iter().flat_map(|finding| finding.events.iter().copied()));
    events.sort_by_key(|event| {
        let row = &facts.table.rows[*event as usize];
        (row.time, row.fingerprint)
    });
    events
}

/// The first and the last ones, where there are too many.
fn kept(events: &[u32]) -> Vec<u32> {
    let half = EVENTS_MAX / 2;
    if events.len() <= EVENTS_MAX {
        return events.to_vec();
    }
    events[..half].iter().chain(&events[events.len() - half..]).copied().collect()
}

fn proofs(facts: &Facts<'_>, kept: &[u32]) -> Vec<Proof> {
    let proof = |event: u32| {
        let row = &facts.table.rows[event as usize];
        let source = facts.table.source(event);
        Proof {
            id: facts.table.id(event).to_owned(),
            document: facts.table.texts.text(source.document).to_owned(),
            index: source.index,
            time: moment(row.time),
            step: row.step.name().to_owned(),
            place: facts.table.places.text(row.place).to_owned(),
            position: facts.position(row.place).map(|(latitude, longitude)| [latitude, longitude]),
        }
    };
    kept.iter().copied().map(proof).collect()
}

/// The parties of the findings, then places and clients of the events.
fn parties(facts: &Facts<'_>, surest: &[&Finding], events: &[u32]) -> Vec<String> {
    let found = surest.iter().flat_map(|finding| finding.parties.iter().copied());
    let there = events.iter().flat_map(|event| {
        let row = &facts.table.rows[*event as usize];
        [row.place, row.client]
    });
    let all = distinct(found.chain(there).filter(|party| *party != NONE));
    all.into_iter().take(PARTIES_MAX).map(|party| facts.table.places.text(party).to_owned()).collect()
}

fn lots(facts: &Facts<'_>, things: &[u32]) -> Vec<String> {
    let lots =
        things.iter().filter_map(|thing| facts.commissioning(*thing)).map(|row| row.lot).filter(|lot| *lot != NONE);
    distinct(lots).into_iter().take(PARTIES_MAX).map(|lot| facts.table.texts.text(lot).to_owned()).collect()
}

/// The surest finding of each code, and how many more there are.
fn explanation(surest: &[&Finding], codes: &[Code]) -> String {
    let mut text = String::new();
    for code in codes.iter().take(TOLD_MAX) {
        let mut of_code = surest.iter().filter(|finding| finding.code == *code);
        let Some(first) = of_code.next() else { continue };
        let more = of_code.count();
        if !text.is_empty() {
            text.push(' ');
        }
        let label = code.entry().nmvs.map_or_else(|| code.name().to_owned(), |nmvs| format!("{}, {nmvs}", code.name()));
        write!(text, "[{label}] {}", first.text).expect("a string takes all");
        if more > 0 {
            write!(text, " {more} more like it.").expect("a string takes all");
        }
    }
    if codes.len() > TOLD_MAX {
        let rest: Vec<&str> = codes[TOLD_MAX..].iter().map(|code| code.name()).collect();
        write!(text, " Also: {}.", rest.join(", ")).expect("a string takes all");
    }
    text
}

/// From what was found first and about what, so that the same findings have the same name.
fn name(facts: &Facts<'_>, group: &[&Finding]) -> String {
    let mut parts: Vec<String> = group
        .iter()
        .map(|finding| {
            let thing = finding.things.first().map_or("", |thing| facts.table.things.text(*thing));
            format!("{}\u{1f}{thing}\u{1f}{}", finding.code.name(), finding.at)
        })
        .collect();
    parts.sort_unstable();
    format!("case-{:016x}", hash(&parts.join("\u{1e}")))
}

/// Milliseconds since 1970 as RFC 3339 in UTC.
pub(crate) fn moment(milliseconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
