//! One at a time: a request of a party that comes again while the first is still under way waits for its end.
//!
//! Else the first one, refused, would discard the documents that the second is about to submit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};
use veridose_contract::{IdempotencyKey, PartyId};

type Name = (PartyId, IdempotencyKey);

/// The requests under way. There are as many as there are open connections, which are limited.
#[derive(Debug, Default, Clone)]
pub(super) struct Turns(Arc<Mutex<HashMap<Name, Arc<Turnstile<()>>>>>);

/// A request's turn; the next one's begins when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    name: Name,
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    /// Waits for the turn of the request.
    pub(super) async fn take(&self, party: &PartyId, key: &IdempotencyKey) -> Turn {
        let name = (party.clone(), *key);
        let turnstile = {
            let mut turns = self.0.lock().expect("no one panics while it holds the lock");
            Arc::clone(turns.entry(name.clone()).or_default())
        };
        Turn { turns: self.clone(), name, _guard: turnstile.lock_owned().await }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.0.lock().expect("no one panics while it holds the lock");
        // The map's and the guard's: nobody waits.
        if turns.get(&self.name).is_some_and(|turnstile| Arc::strong_count(turnstile) <= 2) {
            turns.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_nothing_is_left() {
        let (turns, party, key) = (Turns::default(), PartyId::parse("maker").expect("a name"), IdempotencyKey([1; 16]));
        let first = turns.take(&party, &key).await;
        let mut second = Box::pin(turns.take(&party, &key));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(turns.take(&party, &IdempotencyKey([2; 16])).await);
        drop(first);
        drop(second.await);
        assert!(turns.0.lock().expect("nobody panicked").is_empty());
    }
}
