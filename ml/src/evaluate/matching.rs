//! Which alert is about which truth.

use std::collections::{HashMap, HashSet};

use veridose_gs1::canonical_uri;

use super::Truth;
use crate::cases::Alert;
use crate::rules::CATALOGUE;

/// For each alert the truths that it is about, and the other way round. Both in their own order.
#[derive(Debug)]
pub(super) struct Matches {
    /// Truths by alert.
    pub(super) of_alert: Vec<Vec<usize>>,
    /// Alerts by truth.
    pub(super) of_truth: Vec<Vec<usize>>,
}

/// Whether a pattern is a slip of an operator.
pub(super) fn is_slip(pattern: &str) -> bool {
    CATALOGUE.iter().any(|entry| entry.code.is_operator_error() && entry.name == pattern)
}

/// An alert is about a truth if they share a pack or container. A truth that names none is found by its lot, one that has
/// no lot either by a party and the time. A slip is found only by its own code, a falsification only by an alert that
/// says more than a slip.
pub(super) fn matches(truths: &[Truth], alerts: &[Alert]) -> Matches {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, truth) in truths.iter().enumerate() {
        for key in keys(truth) {
            by_key.entry(key).or_default().push(at);
        }
    }
    let mut found = Matches { of_alert: vec![Vec::new(); alerts.len()], of_truth: vec![Vec::new(); truths.len()] };
    for (number, alert) in alerts.iter().enumerate() {
        let epcs = alert.epcs.iter().map(|epc| format!("epc {}", canonical_uri(epc)));
        let lots = alert.lots.iter().map(|lot| format!("lot {lot}"));
        let parties = alert.parties.iter().map(|party| format!("party {}", canonical_uri(party)));
        let mut seen = HashSet::new();
        for at in epcs.chain(lots).chain(parties).filter_map(|key| by_key.get(&key)).flatten() {
            if seen.insert(*at) && fits(&truths[*at], alert) {
                found.of_alert[number].push(*at);
                found.of_truth[*at].push(number);
            }
        }
    }
    found
}

/// What a truth is found by.
fn keys(truth: &Truth) -> Vec<String> {
    if !truth.epcs.is_empty() {
        return truth.epcs.iter().map(|epc| format!("epc {}", canonical_uri(epc))).collect();
    }
    match truth.lot.as_deref().filter(|lot| !lot.is_empty()) {
        Some(lot) => vec![format!("lot {lot}")],
        None => truth.parties.iter().map(|party| format!("party {}", canonical_uri(party))).collect(),
    }
}

fn fits(truth: &Truth, alert: &Alert) -> bool {
    let is_label_right =
        if is_slip(&truth.pattern) { alert.codes.contains(&truth.pattern) } else { alert.kind != "operator_error" };
    let is_by_party = truth.epcs.is_empty() && truth.lot.as_deref().is_none_or(str::is_empty);
    is_label_right && (!is_by_party || overlaps(truth, alert))
}

/// Times of RFC 3339 in UTC stand in the order of their text.
fn overlaps(truth: &Truth, alert: &Alert) -> bool {
    let ends = |a: &str, b: &str| a.get(..10).zip(b.get(..10)).is_none_or(|(a, b)| a <= b);
    ends(&truth.from, &alert.last_event) && ends(&alert.first_event, &truth.to)
}
