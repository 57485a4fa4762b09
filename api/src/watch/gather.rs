//! Events as detection reads them, out of the ledger, the vault and the verifications.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use veridose_contract::{Action, Command, Commitment};
use veridose_epcis::model::{Event, Name, Namespace, Object, Uri, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value};
use veridose_ledger::Entry;
use veridose_ml::events::{self, EventTable, Wanted};
use veridose_store::{Opened, Payload, Scan};

use crate::node::{Node, date_time};
use crate::trade::record;

/// Entries whose documents are held at once, and the things that they name together, a single larger one excepted.
const ENTRIES_AT_ONCE: usize = 256;
const ITEMS_AT_ONCE: usize = 100_000;

/// How many entries to read next, after some that named so many things: large ones come a few at a time.
pub(super) const fn next_step(items: usize) -> usize {
    if items > ITEMS_AT_ONCE { 8 } else { ENTRIES_AT_ONCE }
}

/// How many things entries name.
pub(super) fn items(entries: &[Entry]) -> usize {
    entries.iter().flat_map(|entry| &entry.transaction.body.commands).map(|command| command.items.len()).sum()
}

/// Adds the events that these entries commit to, each under its transaction's name and its place there. What a patient had erased
/// is not there any more. Where packs are asked for, the others are left out.
pub(super) async fn entries(
    node: &Node,
    mut table: EventTable,
    entries: Vec<Entry>,
    wanted: Option<&Arc<Wanted>>,
) -> anyhow::Result<EventTable> {
    let mut some = Vec::new();
    let mut size = 0_usize;
    for entry in entries {
        size = size.saturating_add(items(std::slice::from_ref(&entry)));
        some.push(entry);
        if some.len() >= ENTRIES_AT_ONCE || size >= ITEMS_AT_ONCE {
            table = add(node, table, std::mem::take(&mut some), wanted).await?;
            size = 0;
        }
    }
    add(node, table, some, wanted).await
}

async fn add(
    node: &Node,
    mut table: EventTable,
    entries: Vec<Entry>,
    wanted: Option<&Arc<Wanted>>,
) -> anyhow::Result<EventTable> {
    let documents = documents(node, &entries, |_| true).await?;
    let wanted = wanted.cloned();
    let parse = move || {
        each(&entries, &documents, |event, name, number| match &wanted {
            Some(wanted) => events::add_of(&mut table, event, name, number, wanted),
            None => events::add(&mut table, event, name, number),
        })?;
        anyhow::Ok(table)
    };
    tokio::task::spawn_blocking(parse).await?
}

/// What the events of these entries name, but for those with which packs begin.
pub(super) async fn named(node: &Node, entries: Vec<Entry>) -> anyhow::Result<Vec<String>> {
    let documents = documents(node, &entries, |command| !is_beginning(command)).await?;
    let parse = move || {
        let mut names = Vec::new();
        each(&entries, &documents, |event, _, _| names.extend(event.epcs().map(|epc| epc.as_str().to_owned())))?;
        anyhow::Ok(names)
    };
    tokio::task::spawn_blocking(parse).await?
}

/// Whether packs or containers begin by it.
pub(super) const fn is_beginning(command: &Command) -> bool {
    matches!(command.action, Action::Commission { .. } | Action::CommissionContainers)
}

type Documents = HashMap<Commitment, Opened>;

/// The documents that some of their commands commit to.
async fn documents(node: &Node, entries: &[Entry], wanted: impl Fn(&Command) -> bool) -> anyhow::Result<Documents> {
    let commands = entries.iter().flat_map(|entry| &entry.transaction.body.commands);
    let commitments: BTreeSet<Commitment> =
        commands.filter(|command| wanted(command)).map(|command| command.payload).collect();
    let commitments: Vec<Commitment> = commitments.into_iter().collect();
    Ok(node.store().vault.open_as_owner(&commitments).await?)
}

/// Each event that the entries commit to, with its transaction's name and its place there.
fn each(entries: &[Entry], documents: &Documents, mut take: impl FnMut(&Event, &str, u32)) -> anyhow::Result<()> {
    for entry in entries {
        let name = entry.transaction.header.id().to_string();
        let mut seen = BTreeSet::new();
        for (number, command) in (0..).zip(&entry.transaction.body.commands) {
            if let Some(Opened::Document(Payload::Event(json))) = documents.get(&command.payload)
                && seen.insert(command.payload)
            {
                let event = veridose_epcis::from_json(json.get().as_bytes());
                let event = event.with_context(|| format!("the event of transaction {name} is not one"))?;
                take(&event, &name, number);
            }
        }
    }
    Ok(())
}

/// Adds verifications, as the events that they are.
pub(super) fn scans<'s>(table: &mut EventTable, document: &str, scans: impl IntoIterator<Item = &'s Scan>) {
    for (number, scan) in (0..).zip(scans) {
        if let Some(event) = event(scan) {
            events::add(table, &event, document, number);
        }
    }
}

/// A verification in the words of EPCIS: an observation that says what was read, and for which member.
fn event(scan: &Scan) -> Option<Event> {
    let uri = Uri::parse(&scan.epc).ok()?;
    let mut event = record::object(record::VERIFYING, date_time(scan.at), scan.site, &[uri]);
    let namespace = Namespace::new(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE);
    let name = |local: &str| Name::new(Some(namespace.clone()), local);
    let text = |text: &str| Value::Text(text.into());
    let mut said = Object::default();
    for (local, value) in [("lot", &scan.lot), ("expiry", &scan.expiry)] {
        if let Some(value) = value {
            said.fields.add(name(local), text(value));
        }
    }
    event.extensions.add(name("scanned"), Value::Object(Box::new(said)));
    event.extensions.add(name("client"), text(scan.party.as_str()));
    Some(event)
}
