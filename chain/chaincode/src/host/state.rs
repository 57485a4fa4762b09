//! The peer's state as the contract reads it, and what is written to it in the end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::runtime::Handle;
use veridose_contract::{StateError, StateRead, Writes};
use veridose_ledger::wire::{ENDORSERS_KEY, state_key};

use super::Refusal;
use crate::shim::{KeyPolicy, Stub};

/// The state before the transaction. Each key is asked for once: the peer's answer does not change while the
/// transaction runs.
pub(super) struct PeerState {
    runtime: Handle,
    stub: Arc<Stub>,
    seen: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
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
    /// Must be used on a thread that may block.
    pub(super) fn new(runtime: Handle, stub: Arc<Stub>) -> Self {
        Self { runtime, stub, seen: RefCell::default() }
    }

    /// Writes in the order of keys. A key that says who is a member and comes into being with it gets the network's
    /// policy, so that a later change of it needs the endorsement of a majority.
    pub(super) fn write(&self, writes: Writes) -> Result<(), Refusal> {
        let mut policy: Option<Option<KeyPolicy>> = None;
        for (key, value) in writes {
            let name = state_key(&key);
            let Some(value) = value else {
                self.runtime.block_on(self.stub.delete(&name))?;
                continue;
            };
            let guarded = veridose_contract::decides_membership(&key) && !self.contains(&key)?;
            self.runtime.block_on(self.stub.put(&name, value))?;
            if guarded {
                let policy = match &policy {
                    Some(policy) => policy,
                    None => policy.insert(self.membership_policy()?),
                };
                if let Some(policy) = policy {
                    self.runtime.block_on(self.stub.set_key_policy(&name, policy))?;
                }
            }
        }
        Ok(())
    }

    /// The policy that changes of members need, if the network has one.
    fn membership_policy(&self) -> Result<Option<KeyPolicy>, Refusal> {
        let stored = self.runtime.block_on(self.stub.get(ENDORSERS_KEY))?;
        stored.map(|bytes| KeyPolicy::decode(&bytes).map_err(Refusal::from)).transpose()
    }

    /// Records the policy, and gives it to itself: who endorses a change of it is who it names.
    pub(super) fn set_membership_policy(&self, policy: &KeyPolicy) -> Result<(), Refusal> {
        self.runtime.block_on(self.stub.put(ENDORSERS_KEY, policy.encode()))?;
        self.runtime.block_on(self.stub.set_key_policy(ENDORSERS_KEY, policy))?;
        Ok(())
    }

    /// Gives a key the policy.
    pub(super) fn guard(&self, key: &[u8], policy: &KeyPolicy) -> Result<(), Refusal> {
        self.runtime.block_on(self.stub.set_key_policy(&state_key(key), policy)).map_err(Refusal::from)
    }
}
