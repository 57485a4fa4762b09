//! A group of transactions that take effect together: the contract applied in order, each seeing the ones before.

use std::collections::HashMap;

use veridose_contract::{
    ApplyError, Creator, ItemKey, Rejection, StateError, StateRead, Transaction, TxId, Writes, apply,
};

use super::authenticate::{self, Refusal};
use crate::error::Unauthentic;

/// The state with the group's changes over it.
pub struct Group<'a> {
    base: &'a dyn StateRead,
    taken: Taken,
}

/// What a group changes.
#[derive(Debug, Default)]
pub struct Taken {
    /// The new value of each key, nothing for a key that is removed.
    pub records: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// The transactions in order.
    pub transactions: Vec<TxId>,
    /// Items that existed before and were changed, each with the place of the transaction in the group.
    pub touched: Vec<(ItemKey, usize)>,
}

/// Why a transaction does not join the group.
#[derive(Debug)]
pub enum Refused {
    /// It is not known to come from whom it says.
    Unauthentic(Unauthentic),
    /// The contract refused it.
    Rejected(Rejection),
    /// The request was answered before.
    Repeated {
        /// By this transaction.
        first: TxId,
    },
    /// The state could not be read; says nothing about the transaction.
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
        match self.taken.records.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.base.get(key),
        }
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StateError> {
        match self.taken.records.get(key) {
            Some(value) => Ok(value.is_some()),
            None => self.base.contains(key),
        }
    }
}

impl<'a> Group<'a> {
    /// An empty group on a state.
    pub fn new(base: &'a dyn StateRead) -> Self {
        Self { base, taken: Taken::default() }
    }

    /// Applies a transaction whose signature was checked; its place in the group, if it is taken.
    pub fn take(&mut self, transaction: &Transaction, id: TxId) -> Result<usize, Refused> {
        let creator: Creator = authenticate::check_standing(self, transaction)?;
        let outcome = match apply(self, &creator, &transaction.header, &transaction.body) {
            Ok(outcome) => outcome,
            Err(ApplyError::Rejected(rejection)) => return Err(Refused::Rejected(rejection)),
            Err(ApplyError::Repeated { first }) => return Err(Refused::Repeated { first }),
            Err(ApplyError::State(error)) => return Err(Refused::State(error)),
        };
        let place = self.taken.transactions.len();
        self.taken.records.extend(outcome.writes);
        self.taken.transactions.push(id);
        self.taken.touched.extend(outcome.touched.into_iter().map(|item| (item, place)));
        Ok(place)
    }

    /// Takes over what a group on top of this one changes.
    pub fn absorb(&mut self, taken: Taken) {
        let first = self.taken.transactions.len();
        self.taken.records.extend(taken.records);
        self.taken.transactions.extend(taken.transactions);
        self.taken.touched.extend(taken.touched.into_iter().map(|(item, place)| (item, first + place)));
    }

    /// The transactions taken so far.
    pub fn transactions(&self) -> &[TxId] {
        &self.taken.transactions
    }

    /// What the group changes.
    pub fn into_taken(self) -> Taken {
        self.taken
    }
}

impl Taken {
    /// What is written, in the order of keys.
    pub fn into_writes(self) -> Writes {
        self.records.into_iter().collect()
    }
}
