//! `veridose demo`.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;
use veridose_contract::PartyId;

use super::Outcome;
use crate::app::Stop;
use crate::auth::Embedded;
use crate::config::Config;
use crate::demo::{Stage, play};
use crate::node::Node;
use crate::{app, telemetry};

/// How the demonstration runs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  veridose demo\n  veridose demo --exit --data /tmp/day")]
pub struct Arguments {
    /// End after the story instead of going on serving
    #[arg(long)]
    exit: bool,
}

/// Where a demonstration's data lie when nobody says.
pub(super) const DATA: &str = "veridose-demo";

pub(super) fn run(mut config: Config, arguments: &Arguments) -> anyhow::Result<Outcome> {
    telemetry::start(config.log, "warn");
    // Kept from here on, so that no other program takes the port meanwhile.
    let listener = app::listen(config.listen).or_else(|_| app::listen(SocketAddr::new(config.listen.ip(), 0)))?;
    // The pharmacy of the story keeps the consents of the patient of the story.
    config.patients.custodian = Some(PartyId::parse("harbour-pharmacy")?);
    super::runtime()?.block_on(async {
        let stop = Stop::catch()?;
        let node = Node::open(&config).await?;
        let issuer = Embedded::open(node.keys(), &config)?;
        let (log, now) = (node.ledger().verifier(), node.clock().date_time());
        let running = app::start(&config, listener, node, stop).await?;
        play(&Stage { address: running.address, issuer: &issuer, log, now })
            .await
            .context("the demonstration failed")?;
        if arguments.exit {
            return running.stop().await;
        }
        super::print(&format!(
            "\nOpen http://{0}/ in a browser and become one of the people: the pharmacist's counter is \
             /desk/counter, the shipping clerk's desk /desk/shipping. The API is described at http://{0}/docs/. Ctrl-c stops.",
            running.address
        ))?;
        running.ended().await
    })?;
    Ok(Outcome::Done)
}
