//! Whether the trade of late is still the trade that a model learnt from.
//!
//! For each feature the population stability index between the packs that the model learnt from and those of the last days,
//! `Σ (aᵢ − eᵢ) · ln(aᵢ / eᵢ)` over bins with shares `e` then and `a` now. The bins are the tenths of the data of the training; equal values
//! stay in one bin. The usual rule of thumb (N. Siddiqi, Credit Risk Scorecards, Wiley 2006, ch. 8): below 0.1 no change, up to 0.25
//! some, above that so much that the model should be looked at. Beside it stands the rate of cases, as a count against the
//! count that the training's rate would give: beyond two standard deviations of a Poisson count it is some change, beyond three much.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::detect::{Detector, Settings, detect_with, scans};
use crate::error::LearnError;
use crate::events::{EventTable, NO_TIME};
use crate::features::{Features, NAMES, Usual};
use crate::history::Histories;
use crate::model::Card;
use crate::rules::{Facts, date, day};
use crate::to_f64;

/// From here on a feature has changed somewhat.
pub const PSI_SOME: f64 = 0.1;
/// From here on it has changed so much that the model should be looked at.
pub const PSI_MUCH: f64 = 0.25;
/// A rate of cases so many standard deviations off has changed somewhat, and much.
pub const DEVIATIONS: (f64, f64) = (2.0, 3.0);
/// Days of a window, at most.
pub const DAYS_MAX: u32 = 3_660;
/// The metric of a card that holds the rate of cases of its training.
pub const CASES_PER_MILLION_SCANS: &str = "cases per million scans";

/// A share of no packs counts as this much.
const SHARE_MIN: f64 = 1e-4;
const BINS: usize = 10;
const DAY_MS: i64 = 86_400_000;

/// How the values of a feature were spread when a model learnt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Spread {
    /// Upper bounds of all bins but the last, ascending; a value that equals a bound lies below it.
    pub bounds: Vec<f64>,
    /// Share of the values in each bin; one more than bounds.
    pub shares: Vec<f64>,
}

impl Spread {
    /// Of the values of one feature. Values that are not numbers lie above all.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let tenth = |bin: usize| sorted.get((sorted.len() * bin / BINS).saturating_sub(1)).copied();
        let mut bounds: Vec<f64> = (1..BINS).filter_map(tenth).filter(|bound| bound.is_finite()).collect();
        bounds.dedup();
        let shares = shares(&bounds, values);
        Self { bounds, shares }
    }

    /// The population stability index of other values against these: 0 for the same shares, without bound above.
    pub fn stability(&self, values: &[f64]) -> f64 {
        let now = shares(&self.bounds, values);
        let part = |(expected, actual): (&f64, &f64)| {
            let (expected, actual) = (expected.max(SHARE_MIN), actual.max(SHARE_MIN));
            (actual - expected) * (actual / expected).ln()
        };
        self.shares.iter().zip(&now).map(part).sum()
    }
}

fn shares(bounds: &[f64], values: &[f64]) -> Vec<f64> {
    let mut counts = vec![0_usize; bounds.len() + 1];
    for value in values {
        counts[bounds.partition_point(|bound| bound.total_cmp(value).is_lt())] += 1;
    }
    counts.into_iter().map(|count| to_f64(count) / to_f64(values.len().max(1))).collect()
}

/// How much something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Not to speak of.
    None,
    /// Some: keep an eye on it.
    Some,
    /// Much: look at the model.
    Much,
}

fn change(value: f64, (some, much): (f64, f64)) -> Change {
    if value >= much {
        Change::Much
    } else if value >= some {
        Change::Some
    } else {
        Change::None
    }
}

/// How one feature changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureDrift {
    /// Which.
    pub feature: String,
    /// The population stability index.
    pub psi: f64,
    /// What that means.
    pub change: Change,
}

/// How the rate of cases changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateDrift {
    /// Cases of the window.
    pub cases: u64,
    /// Scans of the window.
    pub scans: u64,
    /// Cases for a million scans; nothing without scans.
    pub per_million: Option<f64>,
    /// The same of the training.
    pub training_per_million: Option<f64>,
    /// What that means; nothing where either is missing.
    pub change: Option<Change>,
}

/// How the last days differ from what a model learnt from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// First day of the window; nothing where there are no events.
    pub from: Option<String>,
    /// Its last day: that of the last event.
    pub to: Option<String>,
    /// Packs of the window.
    pub packs: usize,
    /// By feature, in the model's order; empty without packs.
    pub features: Vec<FeatureDrift>,
    /// Of cases.
    pub rate: RateDrift,
    /// The greatest change of all.
    pub change: Change,
}

