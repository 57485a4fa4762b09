//! The past of some things: what named them, what named their containers, and who verified them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use veridose_contract::limits::AGGREGATION_DEPTH_MAX;
use veridose_contract::{Action, ItemKey, TxId, resolve};
use veridose_ledger::{Entry, Ledger, LedgerError};
use veridose_ml::events::{EventTable, Wanted, settle};
use veridose_store::Scan;

use super::{gather, places};
use crate::node::Node;

/// Entries of one item that are looked at; the newest ones.
const ENTRIES_PER_ITEM_MAX: usize = 200;
/// Entries that one look reads, of all items together.
const ENTRIES_MAX: usize = 4_000;

/// Things that these entries name together; what would exceed it is not looked at.
const ITEMS_MAX: usize = 2_000_000;

/// Things whose past is looked at: their keys on the ledger, and their names in documents.
#[derive(Debug, Default)]
pub(super) struct Things {
    pub(super) items: Vec<ItemKey>,
    pub(super) named: Wanted,
}

/// All events about these things, as detection reads them, and verifications of this moment. The cost is that of their own past, whatever
/// else is on the ledger, and of what else the same documents name no more than that it is read over.
pub(super) async fn past(node: &Arc<Node>, things: Things, now: &[Scan]) -> anyhow::Result<EventTable> {
    let Things { items, named } = things;
    let (walked, wanted) = (Arc::clone(node), items.clone());
    let entries = tokio::task::spawn_blocking(move || walk(walked.ledger(), wanted)).await??;
    let mut table = gather::entries(node, EventTable::default(), entries, Some(&Arc::new(named))).await?;
    gather::scans(&mut table, "verifications", &node.store().scans.of(&items).await?);
    gather::scans(&mut table, "this moment", now);
    places::of_those_named(node, &mut table).await?;
    settle(&mut table);
    Ok(table)
}

/// The entries that touched the items, and their containers up to the outermost.
fn walk(ledger: &Ledger, items: Vec<ItemKey>) -> Result<Vec<Entry>, LedgerError> {
    let state = ledger.state();
    let mut entries: BTreeMap<u64, (Entry, HashMap<ItemKey, Vec<ItemKey>>)> = BTreeMap::new();
    let mut seen: HashSet<ItemKey> = items.iter().copied().collect();
    let mut layer = items;
    let mut batches: HashMap<TxId, Option<u64>> = HashMap::new();
    let mut size = 0_usize;
    for _ in 0..=AGGREGATION_DEPTH_MAX {
        let mut above = Vec::new();
        for item in layer {
            let mut indexes = ledger.history(&item, ENTRIES_PER_ITEM_MAX)?;
            // The entry that made it does not count as one that touched it.
            if let Some(standing) = resolve(&state, &item)? {
                let made = match batches.get(&standing.batch.tx) {
                    Some(made) => *made,
                    None => *batches.entry(standing.batch.tx).or_insert(ledger.index_of(&standing.batch.tx)?),
                };
                indexes.extend(made);
            }
            for index in indexes {
                if !entries.contains_key(&index) {
                    if entries.len() >= ENTRIES_MAX || size >= ITEMS_MAX {
                        break;
                    }
                    let Some(entry) = ledger.entries(index, 1)?.pop() else { continue };
                    size = size.saturating_add(gather::items(std::slice::from_ref(&entry)));
                    let packed = packed(&entry);
                    entries.insert(index, (entry, packed));
                }
                let (_, packed) = &entries[&index];
                above.extend(packed.get(&item).into_iter().flatten().copied().filter(|parent| seen.insert(*parent)));
            }
        }
        if above.is_empty() {
            break;
        }
        layer = above;
    }
    Ok(entries.into_values().map(|(entry, _)| entry).collect())
}

/// Into which containers an entry put what.
fn packed(entry: &Entry) -> HashMap<ItemKey, Vec<ItemKey>> {
    let mut packed: HashMap<ItemKey, Vec<ItemKey>> = HashMap::new();
    for command in &entry.transaction.body.commands {
        if let Action::Aggregate { parent, .. } = &command.action {
            for item in &command.items {
                packed.entry(*item).or_default().push(*parent);
            }
        }
    }
    packed
}
