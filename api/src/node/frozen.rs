//! A ledger that was closed for its move to a channel: nothing is written to it here any more.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use veridose_contract::NetworkId;

/// Where a ledger ends: what the members sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// The network.
    pub network: NetworkId,
    /// The log's public key.
    pub log_key: String,
    /// The log's last checkpoint, a signed note.
    pub checkpoint: String,
}

impl Frozen {
    /// The mark in a data directory, if its ledger is closed.
    pub fn read(data: &Path) -> Result<Option<Self>> {
        let path = mark(data);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("failed to understand {}", path.display()))
    }

    /// Closes the ledger of a data directory. The mark is whole or not there, whatever happens.
    pub fn write(&self, data: &Path) -> Result<()> {
        let path = mark(data);
        let new = path.with_extension("new");
        let failed = || format!("failed to write {}", path.display());
        std::fs::write(&new, serde_json::to_vec_pretty(self)?).with_context(failed)?;
        std::fs::rename(&new, &path).with_context(failed)
    }

    /// Opens it again.
    pub fn remove(data: &Path) -> Result<()> {
        let path = mark(data);
        std::fs::remove_file(&path).with_context(|| format!("failed to remove {}", path.display()))
    }
}

fn mark(data: &Path) -> PathBuf {
    data.join("ledger").join("frozen.json")
}
