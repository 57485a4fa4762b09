//! Events as rows of numbers.

use super::names::{NONE, Names};
use super::places::Places;
use super::step::{Disposition, Step};
use super::things::Things;

/// No time.
pub const NO_TIME: i64 = i64::MIN;
/// No day.
pub const NO_DAY: i32 = i32::MIN;

/// What the event says of the things, and oddities of it.
pub mod flag {
    /// The things begin (action ADD).
    pub const ADD: u8 = 1;
    /// The things end (action DELETE).
    pub const DELETE: u8 = 2;
    /// An aggregation: things and a container.
    pub const AGGREGATION: u8 = 4;
    /// The event declares an earlier one of the same content wrong.
    pub const DECLARATION: u8 = 8;
    /// A later event declares this one wrong.
    pub const RETRACTED: u8 = 16;
    /// The code said an expiry whose day is 00.
    pub const DAY_ZERO: u8 = 32;
    /// The code's lot or expiry was read (`veridose:scanned`).
    pub const SCANNED: u8 = 64;
    /// Packs of other packs: the things are what came out.
    pub const OUTPUT: u8 = 128;
}

/// One event. Names are numbers of the table's lists, [`NONE`] where there is none. Of millions of rows every look at one goes to
/// memory: each is as long as a line of the cache, and the document that it stood in is kept elsewhere ([`EventTable::source`]).
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// When it happened, in milliseconds since 1970.
    pub time: i64,
    /// When it was recorded, in the same, or [`NO_TIME`].
    pub recorded: i64,
    /// Hash of what it says, without its own identifier and its time of recording: the same for a copy.
    pub fingerprint: u64,
    /// Where its things begin in the table's list.
    pub first_thing: u32,
    /// How many things it names, the container not counted.
    pub things: u32,
    /// The container of an aggregation.
    pub parent: u32,
    /// Where it happened.
    pub place: u32,
    /// From whom.
    pub source: u32,
    /// To whom.
    pub destination: u32,
    /// Who asked, at a verification.
    pub client: u32,
    /// The lot: of what was made, or as the code said. A number of the table's texts.
    pub lot: u32,
    /// The expiry date likewise, in days since 1970, or [`NO_DAY`].
    pub expiry: i32,
    /// The despatch advice or order. A number of the table's texts.
    pub transaction: u32,
    /// Business step.
    pub step: Step,
    /// Disposition.
    pub disposition: Disposition,
    /// Bits of [`flag`].
    pub flags: u8,
}

impl Row {
    /// Whether a bit of [`flag`] is set.
    pub const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// An amount of a class of things: `(event, lot or product, how many)`.
pub type Quantity = (u32, u32, f64);

/// The document that an event stood in, a number of the table's texts, and its place there, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) document: u32,
    pub(crate) index: u32,
}

/// Events with everything they name.
#[derive(Debug, Default)]
pub struct EventTable {
    /// Packs, containers, lots, products.
    pub things: Things,
    /// Places, parties, clients.
    pub places: Places,
    /// Lot numbers, transactions, names of documents.
    pub texts: Names,
    /// The events.
    pub rows: Vec<Row>,
    sources: Vec<Source>,
    /// Identifiers of the events, by the same place, end to end.
    ids: String,
    id_ends: Vec<u64>,
    named: Vec<u32>,
    /// Amounts without serial numbers, in the order of events.
    pub quantities: Vec<Quantity>,
}

impl EventTable {
    /// The things that an event names, the container left out.
    pub fn named(&self, row: &Row) -> &[u32] {
        &self.named[row.first_thing as usize..(row.first_thing + row.things) as usize]
    }

    /// The identifier of an event, empty where it has none.
    pub fn id(&self, event: u32) -> &str {
        let at = event as usize;
        let start = if at == 0 { 0 } else { self.id_ends[at - 1] };
        let span = usize::try_from(start).ok().zip(usize::try_from(self.id_ends[at]).ok());
        span.and_then(|(start, end)| self.ids.get(start..end)).unwrap_or_default()
    }

    /// The document that an event stood in.
    pub(crate) fn source(&self, event: u32) -> Source {
        self.sources[event as usize]
    }