/// Compares the packs that something happened to in the last days, each with its whole past, with those of the training.
pub fn drift(table: &EventTable, card: &Card, detector: &Detector, days: u32) -> Result<Drift, LearnError> {
    if !(1..=DAYS_MAX).contains(&days) {
        let expected = format!("1 to {DAYS_MAX}");
        return Err(LearnError::Setting { name: "days", value: days.to_string(), expected });
    }
    let last = table.rows.iter().map(|row| row.time).filter(|time| *time != NO_TIME).max();
    let to = last.map(day);
    let from = to.map(|to| to.saturating_sub(i32::try_from(days).unwrap_or(i32::MAX) - 1));
    let since = from.map_or(i64::MAX, |from| i64::from(from) * DAY_MS);
    let (packs, features) = features(table, card, since)?;
    let rate = rate(table, card, detector, since, from.map(date).as_deref())?;
    let change = features.iter().map(|of| of.change).chain(rate.change).max().unwrap_or(Change::None);
    Ok(Drift { from: from.map(date), to: to.map(date), packs, features, rate, change })
}

fn features(table: &EventTable, card: &Card, since: i64) -> Result<(usize, Vec<FeatureDrift>), LearnError> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let measured = Features::of(&facts, &Usual::of(&facts));
    let is_recent = |thing: u32| {
        let times = histories.own(thing).iter().map(|event| table.rows[*event as usize].time);
        times.filter(|time| *time != NO_TIME).max().is_some_and(|time| time >= since)
    };
    let recent: Vec<usize> = (0..measured.things.len()).filter(|at| is_recent(measured.things[*at])).collect();
    if recent.is_empty() {
        return Ok((0, Vec::new()));
    }
    let of = |(column, name): (usize, &&str)| {
        let Some(spread) = card.profile.get(*name) else {
            return Err(LearnError::Labels(format!("the model's card does not say how `{name}` was spread")));
        };
        let values: Vec<f64> = recent.iter().map(|at| measured.rows[*at][column]).collect();
        let psi = spread.stability(&values);
        Ok(FeatureDrift { feature: (*name).to_owned(), psi, change: change(psi, (PSI_SOME, PSI_MUCH)) })
    };
    let told: Result<_, _> = NAMES.iter().enumerate().map(of).collect();
    Ok((recent.len(), told?))
}

fn rate(
    table: &EventTable,
    card: &Card,
    detector: &Detector,
    since: i64,
    from: Option<&str>,
) -> Result<RateDrift, LearnError> {
    let scans = scans(table, since);
    let (alerts, _) = detect_with(table, Settings::default(), detector)?;
    // Days stand in the order of their text.
    let is_recent = |last: &str| from.is_some_and(|from| last.get(..10).is_some_and(|day| day >= from));
    let cases = alerts.iter().filter(|alert| is_recent(&alert.last_event)).count();
    let training = card.metrics.get(CASES_PER_MILLION_SCANS).copied();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    let million = scans as f64 / 1e6;
    let changed = training.filter(|_| scans > 0).map(|training| {
        let expected = training * million;
        change((to_f64(cases) - expected).abs() / expected.max(1.0).sqrt(), DEVIATIONS)
    });
    let per_million = (scans > 0).then(|| to_f64(cases) / million);
    Ok(RateDrift { cases: cases as u64, scans, per_million, training_per_million: training, change: changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn the_same_shares_are_stable_whatever_their_number() {
        let values: Vec<f64> = (0..1_000).map(f64::from).collect();
        let spread = Spread::of(&values);
        assert_eq!(spread.bounds, [99.0, 199.0, 299.0, 399.0, 499.0, 599.0, 699.0, 799.0, 899.0]);
        close(spread.stability(&values), 0.0);
        close(spread.stability(&values.iter().copied().step_by(10).collect::<Vec<_>>()), 0.0);
    }

    #[test]
    fn a_shift_is_the_sum_over_the_bins() {
        // Half of the values in each of two bins, then nine tenths in the upper one.
        let spread = Spread::of(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(
            (spread.bounds.as_slice(), spread.shares.as_slice()),
            ([0.0, 1.0].as_slice(), [0.5, 0.5, 0.0].as_slice())
        );
        let now = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        close(spread.stability(&now), (0.1 - 0.5) * (0.1_f64 / 0.5).ln() + (0.9 - 0.5) * (0.9_f64 / 0.5).ln());
    }

    #[test]
    fn an_empty_bin_and_strange_values_give_a_number() {
        let spread = Spread::of(&[1.0; 50]);
        assert_eq!(spread.bounds, [1.0]);
        let gone = spread.stability(&[f64::NAN, f64::INFINITY, 2.0]);
        assert!(gone.is_finite() && gone > PSI_MUCH, "{gone}");
        assert!(Spread::of(&[]).stability(&[]).abs() < 1e-12);
    }
}
