//! The key backup: where it lies, and that each erasure writes it anew under a new key.
//!
//! Two files, in two places: the key backup, of which copies may be kept anywhere, and its key, of which there must be none. The order
//! survives a kill at any instant: the next key is added to the old one, the key backup is replaced, the old key is removed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use veridose_ledger::pki::{self, Passphrase};
use veridose_store::{KeyBackup, KeyBackupMark, Root, Store};

use super::keys::{KeyStore, replace_and_wipe};

/// What the file of the key is sealed as.
const PURPOSE: &str = "key backup";
const KEY_BYTES: usize = 40;

/// The key backup of a node.
pub struct Custody {
    keys: PathBuf,
    key: PathBuf,
    passphrase: Arc<Passphrase>,
    /// How often patients' keys had been destroyed when the key backup was last written; nothing before that is known. Held while
    /// it is being written.
    erasures: Mutex<Option<u64>>,
}

impl Custody {
    /// The key backup in the file `keys`, under the key in the file `key`.
    pub fn new(keys: PathBuf, key: PathBuf, passphrase: Arc<Passphrase>) -> Self {
        Self { keys, key, passphrase, erasures: Mutex::default() }
    }

    /// Writes the key backup anew under a new key, and destroys the old one.
    pub async fn write(&self, store: &Store, files: &KeyStore) -> Result<KeyBackupMark> {
        let mut erasures = self.erasures.lock().await;
        let _others = self.shut_others_out().await?;
        let mark = self.write_now(store, files).await?;
        *erasures = Some(mark.erasures);
        Ok(mark)
    }

    /// Writes it where keys were destroyed since it was written, or where there is none.
    pub async fn follow(&self, store: &Store, files: &KeyStore, destroyed: u64) -> Result<()> {
        let mut erasures = self.erasures.lock().await;
        if erasures.is_some_and(|written| written >= destroyed) {
            return Ok(());
        }
        let _others = self.shut_others_out().await?;
        // Another process may have written it.
        let there = if self.keys.exists() { Some(KeyBackupMark::read(&self.keys)?.erasures) } else { None };
        *erasures = there.filter(|written| *written >= destroyed);
        if erasures.is_none() {
            *erasures = Some(self.write_now(store, files).await?.erasures);
        }
        Ok(())
    }

    /// Waits for other processes that write the same key backup; they wait until what this gives is dropped.
    async fn shut_others_out(&self) -> Result<std::fs::File> {
        let path = beside(&self.key, ".lock")?;
        let lock = move || {
            let file = std::fs::File::create(&path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        };
        tokio::task::spawn_blocking(lock).await?.with_context(|| format!("failed to lock {}", self.key.display()))
    }

    async fn write_now(&self, store: &Store, files: &KeyStore) -> Result<KeyBackupMark> {
        let before = if self.key.exists() { read_keys(&self.key, &self.passphrase)? } else { Vec::new() };
        let next = before.iter().max_by_key(|key| key.generation()).map_or_else(Root::first, Root::next);
        let all: Vec<&Root> = std::iter::once(&next).chain(&before).collect();
        self.keep(&all)?;
        let draft = beside(&self.keys, ".new")?;
        let mark = store.write_key_backup(&draft, &next, files.backed_up()?).await?;
        let (from, to) = (draft, self.keys.clone());
        tokio::task::spawn_blocking(move || replace(&from, &to)).await??;
        self.keep(&[&next])?;
        tracing::info!(key = mark.key, erasures = mark.erasures, "the key backup is written under a new key");
        Ok(mark)
    }

    fn keep(&self, keys: &[&Root]) -> Result<()> {
        let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_bytes().to_vec()).collect();
        let text = pki::seal(&zeroize::Zeroizing::new(bytes), PURPOSE, &self.passphrase)?;
        replace_and_wipe(&self.key, &text).with_context(|| format!("failed to replace {}", self.key.display()))
    }
}

/// The keys in a file: one, or two where a kill came between.
fn read_keys(path: &Path, passphrase: &Passphrase) -> Result<Vec<Root>> {
    let failed = || format!("failed to read the key {}", path.display());
    let text = std::fs::read_to_string(path).with_context(failed)?;
    let bytes = pki::open(&text, PURPOSE, passphrase).with_context(failed)?;
    bytes.chunks(KEY_BYTES).map(|bytes| Root::from_bytes(bytes).with_context(failed)).collect()
}

/// Opens a key backup with the key in a file.
pub fn open_key_backup(keys: &Path, key: &Path, passphrase: &Passphrase) -> Result<KeyBackup> {
    let mark = KeyBackupMark::read(keys)?;
    let found = read_keys(key, passphrase)?;
    let key = found.iter().find(|key| key.generation() == mark.key).with_context(|| {
        let held = found.iter().map(|key| key.generation().to_string()).collect::<Vec<_>>().join(" and ");
        format!(
            "{} is sealed under key {}, and {} holds key {held}: a key backup opens only until the next one is written",
            keys.display(),
            mark.key,
            key.display()
        )
    })?;
    Ok(KeyBackup::read(keys, key)?)
}

fn beside(path: &Path, end: &str) -> Result<PathBuf> {
    let mut name = path.file_name().context("the key backup and its key are files")?.to_owned();
    name.push(end);
    Ok(path.with_file_name(name))
}

/// Moves a file to its place, durably.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("failed to write {}", to.display());
    std::fs::File::open(from).and_then(|file| file.sync_all()).with_context(failed)?;
    std::fs::rename(from, to).with_context(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(failed)
}
