//! The peer's state as the contract reads it, and what is written to it in the end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::runtime::Handle;
use veridose_contract::{ItemKey, StateError, StateRead, Writes};
use veridose_ledger::wire::{ENDORSERS_KEY, state_key};

use super::Refusal;
use super::endorsers::Endorsers;
use crate::shim::{KeyPolicy, ShimError, Stub};

/// The state before the transaction. Each key is asked for once: the peer's answer does not change while the
/// transaction runs.
pub(super) struct PeerState {
    runtime: Handle,
    stub: Arc<Stub>,
    seen: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
}

/// A key of the contract, and the value that stands under it.
pub(super) type Pair = (Vec<u8>, Option<Vec<u8>>);

/// What a function does if it is endorsed.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) answer: Vec<u8>,
    /// In the order of keys.
    writes: Vec<(String, Option<Vec<u8>>)>,
    /// Keys that get a policy.
    guarded: Vec<String>,
    policy: Option<KeyPolicy>,
}

impl StateRead for PeerState {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        if let Some(value) = self.seen.borrow().get(key) {
            return Ok(value.clone());
        }
        let value = self.runtime.block_on(self.stub.get(&state_key(key))).map_err(StateError::new)?;
        self.seen.borrow_mut().insert(key.to_vec(), value.clone());
        Ok(value)
    }
}

impl PeerState {
    /// Must be used on a thread that may block, but for [`Self::fetch`].
    pub(super) fn new(runtime: Handle, stub: Arc<Stub>) -> Self {
        Self { runtime, stub, seen: RefCell::default() }
    }

    /// Reads items that the contract is about to ask for. It would read them itself, but each answer would then have to
    /// wake a thread: for thousands of items that takes longer than the peer does.
    pub(super) async fn fetch(mut self, items: impl Iterator<Item = ItemKey>) -> Result<Self, ShimError> {
        for item in items {
            let key = veridose_contract::item_key(&item);
            if !self.seen.get_mut().contains_key(&key) {
                let value = self.stub.get(&state_key(&key)).await?;
                self.seen.get_mut().insert(key, value);
            }
        }
        Ok(self)
    }

    /// Reads many keys, again without a thread that is woken for each.
    pub(super) fn read_all(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Pair>, Refusal> {
        let stub = Arc::clone(&self.stub);
        let read = async move {
            let mut pairs = Vec::with_capacity(keys.len());
            for key in keys {
                let value = stub.get(&state_key(&key)).await?;
                pairs.push((key, value));
            }
            Ok::<_, ShimError>(pairs)
        };
        let read = self.runtime.block_on(self.runtime.spawn(read));
        Ok(read.map_err(|error| Refusal::State(error.to_string()))??)
    }

    /// Shows the contract a record, or that there is none, as if the peer had said so.
    pub(super) fn show(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.seen.borrow_mut().insert(key, value);
    }

    /// What was read or shown so far.
    pub(super) fn seen(&self) -> HashMap<Vec<u8>, Option<Vec<u8>>> {
        self.seen.borrow().clone()
    }

    /// A record of the host's own.
    pub(super) fn host_record(&self, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        self.runtime.block_on(self.stub.get(key))
    }

    /// What writes the network's record, with which it begins.
    pub(super) fn begin(&self, answer: Vec<u8>, network: Vec<u8>) -> Result<Effect, Refusal> {
        let name = state_key(&veridose_contract::network_key());
        let writes = vec![(name.clone(), Some(network))];
        Ok(Effect { answer, writes, guarded: vec![name], policy: self.membership_policy()? })
    }

    /// What writes the contract's changes. A key that says who is a member and comes into being with it gets the network's
    /// policy, so that a later change of it needs the endorsement of a majority.
    pub(super) fn effect(&self, answer: Vec<u8>, changes: Writes) -> Result<Effect, Refusal> {
        let mut effect = Effect { answer, ..Effect::default() };
        for (key, value) in changes {
            let name = state_key(&key);
            if value.is_some() && veridose_contract::decides_membership(&key) && !self.contains(&key)? {
                effect.guarded.push(name.clone());
            }
            effect.writes.push((name, value));
        }
        if !effect.guarded.is_empty() {
            effect.policy = self.membership_policy()?;
        }
        Ok(effect)
    }

    /// The policy that changes of members need, if the network has one.
    fn membership_policy(&self) -> Result<Option<KeyPolicy>, Refusal> {
        let found = self.host_record(ENDORSERS_KEY)?;
        found.map(|bytes| Ok(Endorsers::decode(&bytes)?.policy())).transpose()
    }
}

impl Effect {
    /// With nothing to write.
    pub(super) fn answer(answer: Vec<u8>) -> Self {
        Self { answer, ..Self::default() }
    }

    /// Writes a record of the host's own, after the contract's.
    pub(super) fn put(&mut self, key: &str, value: Option<Vec<u8>>) {
        self.writes.push((key.to_owned(), value));
    }

    /// Records who endorses changes of members, and guards that by it: who endorses a change of it is who it names.
    pub(super) fn guard(&mut self, endorsers: &Endorsers) {
        self.put(ENDORSERS_KEY, Some(endorsers.encode()));
        self.guarded.push(ENDORSERS_KEY.to_owned());
        self.policy = Some(endorsers.policy());
    }

    /// Gives keys that stand another policy.
    pub(super) fn only_guard(answer: Vec<u8>, guarded: Vec<String>, policy: KeyPolicy) -> Self {
        Self { answer, guarded, policy: Some(policy), ..Self::default() }
    }

    /// Writes, and gives what is to be answered.
    pub(super) async fn write(self, stub: &Stub) -> Result<Vec<u8>, ShimError> {
        for (key, value) in self.writes {
            match value {
                Some(value) => stub.put(&key, value).await?,
                None => stub.delete(&key).await?,
            }
        }
        if let Some(policy) = self.policy {
            for key in self.guarded {
                stub.set_key_policy(&key, &policy).await?;
            }
        }
        Ok(self.answer)
    }
}
