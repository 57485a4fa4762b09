//! `veridose backup` and `veridose restore`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use veridose_store::{Job, JobKind, JobState, Jobs, NewJob, Restored};

use super::{Outcome, local, print};
use crate::backup::{self, Manifest, Restore};
use crate::config::Config;
use crate::node::Node;

/// How often it is asked whether the node is done.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What is backed up to where.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "The node may run: it then makes the backup itself, between requests. The data backup holds no keys. They go into the key \
                  backup that the configuration names (backup.keys), sealed under the key in backup.key, which each erasure of a patient \
                  replaces: copy the first as you like, and never the second.\n\nExamples:\n  \
                  veridose --data /srv/veridose backup --to /backups/2026-11-22\n  veridose backup check /backups/2026-11-22"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folder that the backup becomes, on the node's machine; it must not be there yet
    #[arg(long, value_name = "FOLDER", required = true)]
    to: Option<PathBuf>,
}

/// What is done with backups.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check a backup from the beginning: every file, hash, signature and transaction
    Check {
        /// Folder of the backup
        folder: PathBuf,
    },
}

/// What is restored from where.
#[derive(Debug, Args)]
#[command(
    after_help = "Into an empty data directory and database, of which --data and --database tell. Everything is checked before the first file is \
                  written. Patients who were erased after the backup stay erased.\n\nExample:\n  \
                  VERIDOSE_PASSPHRASE_FILE=/run/secrets/veridose veridose --data /srv/new restore --from /backups/2026-11-22 \\\n    \
                  --keys /escrow/keys.backup --key /vault/backup.key"
)]
pub struct RestoreArguments {
    /// Folder of the backup
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// The key backup, of the backup's time or later
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// The key of the key backup
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The newest checkpoint of the log that anybody has seen; refuse a backup that does not reach it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Restore all the same, and lose what came after the backup
    #[arg(long, requires = "checkpoint")]
    accept_loss: bool,
}

pub(super) fn run(config: impl FnOnce() -> Result<Config>, arguments: &Arguments, json: bool) -> Result<Outcome> {
    match (&arguments.command, &arguments.to) {
        (Some(Command::Check { folder }), _) => check(folder, json),
        (None, Some(to)) => save(&config()?, to, json),
        (None, None) => bail!("name a folder with --to"),
    }
}

fn check(folder: &Path, json: bool) -> Result<Outcome> {
    let bar = local::counter("entries")?;
    let checked = backup::check(folder, &mut |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.entries);
    });
    bar.finish_and_clear();
    match checked {
        Ok(manifest) => tell("sound", &manifest, json),
        Err(fault) => {
            let fault = format!("{fault:#}");
            let line =
                if json { json!({"sound": false, "fault": fault}).to_string() } else { format!("fault: {fault}") };
            print(&line)?;
            Ok(Outcome::Refused)
        }
    }
}

fn save(config: &Config, to: &Path, json: bool) -> Result<Outcome> {
    let folder = local::ledger_folder(config)?;
    let to = std::path::absolute(to)?;
    let manifest = super::runtime()?.block_on(async {
        if veridose_ledger::is_in_use(&folder)? {
            ask(config, &to).await
        } else {
            let node = Node::open(config).await?;
            backup::save(&node, &to).await
        }
    })?;
    tell("made", &manifest, json)
}

/// Has the running node make it, by a job in its queue.
async fn ask(config: &Config, to: &Path) -> Result<Manifest> {
    let jobs = Jobs::open(&config.database_url()).await?;
    let id = format!("backup-{}", uuid::Uuid::new_v4());
    let job = NewJob {
        id: id.clone(),
        kind: JobKind::Backup,
        payload: json!({"to": to}),
        attempts_max: 1,
        pause_ms: 0,
        every_ms: None,
    };
    jobs.add(&[job]).await?;
    loop {
        let Job { state, error, .. } = jobs.job(&id).await?.context("the node lost the job")?;
        match state {
            JobState::Succeeded => return backup::manifest(to),
            JobState::Dead | JobState::Cancelled => {
                bail!("the node made no backup: {}", error.unwrap_or_else(|| "the job was called off".to_owned()))
            }
            JobState::Queued | JobState::Running => tokio::time::sleep(ASK_EVERY).await,
        }
        let folder = local::ledger_folder(config)?;
        ensure!(veridose_ledger::is_in_use(&folder)?, "the node ended before the backup was made");
    }
}

fn tell(what: &str, manifest: &Manifest, json: bool) -> Result<Outcome> {
    let Manifest { entries, root, made_at, files, .. } = manifest;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    if json {
        let told = json!({"sound": true, "entries": entries, "root": root, "made_at": made_at, "files": files.len(), "bytes": bytes});
        return print(&told.to_string());
    }
    let at = local::moment(veridose_contract::Timestamp(*made_at));
    print(&format!(
        "backup of {at} {what}: {entries} entries of the log, root {root}; {} files, {bytes} bytes",
        files.len()
    ))
}

pub(super) fn restore(config: &Config, arguments: &RestoreArguments, json: bool) -> Result<Outcome> {
    let restore = Restore {
        from: arguments.from.clone(),
        keys: arguments.keys.clone(),
        key: arguments.key.clone(),
        checkpoint: arguments.checkpoint.clone(),
        accept_loss: arguments.accept_loss,
    };
    let passphrase = local::passphrase(config)?;
    let bar = local::counter("entries")?;
    let mut show = |progress: veridose_ledger::check::Progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.entries);
    };
    let (manifest, restored) = super::runtime()?.block_on(async {
        let restored = restore.run(config, passphrase, &mut show).await?;
        // Replays log and erasures, and makes the view, before anybody is served.
        let node = Node::open(config).await.context("restored, but the node does not open")?;
        if node.take_view().await? {
            node.projector().catch_up().await.context("restored, but the view cannot be made")?;
        }
        anyhow::Ok(restored)
    })?;
    bar.finish_and_clear();
    tell_restored(&manifest, &restored, json)
}

fn tell_restored(manifest: &Manifest, restored: &Restored, json: bool) -> Result<Outcome> {
    let Manifest { entries, root, made_at, .. } = manifest;
    let Restored { patients, erased, .. } = restored;
    if json {
        let told =
            json!({"entries": entries, "root": root, "made_at": made_at, "patients": patients, "erased": erased});
        return print(&told.to_string());
    }
    let at = local::moment(veridose_contract::Timestamp(*made_at));
    print(&format!("restored up to entry {entries} of the log, root {root}; what came after {at} is lost"))?;
    print(&format!(
        "keys of {patients} patients are back; {erased} patients of the backup were erased since, and stay so"
    ))
}
