//! The numbers of a judgement.

use std::collections::{BTreeMap, HashSet};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::matching::{Matches, is_slip};
use super::{CASES_A_DAY, Truth, share};
use crate::cases::Alert;

/// What holds when the cases up to here are raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) precision: f64,
    pub(super) recall: f64,
    pub(super) false_alerts: usize,
}

/// The curve of precision over recall, a point for each case in the order of scores.
pub(super) fn curve(truths: &[Truth], found: &Matches, accusing: &[usize], hits: &[bool]) -> Vec<Point> {
    let total = truths.iter().filter(|truth| !is_slip(&truth.pattern)).count();
    let mut seen: HashSet<usize> = HashSet::new();
    let mut right = 0;
    let point = |(at, (alert, hit)): (usize, (&usize, &bool))| {
        right += usize::from(*hit);
        seen.extend(found.of_alert[*alert].iter().filter(|truth| !is_slip(&truths[**truth].pattern)));
        Point { precision: share(right, at + 1), recall: share(seen.len(), total), false_alerts: at + 1 - right }
    };
    accusing.iter().zip(hits).enumerate().map(point).collect()
}

/// The mean of precision over the steps of recall; nothing is found without alerts.
pub(super) fn average_precision(curve: &[Point]) -> f64 {
    let mut recall = 0.0;
    let steps = curve.iter().map(|point| {
        let step = (point.recall - recall) * point.precision;
        recall = point.recall;
        step
    });
    steps.sum()
}

/// Of each day's first cases, as many as the day has true ones and 50 at most, the share that is true. A day's true cases
/// are the true alerts of the day and the falsifications that began on it and were never found.
pub(super) fn precision_a_day(
    truths: &[Truth],
    alerts: &[Alert],
    found: &Matches,
    accusing: &[usize],
    hits: &[bool],
) -> Option<f64> {
    let day = |time: &str| time.get(..10).unwrap_or_default().to_owned();
    let mut days: BTreeMap<String, (Vec<bool>, usize)> = BTreeMap::new();
    for (alert, hit) in accusing.iter().zip(hits) {
        let of_day = days.entry(day(&alerts[*alert].detected_at)).or_default();
        of_day.0.push(*hit);
        of_day.1 += usize::from(*hit);
    }
    for (truth, about) in truths.iter().zip(&found.of_truth) {
        if about.is_empty() && !is_slip(&truth.pattern) {
            days.entry(day(&truth.from)).or_default().1 += 1;
        }
    }
    let (mut right, mut looked_at) = (0, 0);
    for (cases, true_cases) in days.values() {
        let room = CASES_A_DAY.min(*true_cases);
        right += cases.iter().take(room).filter(|hit| **hit).count();
        looked_at += room;
    }
    (looked_at > 0).then(|| share(right, looked_at))
}

/// Hours from each falsification's first event to the first alert about it; the order is that of size.
pub(super) fn hours_to_detect(truths: &[Truth], alerts: &[Alert], found: &Matches) -> Vec<f64> {
    let seconds = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
    let mut hours: Vec<f64> = truths
        .iter()
        .zip(&found.of_truth)
        .filter(|(truth, _)| !is_slip(&truth.pattern))
        .filter_map(|(truth, about)| {
            let first = about.iter().filter_map(|alert| seconds(&alerts[*alert].detected_at)).min()?;
            let waited = u32::try_from((first - seconds(&truth.from)?).max(0)).ok()?;
            Some(f64::from(waited) / 3600.0)
        })
        .collect();
    hours.sort_by(f64::total_cmp);
    hours
}

/// The value below which this share of the sorted values lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a short list"
)]
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[expect(clippy::cast_precision_loss, reason = "counts of alerts and scans")]
pub(super) fn ratio(part: usize, whole: u64) -> f64 {
    part as f64 / whole as f64
}
