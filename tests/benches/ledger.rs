//! The ledger in this process, and PostgreSQL doing the same work beside it, in one run on one machine.
//!
//! `VERIDOSE_BENCH_PACKS` packs are commissioned (100,000 by default) and `VERIDOSE_BENCH_TRANSACTIONS` of them given
//! away, each by a signed transaction that is durable when it is acknowledged. PostgreSQL is the one that
//! `VERIDOSE_TEST_POSTGRES` names.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use veridose_contract::{ItemKey, Transaction, resolve};
use veridose_tests::{Factory, Measured, Random, Rival, drive, setting, table};

/// Packs under one signature.
const BATCH: usize = 10_000;
/// Signed transactions in flight.
const IN_FLIGHT: usize = 256;
/// Connections to PostgreSQL: it was fastest with so many.
const CONNECTIONS: u32 = 64;
/// Packs looked up.
const LOOKUPS: usize = 50_000;

/// What both do.
struct Work {
    factory: Factory,
    packs: Vec<ItemKey>,
    signed: Vec<Transaction>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
async fn main() -> anyhow::Result<()> {
    let work = Arc::new(Work::prepare(setting("PACKS", 100_000)?, setting("TRANSACTIONS", 20_000)?)?);
    let folder = tempfile::tempdir()?;
    let mut rows = ledger(&work, folder.path()).await?;
    match std::env::var("VERIDOSE_TEST_POSTGRES") {
        Ok(url) => rows.extend(rival(&work, &url).await?),
        Err(_) => println!("skipped: VERIDOSE_TEST_POSTGRES names no PostgreSQL to compare with"),
    }
    println!("{}", table(&rows));
    Ok(())
}

impl Work {
    fn prepare(packs: usize, transactions: usize) -> anyhow::Result<Self> {
        let factory = Factory::found("bench.example/log")?;
        let packs: Vec<_> = (0..packs).map(|serial| factory.pack(&serial.to_string())).collect();
        let signed = packs.iter().take(transactions).enumerate();
        let signed = signed
            .map(|(number, pack)| factory.give_away(&format!("away-{number}"), *pack))
            .collect::<Result<_, _>>()?;
        Ok(Self { factory, packs, signed })
    }

    fn lookups(&self) -> impl Iterator<Item = &ItemKey> {
        let mut random = Random::new(1);
        std::iter::repeat_with(move || random.below(self.packs.len() as u64))
            .take(LOOKUPS)
            .map(|place| &self.packs[usize::try_from(place).expect("below the number of packs")])
    }
}

async fn ledger(work: &Arc<Work>, folder: &Path) -> anyhow::Result<Vec<Measured>> {
    let ledger = Arc::new(work.factory.ledger(folder)?);
    ledger.submit(work.factory.opening()?).await?;
    let batches: Vec<_> = work.packs.chunks(BATCH).enumerate().collect();
    let mut latencies = Vec::new();
    let begin = Instant::now();
    for (number, batch) in batches {
        let transaction = work.factory.commission(&format!("batch-{number}"), batch.to_vec())?;
        let sent = Instant::now();
        ledger.submit(transaction).await?;
        latencies.push(sent.elapsed());
    }
    let commissioned =
        Measured::new("ledger: packs commissioned, 10,000 under a signature", begin.elapsed(), latencies, BATCH);

    let (submitting, shared) = (Arc::clone(&ledger), Arc::clone(work));
    let signed = drive("ledger: signed transactions", work.signed.len(), IN_FLIGHT, move |number| {
        let (ledger, work) = (Arc::clone(&submitting), Arc::clone(&shared));
        async move { ledger.submit(work.signed[number].clone()).await.map(drop).context("refused") }
    })
    .await?;

    let mut latencies = Vec::with_capacity(LOOKUPS);
    let begin = Instant::now();
    for pack in work.lookups() {
        let asked = Instant::now();
        resolve(&ledger.state(), pack)?.context("a commissioned pack stands")?;
        latencies.push(asked.elapsed());
    }
    Ok(vec![commissioned, signed, Measured::new("ledger: lookups, one after the other", begin.elapsed(), latencies, 1)])
}

async fn rival(work: &Arc<Work>, url: &str) -> anyhow::Result<Vec<Measured>> {
    let rival = Rival::connect(url, CONNECTIONS).await?;
    let mut latencies = Vec::new();
    let begin = Instant::now();
    for batch in work.packs.chunks(BATCH) {
        let sent = Instant::now();
        rival.commission(batch).await?;
        latencies.push(sent.elapsed());
    }
    let commissioned =
        Measured::new("PostgreSQL: packs inserted, 10,000 a transaction", begin.elapsed(), latencies, BATCH);

    let (writing, shared) = (rival.clone(), Arc::clone(work));
    let key = Arc::new(work.factory.public_key()?);
    let signed = drive("PostgreSQL: signed transactions", work.signed.len(), IN_FLIGHT, move |number| {
        let (rival, work, key) = (writing.clone(), Arc::clone(&shared), Arc::clone(&key));
        async move { rival.dispense(&key, &work.signed[number]).await }
    })
    .await?;

    let mut latencies = Vec::with_capacity(LOOKUPS);
    let begin = Instant::now();
    for pack in work.lookups() {
        let asked = Instant::now();
        rival.state(pack).await?.context("an inserted pack stands")?;
        latencies.push(asked.elapsed());
    }
    Ok(vec![
        commissioned,
        signed,
        Measured::new("PostgreSQL: lookups, one after the other", begin.elapsed(), latencies, 1),
    ])
}
