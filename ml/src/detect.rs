//! From events to ranked cases.

mod detector;
mod groups;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use detector::{Detector, train};

use crate::cases::{Alert, cases, suspicions};
use crate::error::LearnError;
use crate::events::{EventTable, NO_TIME, Step};
use crate::history::Histories;
use crate::rules::{self, Facts, Finding};

/// Cases less sure than this are left out.
pub const SCORE_MIN: f64 = 0.25;

/// How detection is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Cases less sure than this are left out, slips of operators excepted.
    pub score_min: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { score_min: SCORE_MIN }
    }
}

/// What was looked at and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Events, copies left out.
    pub events: u64,
    /// Packs, containers, lots and products that they name.
    pub things: u64,
    /// Packs verified, dispensed or decommissioned: what alerts are counted against.
    pub scans: u64,
    /// Cases.
    pub cases: u64,
    /// Cases in which each code is.
    pub codes: BTreeMap<String, u64>,
}

/// Applies the rules and joins what they find. The same events give the same cases, whatever the order they came in.
pub fn detect(table: &EventTable, settings: Settings) -> (Vec<Alert>, Summary) {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let findings = rules::check(&facts);
    let alerts = cases(&facts, &findings, (scans(table, i64::MIN), settings.score_min), |_, _| None);
    summed(table, alerts)
}

/// A case, and what tells that another one is about the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspicion {
    /// The case.
    pub alert: Alert,
    /// Names of its causes, sorted: two cases that share one are one.
    pub causes: Vec<String>,
    /// What a detector looked at, by name, where it has a part in the case: it ranks it, or found something of it.
    pub looked_at: Option<BTreeMap<String, f64>>,
}

/// Applies the rules to a part of the events: all that is known of some things, and of others perhaps nothing. Findings about a
/// thing for which `is_whole` says no, by its identifier, are left out, because what they miss may only be missing here. A detector
/// says by outcomes how sure a case is; what is unusual it can only tell among all, by [`search`].
pub fn suspect(
    table: &EventTable,
    settings: Settings,
    detector: Option<&Detector>,
    is_whole: impl Fn(&str) -> bool,
) -> Vec<Suspicion> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let findings = whole(&facts, is_whole);
    suspicions(&facts, &findings, (scans(table, i64::MIN), settings.score_min), detector)
}

/// As [`detect`] and [`detect_with`], and says by what the cases are known again.
pub fn search(
    table: &EventTable,
    settings: Settings,
    detector: Option<&Detector>,
) -> Result<Vec<Suspicion>, LearnError> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let findings = match detector {
        Some(detector) => detector.findings(&facts)?,
        None => rules::check(&facts),
    };
    let limits = (scans(table, i64::MIN), settings.score_min);
    Ok(suspicions(&facts, &findings, limits, detector))
}

/// What the rules that need one thing's history find about each of these, each finding by itself: for the one who has the thing in hand.
pub fn findings(table: &EventTable, uris: &[String]) -> Vec<Vec<Finding>> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let find = |uri: &String| table.things.find(uri).map(|thing| rules::check_one(&facts, thing)).unwrap_or_default();
    uris.iter().map(find).collect()
}

fn whole(facts: &Facts<'_>, is_whole: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = rules::check(facts);
    let name = |finding: &Finding| finding.things.first().map(|thing| facts.table.things.text(*thing));
    findings.retain(|finding| name(finding).is_some_and(&is_whole));
    findings
}

/// The same with a detector: packs that are unusual as a whole are told too, and cases are ranked by the outcomes that it
/// has learnt, where there were enough.
pub fn detect_with(
    table: &EventTable,
    settings: Settings,
    detector: &Detector,
) -> Result<(Vec<Alert>, Summary), LearnError> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let findings = detector.findings(&facts)?;
    let alerts = cases(&facts, &findings, (scans(table, i64::MIN), settings.score_min), |group, score| {
        detector.belief(group, score)
    });
    Ok(summed(table, alerts))
}

fn summed(table: &EventTable, alerts: Vec<Alert>) -> (Vec<Alert>, Summary) {
    let mut codes = BTreeMap::new();
    for code in alerts.iter().flat_map(|alert| &alert.codes) {
        *codes.entry(code.clone()).or_default() += 1;
    }
    let events = table.rows.iter().filter(|row| row.time != NO_TIME).count() as u64;
    let summary = Summary {
        events,
        things: table.things.len() as u64,
        scans: scans(table, i64::MIN),
        cases: alerts.len() as u64,
        codes,
    };
    (alerts, summary)
}

/// Whether it is a reading at the end of the trade: a verification, a dispense or a decommissioning.
pub(crate) const fn is_scan(step: Step) -> bool {
    matches!(step, Step::Inspecting | Step::Dispensing | Step::Decommissioning)
}

/// Scans from a time on, one for each pack that was read.
pub(crate) fn scans(table: &EventTable, since: i64) -> u64 {
    table.rows.iter().filter(|row| is_scan(row.step) && row.time >= since).map(|row| u64::from(row.things)).sum()
}
