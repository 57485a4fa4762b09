//! Joining a channel: the profile, the identity and the chaincode are checked, each with a line that says what is wrong;
//! then the replica is opened and brought up to the channel.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use veridose_contract::VERSION;

use super::connection::Connection;
use super::failure::Failure;
use super::fresh::{self, Freshness};
use super::gateway::{ANSWER, Gateways, code_name};
use super::identity::Identity;
use super::link::{Commits, Link, Shared};
use super::{Fabric, Profile, Settings, follower, submit};
use crate::LedgerError;
use crate::embedded::{Embedded, Options};
use crate::log::LogKey;
use crate::network::Network;
use crate::wire;

/// How long peers that cannot be reached are waited for at start.
const REACH_MAX: Duration = Duration::from_secs(20);
/// Pause before they are tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is told how far the replica is.
const TELL: Duration = Duration::from_secs(5);

impl Fabric {
    /// Opens the ledger: joins the channel, begins the network on it if nobody did, and brings the replica in `folder` up
    /// to it. Runs on the caller's tokio runtime.
    pub async fn open(
        folder: &Path,
        network: Network,
        key: LogKey,
        options: Options,
        settings: &Settings,
    ) -> Result<Self, LedgerError> {
        let gateways = gateways(settings, &options)?;
        check_network(&gateways, &network, folder.join("log").join("checkpoint").exists()).await?;
        let in_flight_max = options.in_flight_max;
        let folder = folder.to_owned();
        let opening = tokio::task::spawn_blocking(move || Embedded::open_replica(&folder, network, key, options));
        let opened = opening.await.map_err(|error| LedgerError::Channel(format!("opening the replica: {error}")))?;
        let (replica, feed) = opened?;
        let fresh = Freshness::new(settings.stale_max);
        let link: Shared = Arc::new(Link { gateways, replica, commits: Commits::default(), fresh });
        let (queue, waiting) = mpsc::channel(in_flight_max);
        let tasks = vec![
            tokio::spawn(follower::run(Shared::clone(&link), feed)),
            tokio::spawn(fresh::watch(Shared::clone(&link))),
            tokio::spawn(submit::join(Shared::clone(&link), waiting)),
        ];
        let in_flight = Arc::new(Semaphore::new(in_flight_max));
        let ledger = Self { link, in_flight, in_flight_max, queue, tasks };
        ledger.caught_up().await?;
        Ok(ledger)
    }

