//! A child process that keeps a ledger busy until it is killed: `ledger-load FOLDER RUN`.
//!
//! It writes `ready` once the ledger stands and then a line `INDEX TRANSACTION` for each acknowledgement. What it wrote, the
//! ledger must still hold when the child is gone.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use veridose_contract::{Code, Transaction};
use veridose_ledger::{Ledger, SubmitError};
use veridose_tests::Factory;

/// Transactions in flight.
const WORKERS: usize = 24;
/// Packs commissioned at once, and then given away one by one.
const PACKS: usize = 10;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, run] = &arguments[..] else { anyhow::bail!("usage: ledger-load FOLDER RUN") };
    let folder = Path::new(folder);
    let factory = Arc::new(Factory::load(&folder.join("factory"))?);
    let ledger = Arc::new(factory.ledger(&folder.join("ledger"))?);
    say("ready")?;
    match ledger.submit(factory.opening()?).await {
        Ok(_) => {}
        // An earlier run sent it.
        Err(SubmitError::Rejected(rejection)) if rejection.code == Code::IdempotencyConflict => {}
        Err(error) => return Err(error.into()),
    }
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (factory, ledger, name) = (Arc::clone(&factory), Arc::clone(&ledger), format!("{run}-{worker}"));
            tokio::spawn(async move { work(&factory, &ledger, &name).await })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(())
}

/// Commissions packs and gives each away, for ever.
async fn work(factory: &Factory, ledger: &Ledger, name: &str) -> anyhow::Result<()> {
    for round in 0_u64.. {
        let packs: Vec<_> = (0..PACKS).map(|pack| factory.pack(&format!("{name}-{round}-{pack}"))).collect();
        let key = format!("{name}-{round}");
        acknowledged(ledger, factory.commission(&key, packs.clone())?).await?;
        for (number, pack) in packs.into_iter().enumerate() {
            acknowledged(ledger, factory.give_away(&format!("{key}-{number}"), pack)?).await?;
        }
    }
    Ok(())
}

async fn acknowledged(ledger: &Ledger, transaction: Transaction) -> anyhow::Result<()> {
    let committed = ledger.submit(transaction).await.context("a lawful transaction was refused")?;
    say(&format!("{} {}", committed.index, committed.id))
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
