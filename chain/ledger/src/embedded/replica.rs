//! A replica: a ledger that does not take transactions in but is fed, in the order of a channel, with those that others
//! endorsed. Each is judged here again, but for the host's clock, and what it writes is compared with what the endorsers
//! signed: one that lied is found by every member.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use veridose_contract::{Transaction, TxId, Writes};

use super::{Embedded, Options, Shared, writer};
use crate::LedgerError;
use crate::error::SubmitError;
use crate::host::{Group, Refused, Taken, check_signature};
use crate::log::{Hash, LogKey, LogWriter, encode_entry};
use crate::network::Network;
use crate::state::{Changes, Cursor, Mark};

/// Transactions that were submitted together, with what all of them write.
pub(crate) struct Submission {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) writes: Writes,
}

/// A block's submissions.
pub(crate) struct Fed {
    /// The block; nothing while one of its calls waits for others: a restart then begins before the first of them.
    pub(crate) cursor: Option<Cursor>,
    pub(crate) submissions: Vec<Submission>,
    /// Where on the channel each transaction stands.
    pub(crate) marks: Vec<(TxId, Mark)>,
    /// Who may speak on the channel from then on, where that changed: it goes with the cursor.
    pub(crate) trust: Option<Vec<u8>>,
}

/// Feeds a replica; there is one for each.
pub(crate) struct Feed {
    shared: Arc<Shared>,
    log: LogWriter,
}

impl Embedded {
    /// Opens a replica in a folder, or begins it there.
    pub(crate) fn open_replica(
        folder: &Path,
        network: Network,
        key: LogKey,
        options: Options,
    ) -> Result<(Self, Feed), LedgerError> {
        let (shared, log) = super::open::recover(folder, network, key, options, &mut |_, _| {})?;
        let (stop_publishing, publisher) = super::open::publisher(&shared)?;
        let feed = Feed { shared: Arc::clone(&shared), log };
        let ledger = Self {
            // Nothing is submitted to a replica.
            in_flight: Arc::new(Semaphore::new(0)),
            shared,
            queue: None,
            stop_publishing: Some(stop_publishing),
            threads: vec![publisher],
        };
        Ok((ledger, feed))
    }

    /// The last block that is wholly in the replica.
    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, LedgerError> {
        self.shared.state.cursor()
    }

    /// Who may speak on the channel, as of that block.
    pub(crate) fn trust(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        self.shared.state.trust()
    }

    /// Where on the channel a transaction stands.
    pub(crate) fn mark(&self, id: &TxId) -> Result<Option<Mark>, LedgerError> {
        self.shared.state.mark(id)
    }

    /// Turns the replica read-only for good.
    pub(crate) fn stop_writing(&self, error: &LedgerError) -> String {
        writer::stop_writing(&self.shared, error)
    }

    /// Whether a transaction comes from whom it says.
    pub(crate) fn check_signature(&self, transaction: &Transaction) -> Result<(), SubmitError> {
        let shared = &self.shared;
        check_signature(&shared.state, &shared.keys, shared.network.id, transaction).map_err(writer::refusal)
    }

    /// Whether a transaction would be taken as the ledger stands, its clock aside.
    pub(crate) fn rehearse(&self, transaction: &Transaction) -> Result<(), Refused> {
        let mut group = Group::new(&self.shared.state);
        check_signature(&self.shared.state, &self.shared.keys, self.shared.network.id, transaction)?;
        group.take(transaction, transaction.header.id()).map(drop)
    }
}

impl Feed {
    /// Takes a block in. Submissions that are there already are passed over, so a block may come again after a crash. When
    /// this returns, all of the block is durable and can be read; the cursor follows it, never leads it.
    pub(crate) fn take(&mut self, fed: &Fed) -> Result<(), LedgerError> {
        let shared = Arc::clone(&self.shared);
        let first = shared.log.size();
        let mut block = Group::new(&shared.state);
        let mut entries = Vec::new();
        let mut bodies: Vec<(Hash, Vec<u8>)> = Vec::new();
        for submission in &fed.submissions {
            if self.is_there(&submission.transactions)? {
                continue;
            }
            let taken = self.judge(&block, submission)?;
            block.absorb(taken);
            for transaction in &submission.transactions {
                let (entry, beside) = encode_entry(transaction);
                entries.push(entry);
                bodies.extend(beside.map(|body| (transaction.header.body_root, body)));
            }
        }
        if !entries.is_empty() {
            writer::commit(&shared, &mut self.log, &bodies, &entries, Changes::of(block.into_taken(), first))?;
        }
        shared.state.follow(&fed.marks, fed.cursor, fed.trust.as_ref())
    }

    /// Whether the submission came before; one of which a part did is none that a channel takes.
    fn is_there(&self, transactions: &[Transaction]) -> Result<bool, LedgerError> {
        let mut there = 0;
        for transaction in transactions {
            there += usize::from(self.shared.state.index_of(&transaction.header.id())?.is_some());
        }
        if there > 0 && there < transactions.len() {
            return Err(LedgerError::Differs("a submission repeats a part of another".to_owned()));
        }
        Ok(there > 0)
    }

    fn judge(&self, block: &Group<'_>, submission: &Submission) -> Result<Taken, LedgerError> {
        let mut group = Group::new(block);
        for transaction in &submission.transactions {
            let id = transaction.header.id();
            let refused = |why: String| LedgerError::Differs(format!("transaction {id} was endorsed, and here {why}"));
            let checked = check_signature(&group, &self.shared.keys, self.shared.network.id, transaction);
            match checked.map_err(Refused::from).and_then(|()| group.take(transaction, id)) {
                Ok(_) => {}
                Err(Refused::State(error)) => return Err(error.into()),
                Err(Refused::Unauthentic(reason)) => return Err(refused(format!("is not authentic: {reason}"))),
                Err(Refused::Rejected(rejection)) => return Err(refused(format!("is refused: {rejection}"))),
                Err(Refused::Repeated { first }) => return Err(refused(format!("repeats transaction {first}"))),
            }
        }
        let taken = group.into_taken();
        if let Some(key) = difference(&taken.records, &submission.writes) {
            let ids: Vec<_> = taken.transactions.iter().take(3).map(TxId::to_string).collect();
            let (key, ids) = (hex::encode(key), ids.join(", "));
            return Err(LedgerError::Differs(format!("what was endorsed of transactions {ids} differs at key {key}")));
        }
        Ok(taken)
    }
}

/// A key at which two write sets differ.
fn difference<'a>(
    own: &'a std::collections::HashMap<Vec<u8>, Option<Vec<u8>>>,
    endorsed: &'a Writes,
) -> Option<&'a [u8]> {
    let missing = own.keys().find(|key| !endorsed.contains_key(*key));
    let differs = || endorsed.iter().find(|(key, value)| own.get(*key) != Some(*value)).map(|(key, _)| key);
    missing.or_else(differs).map(Vec::as_slice)
}

#[cfg(test)]
mod tests;
