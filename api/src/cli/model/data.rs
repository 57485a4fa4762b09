//! What a model is made from: events, labels, and their root.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use veridose_contract::merkle;
use veridose_ml::detect::Detector;
use veridose_ml::evaluate::Truth;
use veridose_ml::events::{self, EventTable};
use veridose_ml::lake::Lake;
use veridose_ml::model::{self, Card};

use crate::cli::detect::{documents, read, read_lines};
use crate::cli::local;

/// Events and labels.
#[derive(Debug, Args)]
pub(in crate::cli) struct Data {
    /// EPCIS documents, JSON-LD or XML, in any order; of a folder every .json, .jsonld and .xml
    #[arg(long, value_name = "DIR_OR_FILE", num_args = 1.., required_unless_present = "lake")]
    events: Vec<PathBuf>,
    /// A lake of events, instead of documents
    #[arg(long, value_name = "DIR", conflicts_with = "events")]
    lake: Option<PathBuf>,
    /// JSON lines of what truly happened: {pattern, epcs, lot, parties, from, to}
    #[arg(long, value_name = "FILE")]
    pub(super) labels: Option<PathBuf>,
}

/// The same, where it need not be given.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The EPCIS documents that it was made from
    #[arg(long, value_name = "DIR_OR_FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// The lake that it was made from, instead of documents
    #[arg(long, value_name = "DIR", conflicts_with = "events")]
    lake: Option<PathBuf>,
    /// The labels that it was made from
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
}

impl Given {
    /// The data, if any are named.
    pub(super) fn data(&self) -> Option<Data> {
        let Self { events, lake, labels } = self;
        let is_given = !events.is_empty() || lake.is_some();
        is_given.then(|| Data { events: events.clone(), lake: lake.clone(), labels: labels.clone() })
    }
}

/// Events and labels as they were read, and what stands for them on the ledger.
pub(super) struct Snapshot {
    pub(super) table: EventTable,
    pub(super) labels: Vec<Truth>,
    pub(super) root: [u8; 32],
}

impl Data {
    /// Reads everything. The root is that of an RFC 6962 tree over `events` or `labels`, a zero byte and the SHA-256 of each
    /// file, in ascending order: it depends on what the files hold, not on how they are called.
    pub(super) fn read(&self) -> Result<Snapshot> {
        let labels = self.labels.as_deref().map(read_lines).transpose()?.unwrap_or_default();
        let files = match &self.lake {
            Some(folder) => lake_files(folder)?,
            None => documents(&self.events)?,
        };
        let mut leaves: Vec<Vec<u8>> = files
            .iter()
            .map(|file| leaf("events", file))
            .chain(self.labels.iter().map(|file| leaf("labels", file)))
            .collect::<Result<_>>()?;
        leaves.sort_unstable();
        let root = merkle::root(leaves.iter().map(|leaf| merkle::leaf_hash(leaf)));
        Ok(Snapshot { table: self.table()?, labels, root })
    }

    /// The events alone.
    pub(in crate::cli) fn table(&self) -> Result<EventTable> {
        if let Some(folder) = &self.lake {
            return Ok(Lake::new(folder).read()?);
        }
        let (mut table, _) = read(&self.events)?;
        events::settle(&mut table);
        Ok(table)
    }
}

fn leaf(what: &str, file: &Path) -> Result<Vec<u8>> {
    Ok([what.as_bytes(), &[0], &local::sha256(file)?].concat())
}

/// The files of a lake.
fn lake_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = Lake::new(folder).files()?;
    ensure!(!files.is_empty(), "{}: there is no lake of events here", folder.display());
    Ok(files)
}

/// A detector and its card.
pub(super) fn detector(path: &Path) -> Result<(Vec<u8>, Card, Detector)> {
    let bytes = std::fs::read(path).with_context(|| format!("failed to open {}", path.display()))?;
    let (card, detector) = model::read(&bytes).with_context(|| path.display().to_string())?;
    Ok((bytes, card, detector))
}
