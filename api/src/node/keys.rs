//! The key files of a node, each sealed under the node's passphrase.
//!
//! `keys/vault.key` is the master key of the vault, `keys/patients.key` the root of patients' keys, `keys/network.key` blinds names, `keys/log.key` signs checkpoints,
//! `keys/issuer.key` signs tokens. `keys/<party>/` holds the authority and the signing key of each organisation that this node acts
//! for; an organisation that signs on its own side has no folder here.

mod files;
mod root;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use veridose_contract::{Certificate, Fingerprint, PartyId, Role, Site, Timestamp};
use veridose_ledger::LogKey;
use veridose_ledger::pki::{self, Authority, Issued, Passphrase, Request};
use veridose_ledger::signer::Signer;
use veridose_store::{Root, RootKeeper};
use zeroize::Zeroizing;

use super::custody::Custody;
use crate::config::Backup;
use files::Pair;
pub(crate) use files::{replace_and_wipe, write_new};
use root::RootFile;

/// Days that an authority's certificate is valid.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Days that a signing certificate is valid.
const CERTIFICATE_DAYS: i64 = 2 * 365;
/// A certificate begins this long before it is made, so that a slow clock elsewhere accepts it.
const BACKDATE_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// The root of patients' keys, and where a passphrase lies that nobody gave.
const ROOT: &str = "patients.key";
pub(super) const PASSPHRASE: &str = "passphrase";
/// Names of an organisation's files.
const AUTHORITY: &str = "ca";
const SIGNER: &str = "signer";

/// The folder of key files and what opens them.
pub struct KeyStore {
    folder: PathBuf,
    passphrase: Arc<Passphrase>,
}

impl KeyStore {
    /// The key files of a data directory.
    pub fn new(data: &Path, passphrase: Passphrase) -> Self {
        Self { folder: data.join("keys"), passphrase: Arc::new(passphrase) }
    }

    /// The secret of that name, 32 random bytes; made when the directory is new. One that is lost is not made anew: what it
    /// opened would stay shut.
    pub fn secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>> {
        let path = self.folder.join(format!("{name}.key"));
        if !path.exists() {
            self.require_new(&path)?;
            self.write(&path, &random()?[..], name)?;
        }
        let bytes = self.read(&path, name)?;
        let bytes: [u8; 32] =
            bytes.as_slice().try_into().with_context(|| format!("{} does not hold 32 bytes", path.display()))?;
        Ok(Zeroizing::new(bytes))
    }

    /// Where the root of patients' keys lies; made when the directory is new, as `first` says.
    pub fn patients_root(&self, first: impl FnOnce() -> Root) -> Result<Arc<dyn RootKeeper>> {
        let file = RootFile { path: self.folder.join(ROOT), passphrase: Arc::clone(&self.passphrase) };
        if !file.path.exists() {
            self.require_new(&file.path)?;
            write_new(&file.path, &file.seal(&first())?)?;
        }
        Ok(Arc::new(file))
    }

    /// The key backup, where places for it and its key are configured.
    pub(super) fn custody(&self, places: &Backup) -> Option<Custody> {
        let (keys, key) = (places.keys.clone()?, places.key.clone()?);
        Some(Custody::new(keys, key, Arc::clone(&self.passphrase)))
    }

