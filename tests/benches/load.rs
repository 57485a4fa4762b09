//! The whole node over HTTP: EPCIS documents captured, packs verified and taken out of the trade, transactions signed
//! elsewhere, then a kill and a new start.
//!
//! `VERIDOSE_BENCH_PACKS` packs are captured (100,000 by default), half of them as JSON-LD and half as XML;
//! `VERIDOSE_BENCH_VERIFICATIONS` scans are answered, `VERIDOSE_BENCH_TRANSACTIONS` signed transactions posted, and
//! `VERIDOSE_BENCH_WRITES` packs decommissioned, each by a request of its own that the node signs, seals a document for and
//! acknowledges when it is durable. With `VERIDOSE_BENCH_DETECTION=1` the node watches the trade meanwhile. The client runs on the same machine and takes its share of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::json;
use veridose_contract::merkle::leaf_hash;
use veridose_contract::{Action, Day, DecommissionReason, ItemKey, LotKey, ProductKey, Transaction};
use veridose_epcis::{Syntax, convert};
use veridose_tests::{
    Client, Connections, JSON_LD, Measured, OwnSide, Rival, RivalServer, Server, commissioning, compared, disk_bytes,
    document, drive, machine, now, pack, post, setting, token,
};

/// Packs in a document, or under a signature.
const BATCH: usize = 10_000;
/// Documents under way at the same time.
const LINES: usize = 2;
/// Scans under way at the same time.
const COUNTERS: usize = 16;
/// Writes under way at the same time.
const WRITERS: usize = 64;
/// Transactions signed elsewhere that are under way at the same time: half of them are posted so, and half so.
const SIGNERS: [usize; 2] = [64, 256];
/// Connections to PostgreSQL: it was fastest with so many.
const CONNECTIONS: u32 = 64;
/// Scans answered with their proof.
const PROOFS: usize = 2_000;
const MAKER: &str = "alpine-pharma";

/// The maker's ways to its node.
struct Maker {
    client: Client,
    connections: Arc<Connections>,
    token: String,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
async fn main() -> anyhow::Result<()> {
    let begin = Instant::now();
    let data = tempfile::tempdir()?;
    let config = data.path().join("load.toml");
    let is_watched = setting("DETECTION", 0)? > 0;
    std::fs::write(&config, format!("[limits]\nrequests_per_second = 0\n[detection]\nenabled = {is_watched}\n"))?;
    let config = config.display().to_string();
    let server = Server::start(data.path(), &["serve", "--config", &config]).await?;
    let maker = Arc::new(Maker::of(data.path(), &server)?);
    let packs = setting("PACKS", 100_000)?.next_multiple_of(2 * BATCH);
    let signed = Signed::of(data.path(), setting("TRANSACTIONS", 20_000)?)?;
    let mut rows = vec![
        (maker.capture(0..packs / 2, Syntax::Json).await?, None),
        (maker.capture(packs / 2..packs, Syntax::Xml20).await?, None),
        (maker.verify(packs, setting("VERIFICATIONS", 50_000)?, false).await?, None),
    ];
    let within = server_side(&maker.client).await?;
    rows.push((maker.verify(packs, PROOFS, true).await?, None));
    let (ours, mut theirs) = (maker.submit(&signed).await?, rival(&signed).await?.into_iter());
    rows.extend(ours.into_iter().map(|ours| (ours, theirs.next())));
    rows.push((maker.write(setting("WRITES", 10_000)?.min(packs)).await?, None));
    let memory = server.peak_memory_bytes()?;
    server.kill()?;
    let bytes = disk_bytes(data.path(), &|_| true)?;
    let killed = Instant::now();
    let server = Server::start(data.path(), &["serve", "--config", &config]).await?;
    let again = killed.elapsed().as_secs_f64();
    let maker = Maker::of(data.path(), &server)?;
    maker.verify_one(packs - 1, false).await?;

    let watching = if is_watched { "watching the trade" } else { "not watching the trade" };
    println!("### Whole node over HTTP, {packs} packs, {watching}\n{}\n\n{}", machine(), compared(&rows));
    println!("Verifications inside the server: {within}.");
    println!("Ready {again:.2} s after SIGKILL and a new start. Peak memory {} MB.", memory / 1_000_000);
    println!("Data directory, everything in it: {} MB.", bytes / 1_000_000);
    println!("The run took {} s.", begin.elapsed().as_secs());
    server.stop().await
}

impl Maker {
    fn of(data: &Path, server: &Server) -> anyhow::Result<Self> {
        let token = token(data, "manufacturer", &["--party", MAKER])?;
        let client = Client::new(server.base(), Some(&token))?;
        Ok(Self { client, connections: Arc::new(Connections::new(server.base())), token })
    }

