//! Opening a node on its data directory: what is missing is made, what is there is taken up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use veridose_contract::blind::NetworkKey;
use veridose_contract::{
    Action, Certificate, Command, Commitment, IdempotencyKey, NetworkId, PartyId, Timestamp, Transaction, read,
};
#[cfg(feature = "fabric")]
use veridose_ledger::fabric::Fabric;
use veridose_ledger::pki::Passphrase;
use veridose_ledger::signer::{Signer, prepare};
use veridose_ledger::{Embedded, Ledger, LogKey, Network, Options, SubmitError};
use veridose_store::{Claim, Founding, MasterKey, Root, Store};
use veridose_workers::Projector;
use zeroize::Zeroizing;

use super::keys::{random, write_new};
use super::{Clock, Frozen, KeyStore, Node};
use crate::access::CredentialIssuers;
use crate::backup;
use crate::config::{Config, LedgerKind};
use crate::found::{found, network_file, trial_members};
use crate::name::first_half;

/// The environment variable that holds the passphrase of the key files.
const PASSPHRASE: &str = "VERIDOSE_PASSPHRASE";
/// The environment variable that names a file which holds it.
const PASSPHRASE_FILE: &str = "VERIDOSE_PASSPHRASE_FILE";

/// The parts of a node that the commands which need no server also use.
pub struct Parts {
    /// The network as founded.
    pub network: Network,
    /// The key files.
    pub keys: KeyStore,
    /// The log's key.
    pub log_key: LogKey,
}

/// Unlocks the keys of a data directory and reads its network file. An empty directory becomes a trial network of invented
/// members, whose keys all lie in it.
pub fn parts(config: &Config) -> Result<Parts> {
    let keys = keys(config)?;
    let path = network_file(&config.data);
    let network = if path.exists() {
        let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        Network::parse(&text).with_context(|| format!("failed to read {}", path.display()))?
    } else {
        tracing::warn!(data = %config.data.display(), "no network.toml: founding a trial network of invented members");
        found(&config.data, &keys, "Veridose trial", &trial_members(), clock(config).now())?
    };
    let log_key = keys.log_key(&network.origin)?;
    Ok(Parts { network, keys, log_key })
}

/// Unlocks the key files of a data directory, which is made where it is missing.
pub fn keys(config: &Config) -> Result<KeyStore> {
    create_private(&config.data)?;
    Ok(KeyStore::new(&config.data, passphrase(&config.data)?))
}

/// The node's clock.
pub fn clock(config: &Config) -> Clock {
    Clock::shifted(config.clock.shift_seconds.saturating_mul(1_000))
}

/// Options of the embedded ledger on the node's clock.
pub fn options(config: &Config) -> Options {
    let clock = clock(config);
    Options::new(Arc::new(move || clock.now()))
}

impl Node {
    /// Opens the node of this configuration.
    pub async fn open(config: &Config) -> Result<Arc<Self>> {
        backup::refuse_unfinished(&config.data)?;
        let Parts { network, keys, log_key } = parts(config)?;
        let signers = keys.parties()?.iter().map(|party| keys.signer(party)).collect::<Result<Vec<_>>>()?;
        let network_key = NetworkKey::new(&*keys.secret("network")?);
        let master = MasterKey::new(keys.secret("vault")?);
        let root = keys.patients_root(Root::first)?;
        let ledger = open_ledger(config, network.clone(), log_key).await.context("failed to open the ledger")?;
        let founding = Founding {
            network: network.id,
            members: network.genesis.members.clone(),
            threshold: network.genesis.admit_threshold,
        };
        let store =
            Store::open(&config.database_url(), master, root, founding).await.context("failed to open the database")?;
        let store = store.named(node_name(&config.data)?);
        let destroyed = super::erase::replay(&ledger, &store).await.context("failed to replay erasures")?;
        if destroyed > 0 {
            tracing::warn!(destroyed, "keys of erased patients were here still, and are destroyed");
        }
        let ledger = Arc::new(ledger);
        let projector = Projector::new(Arc::clone(&ledger), store.clone()).await.context("failed to read the view")?;
        let issuers = CredentialIssuers::read(&config.patients.credential_issuers)?;
        let clock = clock(config);
        let node = Self::new(ledger, store, projector, network, network_key, clock, keys, signers, config, issuers);
        node.register_certificates().await?;
        if let Some(restored) = backup::restored_to(&config.data)? {
            tracing::warn!(
                entries = restored.entries,
                "this ledger goes on from a backup: who has seen a longer one will call it a fork"
            );
        }
        // What was erased stays readable in the key backup until it is written anew, so this is not put off for long.
        if let Err(error) = node.follow_erasures().await {
            tracing::error!(error = format!("{error:#}"), "the key backup cannot be written now");
        }
        Ok(Arc::new(node))
    }

