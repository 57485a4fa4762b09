//! Counters and latencies in Prometheus' text form.
//!
//! Labels are the route's pattern, the method and the status: their number is bounded by the code, not by what clients send.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Upper bounds of the latency buckets, in microseconds.
const BUCKETS_US: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 300_000, 1_000_000, 10_000_000];

/// What one route, method and status has seen.
#[derive(Default)]
struct Series {
    buckets: [AtomicU64; BUCKETS_US.len()],
    sum_us: AtomicU64,
    count: AtomicU64,
}

/// Route pattern, method, status.
type Labels = (String, String, u16);

/// Every series of this process.
#[derive(Default)]
pub struct Metrics {
    requests: RwLock<BTreeMap<Labels, Arc<Series>>>,
}

impl Metrics {
    /// Counts one request.
    pub fn observe(&self, route: &str, method: &str, status: u16, took: Duration) {
        let series = self.series(route, method, status);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS_US.iter().position(|bound| micros <= *bound) {
            series.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        series.sum_us.fetch_add(micros, Ordering::Relaxed);
        series.count.fetch_add(1, Ordering::Relaxed);
    }

    fn series(&self, route: &str, method: &str, status: u16) -> Arc<Series> {
        let labels = (route.to_owned(), method.to_owned(), status);
        // Counters stay right when a thread panicked between two additions, so a poisoned lock is used on.
        if let Some(series) = self.requests.read().unwrap_or_else(PoisonError::into_inner).get(&labels) {
            return Arc::clone(series);
        }
        Arc::clone(self.requests.write().unwrap_or_else(PoisonError::into_inner).entry(labels).or_default())
    }

    /// The text form; `gauges` are values that are read at this moment: name, help, value.
    pub fn render(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::from(
            "# HELP http_request_duration_seconds Time from the first byte of a request to its answer.\n\
             # TYPE http_request_duration_seconds histogram\n",
        );
        for ((route, method, status), series) in self.requests.read().unwrap_or_else(PoisonError::into_inner).iter() {
            render_series(&mut text, &format!("route=\"{route}\",method=\"{method}\",status=\"{status}\""), series);
        }
        for (name, help, value) in gauges {
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}").expect("a String takes all");
        }
        text
    }
}

fn render_series(text: &mut String, labels: &str, series: &Series) {
    const NAME: &str = "http_request_duration_seconds";
    let mut below = 0;
    for (bound, bucket) in BUCKETS_US.iter().zip(&series.buckets) {
        below += bucket.load(Ordering::Relaxed);
        let bound = seconds(*bound);
        writeln!(text, "{NAME}_bucket{{{labels},le=\"{bound}\"}} {below}").expect("a String takes all");
    }
    let (count, sum) = (series.count.load(Ordering::Relaxed), seconds(series.sum_us.load(Ordering::Relaxed)));
    writeln!(
        text,
        "{NAME}_bucket{{{labels},le=\"+Inf\"}} {count}\n{NAME}_sum{{{labels}}} {sum}\n{NAME}_count{{{labels}}} {count}"
    )
    .expect("a String takes all");
}

fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        let metrics = Metrics::default();
        metrics.observe("/packs/{id}", "GET", 200, Duration::from_micros(700));
        metrics.observe("/packs/{id}", "GET", 200, Duration::from_mins(1));
        let text = metrics.render(&[("veridose_ledger_entries", "Entries of the log.", 5)]);
        for line in [
            "http_request_duration_seconds_bucket{route=\"/packs/{id}\",method=\"GET\",status=\"200\",le=\"0.0005\"} 0",
            "http_request_duration_seconds_bucket{route=\"/packs/{id}\",method=\"GET\",status=\"200\",le=\"0.001\"} 1",
            "http_request_duration_seconds_bucket{route=\"/packs/{id}\",method=\"GET\",status=\"200\",le=\"+Inf\"} 2",
            "http_request_duration_seconds_sum{route=\"/packs/{id}\",method=\"GET\",status=\"200\"} 60.0007",
            "veridose_ledger_entries 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
