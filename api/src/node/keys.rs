//! The key files of a node, each sealed under the node's passphrase.
//!
//! `keys/vault.key` is the master key of the vault, `keys/network.key` blinds names, `keys/log.key` signs checkpoints,
//! `keys/issuer.key` signs tokens. `keys/<party>/` holds the authority and the signing key of each organisation that this node acts
//! for; an organisation that signs on its own side has no folder here.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use veridose_contract::{Certificate, Fingerprint, PartyId, Role, Site, Timestamp};
use veridose_ledger::LogKey;
use veridose_ledger::pki::{self, Authority, Issued, Passphrase, Request};
use veridose_ledger::signer::Signer;
use zeroize::Zeroizing;

/// Days that an authority's certificate is valid.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Days that a signing certificate is valid.
const CERTIFICATE_DAYS: i64 = 2 * 365;
/// A certificate begins this long before it is made, so that a slow clock elsewhere accepts it.
const BACKDATE_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// The folder of key files and what opens them.
pub struct KeyStore {
    folder: PathBuf,
    passphrase: Passphrase,
}

impl KeyStore {
    /// The key files of a data directory.
    pub fn new(data: &Path, passphrase: Passphrase) -> Self {
        Self { folder: data.join("keys"), passphrase }
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
        let (key, pem) = self.authority_files(party);
        if key.exists() {
            bail!("{} has an authority in {} already", party, key.display());
        }
        let authority = Authority::create(party, before(now), after(now, AUTHORITY_DAYS))?;
        self.write(&key, &authority.key(), &format!("{party} authority"))?;
        write_new(&pem, &pki::to_pem(authority.der()))?;
        Ok(authority)
    }

    /// An organisation's authority.
    pub fn authority(&self, party: &PartyId) -> Result<Authority> {
        let (key, pem) = self.authority_files(party);
        let key = self.read(&key, &format!("{party} authority"))?;
        Ok(Authority::load(party, &key, &read_pem(&pem)?)?)
    }

    /// Issues a certificate with a new key and keeps both as the organisation's current ones, the older ones beside.
    pub fn issue(&self, party: &PartyId, role: Role, site: Option<Site>, now: Timestamp) -> Result<Signer> {
        let request = Request { role, site, not_before: before(now), not_after: after(now, CERTIFICATE_DAYS) };
        let Issued { certificate, key } = self.authority(party)?.issue(&request)?;
        let (key_path, pem_path) = self.signer_files(party);
        if key_path.exists() {
            let old = now.0;
            std::fs::rename(&key_path, key_path.with_extension(format!("{old}.key")))?;
            std::fs::rename(&pem_path, pem_path.with_extension(format!("{old}.pem")))?;
        }
        self.write(&key_path, &key, &format!("{party} signer"))?;
        write_new(&pem_path, &pki::to_pem(&certificate.der))?;
        Ok(Signer::new(&key, certificate)?)
    }

    /// The organisation's current signing key.
    pub fn signer(&self, party: &PartyId) -> Result<Signer> {
        let (key, pem) = self.signer_files(party);
        let key = self.read(&key, &format!("{party} signer"))?;
        let certificate = self.certificate(party, &read_pem(&pem)?)?;
        Ok(Signer::new(&key, certificate)?)
    }

    /// Which certificate is the organisation's current one; unlocks nothing.
    pub fn fingerprint(&self, party: &PartyId) -> Result<Fingerprint> {
        Ok(pki::fingerprint(&read_pem(&self.signer_files(party).1)?))
    }

    fn certificate(&self, party: &PartyId, der: &[u8]) -> Result<Certificate> {
        let authority = pki::AuthorityCertificate::parse(&read_pem(&self.authority_files(party).1)?)?;
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
            if entry.path().join("signer.key").exists()
                && let Some(party) = entry.file_name().to_str().and_then(|name| PartyId::parse(name).ok())
            {
                parties.push(party);
            }
        }
        parties.sort();
        Ok(parties)
    }

    fn authority_files(&self, party: &PartyId) -> (PathBuf, PathBuf) {
        let folder = self.folder.join(party.as_str());
        (folder.join("ca.key"), folder.join("ca.pem"))
    }

    fn signer_files(&self, party: &PartyId) -> (PathBuf, PathBuf) {
        let folder = self.folder.join(party.as_str());
        (folder.join("signer.key"), folder.join("signer.pem"))
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
pub(super) fn random() -> Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    Ok(bytes)
}

/// Writes a file that did not exist, durable before it returns, readable by its owner only.
pub(super) fn write_new(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let folder = path.parent().context("a key file lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("failed to create {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
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
