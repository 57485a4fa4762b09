//! From events to ranked cases.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cases::{Alert, cases};
use crate::events::{EventTable, NO_TIME, Step};
use crate::history::Histories;
use crate::rules::{self, Facts};

/// Cases less sure than this are left out.
pub const SCORE_MIN: f64 = 0.1;

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
    let scans = scans(table);
    let alerts = cases(&facts, &findings, scans, settings.score_min);
    let mut codes = BTreeMap::new();
    for code in alerts.iter().flat_map(|alert| &alert.codes) {
        *codes.entry(code.clone()).or_default() += 1;
    }
    let events = table.rows.iter().filter(|row| row.time != NO_TIME).count() as u64;
    let summary = Summary { events, things: table.things.len() as u64, scans, cases: alerts.len() as u64, codes };
    (alerts, summary)
}

/// Readings at the end of the trade: verifications, dispenses and decommissionings.
fn scans(table: &EventTable) -> u64 {
    let is_scan = |step| matches!(step, Step::Inspecting | Step::Dispensing | Step::Decommissioning);
    table.rows.iter().filter(|row| is_scan(row.step)).map(|row| u64::from(row.things)).sum()
}
