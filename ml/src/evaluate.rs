//! How good alerts are, against what truly happened.

mod matching;
mod outcomes;
mod scores;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cases::Alert;
use matching::{is_slip, matches};
pub use outcomes::outcomes;

/// Cases that a regulator can look into on a day.
pub const CASES_A_DAY: usize = 50;

/// Something that truly happened: a falsification, or a slip under its own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Truth {
    /// Which pattern, or which slip: `caps_lock`, `keyboard_layout`, `day_zero`, `lost_separator`, `repeated_scan`,
    /// `late_upload`. Or the outcome of a closed case: `falsified`, `diverted`, `stolen`, and of one about nothing `technical`, `process`.
    #[serde(deserialize_with = "word")]
    pub pattern: String,
    /// The packs and containers.
    pub epcs: Vec<String>,
    /// The lot, where one is concerned.
    pub lot: Option<String>,
    /// The parties.
    pub parties: Vec<String>,
    /// Time of the first event of it, RFC 3339.
    pub from: String,
    /// Time of the last event of it.
    pub to: String,
}

/// Patterns come as names or as numbers.
fn word<'de, D: serde::Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Number(u64),
        Text(String),
    }
    Ok(match Word::deserialize(input)? {
        Word::Number(number) => number.to_string(),
        Word::Text(text) => text.trim().to_ascii_lowercase().replace(['-', ' '], "_"),
    })
}

/// How many of a kind were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// How many there were.
    pub truths: usize,
    /// How many of them an alert is about.
    pub found: usize,
    /// Their share.
    pub recall: f64,
}

impl Recall {
    fn count(&mut self, is_found: bool) {
        self.truths += 1;
        self.found += usize::from(is_found);
        self.recall = share(self.found, self.truths);
    }
}

/// The judgement. A number that has no meaning for the input, such as a rate without scans, is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Falsifications found, all patterns together.
    pub recall: Recall,
    /// The same by pattern.
    pub recall_by_pattern: BTreeMap<String, Recall>,
    /// Slips that are labelled as the slip they are.
    pub operator_errors: Recall,
    /// The same by slip.
    pub operator_errors_by_kind: BTreeMap<String, Recall>,
    /// Share of true cases among the first cases of each day, as many as a day's true cases and 50 at most.
    pub precision_at_50_a_day: Option<f64>,
    /// Area under the curve of precision over recall (average precision); absent where nothing happened that could be found.
    pub pr_auc: Option<f64>,
    /// Cases that suspect somebody, and those of them that are about nothing that happened.
    pub alerts: usize,
    /// See `alerts`.
    pub false_alerts: usize,
    /// False alerts per million scans, all together.
    pub false_alerts_per_million_scans: Option<f64>,
    /// The same when only cases so sure are raised that nine tenths of the falsifications are still found.
    pub false_alerts_per_million_scans_at_recall_90: Option<f64>,
    /// Hours from the first event of a falsification to the first alert about it, in the median.
    pub hours_to_detect_median: Option<f64>,
    /// The same, nine tenths.
    pub hours_to_detect_p90: Option<f64>,
    /// Scans that the rates are of.
    pub scans: Option<u64>,
}

/// Judges alerts. An alert that accuses where only a slip happened is false; a slip that was not in the truth is neither
/// right nor false, and so is a risk, which suspects nobody.
pub fn evaluate(truths: &[Truth], alerts: &[Alert], scans: Option<u64>) -> Evaluation {
    let mut alerts: Vec<Alert> = alerts.iter().cloned().map(completed).collect();
    alerts.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.rank.cmp(&b.rank)));
    let truths: Vec<Truth> = truths.iter().filter(|truth| !outcomes::is_nothing(truth)).cloned().collect();
    let truths = &truths[..];
    let found = matches(truths, &alerts);
    let mut result = Evaluation { scans, ..Evaluation::default() };
    for (truth, about) in truths.iter().zip(&found.of_truth) {
        let is_found = !about.is_empty();
        let (all, by_kind) = if is_slip(&truth.pattern) {
            (&mut result.operator_errors, &mut result.operator_errors_by_kind)
        } else {
            (&mut result.recall, &mut result.recall_by_pattern)
        };
        all.count(is_found);
        by_kind.entry(truth.pattern.clone()).or_default().count(is_found);
    }
    let is_true = |at: usize| found.of_alert[at].iter().any(|truth| !is_slip(&truths[*truth].pattern));
    let accuses = |at: &usize| !matches!(alerts[*at].kind.as_str(), "operator_error" | "risk");
    let accusing: Vec<usize> = (0..alerts.len()).filter(accuses).collect();
    let hits: Vec<bool> = accusing.iter().map(|at| is_true(*at)).collect();
    result.alerts = hits.len();
    result.false_alerts = hits.iter().filter(|hit| !**hit).count();
    let curve = scores::curve(truths, &found, &accusing, &hits);
    result.pr_auc = (result.recall.truths > 0).then(|| scores::average_precision(&curve));
    result.precision_at_50_a_day = scores::precision_a_day(truths, &alerts, &found, &accusing, &hits);
    let rate = |count: usize| scans.filter(|scans| *scans > 0).map(|scans| scores::ratio(count, scans) * 1e6);
    result.false_alerts_per_million_scans = rate(result.false_alerts);
    let enough = curve.iter().find(|point| point.recall >= 0.9);
    result.false_alerts_per_million_scans_at_recall_90 = enough.and_then(|point| rate(point.false_alerts));
    let hours = scores::hours_to_detect(truths, &alerts, &found);
    result.hours_to_detect_median = scores::quantile(&hours, 0.5);
    result.hours_to_detect_p90 = scores::quantile(&hours, 0.9);
    result
}

/// An alert of another system may not say what it is about, or when it was known: its codes do, and its last event.
fn completed(mut alert: Alert) -> Alert {
    if alert.kind.is_empty() {
        let is_label = !alert.codes.is_empty() && alert.codes.iter().all(|code| is_slip(code));
        alert.kind.push_str(if is_label { "operator_error" } else { "falsification" });
    }
    if alert.detected_at.is_empty() {
        alert.detected_at.clone_from(&alert.last_event);
    }
    alert
}

/// Recall and precision when the cases up to each are raised, the surest first; slips and risks left out.
pub fn curve(truths: &[Truth], alerts: &[Alert]) -> Vec<(f64, f64)> {
    let mut alerts: Vec<Alert> =
        alerts.iter().filter(|alert| !matches!(alert.kind.as_str(), "operator_error" | "risk")).cloned().collect();
    alerts.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.rank.cmp(&b.rank)));
    let found = matches(truths, &alerts);
    let all: Vec<usize> = (0..alerts.len()).collect();
    let hits: Vec<bool> = alerts_about(truths, &alerts);
    scores::curve(truths, &found, &all, &hits).into_iter().map(|point| (point.recall, point.precision)).collect()
}

/// Which alerts are about a falsification of the truth.
pub fn alerts_about(truths: &[Truth], alerts: &[Alert]) -> Vec<bool> {
    outcomes(truths, alerts).into_iter().map(|outcome| outcome == Some(true)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of cases")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests;