    /// Waits until the replica has all that was on the channel at some moment. If nobody else can say how much that is,
    /// the node starts, and answers nothing that must be current until somebody can.
    async fn caught_up(&self) -> Result<(), LedgerError> {
        let begun = Instant::now();
        let mut told = begun;
        while !self.link.fresh.was_current() {
            if let Some(reason) = self.replica().read_only() {
                return Err(LedgerError::Channel(reason.to_owned()));
            }
            if begun.elapsed() > REACH_MAX && !self.link.fresh.was_told() {
                tracing::warn!("no other organisation's peer says how long the channel is");
                return Ok(());
            }
            if told.elapsed() > TELL {
                let (have, of) = (fresh::blocks(self.replica().cursor()?), self.link.fresh.height());
                tracing::info!(blocks = have, of, "taking in the channel's blocks");
                told = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

pub(super) fn gateways(settings: &Settings, options: &Options) -> Result<Gateways, LedgerError> {
    let profile = Profile::read(&settings.profile, &settings.channel)?;
    let now = (options.clock)();
    let identity = Identity::read(&profile.msp_id, &settings.certificate, &settings.key, now)?;
    Ok(Gateways {
        identity: Arc::new(identity),
        peers: profile.peers.iter().map(Connection::prepare).collect::<Result<_, _>>()?,
        channel: settings.channel.clone(),
        chaincode: settings.chaincode.clone(),
        clock: Arc::clone(&options.clock),
        first: AtomicUsize::new(0),
    })
}

/// Whether the chaincode runs the same rules for the same network; begins the network if the channel has none, and this node
/// no log, which would then be another than the channel's.
async fn check_network(gateways: &Gateways, network: &Network, has_log: bool) -> Result<(), LedgerError> {
    let version = version(gateways).await?;
    if let Some(imported) = version.imported {
        let entries = imported.entries;
        let problem = format!("another ledger's log is being brought onto the channel, {entries} entries so far");
        return Err(LedgerError::Channel(problem));
    }
    if version.network.is_none() {
        if has_log {
            let problem = format!(
                "this node has a log, and no network has begun on the channel {:?}: bring it there with `veridose ledger migrate`",
                gateways.channel
            );
            return Err(LedgerError::Configuration(problem));
        }
        begin(gateways, wire::INIT, network).await?;
    }
    match self::version(gateways).await?.network {
        Some(id) if id == network.id => Ok(()),
        Some(id) => {
            let problem = format!(
                "the channel {:?} is that of the network {id}, network.toml that of {}",
                gateways.channel, network.id
            );
            Err(LedgerError::Configuration(problem))
        }
        None => Err(LedgerError::Channel(format!("the network did not begin on the channel {:?}", gateways.channel))),
    }
}

/// What the chaincode says of itself, which must run the same rules. Asks until a peer can be reached, for a while.
pub(super) async fn version(gateways: &Gateways) -> Result<wire::Version, LedgerError> {
    let begun = Instant::now();
    let answer = loop {
        match gateways.evaluate(vec![wire::VERSION.as_bytes().to_vec()]).await {
            Err(Failure::Unreachable(problem)) if begun.elapsed() < REACH_MAX => {
                tracing::warn!(problem, "the channel cannot be reached yet");
                tokio::time::sleep(PAUSE).await;
            }
            other => break other,
        }
    };
    let at = |failure: &Failure| {
        let (channel, chaincode) = (&gateways.channel, &gateways.chaincode);
        LedgerError::Channel(format!("failed to ask the chaincode {chaincode:?} on the channel {channel:?}: {failure}"))
    };
    let answer = answer.map_err(|failure| at(&failure))?;
    let version: wire::Version = serde_json::from_slice(&answer).map_err(|error| at(&Failure::malformed(error)))?;
    check_rules(&version, &gateways.chaincode)?;
    Ok(version)
}

/// Another version of the contract may judge a transaction otherwise.
fn check_rules(version: &wire::Version, chaincode: &str) -> Result<(), LedgerError> {
    if version.contract == VERSION {
        return Ok(());
    }
    let problem = format!(
        "the chaincode {chaincode:?} runs version {} of the contract ({}), this node version {VERSION}",
        version.contract, version.program
    );
    Err(LedgerError::Configuration(problem))
}

/// Writes the network's beginning onto the channel, with one of the two functions that do. Another node may do so at the same
/// moment; the first counts.
pub(super) async fn begin(gateways: &Gateways, function: &str, network: &Network) -> Result<(), LedgerError> {
    tracing::info!(channel = gateways.channel, network = %network.id, "beginning the network on the channel");
    // Changes of members then need the endorsement of a majority of the organisations that the profile names.
    let organisations: BTreeSet<&str> = gateways.peers.iter().map(|peer| peer.msp_id.as_str()).collect();
    let mut args = vec![function.as_bytes().to_vec(), network.to_toml().into_bytes()];
    args.extend(organisations.into_iter().map(|organisation| organisation.as_bytes().to_vec()));
    let failed =
        |problem: String| LedgerError::Channel(format!("failed to begin the network on the channel: {problem}"));
    let endorsed = match gateways.endorse(args, REACH_MAX).await {
        Ok(endorsed) => endorsed,
        // Another was first; whether with the same network is seen next.
        Err(Failure::Chaincode { .. } | Failure::Refused(_)) => return Ok(()),
        Err(failure) => return Err(failed(failure.to_string())),
    };
    gateways.submit(&endorsed).await.map_err(|failure| failed(failure.to_string()))?;
    let code = gateways.commit_status(&endorsed.tx_id, ANSWER).await.map_err(|failure| failed(failure.to_string()))?;
    if code != 0 {
        tracing::warn!(code = code_name(code), "beginning the network was not taken: another node was first");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_rules_are_told_in_a_line() {
        let answer = |contract| {
            let text =
                format!(r#"{{"contract":{contract},"program":"9.8.7","network":null,"imported":null,"endorsers":[]}}"#);
            serde_json::from_str(&text).expect("what a chaincode answers")
        };
        check_rules(&answer(VERSION), "veridose").expect("the same rules");
        let said = check_rules(&answer(VERSION + 1), "veridose").expect_err("other rules").to_string();
        let expected = format!(
            "the chaincode \"veridose\" runs version {} of the contract (9.8.7), this node version {VERSION}",
            VERSION + 1
        );
        assert_eq!(said, expected);
    }
}
