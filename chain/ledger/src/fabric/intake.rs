//! What a block means for the replica: the submissions in it, each with what the endorsers signed that it writes.

use borsh::BorshDeserialize as _;
use veridose_contract::{Transaction, TxId, Writes, genesis_writes};

use super::block::{ChaincodeCall, Decoded};
use super::link::Shared;
use crate::LedgerError;
use crate::embedded::{Fed, Submission};
use crate::state::{Cursor, Mark};
use crate::wire;

/// An entry of an import that comes in steps, as far as it came.
pub(crate) struct Partial {
    transaction: Transaction,
    writes: Writes,
}

/// What a block brings; `partial` is what is left over from one block to the next. While something is, the cursor stays where
/// it was: the steps before would be missing after a restart.
pub(crate) fn fed(link: &Shared, block: &Decoded, partial: &mut Option<Partial>) -> Result<Fed, LedgerError> {
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
        let Some(submission) = submission(link, call, has_begun, partial).map_err(at)? else { continue };
        let mark = Mark { block: block.number, place, tx_id: transaction.tx_id.clone() };
        marks.extend(submission.transactions.iter().map(|transaction| (transaction.header.id(), mark.clone())));
        submissions.push(submission);
    }
    let cursor = partial.is_none().then_some(Cursor { block: block.number, hash: block.hash });
    Ok(Fed { cursor, submissions, marks, trust: None })
}

/// Whether transactions stand on the channel up to here. The log may have more: a state that was made anew follows the
/// channel from its first block.
fn has_begun(link: &Shared) -> Result<bool, LedgerError> {
    if link.replica.size() == 0 {
        return Ok(false);
    }
    Ok(link.replica.mark(&link.replica.header(0)?.id())?.is_some())
}

/// The transactions of a call; nothing if it writes nothing, what the replica began with, or a part of what comes in steps.
fn submission(
    link: &Shared,
    call: &ChaincodeCall,
    has_begun: bool,
    partial: &mut Option<Partial>,
) -> Result<Option<Submission>, LedgerError> {
    let genesis = genesis_writes(&link.replica.network().genesis);
    let is_genesis = call.writes.iter().all(|(key, value)| genesis.get(key) == Some(value));
    match call.function.as_deref() {
        Some(wire::SUBMIT) => whole(&call.args, &call.writes),
        // The place comes before the transactions.
        Some(wire::IMPORT) => whole(call.args.get(1..).unwrap_or_default(), &call.writes),
        Some(wire::IMPORT_PART) => part(call, partial),
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

fn whole(args: &[Vec<u8>], writes: &Writes) -> Result<Option<Submission>, LedgerError> {
    let transactions = args.iter().map(|arg| decode(arg)).collect::<Result<_, _>>()?;
    Ok(Some(Submission { transactions, writes: writes.clone() }))
}

/// Gathers the steps of an entry; the entry, with the last of them.
fn part(call: &ChaincodeCall, partial: &mut Option<Partial>) -> Result<Option<Submission>, LedgerError> {
    if let [_, _, transaction] = call.args.as_slice() {
        *partial = Some(Partial { transaction: decode(transaction)?, writes: Writes::new() });
    }
    let differs = |problem: &str| LedgerError::Differs(problem.to_owned());
    let gathered = partial.as_mut().ok_or_else(|| differs("a step came of an entry that was not begun"))?;
    gathered.writes.extend(call.writes.clone());
    let complete = Vec::<TxId>::try_from_slice(&call.answer).map_err(|_| differs("a step has a malformed answer"))?;
    if complete.is_empty() {
        return Ok(None);
    }
    if complete != [gathered.transaction.header.id()] {
        return Err(differs("the last step answers for another entry"));
    }
    Ok(partial.take().map(|Partial { transaction, writes }| Submission { transactions: vec![transaction], writes }))
}

fn decode(bytes: &[u8]) -> Result<Transaction, LedgerError> {
    Transaction::try_from_slice(bytes)
        .map_err(|error| LedgerError::Differs(format!("a submitted transaction is malformed: {error}")))
}
