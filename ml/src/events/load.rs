//! Many documents into one table.

use std::cmp::Ordering;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use rayon::prelude::*;

use super::names::NONE;
use super::read::{Reading, read};
use super::step::Step;
use super::table::{EventTable, NO_TIME, Row, flag};

/// Documents that are read at once; more would only hold more in memory.
const AT_ONCE: usize = 8;

/// What came of reading many documents.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Documents read, also in part.
    pub documents: u64,
    /// Events read.
    pub events: u64,
    /// Copies of events that were left out.
    pub duplicates: u64,
    /// Events that could not be read.
    pub broken: u64,
    /// What is wrong: document and problem.
    pub problems: Vec<(String, String)>,
}

/// Reads documents in any syntax of EPCIS and any order. What cannot be read is told in the result.
pub fn load(paths: &[PathBuf]) -> (EventTable, Loaded) {
    let (mut table, mut loaded) = read_all(paths);
    loaded.duplicates = settle(&mut table);
    (table, loaded)
}

/// The same with copies left in and declarations of error not carried out, for a [`crate::lake::Lake`].
pub fn read_all(paths: &[PathBuf]) -> (EventTable, Loaded) {
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    let mut table = EventTable::default();
    let mut loaded = Loaded::default();
    in_turn(&paths, AT_ONCE, read_file, |path, (part, reading)| {
        loaded.count(&path.display().to_string(), reading);
        table.absorb(part);
    });
    (table, loaded)
}

/// Reads some files while those before are taken in, which goes in their order.
pub(crate) fn in_turn<T: Send>(
    paths: &[PathBuf],
    at_once: usize,
    read: impl Fn(&Path) -> T + Sync,
    mut take: impl FnMut(&Path, T) + Send,
) {
    let mut came: Vec<(&PathBuf, T)> = Vec::new();
    for some in paths.chunks(at_once).chain([&[][..]]) {
        let next = || some.par_iter().map(|path| (path, read(path))).collect();
        let (next, ()) = rayon::join(next, || came.drain(..).for_each(|(path, part)| take(path, part)));
        came = next;
    }
}

/// Reads documents that are in memory: a name and a text each.
pub fn load_texts(documents: &[(&str, &[u8])]) -> (EventTable, Loaded) {
    let (mut table, mut loaded) = read_texts(documents);
    loaded.duplicates = settle(&mut table);
    (table, loaded)
}

/// The same with copies left in and declarations of error not carried out.
pub fn read_texts(documents: &[(&str, &[u8])]) -> (EventTable, Loaded) {
    let mut table = EventTable::default();
    let mut loaded = Loaded::default();
    for (name, text) in documents {
        let reading = read(&mut table, name, *text);
        loaded.count(name, reading);
    }
    (table, loaded)
}

fn read_file(path: &Path) -> (EventTable, Reading) {
    let mut table = EventTable::default();
    let name = path.display().to_string();
    let reading = match File::open(path) {
        Ok(file) => read(&mut table, &name, BufReader::with_capacity(1 << 18, file)),
        Err(error) => Reading { problem: Some(format!("failed to open it: {error}")), ..Reading::default() },
    };
    (table, reading)
}

impl Loaded {
    fn count(&mut self, name: &str, reading: Reading) {
        self.documents += u64::from(reading.is_complete || reading.events > 0);
        self.events += reading.events;
        self.broken += reading.broken;
        if let Some(problem) = reading.problem {
            let rest = match (reading.is_complete, reading.broken) {
                (true, 0 | 1) => String::new(),
                (true, broken) => format!(" (and {} more events)", broken - 1),
                (false, _) => " (not read to its end)".to_owned(),
            };
            self.problems.push((name.to_owned(), problem + &rest));
        }
    }
}

/// Leaves out copies, carries out declarations of error, and finds out whose each place is. Returns how many copies
/// there were.
pub fn settle(table: &mut EventTable) -> u64 {
    let copies = drop_copies(table);
    retract(table);
    find_owners(table);
    copies
}

/// The order in which one of several copies is kept, and in which events of one moment stand.
fn rank(table: &EventTable, event: u32) -> (i64, u64, i64, &str, &str, u32) {
    let row = &table.rows[event as usize];
    let source = table.source(event);
    (row.time, row.fingerprint, row.recorded, table.id(event), table.texts.text(source.document), source.index)
}

/// Compares two events by that order.
pub(crate) fn ordered(table: &EventTable, a: u32, b: u32) -> Ordering {
    rank(table, a).cmp(&rank(table, b))
}

/// A copy says the same at the same time; of several the one that was recorded first is kept.
pub(crate) fn drop_copies(table: &mut EventTable) -> u64 {
    // With their keys, so that sorting does not go back to the rows.
    let keyed = |(row, event): (&Row, u32)| (row.fingerprint, row.is(flag::DECLARATION), event);
    let mut order: Vec<(u64, bool, u32)> = table.rows.iter().zip(0..).map(keyed).collect();
    order.par_sort_unstable();
    let mut dropped = Vec::new();
    for copies in order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|copies| copies.len() > 1) {
        let copies = || copies.iter().map(|(_, _, event)| *event);
        let kept = copies().min_by(|a, b| ordered(table, *a, *b));
        dropped.extend(copies().filter(|event| Some(*event) != kept));
    }
    for event in &dropped {
        let row = &mut table.rows[*event as usize];
        // A row without things takes part in nothing.
        row.things = 0;
        row.parent = NONE;
        row.step = Step::Other;
        row.place = NONE;
        row.time = NO_TIME;
    }
    let gone: std::collections::HashSet<u32> = dropped.iter().copied().collect();
    table.quantities.retain(|(event, _, _)| !gone.contains(event));
    dropped.len() as u64
}

/// Marks what a later event of the same content declares wrong.
fn retract(table: &mut EventTable) {
    let declared: HashMap<u64, i64> =
        table.rows.iter().filter(|row| row.is(flag::DECLARATION)).map(|row| (row.fingerprint, row.time)).collect();
    if declared.is_empty() {
        return;
    }
    for row in &mut table.rows {
        if !row.is(flag::DECLARATION) && declared.contains_key(&row.fingerprint) {
            row.flags |= flag::RETRACTED;
        }
    }
}

/// Where places and parties have GLNs of their own, shipments from a place and receipts at it tell whose it is: the party
/// that is named there most often, and in most cases.
fn find_owners(table: &mut EventTable) {
    let mut counts: HashMap<u32, HashMap<u32, u32>> = HashMap::new();
    for row in &table.rows {
        let party = match row.step {
            Step::Shipping => row.source,
            Step::Receiving => row.destination,
            _ => NONE,
        };
        if row.place != NONE && party != NONE {
            *counts.entry(row.place).or_default().entry(party).or_default() += 1;
        }
    }
    for (place, parties) in counts {
        let total: u32 = parties.values().sum();
        let most = parties.iter().max_by_key(|(party, count)| (**count, std::cmp::Reverse(table.places.text(**party))));
        if let Some((party, count)) = most
            && *party != place
            && table.places.known(place).owner.is_none()
            && count * 5 >= total * 4
            && *count >= 2
        {
            table.places.known_mut(place).owner = Some(*party);
        }
    }
}
