//! Probabilities rise with the scores, and say how often.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::to_f64;

/// Scores, and outcomes that are the likelier the higher the score is, by a curve that no straight line is.
fn drawn(count: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let row = |_| {
        let score: f64 = chance.r#gen();
        let probability = 0.02 + 0.6 * score.powi(4);
        (score, chance.r#gen::<f64>() < probability)
    };
    (0..count).map(row).unzip()
}

fn brier(probability: impl Fn(f64) -> f64, scores: &[f64], outcomes: &[bool]) -> f64 {
    let error = |(score, outcome): (&f64, &bool)| (probability(*score) - f64::from(u8::from(*outcome))).powi(2);
    scores.iter().zip(outcomes).map(error).sum::<f64>() / to_f64(scores.len())
}

fn is_monotone(calibration: &Calibration) {
    assert_eq!(calibration.check(), Ok(()));
    let at = |place: i32| calibration.probability(f64::from(place) / 500.0);
    assert!((-1000..1000).all(|place| at(place) <= at(place + 1)), "{calibration:?}");
    for far in [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY, f64::NAN] {
        assert!((0.0..=1.0).contains(&calibration.probability(far)), "{far}: {calibration:?}");
    }
}

#[test]
fn with_outcomes_the_held_out_error_is_smaller_than_that_of_the_score() {
    for (count, few) in [(4000, false), (300, true)] {
        let (scores, outcomes) = drawn(count, 1);
        let calibration = Calibration::by_outcomes(&scores, &outcomes).expect("good outcomes");
        assert_eq!(matches!(calibration, Calibration::Platt(_)), few);
        is_monotone(&calibration);
        let (scores, outcomes) = drawn(4000, 2);
        let raw = brier(|score| score, &scores, &outcomes);
        let base = to_f64(outcomes.iter().filter(|outcome| **outcome).count()) / 4000.0;
        let known = brier(|score| calibration.probability(score), &scores, &outcomes);
        assert!(known < 0.7 * raw && known < brier(|_| base, &scores, &outcomes), "{known} of {raw}");
    }
}

#[test]
fn isotonic_regression_pools_what_falls() {
    let isotonic = Isotonic::of(&[1.0, 2.0, 3.0, 4.0, 4.0], &[false, true, false, true, true]).expect("good outcomes");
    let at = |score| Calibration::Isotonic(isotonic.clone()).probability(score);
    let due = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.5), (2.5, 0.5), (3.0, 0.5), (4.0, 1.0), (9.0, 1.0)];
    // And straight lines between.
    for (score, probability) in due.into_iter().chain([(1.5, 0.25), (3.5, 0.75)]) {
        assert!((at(score) - probability).abs() < 1e-12, "{score}: {}", at(score));
    }
}

#[test]
fn a_curve_through_separated_outcomes_is_not_certain() {
    let scores: Vec<f64> = (0..10).map(f64::from).collect();
    let outcomes: Vec<bool> = (0..10).map(|at| at >= 5).collect();
    let platt = Platt::of(&scores, &outcomes).expect("good outcomes");
    assert!(platt.probability(9.0) < 0.99 && platt.probability(9.0) > 0.8, "{platt:?}");
    let turned: Vec<bool> = outcomes.iter().map(|outcome| !outcome).collect();
    let platt = Platt::of(&scores, &turned).expect("good outcomes");
    assert!((platt.probability(0.0) - 0.5).abs() < 1e-9 && (platt.probability(9.0) - 0.5).abs() < 1e-9, "{platt:?}");
}

#[test]
fn without_outcomes_the_share_is_that_of_the_scores() {
    let mut chance = ChaCha8Rng::seed_from_u64(3);
    let scores: Vec<f64> = (0..20_000).map(|_| -chance.r#gen::<f64>().ln()).collect();
    let tail = Tail::of(&scores, 1e-3).expect("good scores");
    // The scores are exponential: as high as x is the share e^-x, inside and far beyond what was seen.
    for score in [0.1, 1.0, 3.0, 6.0, 15.0] {
        let due = f64::exp(-score);
        assert!(
            (tail.share(score) / due).ln().abs() < 0.12 * score.max(1.0),
            "{score}: {} for {due}",
            tail.share(score)
        );
    }
    is_monotone(&Calibration::Tail(tail.clone()));
    assert!((tail.probability(0.5) - 1e-3).abs() < 1e-12, "the prior, where nothing is unusual");
    // p = 0.01: the odds for it are at most 1 / (e p ln(1/p)) = 7.988 times the prior ones.
    let found = Tail { prior: 0.5, knots: vec![(0.0, 1.0), (1.0, 0.01)], excess: 0.0 }.probability(1.0);
    assert!((found - 7.988 / 8.988).abs() < 1e-4, "{found}");
    assert!(tail.probability(40.0) > 0.999_999);
}

#[test]
fn one_score_and_equal_scores_are_no_error_and_bad_ones_are_told() {
    for scores in [vec![2.0], vec![2.0; 5000]] {
        let calibration = Calibration::by_tail(&scores, 0.01).expect("good scores");
        is_monotone(&calibration);
    }
    assert!(matches!(Calibration::by_tail(&[], 0.01), Err(LearnError::NoRows)));
    let said = |error: Result<Calibration, LearnError>| error.expect_err("bad").to_string();
    assert_eq!(
        said(Calibration::by_tail(&[1.0], 1.0)),
        "prior is 1, expected a share between 0 and 1, neither of them"
    );
    assert_eq!(said(Calibration::by_tail(&[1.0, f64::NAN], 0.1)), "score 2 is NaN, not a finite number");
    assert_eq!(said(Calibration::by_outcomes(&[1.0], &[])), "1 scores, but 0 outcomes");
    assert!(said(Calibration::by_outcomes(&[1.0, 2.0], &[true, true])).contains("all the same"));
}
