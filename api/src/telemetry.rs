//! Logs: structured, to standard error, with the request's id on every line.
//!
//! What is never logged: tokens, bodies, paths with identifiers in them (the route's pattern stands for the path) and
//! anything that names a patient.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts logging. `VERIDOSE_LOG` filters as `tracing` directives do, else `level` does. A second call does nothing.
pub fn start(format: LogFormat, level: &str) {
    let filter =
        EnvFilter::try_from_env("VERIDOSE_LOG").unwrap_or_else(|_| EnvFilter::new(format!("{level},sqlx=warn")));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Told of on standard error, which is what cannot be written: the request that logs would panic. A log on a full
        // disk loses lines, not requests.
        .log_internal_errors(false);
    // Tests and the demo start several nodes in one process: the first one's subscriber serves them all.
    let _already_started = match format {
        LogFormat::Human => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
    };
}
