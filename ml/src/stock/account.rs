//! What is on hand, followed pack by pack.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use crate::events::{EventTable, NO_TIME, NONE, Row, Step, ThingKind, flag, number};

const DAY_MS: i64 = 86_400_000;
/// Containers in containers that are followed.
const DEPTH_MAX: u8 = 6;
/// Shelves are emptied about first in, first out: a pack that lies there so much longer than one that was given out was
/// given out too, and the reader missed it.
const OVERTAKEN_MS: i64 = 10 * DAY_MS;
/// Days from the first event to the last, at most.
const DAYS_MAX: i64 = 20_000;

/// One day of a product at a place, in packs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// Sent to the place on this day.
    pub sent: u32,
    /// Received.
    pub received: u32,
    /// Given out; of a supplier: sent on.
    pub dispensed: u32,
    /// On hand when the day ends.
    pub on_hand: u32,
    /// On the way when the day ends.
    pub incoming: u32,
}

/// A product at a place that dispenses it, or at one that supplies such places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The product, its 14 digits as a number.
    pub gtin: u64,
    /// The place, a number of the table.
    pub place: u32,
    /// Who sent the last goods, a number of the table.
    pub supplier: u32,
    /// The days from the table's first to its last.
    pub days: Vec<Day>,
    /// The packs on the shelf when the last day ends, by when they came; numbers of the table.
    pub packs: Vec<u32>,
}

/// All products at all places that dispense, and at those that supply them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// The first day, in days since 1970 (UTC).
    pub first_day: i64,
    /// Places that dispense, by product and place.
    pub list: Vec<Account>,
    /// Places that receive and send on, by product and place.
    pub suppliers: Vec<Account>,
    /// Days from each shipment to its receipt at a place that dispenses, in order.
    pub lead_days: Vec<u16>,
    /// The same at a supplier.
    pub supply_days: Vec<u16>,
}

impl Accounts {
    /// Follows every pack of the table. Events without a time, retracted ones and declarations are passed over.
    pub fn of(table: &EventTable) -> Self {
        let told = |row: &Row| row.time != NO_TIME && !row.is(flag::RETRACTED | flag::DECLARATION);
        let mut order: Vec<&Row> = table.rows.iter().filter(|row| told(row)).collect();
        order.sort_by_key(|row| (row.time, row.step, row.fingerprint));
        let (Some(first), Some(last)) = (order.first(), order.last()) else { return Self::default() };
        let first_day = first.time.div_euclid(DAY_MS).max(last.time.div_euclid(DAY_MS) - DAYS_MAX);
        let mut walk = Walk::new(table, &order);
        let mut today = first_day;
        for row in order {
            while today < row.time.div_euclid(DAY_MS) {
                walk.close();
                today += 1;
            }
            walk.follow(row);
        }
        walk.close();
        walk.finish(first_day)
    }
}

#[derive(Default)]
struct Cell {
    /// When they came, and which.
    packs: BTreeSet<(i64, u32)>,
    day: Day,
    incoming: u32,
    supplier: Option<u32>,
    days: Vec<Day>,
}

struct Walk<'a> {
    table: &'a EventTable,
    dispensers: HashSet<u32>,
    contents: HashMap<u32, Vec<u32>>,
    cells: HashMap<(u64, u32), Cell>,
    /// On which shelf a pack lies, and since when.
    lies: HashMap<u32, (u32, i64)>,
    /// To whom a pack is on its way, and since when.
    travels: HashMap<u32, (u32, i64)>,
    lead_days: Vec<u16>,
    supply_days: Vec<u16>,
    closed: usize,
}

impl<'a> Walk<'a> {
    fn new(table: &'a EventTable, rows: &[&Row]) -> Self {
        let dispenses = |row: &&&Row| row.step == Step::Dispensing;
        Self {
            table,
            dispensers: rows.iter().filter(dispenses).map(|row| row.place).collect(),
            contents: HashMap::new(),
            cells: HashMap::new(),
            lies: HashMap::new(),
            travels: HashMap::new(),
            lead_days: Vec::new(),
            supply_days: Vec::new(),
            closed: 0,
        }
    }

    fn follow(&mut self, row: &Row) {
        let things = self.table.named(row);
        if row.is(flag::AGGREGATION) && row.parent != NONE && row.is(flag::ADD) {
            self.contents.entry(row.parent).or_default().extend(things);
            return;
        }
        let packs = self.packs(things);
        for pack in &packs {
            match row.step {
                Step::Shipping | Step::Returning => self.ship(row, *pack),
                Step::Receiving => self.arrive(*pack, row.place, row.time, true),
                // A pack that is seen where nobody received it came unseen.
                Step::Unpacking | Step::Inspecting | Step::Restoring => self.arrive(*pack, row.place, row.time, false),
                Step::Dispensing => self.dispense(*pack, row.place, row.time),
                Step::Destroying | Step::Decommissioning | Step::Repackaging => self.leave(*pack),
                Step::Commissioning | Step::Packing | Step::VoidShipping | Step::Other => {}
            }
        }
        if row.is(flag::AGGREGATION) && row.is(flag::DELETE) {
            self.contents.remove(&row.parent);
        }
    }

