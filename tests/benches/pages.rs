//! Every page of every desk for its person, on a node with many packs: how much it weighs, and how long it takes.
//!
//! `VERIDOSE_BENCH_PACKS` packs are captured (100,000 by default), and beside them some trade of every kind. The pages are those that
//! links lead to from the start; each is asked for `VERIDOSE_BENCH_LOOKS` times (40 by default), one after another. A page over
//! 200 kB with its files, one over 300 ms in one of twenty looks, and one that does not open fail the bench.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use veridose_tests::{
    Client, JSON_LD, Measured, Server, Visitor, commissioning, document, fill_shelves, machine, pack, setting, token,
};

/// Packs in a document.
const BATCH: usize = 10_000;
/// Deliveries to the pharmacy: half of them are answered.
const DELIVERIES: usize = 60;
/// Packs of a delivery.
const DELIVERED: usize = 10;
/// Packs that the pharmacy gives out.
const SUPPLIED: usize = 120;
const CASES: usize = 60;
const CONSENTS: usize = 10;
const BYTES_MAX: usize = 200_000;
const TIME_MAX: Duration = Duration::from_millis(300);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
async fn main() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let config = data.path().join("pages.toml");
    std::fs::write(&config, "[limits]\nrequests_per_second = 0\n")?;
    let server = Server::start(data.path(), &["serve", "--config", &config.display().to_string()]).await?;
    let packs = setting("PACKS", 100_000)?.next_multiple_of(BATCH);
    let begun = Instant::now();
    Trade::of(&server)?.fill(packs).await?;
    let filled = begun.elapsed().as_secs();
    let looks = setting("LOOKS", 40)?;
    println!("### Pages of a node with {packs} packs\n{}\n", machine());
    println!(
        "| person | page | document kB | with its files kB | first ms | p50 ms | p95 ms |\n|---|---|--:|--:|--:|--:|--:|"
    );
    let mut over = Vec::new();
    for person in Visitor::people(server.base()).await? {
        let mut visitor = Visitor::enter(server.base(), &person).await?;
        let (pages, broken) = visitor.pages().await?;
        over.extend(broken.into_iter().map(|page| format!("{person}: {page}")));
        for seen in pages {
            let mut latencies = Vec::with_capacity(looks);
            for _ in 0..looks {
                latencies.push(visitor.time(&seen.path).await?);
            }
            let measured = Measured::new(seen.path.clone(), latencies.iter().sum(), latencies, 1);
            let [p50, p95] = [500, 950].map(|permille| measured.permille(permille));
            let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1_000.0);
            println!(
                "| {person} | {} | {} | {} | {} | {} | {} |",
                shortened(&seen.path),
                seen.bytes / 1_000,
                seen.bytes_with_files / 1_000,
                ms(seen.first),
                ms(p50),
                ms(p95)
            );
            if seen.bytes_with_files > BYTES_MAX || p95 > TIME_MAX {
                over.push(format!("{person}: {}", seen.path));
            }
        }
    }
    println!("\nFilled in {filled} s, measured until {} s.", begun.elapsed().as_secs());
    server.stop().await?;
    ensure!(over.is_empty(), "over {BYTES_MAX} bytes or {TIME_MAX:?}, or not to be opened:\n{}", over.join("\n"));
    Ok(())
}

fn shortened(path: &str) -> String {
    let short: String = path.chars().take(60).collect();
    if short.len() < path.len() { format!("{short}…") } else { short }
}

/// The members, and what they do so that no page is empty.
struct Trade {
    maker: Client,
    harbour: Client,
    station: Client,
    agency: Client,
    operator: Client,
    lake: std::path::PathBuf,
}

impl Trade {
    fn of(server: &Server) -> anyhow::Result<Self> {
        let client = |role: &str, arguments: &[&str]| -> anyhow::Result<Client> {
            Client::new(server.base(), Some(&token(server.data(), role, arguments)?))
        };
        Ok(Self {
            maker: client("manufacturer", &["--party", "alpine-pharma"])?,
            harbour: client("pharmacy", &["--party", "harbour-pharmacy"])?,
            station: client("pharmacy", &["--party", "station-pharmacy"])?,
            agency: client("regulator", &["--party", "medicines-agency"])?,
            operator: client("operator", &[])?,
            lake: server.data().join("lake/cursor.json"),
        })
    }

    async fn fill(&self, packs: usize) -> anyhow::Result<()> {
        for first in (0..packs).step_by(BATCH) {
            let serials: Vec<String> = (first..first + BATCH).map(|serial| format!("L{serial}")).collect();
            let serials: Vec<&str> = serials.iter().map(String::as_str).collect();
            let made = document(&[commissioning(&serials, Some("LOAD"))]);
            let job = self.maker.capture(JSON_LD, "rollback", made.to_string()).await?;
            ensure!(job["success"] == true, "{job}");
        }
        fill_shelves(&self.maker, [&self.harbour, &self.station]).await?;
        self.deliver().await?;
        for number in 0..SUPPLIED {
            let body = json!({"items": [pack(&format!("L{number}"))], "reason": "supplied"});
            self.harbour.post("/decommissions", &format!("supplied {number}"), &body).await?.success()?;
        }
        for number in 0..CASES {
            let item = pack(&format!("L{}", SUPPLIED + number));
            let body = json!({"title": format!("Odd pack {number}"), "codes": ["cloned_serial"], "items": [item]});
            self.harbour.post("/cases", &format!("case {number}"), &body).await?.success()?;
        }
        for number in 0..CONSENTS {
            let wish =
                json!({"patient": "demo-patient-1", "purpose": "dispense_record", "grantee": "harbour-pharmacy"});
            self.harbour.post("/consents", &format!("consent {number}"), &wish).await?.success()?;
        }
        let recall = json!({"lot": {"gtin": "09506000134352", "lot": "LOAD"}, "class": 2, "reason": "particles"});
        self.agency.post("/recalls", "recall", &recall).await?.success()?;
        self.settle().await
    }

    async fn deliver(&self) -> anyhow::Result<()> {
        for number in 0..DELIVERIES {
            let serials = number * DELIVERED..(number + 1) * DELIVERED;
            let items: Vec<String> = serials.map(|serial| pack(&format!("L{serial}"))).collect();
            let body = json!({"to": "harbour-pharmacy", "items": items});
            let offered = self.maker.post("/handoffs", &format!("delivery {number}"), &body).await?.success()?;
            let offer = offered["offer"].as_str().context("an offer has a name")?;
            if number < DELIVERIES / 2 {
                let path = format!("/handoffs/{offer}/accept");
                self.harbour.post(&path, offer, &json!({})).await?.success()?;
            }
        }
        Ok(())
    }

    /// Waits until the lake has everything and what looks for suspicions has run.
    async fn settle(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut last = Vec::new();
        loop {
            let now = std::fs::read(&self.lake).unwrap_or_default();
            let jobs: Vec<Value> = self.operator.rows("/jobs").await?;
            let is_idle = jobs.iter().all(|job| job["state"] != "running");
            if is_idle && !now.is_empty() && now == last {
                return Ok(());
            }
            last = now;
            ensure!(begun.elapsed() < Duration::from_mins(30), "the node does not come to rest: {jobs:?}");
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
    }
}
