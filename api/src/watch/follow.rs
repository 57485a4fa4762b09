//! The lake follows the ledger and the verifications.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use veridose_contract::NetworkId;
use veridose_ml::events::EventTable;
use veridose_ml::lake::Lake;

use super::{gather, places};
use crate::node::Node;

/// Batches of verifications of one step.
const BATCHES_PER_STEP: u64 = 16;
/// Mentions of things after which a step is written.
const MENTIONS_PER_STEP: usize = 1_000_000;
/// After this long a run ends, and the next turn goes on.
const RUN_MAX: Duration = Duration::from_mins(1);

/// How far the lake is. It lies in the lake's folder, so that a lake which is deleted is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    network: NetworkId,
    /// The first entry of the ledger that is not in the lake.
    entry: u64,
    /// The last batch of verifications that is.
    scans: u64,
    /// The latest that members told of places.
    places: u64,
}

/// Brings the lake up to the ledger's end. The cursor is written after the events: a crash between the two makes copies of them
/// come again, which the lake leaves out.
pub(crate) async fn follow(node: &Arc<Node>) -> anyhow::Result<()> {
    let folder = node.data().join("lake");
    let path = folder.join("cursor.json");
    let mut cursor = read(&path, node.network().id)?;
    let begun = Instant::now();
    let mut read_last = usize::MAX;
    while begun.elapsed() < RUN_MAX {
        let mut table = EventTable::default();
        let mut next = cursor;
        while table.mentions() < MENTIONS_PER_STEP {
            let (reader, from, step) = (Arc::clone(node), next.entry, gather::next_step(read_last));
            let entries = tokio::task::spawn_blocking(move || reader.ledger().entries(from, step)).await??;
            read_last = gather::items(&entries);
            let batches = node.store().scans.after(next.scans, BATCHES_PER_STEP).await?;
            if entries.is_empty() && batches.is_empty() {
                break;
            }
            next.entry = entries.last().map_or(next.entry, |entry| entry.index + 1);
            next.scans = batches.last().map_or(next.scans, |batch| batch.seq);
            table = gather::entries(node, table, entries, None).await?;
            for batch in &batches {
                gather::scans(&mut table, &format!("verifications {}", batch.seq), &batch.scans);
            }
        }
        next.places = node.store().places.last().await?;
        if next == cursor {
            break;
        }
        cursor = next;
        let (folder, path, places) = (folder.clone(), path.clone(), places::all(node).await?);
        tokio::task::spawn_blocking(move || {
            let lake = Lake::new(folder);
            lake.add(table).context("failed to add events to the lake")?;
            lake.put_places(&places).context("failed to write the lake's places")?;
            write(&path, &cursor)
        })
        .await??;
    }
    Ok(())
}

fn read(path: &Path, network: NetworkId) -> anyhow::Result<Cursor> {
    if !path.is_file() {
        return Ok(Cursor { network, entry: 0, scans: 0, places: 0 });
    }
    let told = || format!("failed to read {}", path.display());
    let cursor: Cursor = serde_json::from_slice(&std::fs::read(path).with_context(told)?).with_context(told)?;
    anyhow::ensure!(
        cursor.network == network,
        "{} is of another network: move the folder away, and the lake is made anew",
        path.display()
    );
    Ok(cursor)
}

/// Replaced whole or not at all.
fn write(path: &PathBuf, cursor: &Cursor) -> anyhow::Result<()> {
    let beside = path.with_extension("json.new");
    let told = || format!("failed to write {}", path.display());
    std::fs::write(&beside, serde_json::to_vec(cursor)?).with_context(told)?;
    std::fs::rename(&beside, path).with_context(told)
}
