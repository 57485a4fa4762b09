//! The same data and seed give the same bytes; whatever is wrong with a file is told.

use linfa::ParamGuard;
use ndarray::{Array2, ArrayView2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::calibrate::Calibration;
use crate::forest::IsolationForest;
use crate::mixture::{Mixture, MixtureSettings};
use crate::ranker::{BoostedSettings, Outcome, Ranker, choose};
use crate::surprisal::Paths;

/// One of each.
#[derive(Debug, PartialEq, BorshSerialize, BorshDeserialize)]
struct Stack {
    forest: IsolationForest,
    mixture: Mixture,
    paths: Paths,
    calibration: Calibration,
    ranker: Ranker,
}

impl Body for Stack {
    const KIND: &'static str = "stack";

    fn check(&self) -> Result<(), String> {
        self.forest.check()?;
        self.mixture.check()?;
        self.paths.check()?;
        self.calibration.check()?;
        Ok(self.ranker.check()?)
    }
}

/// Something else.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct Number(u32);

impl Body for Number {
    const KIND: &'static str = "number";

    fn check(&self) -> Result<(), String> {
        if self.0 == 13 { Err("thirteen".to_owned()) } else { Ok(()) }
    }
}

fn trained(rows: ArrayView2<'_, f64>, seed: u64) -> (Card, Stack) {
    let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let forest = IsolationForest::params().seed(seed).check().expect("good").grow(&names, rows).expect("good data");
    let mixture = Mixture::fit(&names, rows, &MixtureSettings { components: 2, seed }).expect("good data");
    let mut paths = Paths::new(2).expect("a good order");
    paths.add(["maker", "wholesaler", "pharmacy"]).expect("few symbols");
    let scores = forest.score(rows).expect("the same columns").to_vec();
    let calibration = Calibration::by_tail(&scores, 1e-4).expect("good scores");
    let outcome = |(at, row): (usize, ndarray::ArrayView1<'_, f64>)| {
        Some(Outcome { at: i64::try_from(at).expect("small"), found: row[0] * row[1] > 0.4 })
    };
    let outcomes: Vec<_> = rows.rows().into_iter().enumerate().map(outcome).collect();
    let choice = choose(&names, rows, &outcomes, 0, &BoostedSettings::default()).expect("good data");
    let comparison = choice.comparison.expect("enough outcomes");
    let card = Card {
        snapshot: "00".repeat(32),
        seed,
        parameters: BTreeMap::from([("trees".to_owned(), "100".to_owned())]),
        features: names,
        metrics: BTreeMap::from([("average precision, later".to_owned(), comparison.boosted.average_precision)]),
        ..Card::default()
    };
    (card, Stack { forest, mixture, paths, calibration, ranker: choice.ranker })
}

fn rows() -> Array2<f64> {
    let mut chance = ChaCha8Rng::seed_from_u64(9);
    Array2::from_shape_simple_fn((800, 4), || chance.r#gen())
}

#[test]
fn the_same_data_and_seed_give_the_same_bytes() {
    let made = |seed| {
        let (card, stack) = trained(rows().view(), seed);
        write(&card, &stack).expect("a good model")
    };
    let (one, again) = (made(1), made(1));
    assert_eq!(hash(&one), hash(&again));
    assert_eq!(one, again);
    assert_ne!(hash(&one), hash(&made(2)), "another seed");
    let (card, stack): (Card, Stack) = read(&one).expect("a good file");
    assert_eq!((card.kind.as_str(), card.seed, card.features.len()), ("stack", 1, 4));
    assert_eq!(super::card(&one).expect("a good file"), card);
    assert_eq!(stack, trained(rows().view(), 1).1);
    assert_eq!(write(&card, &stack).expect("a good model"), one, "read and written again");
}

#[test]
fn a_file_that_is_not_whole_is_told_as_what_it_is() {
    let good = write(&Card::default(), &Number(7)).expect("a good model");
    assert_eq!(read::<Number>(&good).expect("a good file").1.0, 7);
    for at in 0..good.len() {
        let error = read::<Number>(&good[..at]).expect_err("cut off");
        assert!(matches!(error, ModelError::Other | ModelError::Length { .. }), "{at}: {error}");
    }
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        read::<Number>(&bad).expect_err("a bit flipped");
    }
    let mut longer = good.clone();
    longer.push(0);
    let found = longer.len();
    assert_eq!(read::<Number>(&longer).expect_err("longer"), ModelError::Length { found, expected: found - 1 });
    let mut newer = good.clone();
    newer[8] += 1;
    let version = ModelError::Version { found: VERSION + 1, expected: VERSION };
    assert_eq!(read::<Number>(&newer).expect_err("newer"), version);
    let mut damaged = good.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    assert_eq!(card(&damaged).expect_err("damaged"), ModelError::Damaged);
    assert_eq!(card(b"seven").expect_err("something else"), ModelError::Other);
    let kind = ModelError::Kind { found: "number".to_owned(), expected: "stack" };
    assert_eq!(read::<Stack>(&good).expect_err("another kind"), kind);
}

#[test]
fn a_model_that_makes_no_sense_is_neither_written_nor_read() {
    assert_eq!(
        write(&Card::default(), &Number(13)).expect_err("no sense"),
        ModelError::Senseless("thirteen".to_owned())
    );
    // Right in every length and hash, but not in itself.
    let mut bytes = write(&Card::default(), &Number(12)).expect("a good model");
    let end = bytes.len() - HASH_BYTES;
    bytes[end - 4] = 13;
    let sum = hash(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum);
    assert_eq!(read::<Number>(&bytes).expect_err("no sense"), ModelError::Senseless("thirteen".to_owned()));
}
