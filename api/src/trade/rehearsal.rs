//! Commands tried on a private copy of the state.

use std::collections::BTreeMap;

use veridose_contract::{
    ApplyError, Body, Command, Commitment, Creator, Fingerprint, Header, IdempotencyKey, NetworkId, Rejection,
    StateError, StateRead, Timestamp, apply,
};

use super::plan::{Desk, Draft, Plan};

/// The state as it would stand after the plans tried so far.
pub struct Rehearsal<'a> {
    base: &'a dyn StateRead,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    tried: u64,
}

impl StateRead for Rehearsal<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.writes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.base.get(key),
        }
    }
}

impl<'a> Rehearsal<'a> {
    /// Begins on the state as it stands.
    pub fn new(base: &'a dyn StateRead) -> Self {
        Self { base, writes: BTreeMap::new(), tried: 0 }
    }

    /// Tries a plan at the time that its transaction would carry. What it would write is kept if it passes; a refusal
    /// leaves nothing.
    pub fn attempt(
        &mut self,
        creator: &Creator,
        time: Timestamp,
        plan: &Plan,
    ) -> Result<Result<(), Rejection>, StateError> {
        let body = Body { commands: plan.drafts.iter().map(|draft| command(draft, Commitment([0; 32]))).collect() };
        // The name is never submitted; each try has its own so that none is taken for a repeat of another.
        let mut name = *b"rehearsal\0\0\0\0\0\0\0";
        name[9..].copy_from_slice(&self.tried.to_be_bytes()[1..]);
        self.tried += 1;
        let header = Header {
            version: Header::VERSION,
            network: network(self)?,
            idempotency_key: IdempotencyKey(name),
            time,
            creator: creator.fingerprint,
            body_root: [0; 32],
        };
        match apply(self, creator, &header, &body) {
            Ok(outcome) => {
                self.writes.extend(outcome.writes);
                Ok(Ok(()))
            }
            Err(ApplyError::Rejected(rejection)) => Ok(Err(rejection)),
            Err(ApplyError::State(error)) => Err(error),
            Err(ApplyError::Repeated { .. }) => unreachable!("each try has a name of its own"),
        }
    }

    /// Whether a plan would pass right now, for the caller at the desk.
    pub(super) fn lawful(&mut self, desk: &Desk<'_>, plan: &Plan) -> Result<bool, StateError> {
        let creator =
            Creator { party: desk.caller.clone(), role: desk.role, site: None, fingerprint: Fingerprint([0; 32]) };
        Ok(self.attempt(&creator, desk.now, plan)?.is_ok())
    }
}

fn network(state: &dyn StateRead) -> Result<NetworkId, StateError> {
    Ok(veridose_contract::read::network(state)?.map_or(NetworkId([0; 16]), |network| network.id))
}

/// The command that a draft becomes once its document has a commitment.
pub fn command(draft: &Draft, payload: Commitment) -> Command {
    Command {
        action: draft.action.clone(),
        happened: draft.happened,
        site: draft.site,
        payload,
        items: draft.items.clone(),
    }
}
