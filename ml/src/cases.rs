//! Cases: findings of one cause joined, ranked and explained.

mod alert;
mod join;
mod rank;
mod tell;

pub use alert::{Alert, Proof};
pub(crate) use join::groups as joined;
pub(crate) use tell::alert as tell;

use crate::rules::{Facts, Finding};

/// Packs and containers that an alert names.
pub const EPCS_MAX: usize = 1_000;
/// Events that an alert names.
pub const EVENTS_MAX: usize = 50;
/// Parties and lots that an alert names.
pub const PARTIES_MAX: usize = 50;

/// How sure a case is by something that has learnt from outcomes, and why.
#[derive(Debug)]
pub(crate) struct Believed {
    pub(crate) score: f64,
    pub(crate) text: String,
}

/// Joins and ranks findings. Cases that suspect somebody come by score; slips stand behind them. What is less sure than
/// `score_min` is left out, slips excepted.
///
/// `believe` may know better than the rules how sure a case is.
pub(crate) fn cases(
    facts: &Facts<'_>,
    findings: &[Finding],
    (scans, score_min): (u64, f64),
    believe: impl Fn(&[&Finding]) -> Option<Believed>,
) -> Vec<Alert> {
    let groups = joined(findings);
    let trust = rank::Trust::new(findings, &groups, scans);
    let mut alerts: Vec<Alert> = groups
        .iter()
        .filter_map(|group| {
            let group: Vec<&Finding> = group.iter().map(|at| &findings[*at as usize]).collect();
            let is_slip = group.iter().all(|finding| finding.code.is_operator_error());
            let believed = if is_slip { None } else { believe(&group) };
            let score = believed.as_ref().map_or_else(|| trust.score(group.iter().copied()), |believed| believed.score);
            (is_slip || score >= score_min).then(|| {
                let mut alert = tell(facts, &group, round(score));
                alert.explanation.extend(believed.map(|believed| believed.text));
                alert
            })
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
