//! A node: the ledger, the store and the keys of the organisations it acts for, wired together.

mod act;
mod clock;
mod keys;
mod open;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use veridose_contract::PartyId;
use veridose_contract::blind::NetworkKey;
use veridose_ledger::signer::Signer;
use veridose_ledger::{Ledger, Network};
use veridose_store::Store;

pub use act::{ActError, Actor, Done, Unsigned};
pub use clock::{Clock, date_time};
pub use keys::KeyStore;
pub use open::{Parts, clock, given_passphrase, options, parts, registration};

use crate::trade::Directory;

/// How long a reader waits for the view.
const VIEW_LAG_MAX: Duration = Duration::from_secs(2);

/// Everything that a request needs.
pub struct Node {
    ledger: Ledger,
    store: Store,
    network: Network,
    network_key: NetworkKey,
    clock: Clock,
    keys: KeyStore,
    signers: RwLock<BTreeMap<PartyId, Arc<Signer>>>,
    directory: RwLock<Arc<Directory>>,
    projected: watch::Sender<u64>,
    captures: Notify,
}

impl Node {
    /// Wires the parts.
    pub fn new(
        ledger: Ledger,
        store: Store,
        network: Network,
        network_key: NetworkKey,
        clock: Clock,
        keys: KeyStore,
        signers: impl IntoIterator<Item = Signer>,
    ) -> Self {
        let signers =
            signers.into_iter().map(|signer| (signer.certificate().party.clone(), Arc::new(signer))).collect();
        Self {
            ledger,
            store,
            network,
            network_key,
            clock,
            keys,
            signers: RwLock::new(signers),
            directory: RwLock::default(),
            projected: watch::Sender::new(0),
            captures: Notify::new(),
        }
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Vault, jobs and view.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The network as founded.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The key files.
    pub const fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// Blinds names.
    pub const fn network_key(&self) -> &NetworkKey {
        &self.network_key
    }

    /// The node's clock.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The signing key of an organisation that this node acts for.
    pub fn signer(&self, party: &PartyId) -> Option<Arc<Signer>> {
        self.signers.read().expect("no writer panics while it holds the lock").get(party).cloned()
    }

    /// All signing keys.
    fn signers_now(&self) -> Vec<Arc<Signer>> {
        self.signers.read().expect("no writer panics while it holds the lock").values().cloned().collect()
    }

    /// Takes up a signing key: a new organisation, or a rotated certificate.
    pub fn add_signer(&self, signer: Signer) {
        let party = signer.certificate().party.clone();
        self.signers.write().expect("no writer panics while it holds the lock").insert(party, Arc::new(signer));
    }

    /// The members by their sites, as of the last refresh.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().expect("no writer panics while it holds the lock"))
    }

    /// Waits until the view holds all that is on the ledger at this moment, so that a client reads what it wrote; not for
    /// ever, because a view that lags must not stop reads.
    pub async fn caught_up(&self) {
        let (size, mut projected) = (self.ledger.size(), self.projected.subscribe());
        let waiting = projected.wait_for(|projected| *projected >= size);
        if tokio::time::timeout(VIEW_LAG_MAX, waiting).await.is_err() {
            tracing::warn!(size, "the view lags behind the ledger");
        }
    }

    /// How many transactions the view holds.
    pub fn projected(&self) -> u64 {
        *self.projected.borrow()
    }

    /// Tells how many transactions the view holds.
    pub(crate) fn set_projected(&self, entries: u64) {
        self.projected.send_replace(entries);
    }

    /// Rung when a captured document waits.
    pub(crate) const fn captures(&self) -> &Notify {
        &self.captures
    }

    /// Takes up the members as they stand now.
    pub fn set_directory(&self, directory: Directory) {
        *self.directory.write().expect("no writer panics while it holds the lock") = Arc::new(directory);
    }
}
