//! Whether the replica is current. Each second the peers of the other organisations are asked how long the channel is and
//! how its last block is called. A replica that has all of that is as current as the moment at which they were asked. A
//! node that was cut off, or whose own peer lags, knows by this that it does not know. The middle of the answers counts,
//! so that fewer than half of the others can neither make the channel longer than it is nor hide a part of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fabric_sdk::fabric::common::BlockchainInfo;
use fabric_sdk::fabric::protos::ProposalResponse;
use fabric_sdk::fabric::protos::endorser_client::EndorserClient;
use prost::Message as _;

use super::connection::{Connection, MESSAGE_BYTES_MAX};
use super::link::Shared;
use super::proposal;
use crate::LedgerError;
use crate::error::Stale;
use crate::state::Cursor;

/// How often peers are asked.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a peer may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Status of a good answer.
const OK: i32 = 200;

/// What is known of the channel's length.
pub(crate) struct Freshness {
    bound: Duration,
    /// Blocks that others have, as far as known.
    height: AtomicU64,
    /// The newest answer, and when it was asked for.
    asked: Mutex<Option<(Instant, u64)>>,
    /// When the replica last had all that was on the channel.
    current: Mutex<Option<Instant>>,
}

impl Freshness {
    pub(crate) fn new(bound: Duration) -> Self {
        Self { bound, height: AtomicU64::new(0), asked: Mutex::default(), current: Mutex::default() }
    }

    /// Whether reads of the replica are current within the bound.
    pub(crate) fn check(&self) -> Result<(), Stale> {
        let current = *lock(&self.current);
        let since = current.map_or(Duration::MAX, |at| at.elapsed());
        if since <= self.bound { Ok(()) } else { Err(Stale { since, bound: self.bound }) }
    }

    /// Blocks on the channel, as far as known.
    pub(crate) fn height(&self) -> u64 {
        self.height.load(Ordering::Relaxed)
    }

    /// Whether the replica has ever had all that was on the channel.
    pub(crate) fn was_current(&self) -> bool {
        lock(&self.current).is_some()
    }

    /// Whether anybody ever said how long the channel is.
    pub(crate) fn was_told(&self) -> bool {
        lock(&self.asked).is_some()
    }

    /// Notes how far the replica is: with this many blocks it may have all that others had when they were asked.
    pub(crate) fn reached(&self, blocks: u64) {
        self.height.fetch_max(blocks, Ordering::Relaxed);
        if let Some((at, height)) = *lock(&self.asked)
            && blocks >= height
        {
            let mut current = lock(&self.current);
            *current = Some(current.map_or(at, |before| before.max(at)));
        }
    }

