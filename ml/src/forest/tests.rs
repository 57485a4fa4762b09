//! The forest finds what is planted, gives the same bits each time, and says why.

use linfa::traits::{Fit, Predict};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, Axis, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::ThreadPoolBuilder;

use super::grow::mean_depth;
use super::*;
use crate::error::LearnError;

const COLUMNS: usize = 5;

/// Rows about the origin; the last ten are far off in the third column.
fn planted() -> Array2<f64> {
    let mut chance = ChaCha8Rng::seed_from_u64(1);
    let mut normal = || (0..12).map(|_| chance.r#gen::<f64>()).sum::<f64>() - 6.0;
    let mut rows = Array2::from_shape_simple_fn((1000, COLUMNS), &mut normal);
    (990..1000).for_each(|row| rows[(row, 2)] += 8.0);
    rows
}

fn names() -> Vec<String> {
    (0..COLUMNS).map(|column| format!("c{column}")).collect()
}

fn grown(rows: &Array2<f64>, seed: u64) -> IsolationForest {
    IsolationForest::params().seed(seed).check().expect("good settings").grow(&names(), rows.view()).expect("good data")
}

#[test]
fn planted_outliers_have_the_highest_scores() {
    let rows = planted();
    let scores = grown(&rows, 3).score(rows.view()).expect("the same columns");
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    let planted: Vec<f64> = scores.iter().skip(990).copied().collect();
    let over = |usual: &f64| planted.iter().filter(|score| *score > usual).count();
    let pairs: usize = scores.iter().take(990).map(over).sum();
    assert!(pairs >= 9_800, "{pairs} of 9,900 pairs stand in the right order");
}

#[test]
fn the_path_lengths_are_those_of_the_paper() {
    assert_eq!([0, 1, 2].map(|rows| mean_depth(rows).to_bits()), [0.0_f64, 0.0, 1.0].map(f64::to_bits));
    // Two times the harmonic number of 255, as the logarithm plus Euler's constant, less 2 · 255 / 256.
    assert!((mean_depth(256) - 10.244_770_92).abs() < 1e-8, "{}", mean_depth(256));
    // Two rows, one cut: both leaves at depth one, so both scores are one half.
    let rows = array![[0.0], [1.0]];
    let params = IsolationForest::params().trees(5).check().expect("good settings");
    let forest = params.grow(&["a".to_owned()], rows.view()).expect("good data");
    assert_eq!(forest.score(rows.view()).expect("the same columns"), array![0.5, 0.5]);
}

#[test]
fn one_thread_and_many_give_the_same_bits() {
    let rows = planted();
    let on = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let forest = grown(&rows, 3);
            let scores = forest.score(rows.view()).expect("the same columns");
            let contributions = forest.contributions(rows.view()).expect("the same columns");
            (borsh::to_vec(&forest).expect("writes"), scores, contributions)
        })
    };
    let one = on(1);
    assert_eq!(one, on(4));
    assert_ne!(one.0, borsh::to_vec(&grown(&rows, 4)).expect("writes"), "another seed");
}

#[test]
fn a_row_alone_has_the_score_it_has_among_others() {
    let mut rows = planted();
    (rows[(0, 0)], rows[(1, 1)], rows[(2, 2)]) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
    let forest = grown(&rows, 3);
    let scores = forest.score(rows.view()).expect("the same columns");
    let alone: Vec<u64> =
        rows.rows().into_iter().map(|row| forest.score_row(row).expect("the same").to_bits()).collect();
    assert_eq!(scores.mapv(f64::to_bits).to_vec(), alone);
    assert!(scores.iter().all(|score| score.is_finite()));
    let data = DatasetBase::from(rows.clone()).with_feature_names(names());
    let params = IsolationForest::params().seed(3).check().expect("good settings");
    let by_linfa: Array1<f64> = params.fit(&data).expect("good data").predict(&rows);
    assert_eq!(by_linfa, scores, "by linfa's traits");
}

/// The score as the paper has it: each row by itself down each tree, value against cut.
fn walked(forest: &IsolationForest, row: ndarray::ArrayView1<'_, f64>) -> f64 {
    let mut values = vec![0.0; row.len()];
    forest.columns.read_row(row, &mut values);
    let mut sum = 0.0;
    for tree in &forest.trees {
        let mut node = 0;
        while node < tree.cuts.len() {
            let Cut { place, column } = tree.cuts[node];
            let at = forest.places[column as usize].get(place as usize).copied().unwrap_or(f64::INFINITY);
            node = 2 * node + if values[column as usize] > at { 2 } else { 1 };
        }
        sum += tree.paths[node];
    }
    (-sum / (forest.unit * crate::to_f64(forest.trees.len()))).exp2()
}

