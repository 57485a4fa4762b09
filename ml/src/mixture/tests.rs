//! The likelihood is that of the formula, and what is planted has little of it.

use ndarray::{Array2, array};
use rand::{Rng, SeedableRng};
use rayon::ThreadPoolBuilder;

use super::*;

/// Two clusters in the plane, in each of which the columns go together.
fn clusters() -> Array2<f64> {
    let mut chance = ChaCha8Rng::seed_from_u64(5);
    let mut normal = || (0..12).map(|_| chance.r#gen::<f64>()).sum::<f64>() - 6.0;
    let mut rows = Array2::zeros((600, 2));
    for (place, mut row) in rows.rows_mut().into_iter().enumerate() {
        let (along, across, centre) = (normal(), 0.2 * normal(), if place % 3 == 0 { 10.0 } else { 0.0 });
        (row[0], row[1]) = (centre + along + across, along - across);
    }
    rows
}

fn names() -> Vec<String> {
    vec!["x".to_owned(), "y".to_owned()]
}

fn fitted(rows: &Array2<f64>, components: usize) -> Mixture {
    Mixture::fit(&names(), rows.view(), &MixtureSettings { components, seed: 2 }).expect("good data")
}

#[test]
fn the_likelihood_is_that_of_the_formula() {
    let rows = array![[0.0, 0.0], [0.0, 1.0]];
    let columns = Columns::of(&names(), rows.view()).expect("good data");
    let one = Component::new(0.25, vec![0.0, 0.0], &array![[1.0, 0.0], [0.0, 1.0]]).expect("definite");
    // The inverse of a variance of 1 and 2 with a covariance of 1 is 2, 1 and -1; its determinant is 1.
    let two = Component::new(0.75, vec![1.0, 0.0], &array![[2.0, -1.0], [-1.0, 1.0]]).expect("definite");
    let mixture = Mixture { columns, centre: vec![0.0; 2], spread: vec![1.0; 2], components: vec![one, two] };
    assert_eq!(mixture.check(), Ok(()));
    // At the origin: 1/4 · 1/2π · e^0 + 3/4 · 1/2π · e^(-1), where half the distance is half of 2.
    let by_hand = -((0.25 + 0.75 * (-1.0_f64).exp()) / std::f64::consts::TAU).ln();
    let scores = mixture.score(rows.view()).expect("the same columns");
    assert!((scores[0] - by_hand).abs() < 1e-12, "{scores}");
    // At (0, 1): 1/4 · e^(-1/2) + 3/4 · e^(-(2 + 2 + 1) / 2).
    let by_hand = -((0.25 * (-0.5_f64).exp() + 0.75 * (-2.5_f64).exp()) / std::f64::consts::TAU).ln();
    assert!((scores[1] - by_hand).abs() < 1e-12, "{scores}");
    // There the first component has the weight 1 / (1 + 3 e^(-2)); its part of y is one half, of x none.
    let weight = 1.0 / (1.0 + 3.0 * (-2.0_f64).exp());
    let parts = mixture.contributions(rows.view()).expect("the same columns");
    assert!((parts[(1, 0)] - (1.0 - weight) * 1.5).abs() < 1e-12, "{parts}");
    assert!((parts[(1, 1)] - (weight * 0.5 + (1.0 - weight))).abs() < 1e-12, "{parts}");
}

#[test]
fn rows_off_the_clusters_are_unlikely_and_the_column_is_named() {
    let rows = clusters();
    let mixture = fitted(&rows, 2);
    assert_eq!((mixture.components(), mixture.check()), (2, Ok(())));
    let scores = mixture.score(rows.view()).expect("the same columns");
    let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Between the clusters, against what goes together in both, and far out in y.
    for odd in [[5.0, 0.0], [1.5, -1.5], [0.0, 40.0]] {
        assert!(mixture.score_row(array![odd[0], odd[1]].view()).expect("the same") > greatest, "{odd:?}");
    }
    let parts = mixture.contributions(array![[0.0, 40.0]].view()).expect("the same");
    assert!(parts[(0, 1)] > parts[(0, 0)].abs(), "{parts}");
    let mean = scores.sum() / to_f64(scores.len());
    let one = fitted(&rows, 1).score(rows.view()).expect("the same");
    assert!(mean < one.sum() / to_f64(one.len()), "two components fit two clusters better than one");
}

#[test]
fn the_bits_are_the_same_alone_in_a_batch_again_and_on_any_number_of_threads() {
    let rows = clusters();
    let on = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mixture = fitted(&rows, 3);
            (borsh::to_vec(&mixture).expect("writes"), mixture.score(rows.view()).expect("the same columns"))
        })
    };
    let one = on(1);
    assert_eq!(one, on(4));
    let read: Mixture = borsh::from_slice(&one.0).expect("reads");
    for (row, score) in rows.rows().into_iter().zip(&one.1) {
        assert_eq!(read.score_row(row).expect("the same").to_bits(), score.to_bits());
    }
}

#[test]
fn constant_missing_and_few_rows_are_no_error() {
    for rows in [Array2::from_elem((50, 2), 7.0), Array2::from_elem((9, 2), f64::NAN), array![[1.0, f64::INFINITY]]] {
        let mixture = fitted(&rows, 3);
        assert_eq!(mixture.components(), 1);
        assert!(mixture.score(rows.view()).expect("the same").iter().all(|score| score.is_finite()));
    }
    let wrong = Mixture::fit(&names(), clusters().view(), &MixtureSettings { components: 0, seed: 0 });
    assert_eq!(wrong.expect_err("no component").to_string(), "components is 0, expected 1 to 32");
    let mixture = fitted(&clusters(), 1);
    assert!(matches!(mixture.score(Array2::zeros((1, 3)).view()), Err(LearnError::Columns { .. })));
}