    async fn capture(self: &Arc<Self>, serials: std::ops::Range<usize>, syntax: Syntax) -> anyhow::Result<Measured> {
        let documents = serials.clone().step_by(BATCH).map(|first| line_file(first, syntax));
        let documents = Arc::new(documents.collect::<anyhow::Result<Vec<_>>>()?);
        let bytes: usize = documents.iter().map(Vec::len).sum();
        let media = if syntax == Syntax::Json { JSON_LD } else { "application/xml" };
        let (maker, count) = (Arc::clone(self), documents.len());
        let mut captured = drive("", count, LINES, move |number| {
            let (maker, documents) = (Arc::clone(&maker), Arc::clone(&documents));
            async move {
                let job = maker.client.capture(media, "rollback", documents[number].clone()).await?;
                ensure!(job["success"] == true, "the capture failed: {job}");
                Ok(())
            }
        })
        .await?;
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
        let rate = bytes as f64 / 1e6 / captured.span.as_secs_f64();
        captured.what = format!("packs captured, {BATCH} a document, {} at {rate:.1} MB/s", syntax.name());
        Ok(captured.of(BATCH))
    }

    async fn verify(self: &Arc<Self>, packs: usize, count: usize, proof: bool) -> anyhow::Result<Measured> {
        let maker = Arc::clone(self);
        let what = if proof { "verifications with their proof" } else { "verifications" };
        // A prime stride spreads the scans over all packs.
        drive(what, count, COUNTERS, move |number| {
            let maker = Arc::clone(&maker);
            async move { maker.verify_one(number * 7_919 % packs, proof).await }
        })
        .await
    }