    /// How many things all events name together.
    pub fn mentions(&self) -> usize {
        self.named.len()
    }

    /// Makes room for so many events more, which are not copied then as the table grows.
    pub(crate) fn reserve(&mut self, events: usize) {
        self.rows.reserve_exact(events);
        self.sources.reserve_exact(events);
        self.id_ends.reserve_exact(events);
    }

    /// Appends an event; the place of its things is filled in.
    pub(crate) fn push(&mut self, mut row: Row, source: Source, things: &[u32], id: &str) -> u32 {
        row.first_thing = u32::try_from(self.named.len()).expect("fewer than 2^32 mentions fit into memory");
        row.things = u32::try_from(things.len()).expect("an event names at most 100,000 things");
        self.named.extend_from_slice(things);
        self.ids.push_str(id);
        self.id_ends.push(self.ids.len() as u64);
        self.rows.push(row);
        self.sources.push(source);
        u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 events fit into memory")
    }

    /// Appends an event whose names are texts; things of one event are parted by blanks, what is empty is absent.
    pub(crate) fn push_named(&mut self, mut row: Row, index: u32, names: &NamesOfRow<'_>) -> u32 {
        let things: Vec<u32> = names.things.split_ascii_whitespace().map(|uri| self.things.intern(uri)).collect();
        let mut place = |uri: &str| if uri.is_empty() { NONE } else { self.places.intern(uri) };
        (row.place, row.source) = (place(names.place), place(names.source));
        (row.destination, row.client) = (place(names.destination), place(names.client));
        let mut text = |text: &str| if text.is_empty() { NONE } else { self.texts.intern_text(text) };
        (row.lot, row.transaction) = (text(names.lot), text(names.transaction));
        let source = Source { document: text(names.document), index };
        if !names.parent.is_empty() {
            row.parent = self.things.intern(names.parent);
        }
        self.push(row, source, &things, names.id)
    }

    /// Adds an amount to an event.
    pub(crate) fn push_quantity(&mut self, event: u32, class: &str, count: f64) {
        let class = self.things.intern(class);
        self.quantities.push((event, class, count));
    }

    /// Appends another table.
    pub(crate) fn absorb(&mut self, other: Self) {
        let things = self.things.absorb(&other.things);
        let texts: Vec<u32> = self.texts.absorb(&other.texts).into_iter().map(|(id, _)| id).collect();
        let first_event = number(self.rows.len());
        let first_named = number(self.named.len());
        let first_id = self.ids.len() as u64;
        let places = self.places.absorb(other.places);
        let of = |ids: &[u32], id: u32| ids.get(id as usize).copied().unwrap_or(NONE);
        self.named.extend(other.named.iter().map(|thing| of(&things, *thing)));
        self.ids.push_str(&other.ids);
        self.id_ends.extend(other.id_ends.iter().map(|end| end + first_id));
        self.quantities.extend(
            other.quantities.iter().map(|(event, class, count)| (event + first_event, of(&things, *class), *count)),
        );
        self.rows.extend(other.rows.into_iter().map(|row| Row {
            first_thing: row.first_thing + first_named,
            parent: of(&things, row.parent),
            place: of(&places, row.place),
            source: of(&places, row.source),
            destination: of(&places, row.destination),
            client: of(&places, row.client),
            lot: of(&texts, row.lot),
            transaction: of(&texts, row.transaction),
            ..row
        }));
        let source = |source: Source| Source { document: of(&texts, source.document), ..source };
        self.sources.extend(other.sources.into_iter().map(source));
    }
}

/// What an event names, as texts.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the fields are those of [`Row`] and the document, under the same names")]
pub struct NamesOfRow<'t> {
    pub parent: &'t str,
    pub things: &'t str,
    pub place: &'t str,
    pub source: &'t str,
    pub destination: &'t str,
    pub client: &'t str,
    pub lot: &'t str,
    pub transaction: &'t str,
    pub document: &'t str,
    pub id: &'t str,
}

/// A place in a list as a number of 32 bits.
pub(crate) fn number(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 of anything fit into memory")
}
