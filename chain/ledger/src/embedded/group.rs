//! A group of transactions that become durable together: the contract applied in order, each seeing the ones before.

use veridose_contract::{ApplyError, Creator, Rejection, StateError, StateRead, Transaction, TxId, apply};

use super::authenticate::{self, Refusal};
use crate::error::Unauthentic;
use crate::state::{Changes, StateStore};

/// The state with the group's changes over it.
pub(crate) struct Group<'a> {
    base: &'a StateStore,
    changes: Changes,
    next: u64,
}

/// Why a transaction does not join the group.
#[derive(Debug)]
pub(crate) enum Refused {
    Unauthentic(Unauthentic),
    Rejected(Rejection),
    /// It repeats the transaction that stands at `index`.
    Repeated {
        index: u64,
        first: TxId,
    },
    State(StateError),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthentic(reason) => Self::Unauthentic(reason),
            Refusal::State(error) => Self::State(error),
        }
    }
}

impl From<StateError> for Refused {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl StateRead for Group<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.changes.records.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.base.get(key),
        }
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StateError> {
        match self.changes.records.get(key) {
            Some(value) => Ok(value.is_some()),
            None => self.base.contains(key),
        }
    }
}

impl<'a> Group<'a> {
    /// A group whose first transaction will have the index `next`.
    pub(crate) fn new(base: &'a StateStore, next: u64) -> Self {
        Self { base, changes: Changes::default(), next }
    }

    /// Applies a transaction whose signature was checked; its index, if it is taken.
    pub(crate) fn take(&mut self, transaction: &Transaction, id: TxId) -> Result<u64, Refused> {
        let creator: Creator = authenticate::check_standing(self, transaction)?;
        let outcome = match apply(self, &creator, &transaction.header, &transaction.body) {
            Ok(outcome) => outcome,
            Err(ApplyError::Rejected(rejection)) => return Err(Refused::Rejected(rejection)),
            Err(ApplyError::Repeated { first }) => return Err(self.repeated(first)?),
            Err(ApplyError::State(error)) => return Err(Refused::State(error)),
        };
        let index = self.next;
        self.next += 1;
        self.changes.records.extend(outcome.writes);
        self.changes.transactions.push((id, index));
        self.changes.touched.extend(outcome.touched.into_iter().map(|item| (item, index)));
        Ok(index)
    }

    fn repeated(&self, first: TxId) -> Result<Refused, StateError> {
        let here = self.changes.transactions.iter().find(|(id, _)| *id == first).map(|(_, index)| *index);
        let index = match here {
            Some(index) => Some(index),
            None => self.base.index_of(&first).map_err(StateError::new)?,
        };
        let index = index.ok_or_else(|| StateError::new(format!("transaction {first} has no place in the log")))?;
        Ok(Refused::Repeated { index, first })
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.changes
    }
}