    /// Asks for the SQL view at the start of a process. Another process may have it where the ledger is shared.
    pub async fn take_view(&self) -> Result<bool> {
        let is_ours = self.projector().claim(Claim::Start).await.context("failed to take the view")?;
        if !is_ours && !self.ledger().is_shared() {
            let other = self.store().projection.owner().await?.unwrap_or_default();
            bail!(
                "another process, {other}, works on this database: with the embedded ledger there can be only one; \
                 stop it, or run all of them on a Fabric channel with --ledger fabric"
            );
        }
        Ok(is_ours)
    }

    /// Takes up what changed among the key files since: rotated certificates, and keys of organisations that came. A certificate is
    /// registered before anything is signed with it. Returns the organisations that sign with another key now.
    pub async fn take_up_keys(self: &Arc<Self>) -> Result<Vec<PartyId>> {
        let node = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || node.changed_signers()).await??;
        let mut taken_up = Vec::with_capacity(changed.len());
        for signer in changed {
            let party = signer.certificate().party.clone();
            self.register_if_member(&signer).await?;
            self.add_signer(signer);
            tracing::info!(party.id = %party, "signs with another certificate from now on");
            taken_up.push(party);
        }
        // Also of an organisation that was admitted since its key was taken up.
        self.register_certificates().await?;
        Ok(taken_up)
    }

    /// The signing keys whose certificate is not the one that is held. Only those are unlocked.
    fn changed_signers(&self) -> Result<Vec<Signer>> {
        let mut changed = Vec::new();
        for party in self.keys().parties()? {
            let current = self.keys().fingerprint(&party)?;
            if self.signer(&party).is_none_or(|held| held.fingerprint() != current) {
                changed.push(self.keys().signer(&party)?);
            }
        }
        Ok(changed)
    }

    /// Registers the certificates of this node's organisations that the ledger does not know yet; each registers itself.
    async fn register_certificates(&self) -> Result<()> {
        let parties: Vec<_> = self.signers_now();
        for signer in parties {
            self.register_if_member(&signer).await?;
        }
        Ok(())
    }

    /// Registers a certificate that the ledger does not know yet, of an organisation that is a member.
    async fn register_if_member(&self, signer: &Signer) -> Result<()> {
        let known = read::certificate(&self.ledger().state(), &signer.fingerprint())?;
        let member = read::party(&self.ledger().state(), &signer.certificate().party)?;
        if known.is_none() && member.is_some() {
            self.register_certificate(signer).await?;
        }
        Ok(())
    }

    /// Registers one certificate by a transaction that it signs itself.
    pub async fn register_certificate(&self, signer: &Signer) -> Result<()> {
        let transaction = registration(signer, self.network().id, self.clock().now())?;
        let name = signer.fingerprint();
        match self.ledger().submit(transaction).await {
            // Another node of this organisation did so at the same moment.
            Err(SubmitError::Rejected(_)) if read::certificate(&self.ledger().state(), &name)?.is_some() => Ok(()),
            done => done.map(drop).with_context(|| format!("failed to register the certificate {name}")),
        }
    }
}

/// What this node is called among those that work on one database; made at the first start.
fn node_name(data: &Path) -> Result<String> {
    let path = data.join("node.name");
    if !path.exists() {
        write_new(&path, &uuid::Uuid::new_v4().to_string())?;
    }
    std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
}

