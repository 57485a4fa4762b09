//! `veridose serve`.

use super::Outcome;
use crate::config::Config;
use crate::node::Node;
use crate::{app, telemetry};

pub(super) fn run(config: &Config) -> anyhow::Result<Outcome> {
    telemetry::start(config.log, "info");
    super::runtime()?.block_on(async {
        let running = app::start(config, Node::open(config).await?).await?;
        running.ended().await
    })?;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}
