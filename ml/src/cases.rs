//! Cases: findings of one cause joined, ranked and explained.

mod alert;
mod join;
mod rank;
mod tell;

pub use alert::{Alert, Contribution, Found, Proof};
pub(crate) use join::groups as joined;
pub(crate) use tell::alert as tell;

use crate::detect::{Detector, Suspicion};
use crate::rules::{Facts, Finding};

/// Packs and containers that an alert names.
pub const EPCS_MAX: usize = 1_000;
/// Events that an alert names.
pub const EVENTS_MAX: usize = 50;
/// Parties and lots that an alert names.
pub const PARTIES_MAX: usize = 50;

/// Findings that an alert names.
pub const FINDINGS_MAX: usize = 20;
/// Parts of its score that an alert names.
pub const PARTS_MAX: usize = 5;

/// How sure a case is by something that has learnt from outcomes, and why.
#[derive(Debug)]
pub(crate) struct Believed {
    pub(crate) score: f64,
    pub(crate) text: String,
    pub(crate) parts: Vec<Contribution>,
}

/// Joins and ranks findings, and says by what the cases are known again.
pub(crate) fn suspicions(
    facts: &Facts<'_>,
    findings: &[Finding],
    limits: (u64, f64),
    detector: Option<&Detector>,
) -> Vec<Suspicion> {
    ranked(facts, findings, limits, |group, by_rules| detector?.belief(group, by_rules))
        .into_iter()
        .map(|(alert, group, by_rules)| {
            let thing = |finding: &Finding| finding.things.first().map(|thing| facts.table.things.cause(*thing));
            let shared = group.iter().flat_map(|finding| finding.causes.iter().map(|cause| format!("{cause:016x}")));
            let mut causes: Vec<String> = group.iter().filter_map(|finding| thing(finding)).chain(shared).collect();
            causes.sort_unstable();
            causes.dedup();
            Suspicion { alert, causes, looked_at: detector.and_then(|detector| detector.looked_at(&group, by_rules)) }
        })
        .collect()
}

/// Joins and ranks findings. Cases that suspect somebody come by score; slips stand behind them. What is less sure than
/// `score_min` is left out, slips excepted.
///
/// `believe` may know better how sure a case is than the rules, whose score it is given.
pub(crate) fn cases(
    facts: &Facts<'_>,
    findings: &[Finding],
    limits: (u64, f64),
    believe: impl Fn(&[&Finding], f64) -> Option<Believed>,
) -> Vec<Alert> {
    ranked(facts, findings, limits, believe).into_iter().map(|(alert, _, _)| alert).collect()
}

/// The cases with their findings, and how sure the rules are of each.
fn ranked<'f>(
    facts: &Facts<'_>,
    findings: &'f [Finding],
    (scans, score_min): (u64, f64),
    believe: impl Fn(&[&Finding], f64) -> Option<Believed>,
) -> Vec<(Alert, Vec<&'f Finding>, f64)> {
    let groups = joined(findings);
    let trust = rank::Trust::new(findings, &groups, scans);
    let mut ranked: Vec<(Alert, Vec<&Finding>, f64)> = groups
        .iter()
        .filter_map(|group| {
            let group: Vec<&Finding> = group.iter().map(|at| &findings[*at as usize]).collect();
            let is_slip = group.iter().all(|finding| finding.code.is_operator_error());
            let by_rules = trust.score(group.iter().copied());
            let believed = if is_slip { None } else { believe(&group, by_rules) };
            let score = believed.as_ref().map_or(by_rules, |believed| believed.score);
            (is_slip || score >= score_min).then(|| {
                let mut alert = tell(facts, &group, round(score));
                alert.contributions = trust.parts(group.iter().copied());
                if let Some(believed) = believed {
                    alert.explanation += &believed.text;
                    alert.contributions = believed.parts;
                }
                alert.contributions.truncate(PARTS_MAX);
                (alert, group, by_rules)
            })
        })
        .collect();
    ranked.sort_by(|(a, _, _), (b, _, _)| {
        b.score.total_cmp(&a.score).then_with(|| a.detected_at.cmp(&b.detected_at)).then_with(|| a.case.cmp(&b.case))
    });
    for (at, (alert, _, _)) in ranked.iter_mut().enumerate() {
        alert.rank = at + 1;
    }
    ranked
}

/// How sure the rules are of each group.
pub(crate) fn scores(findings: &[Finding], groups: &[Vec<u32>], scans: u64) -> Vec<f64> {
    let trust = rank::Trust::new(findings, groups, scans);
    groups.iter().map(|group| trust.score(group.iter().map(|at| &findings[*at as usize]))).collect()
}

/// Six decimals are more than a probability has to say.
fn round(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}
