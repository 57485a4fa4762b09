//! Rankers find what there is to find, explain themselves exactly, and are chosen by what comes later.

use ndarray::{Array2, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::ThreadPoolBuilder;

use super::*;
use crate::to_f64;

fn names() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

/// Rows, and outcomes whose logit is `logit` of the row.
fn drawn(count: usize, seed: u64, logit: fn(&[f64]) -> f64) -> (Array2<f64>, Vec<bool>) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let rows = Array2::from_shape_simple_fn((count, 3), || chance.gen_range(-2.0..2.0));
    let outcomes = rows.rows().into_iter().map(|row| {
        let probability = logistic(logit(&row.to_vec()));
        chance.r#gen::<f64>() < probability
    });
    let outcomes = outcomes.collect();
    (rows, outcomes)
}

fn straight(row: &[f64]) -> f64 {
    2.0 * row[0] - row[1] - 2.0
}

/// What no weights can tell: both high or both low.
fn crossed(row: &[f64]) -> f64 {
    if row[0] * row[1] > 1.0 { 2.0 } else { -3.0 }
}

fn dated(outcomes: &[bool]) -> Vec<Option<Outcome>> {
    let dated = |(at, found): (usize, &bool)| Some(Outcome { at: i64::try_from(at).expect("small"), found: *found });
    outcomes.iter().enumerate().map(dated).collect()
}

fn rankers() -> (Array2<f64>, [Ranker; 3]) {
    let (rows, outcomes) = drawn(1500, 1, straight);
    let unlabelled = Unlabelled::fit(&names(), rows.view()).expect("good data");
    let logistic = Logistic::fit(&names(), rows.view(), &outcomes).expect("good data");
    let boosted = Boosted::fit(&names(), rows.view(), &outcomes, &BoostedSettings::default()).expect("good data");
    (rows, [Ranker::Unlabelled(unlabelled), Ranker::Logistic(logistic), Ranker::Boosted(boosted)])
}

#[test]
fn contributions_add_up_to_the_score_exactly_alone_and_in_a_batch() {
    let (mut rows, rankers) = rankers();
    (rows[(0, 0)], rows[(1, 1)], rows[(2, 2)]) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
    for ranker in rankers {
        assert_eq!(ranker.check(), Ok(()));
        let scores = ranker.score(rows.view()).expect("the same columns");
        let contributions = ranker.contributions(rows.view()).expect("the same columns");
        for ((row, score), parts) in rows.rows().into_iter().zip(&scores).zip(contributions.rows()) {
            let sum = parts.iter().fold(ranker.base(), |sum, part| sum + part);
            assert_eq!(sum.to_bits(), score.to_bits());
            assert_eq!(ranker.score_row(row).expect("the same").to_bits(), score.to_bits());
            assert!(score.is_finite());
        }
        let read: Ranker = borsh::from_slice(&borsh::to_vec(&ranker).expect("writes")).expect("reads");
        assert_eq!(read.score(rows.view()).expect("the same"), scores);
        assert!(matches!(ranker.score(array![[1.0]].view()), Err(LearnError::Columns { expected: 3, found: 1, .. })));
    }
}

#[test]
fn weights_and_trees_find_what_made_the_outcomes() {
    let (_, [unlabelled, logistic, boosted]) = rankers();
    let (rows, outcomes) = drawn(3000, 2, straight);
    let quality =
        |ranker: &Ranker| average_precision(&ranker.score(rows.view()).expect("the same").to_vec(), &outcomes);
    let share = to_f64(outcomes.iter().filter(|outcome| **outcome).count()) / 3000.0;
    let truth: Vec<f64> = rows.rows().into_iter().map(|row| straight(&row.to_vec())).collect();
    assert!(quality(&logistic) > average_precision(&truth, &outcomes) - 0.02, "as good as the truth itself");
    assert!(quality(&boosted) > quality(&logistic) - 0.08 && quality(&boosted) > 2.0 * share);
    assert!(quality(&unlabelled) > share, "one column of three points the right way");
    // Two units of the first column are four of the logit, one way up; of the second two, down; the third has nothing to say.
    let parts =
        logistic.contributions(array![[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]].view()).expect("three");
    assert!(
        (parts[(0, 0)] - 4.0).abs() < 0.8 && (parts[(1, 1)] + 2.0).abs() < 0.6 && parts[(2, 2)].abs() < 0.4,
        "{parts}"
    );
    let logit = logistic.score_row(array![1.0, 0.0, 0.0].view()).expect("three");
    assert!((logistic.probability(logit).expect("knows outcomes") - 0.5).abs() < 0.08);
    assert_eq!(unlabelled.probability(1.0), None);
}

#[test]
fn the_challenger_is_promoted_only_where_it_is_better_later() {
    let settings = BoostedSettings::default();
    for (logit, promoted) in [(straight as fn(&[f64]) -> f64, false), (crossed, true)] {
        let (rows, outcomes) = drawn(3000, 3, logit);
        let choice = choose(&names(), rows.view(), &dated(&outcomes), 0, &settings).expect("good data");
        let comparison = choice.comparison.expect("enough outcomes");
        assert_eq!(
            (comparison.promoted, matches!(choice.ranker, Ranker::Boosted(_))),
            (promoted, promoted),
            "{comparison:?}"
        );
        assert!(comparison.logistic.average_precision > comparison.share && comparison.boosted.brier < 0.25);
    }
    // It would have been better earlier, but the rule changed before the rows that judge.
    let (rows, mut outcomes) = drawn(3000, 3, crossed);
    outcomes[2100..].copy_from_slice(&drawn(3000, 3, straight).1[2100..]);
    let choice = choose(&names(), rows.view(), &dated(&outcomes), 0, &settings).expect("good data");
    assert!(matches!(choice.ranker, Ranker::Logistic(_)), "{:?}", choice.comparison);
}

