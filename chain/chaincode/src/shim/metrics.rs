//! Counters of a chaincode, in Prometheus' text form.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Upper bounds of the duration's buckets, in milliseconds.
const BUCKETS_MS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 1_000, 10_000, 30_000];
/// What a scraper may take to send its request.
const REQUEST_MAX: Duration = Duration::from_secs(5);

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Refused,
    Panicked,
    Busy,
    /// With the stream that it came by.
    Lost,
}

const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::Ok, "ok"),
    (Outcome::Refused, "refused"),
    (Outcome::Panicked, "panicked"),
    (Outcome::Busy, "busy"),
    (Outcome::Lost, "lost"),
];

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    outcomes: [AtomicU64; OUTCOMES.len()],
    buckets: [AtomicU64; BUCKETS_MS.len()],
    duration_us: AtomicU64,
    ran: AtomicU64,
    calls: AtomicU64,
    in_flight: AtomicI64,
    peers: AtomicI64,
}

impl Metrics {
    pub(super) fn started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A transaction that was answered before it began.
    pub(super) fn turned_away(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, outcome: Outcome, took: Duration) {
        self.turned_away(outcome);
        self.ran.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.duration_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        for (bound, count) in BUCKETS_MS.iter().zip(&self.buckets) {
            if took <= Duration::from_millis(*bound) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connected(&self, change: i64) {
        self.peers.fetch_add(change, Ordering::Relaxed);
    }

    /// The text that a scraper reads.
    pub fn text(&self) -> String {
        let mut text = String::from("# TYPE chaincode_transactions_total counter\n");
        let line = |text: &mut String, name: &str, value: &dyn std::fmt::Display| {
            writeln!(text, "{name} {value}").expect("writing to a String does not fail");
        };
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        for ((_, name), count) in OUTCOMES.iter().zip(&self.outcomes) {
            line(&mut text, &format!("chaincode_transactions_total{{outcome=\"{name}\"}}"), &read(count));
        }
        text.push_str("# TYPE chaincode_transaction_seconds histogram\n");
        for (bound, count) in BUCKETS_MS.iter().zip(&self.buckets) {
            let seconds = Duration::from_millis(*bound).as_secs_f64();
            line(&mut text, &format!("chaincode_transaction_seconds_bucket{{le=\"{seconds}\"}}"), &read(count));
        }
        let ran = read(&self.ran);
        line(&mut text, "chaincode_transaction_seconds_bucket{le=\"+Inf\"}", &ran);
        line(
            &mut text,
            "chaincode_transaction_seconds_sum",
            &Duration::from_micros(read(&self.duration_us)).as_secs_f64(),
        );
        line(&mut text, "chaincode_transaction_seconds_count", &ran);
        text.push_str("# TYPE chaincode_peer_calls_total counter\n");
        line(&mut text, "chaincode_peer_calls_total", &read(&self.calls));
        text.push_str("# TYPE chaincode_transactions_in_flight gauge\n");
        line(&mut text, "chaincode_transactions_in_flight", &self.in_flight.load(Ordering::Relaxed));
        text.push_str("# TYPE chaincode_peers_connected gauge\n");
        line(&mut text, "chaincode_peers_connected", &self.peers.load(Ordering::Relaxed));
        text
    }
}

/// Serves the metrics over HTTP, to one scraper at a time.
pub async fn serve_metrics(address: SocketAddr, metrics: Arc<Metrics>) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, from) = listener.accept().await?;
        match tokio::time::timeout(REQUEST_MAX, answer(stream, &metrics)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%from, %error, "a scraper went away"),
            Err(_) => tracing::debug!(%from, "a scraper took too long"),
        }
    }
}

async fn answer(mut stream: TcpStream, metrics: &Metrics) -> std::io::Result<()> {
    let mut request = Vec::with_capacity(1_024);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() > 8_192 || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let (status, body) = if request.starts_with(b"GET /metrics ") {
        ("200 OK", metrics.text())
    } else if request.starts_with(b"GET /healthz ") {
        ("200 OK", "ok\n".to_owned())
    } else {
        ("404 Not Found", "GET /metrics or /healthz\n".to_owned())
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
