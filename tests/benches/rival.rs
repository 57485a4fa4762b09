//! The ledger in this process, and PostgreSQL doing the same work beside it, in one run on one machine.
//!
//! `VERIDOSE_BENCH_PACKS` packs are commissioned (100,000 by default), some are handed over by the pallet, and
//! `VERIDOSE_BENCH_TRANSACTIONS` given away one by one, each by a signed transaction that is durable when it is
//! acknowledged. PostgreSQL is the one that `VERIDOSE_TEST_POSTGRES` names.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use veridose_contract::{ItemKey, Transaction, resolve};
use veridose_ledger::{Embedded, check, proof};
use veridose_tests::{Factory, Measured, Random, Rival, Side, compared, disk_bytes, drive, machine, now, setting};

/// Packs under one signature, and on a pallet.
const BATCH: usize = 10_000;
/// Packs of the batch that receipts are asked from: as many as a transaction may hold.
const BATCH_MAX: usize = 100_000;
/// Batches under way at the same time.
const BATCHES_IN_FLIGHT: usize = 4;
/// Signed transactions in flight.
const IN_FLIGHT: usize = 256;
/// Connections to PostgreSQL: it was fastest with so many.
const CONNECTIONS: u32 = 64;
/// Packs looked up.
const LOOKUPS: usize = 50_000;
/// Pallets that go to the depot and come back.
const PALLETS_MAX: usize = 20;
/// Handoffs, over all pallets.
const HANDOFFS: usize = 400;
/// Handoffs that PostgreSQL is asked for.
const RIVAL_HANDOFFS: usize = 20;
/// Receipts asked for.
const RECEIPTS: usize = 2_000;

/// What both do.
struct Work {
    factory: Factory,
    packs: usize,
    signed: Vec<Transaction>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
async fn main() -> anyhow::Result<()> {
    let begin = Instant::now();
    let work = Arc::new(Work::prepare(setting("PACKS", 100_000)?, setting("TRANSACTIONS", 20_000)?)?);
    let folder = tempfile::tempdir()?;
    let (ours, sizes) = ledger(&work, folder.path()).await?;
    let (theirs, rival_sizes) = match std::env::var("VERIDOSE_TEST_POSTGRES") {
        Ok(url) => rival(&work, &url).await?,
        Err(_) => (Vec::new(), "skipped: VERIDOSE_TEST_POSTGRES names no PostgreSQL to compare with".to_owned()),
    };
    let mut theirs = theirs.into_iter().map(Some);
    let rows: Vec<_> = ours.into_iter().map(|ours| (ours, theirs.next().flatten())).collect();
    println!("### In process, {} packs\n{}\n\n{}", work.packs, machine(), compared(&rows));
    println!("{sizes}\n{rival_sizes}\nThe run took {} s.", begin.elapsed().as_secs());
    Ok(())
}

impl Work {
    fn prepare(packs: usize, transactions: usize) -> anyhow::Result<Self> {
        ensure!(packs.is_multiple_of(BATCH) && packs > transactions, "VERIDOSE_BENCH_PACKS is a multiple of {BATCH}");
        let factory = Factory::found("bench.example/log")?;
        let signed = (0..transactions).map(|number| {
            let pack = factory.pack(&number.to_string());
            factory.give_away(&format!("away-{number}"), pack)
        });
        let signed = signed.collect::<Result<_, _>>()?;
        Ok(Self { factory, packs, signed })
    }

    fn batch(&self, number: usize) -> Vec<ItemKey> {
        (number * BATCH..(number + 1) * BATCH).map(|serial| self.factory.pack(&serial.to_string())).collect()
    }

    fn batches(&self) -> usize {
        self.packs / BATCH
    }

    /// Batches whose packs lie on pallets: those that nothing is given away from.
    fn pallets(&self) -> std::ops::Range<usize> {
        let first = self.signed.len().div_ceil(BATCH);
        first..self.batches().min(first + PALLETS_MAX)
    }

