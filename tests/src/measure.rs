//! Rates and latencies, and the table that shows them with the machine they were measured on.

use std::fmt::{Display, Formatter};
use std::future::Future;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long each piece of work took, over a span of time.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What was done.
    pub what: String,
    /// How many pieces.
    pub count: usize,
    /// How long all of them took together.
    pub span: Duration,
    /// Of single pieces, ascending.
    latencies: Vec<Duration>,
}

impl Measured {
    /// From the latencies of the pieces, in any order; `weight` pieces of work stand behind each latency.
    pub fn new(what: impl Into<String>, span: Duration, mut latencies: Vec<Duration>, weight: usize) -> Self {
        latencies.sort_unstable();
        Self { what: what.into(), count: latencies.len() * weight, span, latencies }
    }

    /// The same, where each piece stands for so much work.
    #[must_use]
    pub fn of(self, weight: usize) -> Self {
        Self { count: self.count * weight, ..self }
    }

    /// Pieces a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.span.as_secs_f64()
    }

    /// The latency that so many of a thousand stay within: the nearest-rank percentile.
    pub fn permille(&self, permille: usize) -> Duration {
        let rank = (self.latencies.len() * permille).div_ceil(1_000).max(1);
        self.latencies.get(rank - 1).copied().unwrap_or_default()
    }
}

impl Display for Measured {
    /// Rate and percentiles, as one cell of a table.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let [p50, p95, p99] = [500, 950, 990].map(|permille| self.permille(permille).as_secs_f64() * 1_000.0);
        write!(f, "{:.0}/s; p50 {p50:.2}, p95 {p95:.2}, p99 {p99:.2} ms", self.rate())
    }
}

/// What was measured of both, side by side, in Markdown.
pub fn compared(rows: &[(Measured, Option<Measured>)]) -> String {
    let mut text = "| what | Veridose | PostgreSQL | ratio |\n|---|--:|--:|--:|\n".to_owned();
    text.extend(rows.iter().map(|(ours, theirs)| match theirs {
        Some(theirs) => {
            let ratio = ours.rate() / theirs.rate();
            format!("| {} | {ours} | {theirs} | {ratio:.2} |\n", ours.what)
        }
        None => format!("| {} | {ours} | | |\n", ours.what),
    }));
    text
}

/// Bytes on disk of the files in a folder whose path the filter lets through, as the file system counts them: holes are none.
pub fn disk_bytes(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        sum += match std::fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => disk_bytes(&path, wanted)?,
            Ok(data) if wanted(&path) => data.blocks() * 512,
            Ok(_) => 0,
            // A table that was merged into another in between.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(sum)
}

/// A table in Markdown, the machine in its first line.
pub fn table(rows: &[Measured]) -> String {
    let mut text = format!(
        "{}\n\n| what | count | per second | p50 ms | p95 ms | p99 ms |\n|---|--:|--:|--:|--:|--:|\n",
        machine()
    );
    text.extend(rows.iter().map(|row| {
        let [p50, p95, p99] = [500, 950, 990].map(|permille| row.permille(permille).as_secs_f64() * 1_000.0);
        format!("| {} | {} | {:.0} | {p50:.2} | {p95:.2} | {p99:.2} |\n", row.what, row.count, row.rate())
    }));
    text
}

/// Processor, cores and memory, as Linux names them.
pub fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let build = if cfg!(debug_assertions) { "assertions on" } else { "assertions off" };
    format!(
        "{}, {cores} cores, memory {}, {build}",
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal")
    )
}

/// Does pieces of work 0 to `count`, so many at a time, and measures each.
pub async fn drive<F>(
    what: &str,
    count: usize,
    in_flight: usize,
    piece: impl Fn(usize) -> F + Send + Sync + 'static,
) -> anyhow::Result<Measured>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let (piece, next) = (Arc::new(piece), Arc::new(AtomicUsize::new(0)));
    let begin = Instant::now();
    let lanes: Vec<_> = (0..in_flight)
        .map(|_| {
            let (piece, next) = (Arc::clone(&piece), Arc::clone(&next));
            tokio::spawn(async move {
                let mut latencies: Vec<Duration> = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(latencies);
                    }
                    let sent = Instant::now();
                    piece(number).await?;
                    latencies.push(sent.elapsed());
                }
            })
        })
        .collect();
    let mut latencies = Vec::with_capacity(count);
    for lane in lanes {
        latencies.extend(lane.await??);
    }
    Ok(Measured::new(format!("{what}, {in_flight} in flight"), begin.elapsed(), latencies, 1))
}

/// A number that the environment variable `VERIDOSE_BENCH_` + `name` may change.
pub fn setting(name: &str, default: usize) -> anyhow::Result<usize> {
    match std::env::var(format!("VERIDOSE_BENCH_{name}")) {
        Ok(value) => value.parse().with_context(|| format!("VERIDOSE_BENCH_{name}={value}")),
        Err(_) => Ok(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let latencies = (1..=200).rev().map(Duration::from_millis).collect();
        let measured = Measured::new("work", Duration::from_secs(2), latencies, 10);
        assert_eq!(measured.permille(500), Duration::from_millis(100));
        assert_eq!(measured.permille(990), Duration::from_millis(198));
        assert_eq!(measured.permille(1_000), Duration::from_millis(200));
        assert!((measured.rate() - 1_000.0).abs() < f64::EPSILON);
        assert_eq!(Measured::new("none", Duration::from_secs(1), Vec::new(), 1).permille(990), Duration::ZERO);
    }
}
