//! The whole node over HTTP: EPCIS documents captured, packs verified, packs supplied one by one.
//!
//! `VERIDOSE_BENCH_PACKS` packs are captured (100,000 by default), `VERIDOSE_BENCH_VERIFICATIONS` scans are answered and
//! `VERIDOSE_BENCH_WRITES` packs are decommissioned, each by a request of its own that the node signs, seals a document for
//! and acknowledges when it is durable. The client runs on the same machine and takes its share of it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use serde_json::json;
use veridose_tests::{Client, JSON_LD, Measured, Server, commissioning, document, drive, pack, setting, table, token};

/// Packs in a document.
const BATCH: usize = 10_000;
/// Scans under way at the same time.
const COUNTERS: usize = 16;
/// Writes under way at the same time.
const WRITERS: usize = 64;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
async fn main() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let config = data.path().join("load.toml");
    std::fs::write(&config, "[limits]\nrequests_per_second = 0\n")?;
    let config = config.display().to_string();
    let server = Server::start(data.path(), &["serve", "--config", &config]).await?;
    let maker = token(data.path(), "manufacturer", &["--party", "alpine-pharma"])?;
    let maker = Arc::new(Client::new(server.base(), Some(&maker))?);
    let packs = setting("PACKS", 100_000)?;
    let rows = [
        capture(&maker, packs).await?,
        verify(&maker, packs, setting("VERIFICATIONS", 50_000)?).await?,
        write(&maker, setting("WRITES", 10_000)?.min(packs)).await?,
    ];
    println!("{}\npeak memory of the node: {} MB", table(&rows), server.peak_memory_bytes()? / 1_000_000);
    server.stop().await
}

async fn capture(maker: &Client, packs: usize) -> anyhow::Result<Measured> {
    let mut latencies = Vec::new();
    let begin = Instant::now();
    for first in (0..packs).step_by(BATCH) {
        let serials: Vec<_> = (first..first + BATCH).map(|serial| format!("L{serial}")).collect();
        let serials: Vec<_> = serials.iter().map(String::as_str).collect();
        let document = document(&[commissioning(&serials, Some("LOAD"))]);
        let sent = Instant::now();
        let job = maker.capture(JSON_LD, "rollback", document.to_string()).await?;
        ensure!(job["success"] == true, "the capture failed: {job}");
        latencies.push(sent.elapsed());
    }
    Ok(Measured::new("HTTP: packs captured, 10,000 a document", begin.elapsed(), latencies, BATCH))
}

async fn verify(maker: &Arc<Client>, packs: usize, count: usize) -> anyhow::Result<Measured> {
    let maker = Arc::clone(maker);
    drive("HTTP: verifications", count, COUNTERS, move |number| {
        // A prime stride spreads the scans over all packs.
        let (maker, serial) = (Arc::clone(&maker), number * 7_919 % packs);
        async move {
            let verdict = maker.verify(&pack(&format!("L{serial}"))).await?;
            ensure!(verdict["code"] == "genuine", "the pack is not as it was made: {verdict}");
            Ok(())
        }
    })
    .await
}

async fn write(maker: &Arc<Client>, count: usize) -> anyhow::Result<Measured> {
    let maker = Arc::clone(maker);
    drive("HTTP: packs decommissioned, one a request", count, WRITERS, move |number| {
        let maker = Arc::clone(&maker);
        async move {
            let body = json!({"items": [pack(&format!("L{number}"))], "reason": "destroyed"});
            maker.post("/decommissions", &format!("load-{number}"), &body).await?.success().map(drop)
        }
    })
    .await
}
