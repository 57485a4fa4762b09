//! How sure a case is, and which comes first.

use std::collections::BTreeMap;

use super::Contribution;
use crate::rules::{Code, Finding};

/// What fires more often than this a million scans is mostly noise of these data: Slovenia's systems raised 300 alerts
/// a million scans in all when they had settled.
const RATE_USUAL: f64 = 300.0;
/// Fewer cases than this of one code say nothing about its rate.
const CASES_MIN: usize = 50;
/// A slip's place is below everything that suspects somebody.
const SLIP_SCORE: f64 = 0.03;

/// How far each code can be believed in these data.
#[derive(Debug)]
pub(super) struct Trust(BTreeMap<Code, f64>);

impl Trust {
    /// From how many cases each code is in, and how many scans there were.
    #[expect(clippy::cast_precision_loss, reason = "rates of counts")]
    pub(super) fn new(findings: &[Finding], groups: &[Vec<u32>], scans: u64) -> Self {
        let mut cases: BTreeMap<Code, usize> = BTreeMap::new();
        for group in groups {
            let mut codes: Vec<Code> = group.iter().map(|at| findings[*at as usize].code).collect();
            codes.sort_unstable();
            codes.dedup();
            for code in codes {
                *cases.entry(code).or_default() += 1;
            }
        }
        let trust = |count: usize| {
            let rate = count as f64 * 1e6 / scans.max(1) as f64;
            if count < CASES_MIN || rate <= RATE_USUAL { 1.0 } else { (RATE_USUAL / rate).sqrt() }
        };
        Self(cases.into_iter().map(|(code, count)| (code, trust(count))).collect())
    }

    /// The probability that at least one of the findings is right, the codes taken as independent and each counted
    /// once, by its surest finding.
    pub(super) fn score<'f>(&self, findings: impl Iterator<Item = &'f Finding>) -> f64 {
        let surest = surest(findings);
        if surest.keys().all(|code| code.is_operator_error()) {
            return SLIP_SCORE * surest.values().copied().fold(0.0, f64::max);
        }
        let doubt = surest
            .iter()
            .filter(|(code, _)| !code.is_operator_error())
            .map(|(code, strength)| 1.0 - strength * self.0.get(code).copied().unwrap_or(1.0))
            .product::<f64>();
        1.0 - doubt
    }

    /// What each code adds to that, the largest part first; slips add nothing.
    pub(super) fn parts<'f>(&self, findings: impl Iterator<Item = &'f Finding>) -> Vec<Contribution> {
        let part = |(code, strength): (Code, f64)| {
            let believed = strength * self.0.get(&code).copied().unwrap_or(1.0);
            Contribution { name: code.name().to_owned(), part: -(1.0 - believed).max(f64::MIN_POSITIVE).ln() }
        };
        let accusing = surest(findings).into_iter().filter(|(code, _)| !code.is_operator_error());
        let mut parts: Vec<Contribution> = accusing.map(part).collect();
        parts.sort_by(|a, b| b.part.total_cmp(&a.part).then_with(|| a.name.cmp(&b.name)));
        parts
    }
}

/// The strength of the surest finding of each code.
fn surest<'f>(findings: impl Iterator<Item = &'f Finding>) -> BTreeMap<Code, f64> {
    let mut surest: BTreeMap<Code, f64> = BTreeMap::new();
    for finding in findings {
        let strength = surest.entry(finding.code).or_default();
        *strength = strength.max(finding.strength);
    }
    surest
}
