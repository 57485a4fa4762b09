//! Cases: findings of one cause joined, ranked and explained.

mod alert;
mod join;
mod rank;
mod tell;

pub use alert::{Alert, Proof};

use crate::rules::{Facts, Finding};

/// Packs and containers that an alert names.
pub const EPCS_MAX: usize = 1_000;
/// Events that an alert names.
pub const EVENTS_MAX: usize = 50;
/// Parties and lots that an alert names.
pub const PARTIES_MAX: usize = 50;

/// Joins and ranks findings. Cases that suspect somebody come by score; slips stand behind them. What is less sure than
/// `score_min` is left out, slips excepted.
pub fn cases(facts: &Facts<'_>, findings: &[Finding], scans: u64, score_min: f64) -> Vec<Alert> {
    let groups = join::groups(findings);
    let trust = rank::Trust::new(findings, &groups, scans);
    let mut alerts: Vec<Alert> = groups
        .iter()
        .filter_map(|group| {
            let group: Vec<&Finding> = group.iter().map(|at| &findings[*at as usize]).collect();
            let score = trust.score(group.iter().copied());
            let is_slip = group.iter().all(|finding| finding.code.is_operator_error());
            (is_slip || score >= score_min).then(|| tell::alert(facts, &group, round(score)))
        })
        .collect();
    alerts.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then_with(|| a.detected_at.cmp(&b.detected_at)).then_with(|| a.case.cmp(&b.case))
    });
    for (at, alert) in alerts.iter_mut().enumerate() {
        alert.rank = at + 1;
    }
    alerts
}

/// Six decimals are more than a probability has to say.
fn round(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}
