//! What the judgement adds to that of `veridose detect evaluate`: known and held-out patterns apart, and what one record proves.

use std::collections::HashSet;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_ml::cases::Alert;
use veridose_ml::evaluate::{Truth, alerts_about, evaluate};
use veridose_ml::rules::CATALOGUE;

/// Patterns that one record proves by contradicting another, whatever is usual.
const DETERMINISTIC: [&str; 14] = [
    "unknown_serial",
    "guessed_serials",
    "replayed_dispensed",
    "relabelled_expiry",
    "batch_mismatch",
    "repeated_state",
    "undo_abuse",
    "unauthorised_seller",
    "tampered_aggregation",
    "swapped_case",
    "shipped_uncommissioned",
    "commissioned_twice",
    "expired_moving",
    "recalled_moving",
];
/// Of known and of held-out patterns this much is to be found where false alerts are counted.
const RECALLS: [f64; 2] = [0.9, 0.7];

/// Judges all cases, and the `sure` ones among them, by whether a pattern is among the `known` ones.
pub(crate) fn points(truths: &[Truth], alerts: &[Alert], sure: &[Alert], known: &HashSet<String>) -> Value {
    let attacks = truths.iter().filter(|truth| !is_slip(truth)).cloned();
    let (of_known, held_out): (Vec<Truth>, Vec<Truth>) = attacks.partition(|truth| known.contains(&truth.pattern));
    let clones: Vec<Truth> = truths.iter().filter(|truth| truth.pattern.ends_with("_clone")).cloned().collect();
    json!({
        "false_alerts_at_recalls": false_alerts(truths, alerts, [&of_known, &held_out]),
        "precision_known": precision(&of_known, &held_out, sure),
        "precision_held_out": precision(&held_out, &of_known, sure),
        "deterministic": deterministic(truths, sure),
        "clone_hours": evaluate(&clones, sure, None).hours_to_detect_median,
    })
}

pub(crate) fn is_slip(truth: &Truth) -> bool {
    CATALOGUE.iter().any(|entry| entry.code.is_operator_error() && entry.name == truth.pattern)
}

/// False ones among the cases as sure as the one up to which enough is found; none where that much is never found.
fn false_alerts(truths: &[Truth], alerts: &[Alert], groups: [&[Truth]; 2]) -> Option<usize> {
    let accuses = |alert: &&Alert| !matches!(alert.kind.as_str(), "operator_error" | "risk");
    let mut alerts: Vec<Alert> = alerts.iter().filter(accuses).cloned().collect();
    alerts.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut least = f64::INFINITY;
    for (group, recall) in groups.into_iter().zip(RECALLS) {
        let place = |truth| alerts_about(std::slice::from_ref(truth), &alerts).iter().position(|is_about| *is_about);
        let mut places: Vec<Option<usize>> = group.iter().map(place).collect();
        places.sort_by_key(|place| place.unwrap_or(usize::MAX));
        // The first place up to which the share that is found is large enough.
        let count = |of: usize| u32::try_from(of).map_or(f64::NAN, f64::from);
        let enough = (1..=places.len()).find(|found| count(*found) >= recall * count(places.len()));
        if let Some(enough) = enough {
            least = least.min(alerts[places[enough - 1]?].score);
        }
    }
    let is_right = alerts_about(truths, &alerts);
    Some(alerts.iter().zip(is_right).filter(|(alert, is_right)| alert.score >= least && !is_right).count())
}

/// Precision at 50 a day as if nothing but these had happened: cases about the others are left out.
fn precision(truths: &[Truth], others: &[Truth], alerts: &[Alert]) -> Option<f64> {
    let about_others = alerts_about(others, alerts);
    let left = alerts.iter().zip(about_others).filter(|(_, is_about)| !is_about).map(|(alert, _)| alert.clone());
    evaluate(truths, &left.collect::<Vec<_>>(), None).precision_at_50_a_day
}

/// Of the attacks that one record proves: how many there were, were found, and were known within a minute of their last event.
fn deterministic(truths: &[Truth], alerts: &[Alert]) -> [usize; 3] {
    let seconds = |text: &str| OffsetDateTime::parse(text, &Rfc3339).map(OffsetDateTime::unix_timestamp).ok();
    let mut counts = [0; 3];
    for truth in truths.iter().filter(|truth| DETERMINISTIC.contains(&truth.pattern.as_str())) {
        let is_about = alerts_about(std::slice::from_ref(truth), alerts);
        let times = alerts.iter().zip(is_about).filter(|(_, is_about)| *is_about).map(|(alert, _)| &alert.detected_at);
        let first = times.min();
        let waited = first.and_then(|first| Some(seconds(first)? - seconds(&truth.to)?));
        counts[0] += 1;
        counts[1] += usize::from(first.is_some());
        counts[2] += usize::from(waited.is_some_and(|waited| waited <= 60));
    }
    counts
}
