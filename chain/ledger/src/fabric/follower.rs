//! Following the channel: block after block from one peer or another, each checked against the one before it, into the
//! replica. What the replica cannot agree with ends the following for good; what a peer does wrong sends the follower to
//! the next.

use std::time::{Duration, Instant};

use fabric_sdk::fabric::common::Block;
use fabric_sdk::fabric::protos::TxValidationCode;

use super::block::{self, Decoded};
use super::connection::Connection;
use super::deliver::{self, Blocks};
use super::fresh;
use super::intake::{self, Partial};
use super::link::Shared;
use super::trust::Trust;
use crate::LedgerError;
use crate::embedded::Feed;
use crate::state::Cursor;

/// Pause before the next peer is asked.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a peer may be silent while others are known to have more blocks.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Peers in a row that give out blocks which do not fit, before the replica is taken to be at fault.
const MISFITS_MAX: usize = 8;

/// Why the following of one peer ended.
enum Ended {
    /// Another peer may do better.
    Peer(String),
    /// The peer's blocks are no continuation of the replica's.
    Misfit(String),
    /// The peer's block is not signed as it must be.
    Untrusted(String),
    /// The replica cannot go on.
    Replica(LedgerError),
}

impl From<LedgerError> for Ended {
    fn from(error: LedgerError) -> Self {
        Self::Replica(error)
    }
}

/// What goes from block to block.
struct Hand {
    feed: Feed,
    partial: Option<Partial>,
    trust: Trust,
}

/// Follows until the task is ended, or the replica cannot go on.
pub(crate) async fn run(link: Shared, feed: Feed) {
    let mut hand = Some(Hand { feed, partial: None, trust: Trust::default() });
    let mut misfits = 0;
    for peer in link.gateways.peers.iter().cycle() {
        let before = link.replica.size();
        let Err(ended) = follow(&link, peer, &mut hand).await;
        if link.replica.size() > before {
            misfits = 0;
        }
        match ended {
            Ended::Peer(problem) => tracing::warn!(peer = peer.name, problem, "following the channel at another peer"),
            Ended::Misfit(problem) if misfits < MISFITS_MAX => {
                tracing::error!(peer = peer.name, problem, "a peer's blocks do not continue those of this replica");
                misfits += 1;
            }
            Ended::Untrusted(problem) if misfits < MISFITS_MAX => {
                tracing::error!(peer = peer.name, problem, "a peer gives out what is not signed as it must be");
                misfits += 1;
            }
            Ended::Untrusted(problem) => {
                link.replica.stop_writing(&LedgerError::Untrusted(problem));
                return;
            }
            Ended::Misfit(problem) => {
                link.replica.stop_writing(&LedgerError::Forked(problem));
                return;
            }
            Ended::Replica(error) => {
                link.replica.stop_writing(&error);
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn follow(link: &Shared, peer: &Connection, hand: &mut Option<Hand>) -> Result<std::convert::Infallible, Ended> {
    let (mut cursor, trust) = reached(link)?;
    // What was gathered since comes again.
    if let Some(hand) = hand {
        (hand.partial, hand.trust) = (None, trust);
    }
    let gateways = &link.gateways;
    let from = fresh::blocks(cursor);
    let begun = deliver::follow(peer, &gateways.identity, &gateways.channel, (gateways.clock)(), from);
    let mut blocks: Blocks = unless_left_behind(link, from, begun).await?;
    loop {
        let next = fresh::blocks(cursor);
        let block = unless_left_behind(link, next, blocks.next()).await?;
        let reached = take(link, hand, cursor, block).await?;
        cursor = Some(reached);
        link.fresh.reached(fresh::blocks(cursor));
    }
}

/// How far the replica is, and who may speak from there on. Without the one the other is worth nothing, and the channel is
/// followed from its first block.
fn reached(link: &Shared) -> Result<(Option<Cursor>, Trust), Ended> {
    match (link.replica.cursor()?, link.replica.trust()?) {
        (Some(cursor), Some(trust)) => Ok((Some(cursor), Trust::decode(&trust).map_err(LedgerError::Untrusted)?)),
        (Some(_) | None, None) | (None, Some(_)) => Ok((None, Trust::default())),
    }
}

/// Waits for a peer, unless it is silent while others have more blocks than these.
async fn unless_left_behind<T>(
    link: &Shared,
    blocks: u64,
    answer: impl Future<Output = Result<T, LedgerError>>,
) -> Result<T, Ended> {
    let left_behind = async {
        let mut behind: Option<Instant> = None;
        loop {
            tokio::time::sleep(PAUSE).await;
            if link.fresh.height() > blocks && behind.get_or_insert_with(Instant::now).elapsed() > SILENCE_MAX {
                return;
            }
        }
    };
    tokio::select! {
        answer = answer => answer.map_err(|error| Ended::Peer(error.to_string())),
        () = left_behind => Err(Ended::Peer("it is silent, and others have more blocks".to_owned())),
    }
}

/// Takes one block in and tells those who wait for its transactions.
async fn take(link: &Shared, hand: &mut Option<Hand>, cursor: Option<Cursor>, block: Block) -> Result<Cursor, Ended> {
    let link = Shared::clone(link);
    let mut taking = hand.take().ok_or_else(|| LedgerError::Channel("an earlier block was not finished".to_owned()))?;
    let work = tokio::task::spawn_blocking(move || {
        let decoded = block::decode(&block, &link.gateways.chaincode).map_err(Ended::Misfit);
        let taken = decoded.and_then(|decoded| {
            continues(cursor, &decoded).map_err(Ended::Misfit)?;
            // Another peer may have the block as it was signed.
            taking.trust.check(&block, &decoded).map_err(Ended::Untrusted)?;
            let mut fed = intake::fed(&link, &decoded, &mut taking.partial)?;
            taking.trust.learn(&decoded).map_err(LedgerError::Untrusted)?;
            if fed.cursor.is_some() {
                fed.trust = taking.trust.take_change();
            }
            taking.feed.take(&fed)?;
            Ok(decoded)
        });
        (taking, taken.map(|decoded| (link, decoded)))
    });
    let (returned, taken) =
        work.await.map_err(|error| LedgerError::Channel(format!("taking a block in panicked: {error}")))?;
    *hand = Some(returned);
    let (link, decoded) = taken?;
    for transaction in &decoded.transactions {
        // One that was sent twice stands twice; the second is no news of the first.
        if transaction.code != i32::from(TxValidationCode::DuplicateTxid) {
            link.commits.tell(&transaction.tx_id, transaction.code);
        }
    }
    Ok(Cursor { block: decoded.number, hash: decoded.hash })
}

fn continues(cursor: Option<Cursor>, block: &Decoded) -> Result<(), String> {
    let number = fresh::blocks(cursor);
    if block.number != number {
        return Err(format!("block {} came instead of {number}", block.number));
    }
    match cursor {
        Some(cursor) if block.previous != cursor.hash => {
            Err(format!("block {number} does not name the block before it that is known here"))
        }
        Some(_) | None => Ok(()),
    }
}
