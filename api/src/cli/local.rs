//! The data directory and local files, for commands that work without a server.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use time::format_description::well_known::Rfc3339;
use veridose_contract::Timestamp;
use veridose_ledger::pki::Passphrase;

use crate::config::Config;
use crate::found::network_file;
use crate::node::{KeyStore, Parts, date_time, given_passphrase, parts};

/// The parts of the node whose directory this is. Unlike the server, a command never founds a network.
pub(super) fn existing(config: &Config) -> Result<Parts> {
    let file = network_file(&config.data);
    ensure!(
        file.exists(),
        "{} does not exist: name the node's data directory with --data, or start `veridose serve` once to found a network",
        file.display()
    );
    parts(config)
}

/// Folder of the ledger in the data directory.
pub(super) fn ledger_folder(config: &Config) -> Result<PathBuf> {
    let folder = config.data.join("ledger");
    ensure!(folder.is_dir(), "there is no ledger in {}: the node has never run there", config.data.display());
    Ok(folder)
}

/// The passphrase of the keys, which must be given.
pub(super) fn passphrase(config: &Config) -> Result<Passphrase> {
    given_passphrase(&config.data)?
        .context("set VERIDOSE_PASSPHRASE, or VERIDOSE_PASSPHRASE_FILE to a file, to the passphrase of the keys")
}

/// The key files of the data directory.
pub(super) fn key_store(config: &Config) -> Result<KeyStore> {
    Ok(KeyStore::new(&config.data, passphrase(config)?))
}

/// The text of a file; `-` reads standard input.
pub(super) fn document(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        return std::io::read_to_string(std::io::stdin().lock()).context("failed to read standard input");
    }
    std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))
}

/// A bar that counts; it draws nothing when standard error is no terminal.
pub(super) fn counter(what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}")?;
    Ok(ProgressBar::new(0).with_style(style).with_message(what))
}

/// A moment of the ledger, for people.
pub(super) fn moment(at: Timestamp) -> String {
    date_time(at).format(&Rfc3339).unwrap_or_else(|_| format!("{} ms", at.0))
}

/// SHA-256 of a file of any size.
pub(crate) fn sha256(file: &Path) -> Result<[u8; 32]> {
    let context = || format!("failed to read {}", file.display());
    let mut input = File::open(file).with_context(context)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).with_context(context),
        }
    }
}