#[test]
fn nothing_later_leaks_into_what_is_learnt() {
    let settings = BoostedSettings::default();
    let (rows, outcomes) = drawn(1000, 4, crossed);
    let mut shuffled = dated(&outcomes);
    shuffled.iter_mut().enumerate().for_each(|(row, outcome)| {
        outcome.as_mut().expect("known").at = i64::try_from(row * 7 % 1000 / 10).expect("small");
    });
    let compared = |rows: &Array2<f64>, dated: &[Option<Outcome>], gap| {
        choose(&names(), rows.view(), dated, gap, &settings).expect("good data").comparison.expect("enough outcomes")
    };
    let honest = compared(&rows, &shuffled, 0);
    // Rows of one time are on one side: 100 times of ten rows, the cut at the 70th.
    assert_eq!((honest.cut, honest.learnt, honest.judged), (70, 700, 300));
    let gap = compared(&rows, &shuffled, 10);
    assert_eq!((gap.cut, gap.learnt, gap.judged), (70, 700, 200), "ten seconds are left out");
    // Other rows after the cut change how the rankers are judged, not what they learnt: the same later rows again are judged the same.
    let mut other = rows.clone();
    for (mut row, outcome) in other.rows_mut().into_iter().zip(&shuffled) {
        if (70..80).contains(&outcome.expect("known").at) {
            row.fill(99.0);
        }
    }
    assert_eq!(compared(&other, &shuffled, 10), gap);
}

#[test]
fn a_cold_start_ranks_without_outcomes_and_with_too_few() {
    let (mut rows, outcomes) = drawn(500, 5, straight);
    rows.row_mut(77).fill(6.0);
    let mut known = vec![None; 500];
    known[..40].copy_from_slice(&dated(&outcomes)[..40]);
    for known in [vec![None; 500], known] {
        let choice = choose(&names(), rows.view(), &known, 0, &BoostedSettings::default()).expect("good data");
        assert!(matches!(choice.ranker, Ranker::Unlabelled(_)) && choice.comparison.is_none());
        let scores = choice.ranker.score(rows.view()).expect("the same");
        assert!(scores.iter().enumerate().all(|(row, score)| row == 77 || *score < scores[77]), "{scores}");
    }
}

#[test]
fn the_threads_do_not_matter_and_the_same_again_is_the_same() {
    let fitted = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| borsh::to_vec(&rankers().1.to_vec()).expect("writes"))
    };
    assert_eq!(fitted(1), fitted(4));
}

#[test]
fn what_cannot_be_learnt_from_is_told() {
    let rows = Array2::zeros((4, 3));
    let said = Logistic::fit(&names(), rows.view(), &[true; 4]).expect_err("one kind").to_string();
    assert!(said.contains("all the same"), "{said}");
    let said = Logistic::fit(&names(), rows.view(), &[true]).expect_err("too few").to_string();
    assert_eq!(said, "4 rows, but 1 outcomes");
    let settings = BoostedSettings { depth: 9, ..BoostedSettings::default() };
    let said =
        Boosted::fit(&names(), rows.view(), &[true, false, true, false], &settings).expect_err("too deep").to_string();
    assert_eq!(said, "depth is 9, expected 1 to 8");
    // Rows that do not differ have the share of the outcomes.
    let same = Ranker::Logistic(Logistic::fit(&names(), rows.view(), &[true, false, false, false]).expect("good data"));
    let score = same.score_row(array![0.0, 0.0, 0.0].view()).expect("three");
    assert!((same.probability(score).expect("knows outcomes") - 0.25).abs() < 1e-4);
}

#[test]
fn few_outcomes_leave_a_first_guess_as_it_is_and_many_mend_it() {
    // The guess knows the first column; that the second speaks against it only outcomes tell.
    let guessed = |count, seed| {
        let (mut rows, outcomes) = drawn(count, seed, straight);
        rows.column_mut(0).mapv_inplace(|value| 2.0 * value - 2.0);
        (rows, outcomes)
    };
    let (judged, found) = guessed(3000, 7);
    let quality = |scores: &[f64]| average_precision(scores, &found);
    let guess = quality(&judged.column(0).to_vec());
    let learnt = |count| {
        let (rows, outcomes) = guessed(count, 6);
        let ranker = Ranker::Logistic(Logistic::beside(&names(), rows.view(), &outcomes).expect("good data"));
        quality(&ranker.score(judged.view()).expect("the same").to_vec())
    };
    assert!(learnt(20) > guess - 0.03, "{} {guess}", learnt(20));
    assert!(learnt(2000) > guess + 0.03, "{} {guess}", learnt(2000));
}

#[test]
fn average_precision_is_that_of_the_definition() {
    let scores = [0.9, 0.8, 0.7, 0.6];
    assert!((average_precision(&scores, &[true, false, true, false]) - 5.0 / 6.0).abs() < 1e-12);
    assert!((average_precision(&[0.5; 4], &[true, false, true, false]) - 0.5).abs() < 1e-12, "ties tell nothing");
    assert!(average_precision(&scores, &[false; 4]).abs() < 1e-12);
}