    /// The files that a key backup holds, by their names in the folder: all but the root of patients' keys, which must not be anywhere
    /// else, and a passphrase that lies beside them.
    pub(super) fn backed_up(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))? {
                let path = entry?.path();
                let name =
                    path.strip_prefix(&self.folder)?.to_str().context("a key file's name is not text")?.to_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
                    && ![ROOT, PASSPHRASE].contains(&name.as_str())
                {
                    files.push((
                        name,
                        std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?,
                    ));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Writes the key files of a key backup into a folder that has none.
    pub(crate) fn restore(&self, files: &[(String, Vec<u8>)]) -> Result<()> {
        for (name, bytes) in files {
            let is_below = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            ensure!(is_below, "the key backup names a file outside of its folder: {name}");
            let text = std::str::from_utf8(bytes).with_context(|| format!("{name} in the key backup is not text"))?;
            write_new(&self.folder.join(name), text)?;
        }
        Ok(())
    }

    /// The key of that name, as `make` makes it where it is missing.
    pub fn sealed(&self, name: &str, make: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>) -> Result<Zeroizing<Vec<u8>>> {
        let path = self.folder.join(format!("{name}.key"));
        if !path.exists() {
            self.write(&path, &make()?, name)?;
        }
        self.read(&path, name)
    }

    /// The key that signs checkpoints of the log of this origin; made when the directory is new.
    pub fn log_key(&self, origin: &str) -> Result<LogKey> {
        let path = self.folder.join("log.key");
        if !path.exists() {
            self.require_new(&path)?;
            self.write(&path, LogKey::generate(origin)?.text().as_bytes(), "log")?;
        }
        let text = self.read(&path, "log")?;
        let text = std::str::from_utf8(&text).with_context(|| format!("{} holds no text", path.display()))?;
        Ok(LogKey::parse(text)?)
    }

    /// A secret may be made only before there is a ledger that was written with it.
    fn require_new(&self, path: &Path) -> Result<()> {
        let ledger = self.folder.with_file_name("ledger");
        ensure!(
            !ledger.exists(),
            "{} is missing, and {} was written with it: restore the key from a backup",
            path.display(),
            ledger.display()
        );
        Ok(())
    }

    /// Makes an organisation's authority; refuses to replace one.
    pub fn create_authority(&self, party: &PartyId, now: Timestamp) -> Result<Authority> {
        let pair = self.pair(party, AUTHORITY)?;
        if pair.exists() {
            bail!("{} has an authority in {} already", party, pair.key.display());
        }
        let authority = Authority::create(party, before(now), after(now, AUTHORITY_DAYS))?;
        self.keep(&pair, &authority.key(), authority.der(), &format!("{party} authority"), now)?;
        Ok(authority)
    }

    /// An organisation's authority, made where there is none.
    pub fn authority_or_new(&self, party: &PartyId, now: Timestamp) -> Result<Authority> {
        if self.pair(party, AUTHORITY)?.exists() { self.authority(party) } else { self.create_authority(party, now) }
    }

    /// An organisation's authority.
    pub fn authority(&self, party: &PartyId) -> Result<Authority> {
        let pair = self.pair(party, AUTHORITY)?;
        let key = self.read(&pair.key, &format!("{party} authority"))?;
        Ok(Authority::load(party, &key, &read_pem(&pair.pem)?)?)
    }

    /// Issues a certificate with a new key and keeps both as the organisation's current ones, the older ones beside.
    pub fn issue(&self, party: &PartyId, role: Role, site: Option<Site>, now: Timestamp) -> Result<Signer> {
        let request = Request { role, site, not_before: before(now), not_after: after(now, CERTIFICATE_DAYS) };
        let Issued { certificate, key } = self.authority(party)?.issue(&request)?;
        self.keep(&self.pair(party, SIGNER)?, &key, &certificate.der, &format!("{party} signer"), now)?;
        Ok(Signer::new(&key, certificate)?)
    }

    /// The organisation's current signing key.
    pub fn signer(&self, party: &PartyId) -> Result<Signer> {
        let pair = self.pair(party, SIGNER)?;
        let key = self.read(&pair.key, &format!("{party} signer"))?;
        let certificate = self.certificate(party, &read_pem(&pair.pem)?)?;
        Ok(Signer::new(&key, certificate)?)
    }

    /// Which certificate is the organisation's current one; unlocks nothing.
    pub fn fingerprint(&self, party: &PartyId) -> Result<Fingerprint> {
        Ok(pki::fingerprint(&read_pem(&self.pair(party, SIGNER)?.pem)?))
    }

    fn certificate(&self, party: &PartyId, der: &[u8]) -> Result<Certificate> {
        let authority = pki::AuthorityCertificate::parse(&read_pem(&self.pair(party, AUTHORITY)?.pem)?)?;
        Ok(pki::check(der, &authority, party)?.certificate)
    }

    /// The organisations whose signing keys are here.
    pub fn parties(&self) -> Result<Vec<PartyId>> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let mut parties = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if let Some(party) = entry.file_name().to_str().and_then(|name| PartyId::parse(name).ok())
                && self.pair(&party, SIGNER)?.exists()
            {
                parties.push(party);
            }
        }
        parties.sort();
        Ok(parties)
    }

    fn pair(&self, party: &PartyId, name: &str) -> Result<Pair> {
        Pair::at(&self.folder.join(party.as_str()), name)
    }

    fn keep(&self, pair: &Pair, key: &[u8], certificate: &[u8], purpose: &str, now: Timestamp) -> Result<()> {
        pair.keep(&pki::seal(key, purpose, &self.passphrase)?, &pki::to_pem(certificate), now.0)
    }

    fn write(&self, path: &Path, secret: &[u8], purpose: &str) -> Result<()> {
        write_new(path, &pki::seal(secret, purpose, &self.passphrase)?)
    }

    fn read(&self, path: &Path, purpose: &str) -> Result<Zeroizing<Vec<u8>>> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("failed to read the key {}", path.display()))?;
        pki::open(&text, purpose, &self.passphrase).with_context(|| format!("failed to unlock {}", path.display()))
    }
}

/// 32 random bytes.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which chance comes in")]
pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    Ok(bytes)
}

fn read_pem(path: &Path) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(pki::parse_pem(&text)?)
}

fn before(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(BACKDATE_MS) / 1_000 * 1_000)
}

fn after(now: Timestamp, days: i64) -> Timestamp {
    Timestamp(now.0.saturating_add(days.saturating_mul(DAY_MS)) / 1_000 * 1_000)
}
