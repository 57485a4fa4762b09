//! Bringing an embedded ledger's log onto a channel. What is on the channel says how far it is, so whoever does it may be
//! killed and begin again, and two who do it at once only take each other's work.

use std::path::Path;
use std::time::{Duration, Instant};

use fabric_sdk::fabric::protos::TxValidationCode;
use veridose_contract::Transaction;

use super::failure::Failure;
use super::gateway::{ANSWER, Gateways, code_name};
use super::open::{begin, gateways, version};
use super::retry::Retries;
use super::{Fabric, Settings};
use crate::LedgerError;
use crate::embedded::{Embedded, Options};
use crate::error::ChannelError;
use crate::log::{LogKey, SignedCheckpoint};
use crate::wire::{self, Imported, MemberSignature, PART_ITEMS_MAX};

/// Entries that go together at most.
const ENTRIES_MAX: usize = 500;
/// Bytes after which no more entries join.
const BYTES_MAX: usize = 2 << 20;
/// Entries that are read at once: each may have a body of 100,000 items.
const READ_AT_ONCE: usize = 16;
/// How long the import may stand still.
const STANDSTILL_MAX: Duration = Duration::from_mins(2);
/// Pause before a peer that lags is asked again.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one call may take to be endorsed; Fabric itself ends it after 30 s.
const ENDORSE_MAX: Duration = Duration::from_secs(75);

