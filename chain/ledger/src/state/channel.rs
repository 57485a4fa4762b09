//! What only the replica of a channel has: how far it is, and where on the channel its transactions stand. It goes with the
//! state when that is made anew, and comes again from the channel.

use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::TxId;

use super::{CHANNEL, StateStore, prefixed, sealed, unsealed};
use crate::LedgerError;
use crate::log::Hash;

/// How far a replica has come on its channel. It may lie behind the state, never ahead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Cursor {
    /// The last block that was taken in.
    pub(crate) block: u64,
    /// Hash of its header.
    pub(crate) hash: Hash,
}

/// Where on a channel a transaction stands.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Mark {
    pub(crate) block: u64,
    /// The place in it.
    pub(crate) place: u32,
    /// The channel's own name for the transaction that brought it, maybe with others.
    pub(crate) tx_id: String,
}

const CURSOR: &[u8] = &[CHANNEL];
/// Who may speak on the channel, as of the cursor's block.
const TRUST: &[u8] = &[CHANNEL, b't'];

impl StateStore {
    /// The last block that is wholly in the state.
    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, LedgerError> {
        self.of_channel(CURSOR)
    }

    /// Where on the channel a transaction stands.
    pub(crate) fn mark(&self, id: &TxId) -> Result<Option<Mark>, LedgerError> {
        self.of_channel(&prefixed(CHANNEL, id.as_bytes()))
    }

    /// Who may speak on the channel, as the follower keeps it.
    pub(crate) fn trust(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        self.of_channel(TRUST)
    }

    /// Writes where a block's transactions stand and, where one is given, that the block is wholly in the state; with it,
    /// who may speak from then on, if that changed.
    pub(crate) fn follow(
        &self,
        marks: &[(TxId, Mark)],
        cursor: Option<Cursor>,
        trust: Option<&Vec<u8>>,
    ) -> Result<(), LedgerError> {
        let mut batch = self.database.batch();
        for (id, mark) in marks {
            let key = prefixed(CHANNEL, id.as_bytes());
            let value = sealed(&key, encode(mark));
            batch.insert(&self.keyspace, key, value);
        }
        if let Some(trust) = trust {
            batch.insert(&self.keyspace, TRUST, sealed(TRUST, encode(trust)));
        }
        if let Some(cursor) = cursor {
            batch.insert(&self.keyspace, CURSOR, sealed(CURSOR, encode(&cursor)));
        }
        batch.commit()?;
        Ok(())
    }

    fn of_channel<T: BorshDeserialize>(&self, key: &[u8]) -> Result<Option<T>, LedgerError> {
        let Some(bytes) = self.keyspace.get(key)? else { return Ok(None) };
        let read = borsh::from_slice(unsealed(key, &bytes)?);
        read.map(Some).map_err(|error| LedgerError::damaged("what the state says of the channel", error.to_string()))
    }
}

fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a Vec does not fail")
}
