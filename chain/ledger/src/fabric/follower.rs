//! Following the channel: block after block from one peer or another, each checked against the one before it, into the
//! replica. What the replica cannot agree with ends the following for good; what a peer does wrong sends the follower to
//! the next.

use std::time::{Duration, Instant};

use borsh::BorshDeserialize as _;
use fabric_sdk::fabric::common::Block;
use fabric_sdk::fabric::protos::TxValidationCode;
use veridose_contract::{Transaction, genesis_writes};

use super::block::{self, ChaincodeCall, Decoded};
use super::connection::Connection;
use super::deliver::{self, Blocks};
use super::fresh;
use super::link::Shared;
use crate::LedgerError;
use crate::embedded::{Fed, Feed, Submission};
use crate::state::{Cursor, Mark};
use crate::wire;

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
    /// The replica cannot go on.
    Replica(LedgerError),
}

impl From<LedgerError> for Ended {
    fn from(error: LedgerError) -> Self {
        Self::Replica(error)
    }
}

/// Follows until the task is ended, or the replica cannot go on.
pub(crate) async fn run(link: Shared, feed: Feed) {
    let mut feed = Some(feed);
    let mut misfits = 0;
    for peer in link.gateways.peers.iter().cycle() {
        let before = link.replica.size();
        let Err(ended) = follow(&link, peer, &mut feed).await;
        if link.replica.size() > before {
            misfits = 0;
        }
        match ended {
            Ended::Peer(problem) => tracing::warn!(peer = peer.name, problem, "following the channel at another peer"),
            Ended::Misfit(problem) if misfits < MISFITS_MAX => {
                tracing::error!(peer = peer.name, problem, "a peer's blocks do not continue those of this replica");
                misfits += 1;
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

async fn follow(link: &Shared, peer: &Connection, feed: &mut Option<Feed>) -> Result<std::convert::Infallible, Ended> {
    let mut cursor = link.replica.cursor()?;
    let gateways = &link.gateways;
    let from = fresh::blocks(cursor);
    let begun = deliver::follow(peer, &gateways.identity, &gateways.channel, (gateways.clock)(), from);
    let mut blocks: Blocks = unless_left_behind(link, from, begun).await?;
    loop {
        let next = fresh::blocks(cursor);
        let block = unless_left_behind(link, next, blocks.next()).await?;
        let reached = take(link, feed, cursor, block).await?;
        cursor = Some(reached);
        link.fresh.reached(fresh::blocks(cursor));
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
async fn take(link: &Shared, feed: &mut Option<Feed>, cursor: Option<Cursor>, block: Block) -> Result<Cursor, Ended> {
    let link = Shared::clone(link);
    let mut feeding =
        feed.take().ok_or_else(|| LedgerError::Channel("an earlier block was not finished".to_owned()))?;
    let work = tokio::task::spawn_blocking(move || {
        let decoded = block::decode(&block, &link.gateways.chaincode).map_err(Ended::Misfit);
        let taken = decoded.and_then(|decoded| {
            continues(cursor, &decoded).map_err(Ended::Misfit)?;
            feeding.take(&fed(&link, &decoded)?)?;
            Ok(decoded)
        });
        (feeding, taken.map(|decoded| (link, decoded)))
    });
    let (returned, taken) =
        work.await.map_err(|error| LedgerError::Channel(format!("taking a block in panicked: {error}")))?;
    *feed = Some(returned);
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

/// What a block means for the replica.
fn fed(link: &Shared, block: &Decoded) -> Result<Fed, LedgerError> {
    let mut submissions = Vec::new();
    let mut marks = Vec::new();
    for (place, transaction) in (0u32..).zip(&block.transactions) {
        let Some(call) = &transaction.call else { continue };
        let at = |problem: LedgerError| match problem {
            LedgerError::Differs(problem) => {
                LedgerError::Differs(format!("block {}, transaction {}: {problem}", block.number, transaction.tx_id))
            }
            other => other,
        };
        let has_begun = !submissions.is_empty() || has_begun(link)?;
        let Some(submission) = submission(link, call, has_begun).map_err(at)? else { continue };
        let mark = Mark { block: block.number, place, tx_id: transaction.tx_id.clone() };
        marks.extend(submission.transactions.iter().map(|transaction| (transaction.header.id(), mark.clone())));
        submissions.push(submission);
    }
    let cursor = Cursor { block: block.number, hash: block.hash };
    Ok(Fed { cursor, submissions, marks })
}

/// Whether transactions stand on the channel up to here. The log may have more: a state that was made anew follows the
/// channel from its first block.
fn has_begun(link: &Shared) -> Result<bool, LedgerError> {
    if link.replica.size() == 0 {
        return Ok(false);
    }
    Ok(link.replica.mark(&link.replica.header(0)?.id())?.is_some())
}

/// The transactions of a call; nothing if it writes nothing, or what the replica began with.
fn submission(link: &Shared, call: &ChaincodeCall, has_begun: bool) -> Result<Option<Submission>, LedgerError> {
    let genesis = genesis_writes(&link.replica.network().genesis);
    let is_genesis = call.writes.iter().all(|(key, value)| genesis.get(key) == Some(value));
    match call.function.as_deref() {
        Some(wire::SUBMIT | wire::IMPORT) => {
            let decode = |arg: &Vec<u8>| {
                Transaction::try_from_slice(arg)
                    .map_err(|error| LedgerError::Differs(format!("a submitted transaction is malformed: {error}")))
            };
            let transactions = call.args.iter().map(decode).collect::<Result<_, _>>()?;
            Ok(Some(Submission { transactions, writes: call.writes.clone() }))
        }
        _ if call.writes.is_empty() => Ok(None),
        Some(wire::INIT | wire::IMPORT_BEGIN) if is_genesis && !has_begun => Ok(None),
        // It writes the network's own record, which never changes, and nothing else.
        Some(wire::IMPORT_END) if is_genesis && call.writes.len() == 1 => Ok(None),
        Some(function @ (wire::INIT | wire::IMPORT_BEGIN | wire::IMPORT_END)) => {
            let problem = format!("{function} wrote what this network did not begin with");
            Err(LedgerError::Differs(problem))
        }
        Some(other) => Err(LedgerError::Differs(format!("{other} wrote, which is no function that does"))),
        None => Err(LedgerError::Differs("another chaincode wrote through this one".to_owned())),
    }
}
