//! A backup and a key backup into an empty data directory.
//!
//! Everything is checked before the first file is written. What is not finished cannot be opened: a mark lies in the directory until all
//! of it is durable.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use veridose_ledger::LogVerifier;
use veridose_ledger::check::Progress;
use veridose_ledger::pki::Passphrase;
use veridose_store::{KeyBackup, MasterKey, Restored, Root, unknown_patients};

use super::{LEDGER, Manifest, ROWS, check, manifest, network, saved_log};
use crate::config::{Config, LedgerKind};
use crate::found::network_file;
use crate::node::{KeyStore, open_key_backup, write_new};

/// Lies in a data directory while a restore into it is not finished.
const UNFINISHED: &str = "restore.unfinished";
/// Says from which checkpoint on a restored ledger goes on.
const RESTORED: &str = "restored.json";

/// What is restored from where.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The folder of the backup.
    pub from: PathBuf,
    /// The key backup.
    pub keys: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The newest checkpoint of the log that anybody has seen.
    pub checkpoint: Option<PathBuf>,
    /// Whether entries that others have seen may be lost.
    pub accept_loss: bool,
}

/// From which checkpoint on a restored ledger goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Entries that were restored.
    pub entries: u64,
    /// Root of the tree over them, hexadecimal.
    pub root: String,
    /// When the backup was made, in milliseconds since 1970.
    pub made_at: i64,
}

/// From which checkpoint on the ledger of a data directory goes on, if it was restored.
pub fn restored_to(data: &Path) -> Result<Option<Found>> {
    let path = data.join(RESTORED);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_str(&text).map(Some).with_context(|| format!("failed to understand {}", path.display()))
}

/// Refuses a data directory into which something was restored in part.
pub fn refuse_unfinished(data: &Path) -> Result<()> {
    let mark = data.join(UNFINISHED);
    ensure!(!mark.exists(), "a restore into {} was not finished: empty it and restore again", data.display());
    Ok(())
}

impl Restore {
    /// Checks everything, then restores it. The node replays log and erasures when it is opened.
    pub async fn run(
        &self,
        config: &Config,
        passphrase: Passphrase,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Manifest, Restored)> {
        let data = &config.data;
        expect_empty(data)?;
        let manifest = check(&self.from, progress)?;
        let backup = open_key_backup(&self.keys, &self.key, &passphrase)?;
        self.check_keys(&manifest, &backup)?;
        self.check_loss(&manifest)?;

        std::fs::create_dir_all(data).with_context(|| format!("failed to create {}", data.display()))?;
        write_new(&data.join(UNFINISHED), "")?;
        let keys = KeyStore::new(data, passphrase);
        keys.restore(&backup.files)?;
        let network = network(&self.from)?;
        let log_key = keys.log_key(&network.origin)?;
        ensure!(
            log_key.verifier().text() == manifest.log_key,
            "the key backup is of another node: its log key is not the one that signed the backup's checkpoint"
        );
        let master = MasterKey::new(keys.secret("vault")?);
        // Counts on from where the key backup is: the next erasure replaces that too.
        let root = keys.patients_root(|| Root::at(backup.mark.erasures))?;
        if config.ledger.kind == LedgerKind::Embedded {
            saved_log(&self.from, &manifest)?.restore(&data.join(LEDGER))?;
        }
        let rows = self.from.join(ROWS);
        let restored = veridose_store::restore(&config.database_url(), master, root, &rows, &backup).await?;
        ensure!(
            restored.tables == manifest.tables,
            "the rows in {} are not as many as the manifest says",
            rows.display()
        );
        write_new(&network_file(data), &network.to_toml())?;
        let found = Found { entries: manifest.entries, root: manifest.root.clone(), made_at: manifest.made_at };
        write_new(&data.join(RESTORED), &serde_json::to_string_pretty(&found)?)?;
        std::fs::remove_file(data.join(UNFINISHED))?;
        manifest::sync_folder(data)?;
        Ok((manifest, restored))
    }

    fn check_keys(&self, manifest: &Manifest, backup: &KeyBackup) -> Result<()> {
        let keys = self.keys.display();
        ensure!(
            backup.mark.erasures >= manifest.erasures,
            "{keys} is older than the backup: {} erasures against {}; take the one that was written with it or later",
            backup.mark.erasures,
            manifest.erasures
        );
        let unknown = unknown_patients(&self.from.join(ROWS), backup)?;
        ensure!(
            unknown == 0,
            "{keys} is not of this backup: it knows neither a key nor an erasure of {unknown} patients"
        );
        Ok(())
    }

    /// What others have seen of the log must be in the backup, unless its loss is accepted.
    fn check_loss(&self, manifest: &Manifest) -> Result<()> {
        let Some(path) = &self.checkpoint else { return Ok(()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
        let seen = LogVerifier::parse(&manifest.log_key)?.check(&text)?;
        let lost = seen.size.saturating_sub(manifest.entries);
        if lost > 0 && !self.accept_loss {
            bail!(
                "{lost} entries that others have seen are not in the backup, which ends at entry {}: the restored log would contradict their \
                 checkpoint. Take a later backup, or say --accept-loss and tell the members",
                manifest.entries
            );
        }
        Ok(())
    }
}

fn expect_empty(data: &Path) -> Result<()> {
    let is_empty = !data.exists() || std::fs::read_dir(data)?.next().is_none();
    ensure!(is_empty, "{} is not empty: a restore is into a new data directory", data.display());
    Ok(())
}
