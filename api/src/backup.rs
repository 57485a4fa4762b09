//! Backups of a node's data: made beside the running node, consistent, checked, restored.
//!
//! ```text
//! manifest.json      what it is, up to which checkpoint it goes, size and SHA-256 of each file
//! manifest.sha256    SHA-256 of the manifest
//! network.toml       the network as founded
//! ledger/log/…       entries, bodies, the signed checkpoint
//! rows/TABLE.rows    primary data, without keys
//! ```
//!
//! It is written in a folder with `.partial` at the end of its name and gets its name last: what was killed on the way looks like no
//! backup. There is no key in it: those are in the key backup (`node::Custody`).

mod manifest;
mod restore;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use veridose_ledger::check::Progress;
use veridose_ledger::{LogVerifier, Network, SavedLog};

pub use manifest::Manifest;
pub use restore::{Found, Restore, refuse_unfinished, restored_to};

use crate::found::network_file;
use crate::node::Node;

const LEDGER: &str = "ledger";
const ROWS: &str = "rows";

/// Writes a backup into a folder that is not there yet, and the key backup that belongs to it.
pub async fn save(node: &Arc<Node>, to: &Path) -> Result<Manifest> {
    let custody = node.custody().context(
        "no place for the key backup is configured: set backup.keys and backup.key, without which no backup can be restored",
    )?;
    ensure!(!to.exists(), "{} is there already: each backup has a folder of its own", to.display());
    let partial = partial(to)?;
    clear(&partial)?;
    let rows = partial.join(ROWS);
    std::fs::create_dir_all(&rows).with_context(|| format!("failed to create {}", rows.display()))?;
    let (stillness, snapshot) = node.store().hold_still().await?;
    let publisher = Arc::clone(node);
    let checkpoint = tokio::task::spawn_blocking(move || publisher.ledger().replica().checkpoint_now()).await??;
    drop(stillness);
    let tables = snapshot.write(&rows).await?;
    let erasures = snapshot.generation();
    drop(snapshot);
    let saving = (Arc::clone(node), partial.clone(), checkpoint.clone());
    let copied = tokio::task::spawn_blocking(move || {
        let (node, partial, checkpoint) = saving;
        node.ledger().replica().save(&checkpoint, &partial.join(LEDGER))?;
        let to = network_file(&partial);
        std::fs::copy(network_file(node.data()), &to).with_context(|| format!("failed to write {}", to.display()))?;
        anyhow::Ok(())
    });
    copied.await??;
    // After the data, so that it has the keys of every patient in them.
    custody.write(node.store(), node.keys()).await?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: node.clock().now().0,
        network: node.network().id,
        log_key: node.ledger().verifier().text().to_owned(),
        entries: checkpoint.size,
        root: hex::encode(checkpoint.root),
        erasures,
        tables,
        files: Vec::new(),
    };
    let to = to.to_owned();
    tokio::task::spawn_blocking(move || finish(manifest, &partial, &to)).await?
}

/// Checks all of a backup: every file, every entry of the log, every signature and transaction in it. What is wrong is named.
pub fn check(folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    manifest.check_files(folder)?;
    let log = saved_log(folder, &manifest)?;
    let scratch = std::env::temp_dir().join(format!("veridose-check-{}", uuid::Uuid::new_v4()));
    let checked = log.check(&network(folder)?, &scratch, progress);
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).with_context(|| format!("failed to remove {}", scratch.display()))?;
    }
    checked.with_context(|| format!("the log in {} is not sound", folder.display()))?;
    Ok(manifest)
}

/// What a backup says of itself.
pub fn manifest(folder: &Path) -> Result<Manifest> {
    Manifest::read(folder)
}

/// The network of a backup.
fn network(folder: &Path) -> Result<Network> {
    let path = network_file(folder);
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    Network::parse(&text).with_context(|| format!("failed to read {}", path.display()))
}

/// The log of a backup, which must be what the manifest says.
fn saved_log(folder: &Path, manifest: &Manifest) -> Result<SavedLog> {
    let log = SavedLog::open(&folder.join(LEDGER), &LogVerifier::parse(&manifest.log_key)?)?;
    let checkpoint = log.checkpoint();
    ensure!(
        (checkpoint.size, hex::encode(checkpoint.root)) == (manifest.entries, manifest.root.clone()),
        "the checkpoint in {} is not the one that the manifest names",
        folder.display()
    );
    Ok(log)
}

/// Makes everything durable, writes the manifest, and gives the backup its name.
fn finish(mut manifest: Manifest, partial: &Path, to: &Path) -> Result<Manifest> {
    manifest.take_files(partial)?;
    manifest.write(partial)?;
    std::fs::rename(partial, to)
        .with_context(|| format!("failed to move {} to {}", partial.display(), to.display()))?;
    manifest::sync_folder(to)?;
    if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        manifest::sync_folder(parent)?;
    }
    Ok(manifest)
}

fn partial(to: &Path) -> Result<PathBuf> {
    let mut name = to.file_name().with_context(|| format!("{} names no folder", to.display()))?.to_owned();
    name.push(".partial");
    Ok(to.with_file_name(name))
}

/// Removes what a killed backup left.
fn clear(partial: &Path) -> Result<()> {
    if partial.exists() {
        std::fs::remove_dir_all(partial).with_context(|| format!("failed to clear {}", partial.display()))?;
    }
    Ok(())
}
