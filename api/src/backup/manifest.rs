//! What is in a backup, by size and hash.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use veridose_contract::NetworkId;
use veridose_store::SavedTable;

/// The form of backups that this program writes and reads.
pub(super) const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const SUM: &str = "manifest.sha256";

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its form.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// When, in milliseconds since 1970.
    pub made_at: i64,
    /// The network.
    pub network: NetworkId,
    /// The log's public key.
    pub log_key: String,
    /// Entries of the log: what came later is not in it.
    pub entries: u64,
    /// Root of the tree over them, hexadecimal.
    pub root: String,
    /// How often keys of patients had been destroyed.
    pub erasures: u64,
    /// Primary data.
    pub tables: Vec<SavedTable>,
    /// Every file but the manifest, by name.
    pub files: Vec<SavedFile>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFile {
    /// Its path in the backup.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads it, if it is whole.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read(&path)
            .with_context(|| format!("{} is no backup: failed to read {MANIFEST}", folder.display()))?;
        let sum = folder.join(SUM);
        let said = std::fs::read_to_string(&sum).with_context(|| format!("failed to read {}", sum.display()))?;
        ensure!(
            said == line(&text),
            "{} is not what {} says: one of the two was altered",
            path.display(),
            sum.display()
        );
        let manifest: Self =
            serde_json::from_slice(&text).with_context(|| format!("failed to understand {}", path.display()))?;
        ensure!(manifest.format == FORMAT, "{} is of the form {}, not {FORMAT}", folder.display(), manifest.format);
        Ok(manifest)
    }

    /// Notes each file in the folder, which is durable after it.
    pub(super) fn take_files(&mut self, folder: &Path) -> Result<()> {
        self.files = Vec::new();
        for name in names(folder)? {
            let path = folder.join(&name);
            let (bytes, sha256) = measured(&path)?;
            File::open(&path).and_then(|file| file.sync_all()).with_context(|| format!("failed to sync {name}"))?;
            self.files.push(SavedFile { name, bytes, sha256 });
        }
        folders(folder)?.iter().try_for_each(|folder| sync_folder(folder))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        for (name, bytes) in [(SUM, line(&text).as_bytes()), (MANIFEST, text.as_slice())] {
            let path = folder.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("failed to write {}", path.display()))?;
            File::open(&path)?.sync_all()?;
        }
        Ok(())
    }

    /// Compares each file with what is said of it. The first that differs, is missing or is too many is named.
    pub(super) fn check_files(&self, folder: &Path) -> Result<()> {
        let found = names(folder)?;
        let said: BTreeSet<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        for name in found.iter().filter(|name| ![MANIFEST, SUM].contains(&name.as_str())) {
            ensure!(said.contains(name.as_str()), "{name} does not belong to the backup in {}", folder.display());
        }
        for SavedFile { name, bytes, sha256 } in &self.files {
            ensure!(found.contains(name), "{name} is missing from the backup in {}", folder.display());
            let measured = measured(&folder.join(name))?;
            if measured != (*bytes, sha256.clone()) {
                bail!("{name} in {} was altered: it is not what the manifest says", folder.display());
            }
        }
        Ok(())
    }
}

/// As `sha256sum` writes it.
fn line(manifest: &[u8]) -> String {
    format!("{}  {MANIFEST}\n", hex::encode(Sha256::digest(manifest)))
}

fn measured(path: &Path) -> Result<(u64, String)> {
    let size = std::fs::metadata(path).with_context(|| format!("failed to read {}", path.display()))?.len();
    Ok((size, hex::encode(crate::cli::sha256(path)?)))
}

/// The files below a folder, by their paths in it.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for below in folders(folder)? {
        for entry in std::fs::read_dir(&below)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let path = entry.path();
                let name = path.strip_prefix(folder).context("a file lies below its folder")?;
                names.insert(name.to_str().context("a name in a backup is not text")?.to_owned());
            }
        }
    }
    Ok(names)
}

/// The folder and all below it.
fn folders(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(folder) = found.get(next).cloned() {
        next += 1;
        let read = std::fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))?;
        for entry in read {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("failed to sync {}", folder.display()))
}
