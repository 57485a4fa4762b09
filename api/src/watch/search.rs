//! What is new, judged on the whole past of what it names; and the whole lake, for what only many things together show.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use veridose_contract::{Action, ItemKey};
use veridose_ledger::Entry;
use veridose_ml::detect::{self, Settings, suspect};
use veridose_ml::events::Wanted;
use veridose_ml::lake::Lake;

use super::past::{Things, past};
use super::{gather, model, named, raise};
use crate::node::{Actor, Node};

/// Batches of verifications of one step.
const BATCHES_PER_STEP: u64 = 2;
/// Things that a step's entries name and whose past it looks at; of more, the first ones. The search of the lake sees all.
const ITEMS_PER_STEP: usize = 20_000;
/// After this long a run ends, and the next turn goes on.
const RUN_MAX: Duration = Duration::from_secs(20);

/// How far what is new has been judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The first entry of the ledger that has not been.
    entry: u64,
    /// The last batch of verifications that has been.
    scans: u64,
}

/// Judges what is new since the cursor, raises cases, and says how far it came. On a node that may raise none, nothing is judged.
pub(crate) async fn detect(node: &Arc<Node>, mut cursor: Cursor) -> anyhow::Result<Cursor> {
    let Some(accuser) = raise::accuser(node)? else { return Ok(cursor) };
    let begun = Instant::now();
    let mut read_last = usize::MAX;
    while begun.elapsed() < RUN_MAX {
        let (reader, from, step) = (Arc::clone(node), cursor.entry, gather::next_step(read_last));
        let entries = tokio::task::spawn_blocking(move || reader.ledger().entries(from, step)).await??;
        read_last = gather::items(&entries);
        let batches = node.store().scans.after(cursor.scans, BATCHES_PER_STEP).await?;
        if entries.is_empty() && batches.is_empty() {
            break;
        }
        cursor.entry = entries.last().map_or(cursor.entry, |entry| entry.index + 1);
        cursor.scans = batches.last().map_or(cursor.scans, |batch| batch.seq);
        let scans = || batches.iter().flat_map(|batch| &batch.scans);
        let verified = scans().map(|scan| scan.item);
        let items: BTreeSet<ItemKey> = verified.chain(touched(&entries).take(ITEMS_PER_STEP)).collect();
        let touched = gather::named(node, entries).await?;
        let wanted = scans().map(|scan| scan.epc.as_str()).chain(touched.iter().map(String::as_str));
        judge(node, &accuser, items, Wanted::new(wanted)).await?;
    }
    Ok(cursor)
}

async fn judge(node: &Arc<Node>, accuser: &Actor, items: BTreeSet<ItemKey>, wanted: Wanted) -> anyhow::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let table = past(node, Things { items: items.iter().copied().collect(), named: wanted }, &[]).await?;
    let in_use = model::in_use(node, &accuser.party).await?;
    let detector = in_use.as_ref().map(|in_use| Arc::clone(&in_use.detector));
    let (key, settings) = (node.network_key().clone(), Settings { score_min: node.detection().score_min });
    let search = move || {
        suspect(&table, settings, detector.as_deref(), |uri| {
            named(&key, uri).is_some_and(|(_, item)| items.contains(&item))
        })
    };
    let suspicions = tokio::task::spawn_blocking(search).await?;
    raise::raise(node, accuser, suspicions, in_use.map(|in_use| in_use.model)).await
}

/// The things that entries did something with. A pack that comes into being has no past yet.
fn touched(entries: &[Entry]) -> impl Iterator<Item = ItemKey> {
    let commands = entries.iter().flat_map(|entry| &entry.transaction.body.commands);
    commands.filter(|command| !gather::is_beginning(command)).flat_map(|command| {
        let container = if let Action::Aggregate { parent, .. } | Action::Disaggregate { parent } = &command.action {
            Some(*parent)
        } else {
            None
        };
        command.items.iter().copied().chain(container)
    })
}

/// Searches the whole lake and raises cases.
pub(crate) async fn search(node: &Arc<Node>) -> anyhow::Result<()> {
    let Some(accuser) = raise::accuser(node)? else { return Ok(()) };
    let in_use = model::in_use(node, &accuser.party).await?;
    let detector = in_use.as_ref().map(|in_use| Arc::clone(&in_use.detector));
    let (lake, settings) = (Lake::new(node.data().join("lake")), Settings { score_min: node.detection().score_min });
    let search = move || anyhow::Ok(detect::search(&lake.read()?, settings, detector.as_deref())?);
    let suspicions = tokio::task::spawn_blocking(search).await??;
    raise::raise(node, &accuser, suspicions, in_use.map(|in_use| in_use.model)).await
}
