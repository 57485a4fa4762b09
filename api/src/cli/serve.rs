//! `veridose serve`.

use clap::Args;

use super::Outcome;
use crate::app::Stop;
use crate::config::{Config, NodeRole};
use crate::node::Node;
use crate::{app, telemetry};

/// How the node runs.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  veridose serve\n  veridose serve --data /srv/veridose --listen 0.0.0.0:8080 --log json\n  \
                  veridose serve --role work --database postgres://db/veridose --ledger fabric --fabric-profile net.json\n  \
                  VERIDOSE_PASSPHRASE_FILE=/run/secrets/veridose veridose serve --config /etc/veridose.toml"
)]
pub struct Arguments {
    /// Part of the work that this process does, where several share a PostgreSQL database and a Fabric channel
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Option<NodeRole>,
}

pub(super) fn run(mut config: Config, arguments: &Arguments) -> anyhow::Result<Outcome> {
    config.role = arguments.role.unwrap_or(config.role);
    config.check_role()?;
    telemetry::start(config.log, "info");
    super::runtime()?.block_on(async {
        let stop = Stop::catch()?;
        let node = Node::open(&config).await?;
        let running = app::start(&config, app::listen(config.listen)?, node, stop).await?;
        running.ended().await
    })?;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}