#[test]
fn ranks_lead_where_the_values_do() {
    let mut rows = planted();
    // Values that lie on the cuts and beside them, both zeros, and what has no rank by itself.
    let forest = grown(&rows, 3);
    for (row, place) in forest.places[2].iter().take(300).enumerate() {
        let beside = [*place, place.next_up(), place.next_down()][row % 3];
        rows[(row, 2)] = beside;
    }
    let odd = [0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for (at, value) in odd.into_iter().enumerate() {
        rows.row_mut(400 + at).fill(value);
    }
    for sample in [2, 7, 256, 600] {
        let params = IsolationForest::params().trees(60).sample(sample).check().expect("good settings");
        for forest in [&forest, &params.grow(&names(), rows.view()).expect("good data")] {
            assert_eq!(forest.check(), Ok(()));
            let scores = forest.score(rows.view()).expect("the same columns");
            for (score, row) in scores.iter().zip(rows.rows()) {
                assert_eq!(score.to_bits(), walked(forest, row).to_bits(), "{row}");
            }
        }
    }
}

#[test]
fn contributions_add_up_to_the_logarithm_of_the_score_and_name_the_column() {
    let rows = planted();
    let forest = grown(&rows, 3);
    let scores = forest.score(rows.view()).expect("the same columns");
    let contributions = forest.contributions(rows.view()).expect("the same columns");
    for (score, row) in scores.iter().zip(contributions.rows()) {
        assert!((forest.base() + row.sum() - score.log2()).abs() < 1e-9);
    }
    let greatest = |row: ndarray::ArrayView1<'_, f64>| (0..COLUMNS).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    for row in contributions.rows().into_iter().skip(990) {
        assert_eq!(greatest(row), Some(2));
    }
}

#[test]
fn what_was_written_scores_the_same_when_read() {
    let rows = planted();
    let forest = grown(&rows, 3);
    let read: IsolationForest = borsh::from_slice(&borsh::to_vec(&forest).expect("writes")).expect("reads");
    assert_eq!(read.check(), Ok(()));
    assert_eq!(read.score(rows.view()).expect("the same"), forest.score(rows.view()).expect("the same"));
    assert!(read.columns().names().eq(names().iter().map(String::as_str)));
    let broken = |by: fn(&mut IsolationForest)| {
        let mut broken = forest.clone();
        by(&mut broken);
        broken.check().is_err()
    };
    assert!(broken(|forest| forest.trees[7].cuts[0].column = 5), "a column that there is not");
    assert!(broken(|forest| forest.trees[7].cuts[0].place = 1 << 20), "a place that there is not");
    assert!(broken(|forest| forest.places[2].reverse()), "places that fall");
    assert!(broken(|forest| forest.places[2][0] = f64::NAN), "a place that is no number");
    assert!(broken(|forest| drop(forest.places.pop())), "a column without its places");
}

#[test]
fn little_data_and_equal_rows_are_no_error() {
    for rows in [Array2::from_elem((1, COLUMNS), 4.0), Array2::from_elem((300, COLUMNS), f64::NAN)] {
        let forest = grown(&rows, 3);
        let scores = forest.score(rows.view()).expect("the same columns");
        assert!(scores.iter().all(|score| (score - scores[0]).abs() < 1e-12 && score.is_finite()), "{scores}");
        assert!(forest.contributions(rows.view()).expect("the same").iter().all(|share| share.abs() < 1e-12));
    }
    let huge = array![[f64::MIN], [f64::MAX], [0.0]];
    let params = IsolationForest::params().check().expect("good settings");
    let forest = params.grow(&["a".to_owned()], huge.view()).expect("good data");
    assert!(forest.score(huge.view()).expect("the same").iter().all(|score| score.is_finite()));
}

#[test]
fn wrong_settings_and_wrong_data_are_told() {
    let said = IsolationForest::params().trees(0).check().expect_err("no trees").to_string();
    assert_eq!(said, "trees is 0, expected 1 to 1000");
    assert!(IsolationForest::params().sample(1).check().is_err());
    let params = IsolationForest::params().check().expect("good settings");
    assert!(matches!(params.grow(&[], Array2::zeros((3, 0)).view()), Err(LearnError::NoColumns)));
    assert!(matches!(params.grow(&names(), Array2::zeros((0, COLUMNS)).view()), Err(LearnError::NoRows)));
    let forest = grown(&planted(), 3);
    assert!(matches!(
        forest.score(Array2::zeros((1, 2)).view()),
        Err(LearnError::Columns { expected: 5, found: 2, .. })
    ));
    assert_eq!(forest.score(Array2::zeros((0, COLUMNS)).view()).expect("none").len_of(Axis(0)), 0);
}