    async fn verify_one(&self, serial: usize, proof: bool) -> anyhow::Result<()> {
        let body = json!({"scan": pack(&format!("L{serial}")), "proof": proof}).to_string();
        let request = post("/verifications", &self.token, &[("Content-Type", "application/json")], body.as_bytes());
        let answer = String::from_utf8(self.connections.send(&request).await?)?;
        ensure!(answer.contains(r#""code":"genuine""#), "the pack is not as it was made: {answer}");
        ensure!(!proof || answer.contains(r#""proof":{"#), "the verdict comes without its proof: {answer}");
        Ok(())
    }

    /// Posts transactions that were signed beforehand, each of which takes one pack out of the trade.
    async fn submit(&self, signed: &Signed) -> anyhow::Result<Vec<Measured>> {
        for transaction in &signed.first {
            self.connections.send(&transaction_request(transaction, &self.token)).await?;
        }
        let requests = signed.each.iter().map(|each| transaction_request(each, &self.token)).collect();
        post_all("transactions signed elsewhere, one pack each", requests, Arc::clone(&self.connections)).await
    }

    async fn write(self: &Arc<Self>, count: usize) -> anyhow::Result<Measured> {
        let maker = Arc::clone(self);
        drive("packs decommissioned, one a request, signed by the node", count, WRITERS, move |number| {
            let maker = Arc::clone(&maker);
            async move {
                let body = json!({"items": [pack(&format!("L{number}"))], "reason": "destroyed"}).to_string();
                let key = format!("load-{number}");
                let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
                let request = post("/decommissions", &maker.token, &headers, body.as_bytes());
                maker.connections.send(&request).await.map(drop)
            }
        })
        .await
    }
}

/// Transactions that the maker signs itself.
struct Signed {
    /// Product, lot and packs.
    first: Vec<Transaction>,
    /// Each takes one of the packs out of the trade.
    each: Vec<Transaction>,
    items: Vec<ItemKey>,
    public_key: [u8; 65],
}

impl Signed {
    fn of(data: &Path, count: usize) -> anyhow::Result<Self> {
        let maker = OwnSide::open(data, MAKER)?;
        let (product, lot) = (ProductKey(leaf_hash(b"product")), LotKey(leaf_hash(b"lot")));
        let expiry = Day(now().day().0 + 365);
        let items: Vec<_> = (0..count).map(|number| ItemKey(leaf_hash(&number.to_be_bytes()))).collect();
        let mut first = vec![
            maker.signed("product", Action::RegisterProduct(product), Vec::new())?,
            maker.signed("lot", Action::RegisterLot { lot, product, expiry }, Vec::new())?,
        ];
        for (number, batch) in items.chunks(BATCH).enumerate() {
            first.push(maker.signed(&format!("batch {number}"), Action::Commission { lot }, batch.to_vec())?);
        }
        let away = items.iter().enumerate().map(|(number, item)| {
            let action = Action::Decommission { reason: DecommissionReason::FreeSample };
            maker.signed(&format!("away {number}"), action, vec![*item])
        });
        Ok(Self { first, each: away.collect::<anyhow::Result<_>>()?, public_key: maker.public_key()?, items })
    }
}

/// PostgreSQL with the same signed transactions, behind a handler of the same HTTP library.
async fn rival(signed: &Signed) -> anyhow::Result<Vec<Measured>> {
    let Ok(url) = std::env::var("VERIDOSE_TEST_POSTGRES") else { return Ok(Vec::new()) };
    Rival::connect(&url, 1).await?.commission(&signed.items).await?;
    let server = RivalServer::start(&url, CONNECTIONS, signed.public_key)?;
    let requests = signed.each.iter().map(|each| transaction_request(each, "none")).collect();
    let measured = post_all("signed transactions", requests, Arc::new(Connections::new(server.base()))).await?;
    server.stop().await;
    Ok(measured)
}

fn transaction_request(transaction: &Transaction, token: &str) -> Vec<u8> {
    post("/transactions", token, &[("Content-Type", "application/octet-stream")], &transaction.encode())
}

async fn post_all(what: &str, requests: Vec<Vec<u8>>, connections: Arc<Connections>) -> anyhow::Result<Vec<Measured>> {
    let share = requests.len() / SIGNERS.len();
    let requests = Arc::new(requests);
    let mut measured = Vec::new();
    for (round, in_flight) in SIGNERS.into_iter().enumerate() {
        let (connections, requests) = (Arc::clone(&connections), Arc::clone(&requests));
        let posted = drive(what, share, in_flight, move |number| {
            let (connections, requests) = (Arc::clone(&connections), Arc::clone(&requests));
            async move { connections.send(&requests[round * share + number]).await.map(drop) }
        });
        measured.push(posted.await?);
    }
    Ok(measured)
}

/// What a packing line writes about packs from a serial number on.
fn line_file(first: usize, syntax: Syntax) -> anyhow::Result<Vec<u8>> {
    let serials: Vec<_> = (first..first + BATCH).map(|serial| format!("L{serial}")).collect();
    let serials: Vec<_> = serials.iter().map(String::as_str).collect();
    let json = document(&[commissioning(&serials, Some("LOAD"))]).to_string().into_bytes();
    if syntax == Syntax::Json {
        return Ok(json);
    }
    let mut other = Vec::new();
    convert(&json[..], &mut other, syntax)?;
    Ok(other)
}

/// How many of the verifications were answered in what time, as the server counted.
async fn server_side(client: &Client) -> anyhow::Result<String> {
    let metrics = client.request(reqwest::Method::GET, "/metrics").send().await?.text().await?;
    let count = |wanted: &str| -> anyhow::Result<f64> {
        let line = metrics.lines().find(|line| line.contains(r#"route="/verifications""#) && line.contains(wanted));
        Ok(line.and_then(|line| line.rsplit_once(' ')).context("the route is not in the metrics")?.1.parse()?)
    };
    let all = count("_count")?;
    let within = [("0.25", "0.00025"), ("0.5", "0.0005"), ("1", "0.001"), ("5", "0.005")].map(|(ms, bound)| {
        count(&format!("le=\"{bound}\"")).map(|within| format!("{:.2} % within {ms} ms", within / all * 100.0))
    });
    Ok(within.into_iter().collect::<anyhow::Result<Vec<_>>>()?.join(", "))
}