/// Opens the ledger that the configuration names.
async fn open_ledger(config: &Config, network: Network, log_key: LogKey) -> Result<Ledger> {
    let (folder, options) = (config.data.join("ledger"), options(config));
    match config.ledger.kind {
        LedgerKind::Embedded => {
            anyhow::ensure!(
                Frozen::read(&config.data)?.is_none(),
                "this ledger was closed to move to a channel: serve it with --ledger fabric, or give the migration up with \
                 `veridose ledger migrate cancel`"
            );
            let open = move || Embedded::open(&folder, network, log_key, options);
            Ok(Ledger::Embedded(tokio::task::spawn_blocking(open).await??))
        }
        #[cfg(feature = "fabric")]
        LedgerKind::Fabric => {
            let settings = fabric_settings(&config.ledger)?;
            Ok(Ledger::Fabric(Fabric::open(&folder, network, log_key, options, &settings).await?))
        }
        #[cfg(not(feature = "fabric"))]
        LedgerKind::Fabric => anyhow::bail!("this program was built without Fabric: build it with --features fabric"),
    }
}

#[cfg(feature = "fabric")]
/// How the channel is reached that the configuration names.
pub(crate) fn fabric_settings(ledger: &crate::config::Ledger) -> Result<veridose_ledger::fabric::Settings> {
    let profile = ledger.profile.clone().context("ledger.profile is missing")?;
    let beside = |name: &str| profile.with_file_name("users").join("client").join(name);
    Ok(veridose_ledger::fabric::Settings {
        channel: ledger.channel.clone(),
        chaincode: ledger.chaincode.clone(),
        certificate: ledger.certificate.clone().unwrap_or_else(|| beside("cert.pem")),
        key: ledger.key.clone().unwrap_or_else(|| beside("key.pem")),
        stale_max: std::time::Duration::from_secs(ledger.stale_seconds_max),
        profile,
    })
}

/// The transaction by which a certificate registers itself.
pub fn registration(signer: &Signer, network: NetworkId, now: Timestamp) -> Result<Transaction> {
    let (key, command) = registering(signer.certificate().clone(), now);
    Ok(prepare(signer, network, key, now, vec![command])?)
}

/// The command by which a certificate registers itself, and the name of its transaction.
pub fn registering(certificate: Certificate, now: Timestamp) -> (IdempotencyKey, Command) {
    let name = certificate.fingerprint;
    let command = Command {
        action: Action::RegisterCertificate(certificate),
        happened: now,
        site: None,
        // The certificate itself is the document, and it stands in the command.
        payload: Commitment(name.0),
        items: Vec::new(),
    };
    (IdempotencyKey(first_half(name.0)), command)
}

/// The passphrase from the environment, from a file that it names, or from the data directory.
pub fn given_passphrase(data: &Path) -> Result<Option<Passphrase>> {
    if std::env::var_os(PASSPHRASE).is_some() {
        return Ok(Some(Passphrase::from_env(PASSPHRASE)?));
    }
    if let Some(file) = std::env::var_os(PASSPHRASE_FILE) {
        return Ok(Some(Passphrase::from_file(Path::new(&file))?));
    }
    let kept = kept_passphrase(data);
    if kept.exists() { Ok(Some(Passphrase::from_file(&kept)?)) } else { Ok(None) }
}

/// The given passphrase. One that nobody gave is made and kept beside the keys: that protects nothing against a thief of the
/// whole directory, which the log says.
fn passphrase(data: &Path) -> Result<Passphrase> {
    if let Some(given) = given_passphrase(data)? {
        return Ok(given);
    }
    let file = kept_passphrase(data);
    tracing::warn!(file = %file.display(), "no {PASSPHRASE} given: made one and kept it beside the keys");
    write_new(&file, &Zeroizing::new(hex::encode(&random()?[..])))?;
    Ok(Passphrase::from_file(&file)?)
}

fn kept_passphrase(data: &Path) -> PathBuf {
    data.join("keys").join(super::keys::PASSPHRASE)
}

/// Makes a directory that only its owner reads.
fn create_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("failed to create the data directory {}", folder.display()))
}
