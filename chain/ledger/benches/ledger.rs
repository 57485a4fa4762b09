//! What the embedded ledger takes in a second, and what a proof costs. Transactions are signed beforehand; each counts as
//! done when it is durable and its effects can be read.
#![allow(missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use veridose_contract::{
    Action, Command, Commitment, Day, Genesis, IdempotencyKey, ItemKey, LotKey, Party, PartyId, ProductKey, Role, Site,
    Timestamp, Transaction, merkle,
};
use veridose_ledger::pki::{Authority, Request, fingerprint};
use veridose_ledger::{Embedded, LogKey, Network, Options, Signer, prepare, proof};

const NOW: Timestamp = Timestamp(1_780_272_000_000);
const LOT: LotKey = LotKey([2; 32]);
const IN_FLIGHT: usize = 512;

struct Bench {
    ledger: Arc<Embedded>,
    signer: Signer,
    runtime: Runtime,
    next: AtomicU64,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let id = PartyId::parse("maker").expect("a good name");
        let year = 365 * 24 * 3_600 * 1_000;
        let (not_before, not_after) = (Timestamp(NOW.0 - year), Timestamp(NOW.0 + year));
        let authority = Authority::create(&id, not_before, not_after).expect("an authority");
        let request = Request { role: Role::Manufacturer, site: None, not_before, not_after };
        let issued = authority.issue(&request).expect("a certificate");
        let signer = Signer::new(&issued.key, issued.certificate.clone()).expect("a signer");
        let party = Party {
            id,
            name: "Maker".to_owned(),
            role: Role::Manufacturer,
            sites: vec![Site(9_506_000_134_352)],
            ca: fingerprint(authority.der()),
            ca_der: authority.der().to_vec(),
        };
        let genesis = Genesis { name: "Bench".to_owned(), admit_threshold: 1, members: vec![party] };
        let network = Network::new("example.org/bench", genesis).expect("a network");
        let key = LogKey::generate(&network.origin).expect("a key");
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options::new(Arc::new(|| NOW));
        let ledger = Arc::new(Embedded::open(folder.path(), network, key, options).expect("opens"));
        let runtime = Runtime::new().expect("a runtime");
        let bench = Self { ledger, signer, runtime, next: AtomicU64::new(0), folder };
        let product = ProductKey([1; 32]);
        let lot = Action::RegisterLot { lot: LOT, product, expiry: Day(NOW.day().0 + 365) };
        let actions = [Action::RegisterCertificate(issued.certificate), Action::RegisterProduct(product), lot];
        for action in actions {
            bench.submit(vec![bench.sign(action, 0)]);
        }
        bench
    }

    /// A transaction on that many new items.
    fn sign(&self, action: Action, items: u64) -> Transaction {
        let first = self.next.fetch_add(items + 1, Ordering::Relaxed);
        let item = |number: u64| ItemKey(merkle::leaf_hash(&number.to_be_bytes()));
        let items = (first..first + items).map(item).collect();
        let mut key = [0; 16];
        key[..8].copy_from_slice(&first.to_be_bytes());
        let command = Command { action, happened: NOW, site: None, payload: Commitment([7; 32]), items };
        prepare(&self.signer, self.ledger.network_id(), IdempotencyKey(key), NOW, vec![command]).expect("it signs")
    }

    /// Submits all from many clients at once, each with one under way; how long it took.
    fn submit(&self, transactions: Vec<Transaction>) -> Duration {
        let share = transactions.len().div_ceil(IN_FLIGHT);
        let mut transactions = transactions.into_iter();
        let shares: Vec<Vec<_>> = std::iter::from_fn(|| {
            let share: Vec<_> = transactions.by_ref().take(share).collect();
            (!share.is_empty()).then_some(share)
        })
        .collect();
        let started = Instant::now();
        self.runtime.block_on(async {
            let clients: Vec<_> = shares
                .into_iter()
                .map(|share| {
                    let ledger = Arc::clone(&self.ledger);
                    tokio::spawn(async move {
                        for transaction in share {
                            ledger.submit(transaction).await.expect("taken");
                        }
                    })
                })
                .collect();
            for client in clients {
                client.await.expect("the client ends");
            }
        });
        started.elapsed()
    }
}

fn size(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder lists").flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

fn individually_signed(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("submit");
    group.sample_size(10).throughput(Throughput::Elements(10_000));
    group.bench_function("10,000 individually signed, one new item each", |bencher| {
        bencher.iter_custom(|rounds| {
            (0..rounds)
                .map(|_| bench.submit((0..10_000).map(|_| bench.sign(Action::CommissionContainers, 1)).collect()))
                .sum()
        });
    });
    group.finish();
    report_size(&bench, bench.ledger.size(), "transaction");
}

fn commissioned(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("commission");
    group.sample_size(10).throughput(Throughput::Elements(400_000));
    group.bench_function("4 × 100,000 packs, one signature each", |bencher| {
        bencher.iter_custom(|rounds| {
            (0..rounds)
                .map(|_| {
                    let batches = (0..4).map(|_| bench.sign(Action::Commission { lot: LOT }, 99_999));
                    bench.submit(batches.collect())
                })
                .sum()
        });
    });
    group.finish();
    report_size(&bench, (bench.ledger.size() - 3) * 99_999, "pack");
}

#[allow(clippy::print_stderr)] // A figure of the benchmark, for whoever runs it.
fn report_size(bench: &Bench, count: u64, what: &str) {
    eprintln!("{} B on disk a {what}, {count} in all", size(bench.folder.path()) / count.max(1));
}

fn proofs(criterion: &mut Criterion) {
    let bench = Bench::new();
    bench.submit((0..20_000).map(|_| bench.sign(Action::CommissionContainers, 1)).collect());
    let verifier = bench.ledger.verifier();
    let mut index = 0;
    criterion.bench_function("receipt of one of 20,000 entries", |bencher| {
        bencher.iter(|| {
            index = (index + 7_919) % 20_000;
            bench.ledger.receipt(index, &[]).expect("a receipt")
        });
    });
    let receipt = bench.ledger.receipt(12_345, &[]).expect("a receipt");
    criterion.bench_function("check of a receipt", |bencher| {
        bencher.iter(|| proof::verify(&receipt, None, &verifier, None).expect("holds"));
    });
}

criterion_group!(benches, individually_signed, commissioned, proofs);
criterion_main!(benches);
