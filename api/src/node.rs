//! A node: the ledger, the store and the keys of the organisations it acts for, wired together.

mod act;
mod clock;
mod custody;
mod erase;
mod frozen;
mod keys;
mod open;
mod turns;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use veridose_contract::PartyId;
use veridose_contract::blind::NetworkKey;
use veridose_ledger::signer::Signer;
use veridose_ledger::{Ledger, Network};
use veridose_store::Store;
use veridose_workers::Projector;

pub use act::{ActError, Actor, Done, Unsigned};
pub use clock::{Clock, date_time};
pub use custody::{Custody, open_key_backup};
pub use frozen::Frozen;
pub use keys::KeyStore;
pub(crate) use keys::{random, write_new};
#[cfg(feature = "fabric")]
pub(crate) use open::fabric_settings;
pub use open::{Parts, clock, given_passphrase, keys, options, parts, registering, registration};

use crate::access::CredentialIssuers;
use crate::access::anchor::Failing;
use crate::config::{Config, Detection, Patients, Webhooks};
use crate::live::Live;
use crate::trade::Directory;
use crate::watch::{LastInUse, Recorder};
use turns::Turns;

/// How long a reader waits for the view.
const VIEW_LAG_MAX: Duration = Duration::from_secs(2);

/// Everything that a request needs.
pub struct Node {
    ledger: Arc<Ledger>,
    store: Store,
    projector: Projector,
    network: Network,
    network_key: NetworkKey,
    clock: Clock,
    keys: KeyStore,
    signers: RwLock<BTreeMap<PartyId, Arc<Signer>>>,
    directory: RwLock<Arc<Directory>>,
    captures: Arc<Notify>,
    jobs: Arc<Notify>,
    scans: Recorder,
    live: Arc<Live>,
    detector: LastInUse,
    data: PathBuf,
    detection: Detection,
    webhooks: Webhooks,
    patients: Patients,
    credential_issuers: CredentialIssuers,
    custody: Option<Custody>,
    anchoring: Failing,
    turns: Turns,
}

impl Node {
    /// Wires the parts; `projector` is that of the ledger and the store.
    #[expect(clippy::too_many_arguments, reason = "each part of a node once")]
    pub fn new(
        ledger: Arc<Ledger>,
        store: Store,
        projector: Projector,
        network: Network,
        network_key: NetworkKey,
        clock: Clock,
        keys: KeyStore,
        signers: impl IntoIterator<Item = Signer>,
        config: &Config,
        credential_issuers: CredentialIssuers,
    ) -> Self {
        let signers =
            signers.into_iter().map(|signer| (signer.certificate().party.clone(), Arc::new(signer))).collect();
        let custody = keys.custody(&config.backup);
        Self {
            ledger,
            store,
            projector,
            network,
            network_key,
            clock,
            keys,
            signers: RwLock::new(signers),
            directory: RwLock::default(),
            captures: Arc::default(),
            jobs: Arc::default(),
            scans: Recorder::default(),
            live: Arc::default(),
            detector: LastInUse::default(),
            data: config.data.clone(),
            detection: config.detection.clone(),
            webhooks: config.webhooks,
            patients: config.patients.clone(),
            credential_issuers,
            custody,
            anchoring: Failing::default(),
            turns: Turns::default(),
        }
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Vault, jobs and view.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Makes the view, and tells how far it is.
    pub const fn projector(&self) -> &Projector {
        &self.projector
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

    /// The organisations that this node signs for.
    pub fn parties(&self) -> Vec<PartyId> {
        self.signers.read().expect("no writer panics while it holds the lock").keys().cloned().collect()
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
        let Some(last) = self.ledger.size().checked_sub(1) else { return };
        if !self.projector.wait_for(last, VIEW_LAG_MAX).await {
            tracing::warn!(lag = self.projector.progress().lag(), "the view lags behind the ledger");
        }
    }

    /// Rung when a captured document waits.
    pub(crate) const fn captures(&self) -> &Arc<Notify> {
        &self.captures
    }

    /// Rung when a job of the queue waits.
    pub(crate) const fn jobs(&self) -> &Arc<Notify> {
        &self.jobs
    }

    /// Takes verifications for detection.
    pub(crate) const fn scans(&self) -> &Recorder {
        &self.scans
    }

    /// Tells pages that are open what is new.
    pub(crate) const fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The detector that cases are judged by.
    pub(crate) const fn detector(&self) -> &LastInUse {
        &self.detector
    }

    /// The directory in which everything lies.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// How those are told who subscribed to cases.
    pub const fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Patients' affairs.
    pub const fn patients(&self) -> &Patients {
        &self.patients
    }

    /// Whether accesses to patients' data reach the ledger.
    pub(crate) const fn anchoring(&self) -> &Failing {
        &self.anchoring
    }

    /// Who says of persons what they are.
    pub(crate) const fn credential_issuers(&self) -> &CredentialIssuers {
        &self.credential_issuers
    }

    /// The key backup, where a place for it is configured.
    pub const fn custody(&self) -> Option<&Custody> {
        self.custody.as_ref()
    }

    /// Takes up what other processes erased, and has the key backup follow: written anew under a new key where keys of patients were
    /// destroyed since. False where no place for one is configured.
    pub async fn follow_erasures(&self) -> anyhow::Result<bool> {
        let destroyed = self.store.vault.follow_erasures().await?;
        let Some(custody) = &self.custody else { return Ok(false) };
        custody.follow(&self.store, &self.keys, destroyed).await?;
        Ok(true)
    }

    /// How the trade is watched.
    pub const fn detection(&self) -> &Detection {
        &self.detection
    }

    /// Takes up the members as they stand now.
    pub fn set_directory(&self, directory: Directory) {
        *self.directory.write().expect("no writer panics while it holds the lock") = Arc::new(directory);
    }
}