    /// The packs among things and in the containers among them.
    fn packs(&self, things: &[u32]) -> Vec<u32> {
        let mut packs = Vec::new();
        let mut open: Vec<(u32, u8)> = things.iter().map(|thing| (*thing, 0)).collect();
        while let Some((thing, depth)) = open.pop() {
            if self.table.things.kind(thing) == ThingKind::Pack {
                packs.push(thing);
            }
            if depth < DEPTH_MAX
                && let Some(children) = self.contents.get(&thing)
            {
                open.extend(children.iter().map(|child| (*child, depth + 1)));
            }
        }
        packs
    }

    fn cell(&mut self, pack: u32, place: u32) -> &mut Cell {
        let (key, closed) = ((self.table.things.gtin(pack), place), self.closed);
        self.cells.entry(key).or_insert_with(|| Cell { days: vec![Day::default(); closed], ..Cell::default() })
    }

    fn ship(&mut self, row: &Row, pack: u32) {
        self.leave(pack);
        if row.place != NONE && !self.dispensers.contains(&row.place) {
            self.cell(pack, row.place).day.dispensed += 1;
        }
        if row.destination != NONE {
            let cell = self.cell(pack, row.destination);
            (cell.incoming, cell.day.sent) = (cell.incoming + 1, cell.day.sent + 1);
            cell.supplier = Some(row.source);
            self.travels.insert(pack, (row.destination, row.time));
        }
    }

    fn arrive(&mut self, pack: u32, place: u32, time: i64, is_receipt: bool) {
        let mut since = time;
        if let Some((to, sent)) = self.travels.remove(&pack) {
            // Nobody knows when it came if its receipt was missed, but not before it was sent.
            since = if is_receipt { time } else { sent };
            let cell = self.cell(pack, to);
            cell.incoming = cell.incoming.saturating_sub(1);
            if is_receipt && to == place {
                let days = time.div_euclid(DAY_MS) - sent.div_euclid(DAY_MS);
                let all = if self.dispensers.contains(&to) { &mut self.lead_days } else { &mut self.supply_days };
                all.extend(u16::try_from(days));
            }
        }
        if place == NONE || self.lies.get(&pack).is_some_and(|(at, _)| *at == place) {
            return;
        }
        self.leave(pack);
        self.lies.insert(pack, (place, since));
        let cell = self.cell(pack, place);
        cell.packs.insert((since, pack));
        cell.day.received += 1;
    }

    fn dispense(&mut self, pack: u32, place: u32, time: i64) {
        let since = self.lies.get(&pack).filter(|(at, _)| *at == place).map(|(_, since)| *since);
        self.leave(pack);
        self.travels.remove(&pack);
        let cell = self.cell(pack, place);
        cell.day.dispensed += 1;
        // One that was first seen when it was given out says nothing of those beside it.
        let Some(since) = since.filter(|since| time - since >= DAY_MS) else { return };
        let kept = cell.packs.split_off(&(since - OVERTAKEN_MS, 0));
        let overtaken = std::mem::replace(&mut cell.packs, kept);
        for (_, pack) in overtaken {
            self.lies.remove(&pack);
        }
    }

    /// Off whatever shelf it lies on.
    fn leave(&mut self, pack: u32) {
        if let Some((place, since)) = self.lies.remove(&pack) {
            self.cell(pack, place).packs.remove(&(since, pack));
        }
    }

    fn close(&mut self) {
        self.closed += 1;
        for cell in self.cells.values_mut() {
            let on_hand = number(cell.packs.len());
            cell.days.push(Day { on_hand, incoming: cell.incoming, ..std::mem::take(&mut cell.day) });
        }
    }

    fn finish(mut self, first_day: i64) -> Accounts {
        let cells = std::mem::take(&mut self.cells);
        let account = |((gtin, place), cell): ((u64, u32), Cell)| Account {
            gtin,
            place,
            supplier: cell.supplier.unwrap_or(NONE),
            days: cell.days,
            packs: cell.packs.into_iter().map(|(_, pack)| pack).collect(),
        };
        let (mut list, mut others): (Vec<Account>, Vec<Account>) =
            cells.into_iter().map(account).partition(|account| self.dispensers.contains(&account.place));
        // Who makes a product sends it and receives none but what comes back.
        others.retain(|account| account.supplier != NONE && account.days.iter().any(|day| day.dispensed > 0));
        for accounts in [&mut list, &mut others] {
            accounts.sort_by_key(|account| (account.gtin, account.place));
        }
        self.lead_days.sort_unstable();
        self.supply_days.sort_unstable();
        let Self { lead_days, supply_days, .. } = self;
        Accounts { first_day, list, suppliers: others, lead_days, supply_days }
    }
}
