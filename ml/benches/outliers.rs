//! Rows a second through the isolation forest: fitted, scored, explained.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use linfa::ParamGuard;
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use veridose_ml::forest::IsolationForest;

const ROWS: usize = 200_000;
const COLUMNS: usize = 20;

fn forest(criterion: &mut Criterion) {
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    let rows = Array2::from_shape_simple_fn((ROWS, COLUMNS), || chance.r#gen::<f64>().ln());
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("c{column}")).collect();
    let params = IsolationForest::params().check().expect("the defaults are good");
    let forest = params.grow(&names, rows.view()).expect("good data");
    let mut group = criterion.benchmark_group("isolation forest, 200,000 rows of 20 columns");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("fit", |bench| bench.iter(|| params.grow(&names, rows.view()).expect("good data")));
    group.bench_function("score", |bench| bench.iter(|| forest.score(rows.view()).expect("as many columns")));
    group.bench_function("contributions", |bench| {
        bench.iter(|| forest.contributions(rows.view()).expect("as many columns"));
    });
    group.finish();
}

criterion_group!(benches, forest);
criterion_main!(benches);