    fn heard(&self, at: Instant, height: u64) {
        self.height.fetch_max(height, Ordering::Relaxed);
        *lock(&self.asked) = Some((at, self.height()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the others until the task is ended.
pub(crate) async fn watch(link: Shared) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = ask_all(&link).await {
            link.replica.stop_writing(&error);
        }
    }
}

async fn ask_all(link: &Shared) -> Result<(), LedgerError> {
    let own = link.gateways.peers.first().map(|peer| peer.msp_id.as_str());
    let others = link.gateways.peers.iter().filter(|peer| Some(peer.msp_id.as_str()) != own);
    let mut asked: Vec<_> = others.collect();
    if asked.is_empty() {
        // One organisation alone has nobody else to ask.
        asked = link.gateways.peers.iter().collect();
    }
    let at = Instant::now();
    let mut answers = tokio::task::JoinSet::new();
    for peer in asked {
        let (link, peer) = (Shared::clone(link), peer.clone());
        answers.spawn(async move { info(&link, &peer).await.map_err(|error| (peer.name, error)) });
    }
    let mut told = Vec::new();
    while let Some(answer) = answers.join_next().await {
        match answer {
            Ok(Ok(info)) => told.push(info),
            Ok(Err((peer, error))) => tracing::debug!(peer, %error, "a peer does not say how long the channel is"),
            Err(error) => tracing::error!(%error, "a task of the ledger failed"),
        }
    }
    if let Some(height) = middle(told.iter().map(|info| info.height).collect()) {
        link.fresh.heard(at, height);
    }
    let cursor = link.replica.cursor()?;
    link.fresh.reached(blocks(cursor));
    compare(cursor, &told)
}

/// The middle of heights, the greater of two in the middle.
fn middle(mut heights: Vec<u64>) -> Option<u64> {
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied()
}

/// How many blocks end with a cursor.
pub(crate) fn blocks(cursor: Option<Cursor>) -> u64 {
    cursor.map_or(0, |cursor| cursor.block + 1)
}

/// Refuses a channel on which most of those who have as many blocks have another last one than this replica.
fn compare(cursor: Option<Cursor>, told: &[BlockchainInfo]) -> Result<(), LedgerError> {
    let Some(cursor) = cursor else { return Ok(()) };
    let as_long: Vec<_> = told.iter().filter(|info| info.height == cursor.block + 1).collect();
    let others = as_long.iter().filter(|info| info.current_block_hash != cursor.hash).count();
    if others == 0 {
        return Ok(());
    }
    let problem = format!("{others} other peers have another block {} than this replica", cursor.block);
    if 2 * others <= as_long.len() {
        tracing::error!(problem, "peers contradict each other");
        return Ok(());
    }
    Err(LedgerError::Forked(problem))
}

async fn info(link: &Shared, peer: &Connection) -> Result<BlockchainInfo, LedgerError> {
    let args = vec![b"GetChainInfo".to_vec(), link.gateways.channel.clone().into_bytes()];
    let answer = ask(link, peer, "qscc", args, ANSWER).await?;
    let payload = answer.response.unwrap_or_default().payload;
    BlockchainInfo::decode(payload.as_slice()).map_err(|error| LedgerError::Channel(error.to_string()))
}

/// Has one peer run a chaincode and sign the answer; nothing is written.
pub(crate) async fn ask(
    link: &Shared,
    peer: &Connection,
    chaincode: &str,
    args: Vec<Vec<u8>>,
    timeout: Duration,
) -> Result<ProposalResponse, LedgerError> {
    let gateways = &link.gateways;
    let call = proposal::call(&gateways.identity, &gateways.channel, chaincode, (gateways.clock)(), args)?;
    let mut client = EndorserClient::new(peer.channel.clone())
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let failed = |problem: &str| LedgerError::Channel(format!("peer {}: {problem}", peer.name));
    let answer = tokio::time::timeout(timeout, client.process_proposal(call.proposal)).await;
    let answer = answer.map_err(|_| failed("it did not answer in time"))?.map_err(|status| failed(status.message()))?;
    let answer = answer.into_inner();
    match &answer.response {
        Some(response) if response.status == OK => Ok(answer),
        Some(response) => Err(failed(&response.message)),
        None => Err(failed("its answer is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_as_of_when_the_others_were_asked() {
        let fresh = Freshness::new(Duration::from_secs(5));
        let now = Instant::now();
        assert_eq!(fresh.check().expect_err("nobody was asked").since, Duration::MAX);
        let asked = now.checked_sub(Duration::from_secs(3)).expect("the machine runs longer");
        fresh.heard(asked, 10);
        fresh.reached(9);
        assert!(!fresh.was_current(), "a block is missing");
        fresh.reached(10);
        fresh.check().expect("three seconds old");
        let old = Freshness::new(Duration::from_secs(2));
        old.heard(asked, 10);
        old.reached(12);
        let stale = old.check().expect_err("older than the bound");
        assert!(stale.since >= Duration::from_secs(3));
        assert_eq!(old.height(), 12);
        old.heard(now, 11);
        old.reached(11);
        assert!(old.check().is_err(), "what the replica had once, it must have now");
    }

    #[test]
    fn a_minority_that_lies_is_outvoted() {
        assert_eq!(middle(vec![]), None);
        assert_eq!(middle(vec![7]), Some(7));
        assert_eq!(middle(vec![7, 9]), Some(9));
        assert_eq!(middle(vec![9, u64::MAX, 9]), Some(9));
        assert_eq!(middle(vec![9, 0, 9]), Some(9));
        let cursor = Cursor { block: 8, hash: [1; 32] };
        let info = |height, hash: u8| BlockchainInfo {
            height,
            current_block_hash: vec![hash; 32],
            ..BlockchainInfo::default()
        };
        compare(None, &[info(1, 5)]).expect("nothing to compare");
        compare(Some(cursor), &[info(9, 1), info(9, 5), info(12, 7)]).expect("one of two");
        let told = compare(Some(cursor), &[info(9, 5), info(9, 5), info(9, 1)]).expect_err("two of three");
        assert!(matches!(told, LedgerError::Forked(_)), "{told}");
    }
}
