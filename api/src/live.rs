//! What is told to pages that are open: cases that were raised or moved, capture jobs that went on, handoffs that were offered.
//!
//! Invariants: something is told when the view holds it, so who looks then sees it; each listener hears only what the API would show to
//! it; whoever cannot keep up, or was away for long, is told to look again instead of being kept waiting or kept in memory.

mod follow;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::sync::{broadcast, watch};
use veridose_contract::{PartyId, Role};

pub(crate) use follow::{follow, jobs_now, since};

use crate::node::Actor;

/// What a listener may be behind before it is told to look again.
const BEHIND_MAX: usize = 256;
/// Listeners of one process.
const LISTENERS_MAX: usize = 1_024;
/// Listeners of one session: pages that are in view at the same time.
const LISTENERS_PER_SESSION_MAX: usize = 8;

/// Who may hear of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// One party.
    Party(PartyId),
    /// One party, and every regulator.
    PartyAndRegulators(PartyId),
}

impl Audience {
    /// Whether a member is among them.
    pub(crate) fn has(&self, actor: &Actor) -> bool {
        match self {
            Self::Party(party) => *party == actor.party,
            Self::PartyAndRegulators(party) => *party == actor.party || actor.role == Role::Regulator,
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// `case`, `job` or `arrival`.
    pub(crate) kind: &'static str,
    /// What is told of it.
    pub(crate) data: Value,
    /// The first entry of the ledger after it, for what stands there.
    pub(crate) next: Option<u64>,
    /// To whom.
    pub(crate) audience: Audience,
}

/// What a listener hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something new, maybe not for this listener.
    News(Arc<News>),
    /// More than it could keep up with.
    TooMuch,
    /// The node stops.
    Closing,
}

/// Tells those who listen.
pub(crate) struct Live {
    /// Nothing stands for too much.
    news: broadcast::Sender<Option<Arc<News>>>,
    closing: watch::Sender<bool>,
    listening: Mutex<Listening>,
}

#[derive(Default)]
struct Listening {
    all: usize,
    sessions: BTreeMap<String, usize>,
    parties: BTreeMap<PartyId, usize>,
}

/// Somebody who listens, until dropped.
pub(crate) struct Listener {
    live: Arc<Live>,
    news: broadcast::Receiver<Option<Arc<News>>>,
    closing: watch::Receiver<bool>,
    session: String,
    party: PartyId,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(BEHIND_MAX),
            closing: watch::Sender::new(false),
            listening: Mutex::default(),
        }
    }
}

impl Live {
    /// Somebody of a session listens for a party; nobody where there are as many as there may be.
    pub(crate) fn listen(self: &Arc<Self>, session: String, party: PartyId) -> Option<Listener> {
        let mut listening = self.listening();
        let own = listening.sessions.get(&session).copied().unwrap_or_default();
        if listening.all >= LISTENERS_MAX || own >= LISTENERS_PER_SESSION_MAX {
            return None;
        }
        listening.all += 1;
        *listening.sessions.entry(session.clone()).or_default() += 1;
        *listening.parties.entry(party.clone()).or_default() += 1;
        let (news, closing) = (self.news.subscribe(), self.closing.subscribe());
        Some(Listener { live: Arc::clone(self), news, closing, session, party })
    }

    /// Ends all listening, so that it does not hold the node's end up.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// For whom somebody listens.
    fn parties(&self) -> Vec<PartyId> {
        self.listening().parties.keys().cloned().collect()
    }

    /// Whether anybody listens.
    fn is_heard(&self) -> bool {
        self.news.receiver_count() > 0
    }

    fn tell(&self, news: Option<News>) {
        // Nobody may be listening any more.
        let _ = self.news.send(news.map(Arc::new));
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().expect("no holder of the lock panics")
    }
}

impl Listener {
    /// The next that is told to anybody.
    pub(crate) async fn next(&mut self) -> Heard {
        tokio::select! {
            // The sender lives as long as this.
            _ = self.closing.wait_for(|closing| *closing) => Heard::Closing,
            news = self.news.recv() => match news {
                Ok(Some(news)) => Heard::News(news),
                Ok(None) | Err(broadcast::error::RecvError::Lagged(_)) => Heard::TooMuch,
                Err(broadcast::error::RecvError::Closed) => Heard::Closing,
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listening = self.live.listening();
        listening.all -= 1;
        leave(&mut listening.sessions, &self.session);
        leave(&mut listening.parties, &self.party);
    }
}

/// One fewer; none are not kept.
fn leave<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str) -> PartyId {
        PartyId::parse(name).expect("a party")
    }

    fn news(number: u64) -> News {
        let audience = Audience::Party(party("north-wholesale"));
        News { kind: "arrival", data: Value::Null, next: Some(number), audience }
    }

    #[test]
    fn a_session_has_so_many_listeners_and_gives_them_back() {
        let live = Arc::new(Live::default());
        let own = |_| live.listen("a".into(), party("north-wholesale"));
        let kept: Vec<_> = (0..LISTENERS_PER_SESSION_MAX).map_while(own).collect();
        assert_eq!(kept.len(), LISTENERS_PER_SESSION_MAX);
        assert!(own(0).is_none());
        assert!(live.listen("b".into(), party("north-wholesale")).is_some());
        assert_eq!(live.parties(), [party("north-wholesale")]);
        drop(kept);
        assert!(own(0).is_some());
        assert!(live.parties().is_empty() && live.listening().sessions.is_empty());
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_to_look_again_and_all_end_with_the_node() {
        let live = Arc::new(Live::default());
        let mut slow = live.listen("a".into(), party("north-wholesale")).expect("room");
        (0..=BEHIND_MAX as u64).for_each(|number| live.tell(Some(news(number))));
        assert!(matches!(slow.next().await, Heard::TooMuch));
        assert!(matches!(slow.next().await, Heard::News(news) if news.next == Some(1)));
        live.close();
        loop {
            if let Heard::Closing = slow.next().await {
                break;
            }
        }
    }

    #[test]
    fn a_case_is_for_who_raised_it_and_regulators_and_an_arrival_for_its_receiver() {
        let actor = |name: &str, role| Actor { party: party(name), role, site: None };
        let (agency, north, south) = (
            actor("medicines-agency", Role::Regulator),
            actor("north-wholesale", Role::Distributor),
            actor("south-wholesale", Role::Distributor),
        );
        let case = Audience::PartyAndRegulators(party("north-wholesale"));
        assert!(case.has(&agency) && case.has(&north) && !case.has(&south));
        let arrival = Audience::Party(party("north-wholesale"));
        assert!(!arrival.has(&agency) && arrival.has(&north) && !arrival.has(&south));
    }
}
