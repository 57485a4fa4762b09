//! Transactions named after their place in the document.

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};
use veridose_contract::{IdempotencyKey, Rejection};
use veridose_store::{Request, StoreError};

use super::Work;
use crate::name::first_half;
use crate::node::ActError;
use crate::trade::plan::Plan;

/// How often one place may be sealed anew. Each time takes a state that moved between plan and commit, or a crash between
/// sealing and submitting, and then another plan of the same events.
const ATTEMPTS: u8 = 8;

/// What of the document a transaction holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// All of its events: how many.
    Whole(u64),
    /// All sound events of one chunk.
    Chunk {
        /// Number of its first event.
        first: u64,
        /// Its length.
        events: u64,
    },
    /// One event.
    Event(u64),
}

impl Place {
    /// How many events the place has.
    pub(super) const fn events(self) -> u64 {
        match self {
            Self::Whole(events) | Self::Chunk { events, .. } => events,
            Self::Event(_) => 1,
        }
    }

    const fn parts(self) -> (u8, u64, u64) {
        match self {
            Self::Whole(events) => (0, 1, events),
            Self::Chunk { first, events } => (1, first, events),
            Self::Event(number) => (2, number, 1),
        }
    }
}

impl Work<'_> {
    /// Whether a transaction of this place is on the ledger.
    pub(super) fn was_captured(&self, place: Place) -> Result<bool> {
        for attempt in 0..ATTEMPTS {
            if self.node.done(&self.actor.party, &self.key(place, attempt))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Submits the plan under the place's name.
    pub(super) async fn submit(&self, place: Place, plan: &Plan) -> Result<Result<(), Rejection>> {
        let mut hash = Sha256::new();
        for document in &plan.documents {
            let bytes = serde_json::to_vec(document)?;
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        }
        let sha256: [u8; 32] = hash.finalize().into();
        for attempt in 0..ATTEMPTS {
            let request = Request { key: self.key(place, attempt), sha256 };
            match self.node.act(self.actor, plan, request).await {
                Ok(_) => return Ok(Ok(())),
                Err(ActError::Rejected(rejection)) => return Ok(Err(rejection)),
                // Other documents were sealed under this name before a crash, and never submitted.
                Err(ActError::Store(StoreError::RequestConflict { .. })) => {}
                Err(other) => return Err(other.into()),
            }
        }
        bail!("the state moved {ATTEMPTS} times while {place:?} was captured; hand the document in again")
    }

    /// The same place of the same job makes the same key.
    pub(super) fn key(&self, place: Place, attempt: u8) -> IdempotencyKey {
        let (kind, first, events) = place.parts();
        let hash = Sha256::new()
            .chain_update(b"veridose capture 1\n")
            .chain_update(self.job.id.as_bytes())
            .chain_update([kind, attempt])
            .chain_update(first.to_le_bytes())
            .chain_update(events.to_le_bytes())
            .finalize();
        IdempotencyKey(first_half(hash))
    }
}