/// Brings the log of `ledger`, which nobody writes to, and ends the import under its checkpoint and the members' signatures.
/// Goes on where an earlier attempt ended; does nothing where it was complete. `progress` is told how many entries of how
/// many are there.
pub async fn bring(
    ledger: &Embedded,
    options: &Options,
    settings: &Settings,
    checkpoint: &SignedCheckpoint,
    signatures: &[MemberSignature],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), LedgerError> {
    let gateways = gateways(settings, options)?;
    let mut moved = Instant::now();
    let mut reached = None;
    loop {
        let version = version(&gateways).await?;
        let Some(at) = version.imported else {
            match version.network {
                Some(id) if id == ledger.network_id() => return Ok(()),
                Some(id) => return Err(other_network(&gateways, &id.to_string())),
                None => begin(&gateways, wire::IMPORT_BEGIN, ledger.network()).await?,
            }
            continue;
        };
        if at.network != ledger.network_id() {
            return Err(other_network(&gateways, &at.network.to_string()));
        }
        check_prefix(ledger, &at)?;
        let here = Some((at.entries, at.step));
        if here > reached {
            (reached, moved) = (here, Instant::now());
            progress(at.entries, checkpoint.size);
        }
        if moved.elapsed() > STANDSTILL_MAX {
            let problem = format!("the import does not go on after {} entries", at.entries);
            return Err(LedgerError::Channel(problem));
        }
        let args = next(ledger, checkpoint, signatures, &at)?;
        // A peer that lags says of a place that was taken that it is next; its answer is as old as what it said.
        if here < reached || send(&gateways, args, at.entries).await? == Sent::Misplaced {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn other_network(gateways: &Gateways, id: &str) -> LedgerError {
    LedgerError::Configuration(format!("the channel {:?} is that of another network, {id}", gateways.channel))
}

/// What is on the channel must be the beginning of this log.
fn check_prefix(ledger: &Embedded, at: &Imported) -> Result<(), LedgerError> {
    if at.entries <= ledger.size() && wire::root_text(&ledger.root_at(at.entries)?) == at.root {
        return Ok(());
    }
    let problem = format!("the {} entries that were brought onto the channel are not those of this log", at.entries);
    Err(LedgerError::Forked(problem))
}

/// The call that brings what comes next.
fn next(
    ledger: &Embedded,
    checkpoint: &SignedCheckpoint,
    signatures: &[MemberSignature],
    at: &Imported,
) -> Result<Vec<Vec<u8>>, LedgerError> {
    if at.entries == checkpoint.size {
        let signature = |signature| borsh::to_vec(signature).expect("writing to a Vec does not fail");
        let mut args = vec![wire::IMPORT_END.as_bytes().to_vec(), checkpoint.text.clone().into_bytes()];
        args.extend(signatures.iter().map(signature));
        return Ok(args);
    }
    let place = at.entries.to_be_bytes().to_vec();
    if let Some(step) = at.step {
        return Ok(vec![wire::IMPORT_PART.as_bytes().to_vec(), place, step.to_be_bytes().to_vec()]);
    }
    let entries = some(ledger, at.entries, checkpoint.size)?;
    if let [large] = entries.as_slice()
        && large.body.item_count() > PART_ITEMS_MAX
    {
        let step = 0u32.to_be_bytes().to_vec();
        return Ok(vec![wire::IMPORT_PART.as_bytes().to_vec(), place, step, large.encode()]);
    }
    let mut args = vec![wire::IMPORT.as_bytes().to_vec(), place];
    args.extend(entries.iter().map(Transaction::encode));
    Ok(args)
}

/// As many entries as go together, or one that is too large to go at once.
fn some(ledger: &Embedded, from: u64, end: u64) -> Result<Vec<Transaction>, LedgerError> {
    let mut taken: Vec<Transaction> = Vec::new();
    let (mut items, mut bytes) = (0, 0);
    loop {
        let next = from + taken.len() as u64;
        let wanted = usize::try_from(end - next).unwrap_or(usize::MAX).min(READ_AT_ONCE);
        let read = ledger.entries(next, wanted)?;
        if read.is_empty() {
            return Ok(taken);
        }
        for entry in read {
            items += entry.transaction.body.item_count();
            bytes += entry.transaction.encode().len();
            let is_full = items > PART_ITEMS_MAX || bytes > BYTES_MAX || taken.len() == ENTRIES_MAX;
            if is_full && !taken.is_empty() {
                return Ok(taken);
            }
            taken.push(entry.transaction);
        }
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Taken,
    /// Something else is next, as far as an endorser knows.
    Misplaced,
}

async fn send(gateways: &Gateways, args: Vec<Vec<u8>>, entry: u64) -> Result<Sent, LedgerError> {
    let failed =
        |problem: String| LedgerError::Channel(format!("entry {entry} was not brought onto the channel: {problem}"));
    let mut retries = Retries::new();
    let endorsed = loop {
        let failure = match gateways.endorse(args.clone(), ENDORSE_MAX).await {
            Ok(endorsed) => break endorsed,
            Err(Failure::Chaincode { status: wire::STATUS_MISPLACED, .. }) => return Ok(Sent::Misplaced),
            Err(Failure::Refused(refusals)) => {
                let why = refusals
                    .refused
                    .first()
                    .map(|refused| format!("entry {}: {:?}", entry + refused.index as u64, refused.why));
                return Err(failed(format!("the contract refuses {}", why.unwrap_or_default())));
            }
            Err(failure) => failure,
        };
        let text = failure.to_string();
        let failure = match failure {
            Failure::NotEndorsed(_) => ChannelError::NotEndorsed(text),
            Failure::Mismatch(_) | Failure::Unreachable(_) | Failure::NoGateway(_) => ChannelError::Unavailable(text),
            Failure::Chaincode { .. } | Failure::Refused(_) | Failure::Denied(_) | Failure::Other(_) => {
                return Err(failed(text));
            }
        };
        if !retries.wait(&failure).await {
            return Err(failed(failure.to_string()));
        }
    };
    // What is lost on the way is seen by the place that is next, and asked for again.
    if let Err(failure) = gateways.submit(&endorsed).await {
        tracing::warn!(%failure, "the import was not handed on");
        return Ok(Sent::Misplaced);
    }
    match gateways.commit_status(&endorsed.tx_id, ANSWER).await.map(TxValidationCode::try_from) {
        Ok(Ok(TxValidationCode::Valid)) => Ok(Sent::Taken),
        Ok(Ok(TxValidationCode::MvccReadConflict | TxValidationCode::PhantomReadConflict)) | Err(_) => {
            Ok(Sent::Misplaced)
        }
        Ok(code) => Err(failed(format!(
            "the peers found it invalid: {}",
            code_name(code.map_or_else(|error| error.0, i32::from))
        ))),
    }
}

/// What a replica that was made of nothing but the channel's blocks has in common with the old ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// Entries of the log, the same up to the checkpoint.
    pub entries: u64,
    /// Records of the state that are the same; nothing if the channel has gone on since, and they need not be.
    pub records: Option<u64>,
}

/// Follows the channel from its first block into `folder`, which is removed before and afterwards, and compares what comes of
/// it with the old ledger.
pub async fn agree(
    ledger: &Embedded,
    checkpoint: &SignedCheckpoint,
    folder: &Path,
    key: LogKey,
    options: Options,
    settings: &Settings,
) -> Result<Agreed, LedgerError> {
    let clear = || match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(crate::log::failed("remove", folder)(error)),
        Ok(()) | Err(_) => Ok(()),
    };
    clear()?;
    let agreed = match Fabric::open(folder, ledger.network().clone(), key, options, settings).await {
        Ok(channel) => {
            let agreed = compare(ledger, checkpoint, channel.replica());
            channel.close().await;
            agreed
        }
        Err(error) => Err(error),
    };
    let cleared = clear();
    agreed.and_then(|agreed| cleared.map(|()| agreed))
}

fn compare(ledger: &Embedded, checkpoint: &SignedCheckpoint, replica: &Embedded) -> Result<Agreed, LedgerError> {
    let differs = |problem: String| LedgerError::Differs(format!("what it makes of the old log: {problem}"));
    if replica.size() < checkpoint.size || replica.root_at(checkpoint.size)? != checkpoint.root {
        let problem = format!(
            "its log of {} entries does not begin with the {} of the checkpoint",
            replica.size(),
            checkpoint.size
        );
        return Err(differs(problem));
    }
    let mut agreed = Agreed { entries: checkpoint.size, records: None };
    if replica.size() == checkpoint.size {
        let mut records = 0;
        let (mut ours, mut theirs) = (ledger.state().records(), replica.state().records());
        loop {
            match (ours.next().transpose()?, theirs.next().transpose()?) {
                (None, None) => break,
                (ours, theirs) if ours == theirs => records += 1,
                (ours, theirs) => {
                    let key = ours.or(theirs).map(|(key, _)| hex::encode(key)).unwrap_or_default();
                    return Err(differs(format!("the states differ at or before record {key}")));
                }
            }
        }
        agreed.records = Some(records);
    }
    Ok(agreed)
}
