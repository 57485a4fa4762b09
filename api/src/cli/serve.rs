//! `veridose serve`.

use anyhow::Context as _;

use super::Outcome;
use crate::config::Config;
use crate::{app, telemetry};

pub(super) fn run(config: &Config) -> anyhow::Result<Outcome> {
    telemetry::start(config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("failed to start")?;
    runtime.block_on(async {
        let running = app::start(config)?;
        running.ended().await
    })?;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}