    fn lookups(&self) -> impl Iterator<Item = ItemKey> {
        let mut random = Random::new(1);
        std::iter::repeat_with(move || random.below(self.packs as u64))
            .take(LOOKUPS)
            .map(|serial| self.factory.pack(&serial.to_string()))
    }
}

/// What the ledger takes, in the order of the rival's rows and then what that has no counterpart for; and its sizes.
async fn ledger(work: &Arc<Work>, folder: &Path) -> anyhow::Result<(Vec<Measured>, String)> {
    let mut ledger = Arc::new(work.factory.embedded(folder)?);
    ledger.submit(work.factory.opening()?).await?;
    ledger.submit(work.factory.depot_opening()?).await?;
    let (submitting, shared) = (Arc::clone(&ledger), Arc::clone(work));
    let what = "packs commissioned, 10,000 under a signature";
    let commissioned = drive(what, work.batches(), BATCHES_IN_FLIGHT, move |number| {
        let (ledger, work) = (Arc::clone(&submitting), Arc::clone(&shared));
        async move {
            let transaction = work.factory.commission(&format!("batch-{number}"), work.batch(number))?;
            ledger.submit(transaction).await.map(drop).context("refused")
        }
    })
    .await?
    .of(BATCH);
    let after_packs;
    (ledger, after_packs) = weighed(work, ledger, folder)?;

    let (submitting, shared) = (Arc::clone(&ledger), Arc::clone(work));
    let signed = drive("signed transactions, one pack each", work.signed.len(), IN_FLIGHT, move |number| {
        let (ledger, work) = (Arc::clone(&submitting), Arc::clone(&shared));
        async move { ledger.submit(work.signed[number].clone()).await.map(drop).context("refused") }
    })
    .await?;
    let after_transactions;
    (ledger, after_transactions) = weighed(work, ledger, folder)?;

    let handoffs = handoffs(work, &ledger).await?;
    let mut latencies = Vec::with_capacity(LOOKUPS);
    let lookups: Vec<_> = work.lookups().collect();
    let begin = Instant::now();
    for pack in &lookups {
        let asked = Instant::now();
        resolve(&ledger.state(), pack)?.context("a commissioned pack stands")?;
        latencies.push(asked.elapsed());
    }
    let looked_up = Measured::new("look-ups, one after the other", begin.elapsed(), latencies, 1);
    let receipts = receipts(work, &ledger).await?;
    let sizes = format!(
        "Log and state: {} B a pack commissioned, {} B a signed transaction more; besides, {} MB of journals.",
        after_packs / work.packs as u64,
        after_transactions.saturating_sub(after_packs) / work.signed.len().max(1) as u64,
        disk_bytes(folder, &|path| is_journal(path))? / 1_000_000
    );
    drop(ledger);
    Ok((vec![commissioned, signed, handoffs, looked_up, receipts], format!("{sizes}\n{}", again(work, folder)?)))
}

/// Whole pallets, offered by one side and accepted by the other, one after the other.
async fn handoffs(work: &Work, ledger: &Embedded) -> anyhow::Result<Measured> {
    let pallets: Vec<_> = work.pallets().map(|batch| (work.factory.pallet(batch), batch)).collect();
    for (pallet, batch) in &pallets {
        ledger.submit(work.factory.palletise(&format!("pallet-{batch}"), *pallet, work.batch(*batch))?).await?;
    }
    let (mut latencies, mut side) = (Vec::new(), Side::Factory);
    let begin = Instant::now();
    for round in 0..HANDOFFS.checked_div(pallets.len()).unwrap_or_default() {
        for (pallet, batch) in &pallets {
            let key = format!("handoff-{round}-{batch}");
            let (offer, accept) =
                (work.factory.offer(side, &key, *pallet)?, work.factory.accept(side.other(), &key, *pallet)?);
            for transaction in [offer, accept] {
                let sent = Instant::now();
                ledger.submit(transaction).await?;
                latencies.push(sent.elapsed());
            }
        }
        side = side.other();
    }
    Ok(Measured::new("pallet of 10,000 packs offered, or accepted", begin.elapsed(), latencies, 1))
}

/// Receipts for packs of the largest batch there may be.
async fn receipts(work: &Work, ledger: &Embedded) -> anyhow::Result<Measured> {
    let packs: Vec<_> = (0..BATCH_MAX).map(|serial| work.factory.pack(&format!("R{serial}"))).collect();
    let index = ledger.submit(work.factory.commission("largest", packs.clone())?).await?.index;
    let (mut random, mut latencies) = (Random::new(2), Vec::new());
    let verifier = ledger.verifier();
    let begin = Instant::now();
    for number in 0..RECEIPTS {
        let pack = packs[usize::try_from(random.below(BATCH_MAX as u64))?];
        let asked = Instant::now();
        let receipt = ledger.receipt(index, &[pack])?;
        latencies.push(asked.elapsed());
        if number % 100 == 0 {
            proof::verify(&receipt, None, &verifier, None)?;
        }
    }
    Ok(Measured::new("receipts for packs of a batch of 100,000", begin.elapsed(), latencies, 1))
}

/// The ledger opened again, checked and rebuilt.
fn again(work: &Work, folder: &Path) -> anyhow::Result<String> {
    let begin = Instant::now();
    drop(work.factory.embedded(folder)?);
    let opened = begin.elapsed();
    let begin = Instant::now();
    let report = check::check(folder, &work.factory.network, &work.factory.verifier()?, &mut |_| {})?;
    ensure!(report.differences.is_empty(), "the check found {:?}", report.differences);
    let checked = begin.elapsed().as_secs_f64();
    Ok(format!(
        "Opened again in {:.2} s; `ledger check` of {} transactions and {} records in {checked:.1} s.",
        opened.as_secs_f64(),
        report.entries,
        report.records
    ))
}

/// The ledger merged and opened again, which removes the tables that merging made superfluous, and its size then.
fn weighed(work: &Work, ledger: Arc<Embedded>, folder: &Path) -> anyhow::Result<(Arc<Embedded>, u64)> {
    ledger.compact()?;
    ensure!(Arc::into_inner(ledger).is_some(), "something else still uses the ledger");
    let ledger = Arc::new(work.factory.embedded(folder)?);
    Ok((ledger, size(folder)?))
}

/// Log, bodies and tables; not the journals of the state and the write-ahead segments, whose size does not grow.
fn size(folder: &Path) -> anyhow::Result<u64> {
    disk_bytes(folder, &|path| !is_journal(path))
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jnl" || extension == "wal")
}

async fn rival(work: &Arc<Work>, url: &str) -> anyhow::Result<(Vec<Measured>, String)> {
    let rival = Rival::connect(url, CONNECTIONS).await?;
    let (writing, shared) = (rival.clone(), Arc::clone(work));
    let commissioned = drive("packs inserted", work.batches(), BATCHES_IN_FLIGHT, move |number| {
        let (rival, work) = (writing.clone(), Arc::clone(&shared));
        async move { rival.commission(&work.batch(number)).await }
    })
    .await?
    .of(BATCH);
    let after_packs = rival.disk_bytes().await?;

    let (writing, shared) = (rival.clone(), Arc::clone(work));
    let key = Arc::new(work.factory.public_key()?);
    let signed = drive("signed transactions", work.signed.len(), IN_FLIGHT, move |number| {
        let (rival, work, key) = (writing.clone(), Arc::clone(&shared), Arc::clone(&key));
        async move { rival.dispense(&key, &work.signed[number]).await }
    })
    .await?;
    let after_transactions = rival.disk_bytes().await?;

    let mut latencies = Vec::new();
    let begin = Instant::now();
    for (number, batch) in work.pallets().cycle().take(RIVAL_HANDOFFS).enumerate() {
        let packs = work.batch(batch);
        let sent = Instant::now();
        rival.hand_over(format!("handoff-{number}").as_bytes(), &packs, now().0).await?;
        latencies.push(sent.elapsed());
    }
    let handoffs = Measured::new("pallets handed over", begin.elapsed(), latencies, 1);

    let mut latencies = Vec::with_capacity(LOOKUPS);
    let lookups: Vec<_> = work.lookups().collect();
    let begin = Instant::now();
    for pack in &lookups {
        let asked = Instant::now();
        rival.state(pack).await?.context("an inserted pack stands")?;
        latencies.push(asked.elapsed());
    }
    let looked_up = Measured::new("look-ups", begin.elapsed(), latencies, 1);
    let sizes = format!(
        "PostgreSQL: {} B a pack, {} B a transaction more, vacuumed and without its write-ahead log.",
        after_packs / i64::try_from(work.packs)?,
        (after_transactions - after_packs) / i64::try_from(work.signed.len().max(1))?
    );
    Ok((vec![commissioned, signed, handoffs, looked_up], sizes))
}
