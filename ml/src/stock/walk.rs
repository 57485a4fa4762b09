//! From event to event: where each pack lies, and to whom it is on its way.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};

use super::account::{Account, Accounts, DAY_MS, Day, Delivery};
use super::turn::Turn;
use crate::events::{EventTable, NONE, Row, Step, ThingKind, flag, number};

/// Containers in containers that are followed.
const DEPTH_MAX: u8 = 6;

#[derive(Default)]
struct Cell {
    /// When they came, and which.
    packs: BTreeSet<(i64, u32)>,
    day: Day,
    incoming: u32,
    supplier: Option<u32>,
    days: Vec<Day>,
    /// Packs by the days on which they were sent and came.
    deliveries: BTreeMap<(usize, Option<usize>), u32>,
    /// When that one of the packs that were given out came which came last.
    given: i64,
}

/// A pack on its way.
#[derive(Debug, Clone, Copy)]
struct Travel {
    to: u32,
    sent: i64,
    day: usize,
    /// A number of the shipments.
    shipment: usize,
}

/// What one event sent to one place.
#[derive(Debug, Default)]
struct Shipment {
    packs: Vec<u32>,
    /// How many of them have been received.
    received: usize,
}

pub(super) struct Walk<'a> {
    table: &'a EventTable,
    dispensers: HashSet<u32>,
    contents: HashMap<u32, Vec<u32>>,
    cells: HashMap<(u64, u32), Cell>,
    /// On which shelf a pack lies, and since when.
    lies: HashMap<u32, (u32, i64)>,
    travels: HashMap<u32, Travel>,
    shipments: Vec<Shipment>,
    turn: Turn,
    lead_days: Vec<u16>,
    closed: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(table: &'a EventTable, rows: &[&Row]) -> Self {
        let dispenses = |row: &&&Row| row.step == Step::Dispensing;
        Self {
            table,
            dispensers: rows.iter().filter(dispenses).map(|row| row.place).collect(),
            contents: HashMap::new(),
            cells: HashMap::new(),
            lies: HashMap::new(),
            travels: HashMap::new(),
            shipments: Vec::new(),
            turn: Turn::default(),
            lead_days: Vec::new(),
            closed: 0,
        }
    }

    /// What an event changes.
    pub(super) fn follow(&mut self, row: &Row) {
        let things = self.table.named(row);
        if row.is(flag::AGGREGATION) && row.parent != NONE && row.is(flag::ADD) {
            self.contents.entry(row.parent).or_default().extend(things);
            return;
        }
        let packs = self.packs(things);
        let mut received = Vec::new();
        if matches!(row.step, Step::Shipping | Step::Returning) {
            self.shipments.push(Shipment::default());
        }
        for pack in &packs {
            match row.step {
                Step::Shipping | Step::Returning => self.ship(row, *pack),
                Step::Receiving => received.extend(self.receive(*pack, row)),
                // A pack that is seen where nobody received it came unseen.
                Step::Unpacking | Step::Inspecting | Step::Restoring => self.arrive(*pack, row.place, row.time, false),
                Step::Dispensing => self.dispense(*pack, row.place, row.time),
                Step::Destroying | Step::Decommissioning | Step::Repackaging => self.leave(*pack),
                Step::Commissioning | Step::Packing | Step::VoidShipping | Step::Other => {}
            }
        }
        received.sort_unstable();
        received.dedup();
        for shipment in received {
            self.complete(shipment, row);
        }
        if row.is(flag::AGGREGATION) && row.is(flag::DELETE) {
            self.contents.remove(&row.parent);
        }
    }

    /// A pack that is received, and with what it was sent.
    fn receive(&mut self, pack: u32, row: &Row) -> Option<usize> {
        let travel = self.travels.get(&pack).filter(|travel| travel.to == row.place).copied();
        self.arrive(pack, row.place, row.time, true);
        let shipment = travel?.shipment;
        self.shipments[shipment].received += 1;
        Some(shipment)
    }

    /// What the reader missed of a shipment that came: where half of it was read, all of it is there.
    fn complete(&mut self, shipment: usize, row: &Row) {
        let Shipment { packs, received } = &self.shipments[shipment];
        if 2 * received < packs.len() {
            return;
        }
        for pack in std::mem::take(&mut self.shipments[shipment].packs) {
            if self.travels.get(&pack).is_some_and(|travel| travel.shipment == shipment) {
                self.arrive(pack, row.place, row.time, true);
            }
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
        if row.place != NONE {
            // What leaves a place has come there, seen or not.
            self.arrive(pack, row.place, row.time, false);
        }
        self.leave(pack);
        if row.place != NONE && !self.dispensers.contains(&row.place) {
            self.cell(pack, row.place).day.dispensed += 1;
        }
        if row.destination != NONE {
            let (day, shipment) = (self.closed, self.shipments.len() - 1);
            let cell = self.cell(pack, row.destination);
            (cell.incoming, cell.day.sent) = (cell.incoming + 1, cell.day.sent + 1);
            *cell.deliveries.entry((day, None)).or_default() += 1;
            cell.supplier = Some(row.source);
            self.travels.insert(pack, Travel { to: row.destination, sent: row.time, day, shipment });
            self.shipments[shipment].packs.push(pack);
        }
    }

    fn arrive(&mut self, pack: u32, place: u32, time: i64, is_receipt: bool) {
        let mut since = time;
        if let Some(travel) = self.end_travel(pack) {
            // Nobody knows when it came if its receipt was missed, but not before it was sent.
            since = if is_receipt { time } else { travel.sent };
            if is_receipt && travel.to == place {
                let days = time.div_euclid(DAY_MS) - travel.sent.div_euclid(DAY_MS);
                if self.dispensers.contains(&place) {
                    self.lead_days.extend(u16::try_from(days));
                }
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

    /// A pack is no longer awaited.
    fn end_travel(&mut self, pack: u32) -> Option<Travel> {
        let travel = self.travels.remove(&pack)?;
        let came = self.closed;
        let cell = self.cell(pack, travel.to);
        cell.incoming = cell.incoming.saturating_sub(1);
        *cell.deliveries.entry((travel.day, Some(came))).or_default() += 1;
        if let Some(waiting) = cell.deliveries.get_mut(&(travel.day, None)) {
            *waiting -= 1;
        }
        Some(travel)
    }

    fn dispense(&mut self, pack: u32, place: u32, time: i64) {
        let since = self.lies.get(&pack).filter(|(at, _)| *at == place).map(|(_, since)| *since);
        self.leave(pack);
        self.end_travel(pack);
        let overtaken_ms = self.turn.overtaken_days() * DAY_MS;
        let cell = self.cell(pack, place);
        cell.day.dispensed += 1;
        // One that was first seen when it was given out says nothing of those beside it.
        let Some(since) = since.filter(|since| time - since >= DAY_MS) else { return };
        let later = (cell.given - since).max(0);
        cell.given = cell.given.max(since);
        let kept = cell.packs.split_off(&(since - overtaken_ms, 0));
        let overtaken = std::mem::replace(&mut cell.packs, kept);
        for (_, pack) in overtaken {
            self.lies.remove(&pack);
        }
        self.turn.count(later.div_euclid(DAY_MS));
    }

    /// Off whatever shelf it lies on.
    fn leave(&mut self, pack: u32) {
        if let Some((place, since)) = self.lies.remove(&pack) {
            self.cell(pack, place).packs.remove(&(since, pack));
        }
    }

    /// A day ends.
    pub(super) fn close(&mut self) {
        self.closed += 1;
        for cell in self.cells.values_mut() {
            let on_hand = number(cell.packs.len());
            cell.days.push(Day { on_hand, incoming: cell.incoming, ..std::mem::take(&mut cell.day) });
        }
    }

    pub(super) fn finish(mut self, first_day: i64) -> Accounts {
        let cells = std::mem::take(&mut self.cells);
        let account = |((gtin, place), cell): ((u64, u32), Cell)| Account {
            gtin,
            place,
            supplier: cell.supplier.unwrap_or(NONE),
            days: cell.days,
            deliveries: (cell.deliveries.into_iter())
                .filter(|(_, packs)| *packs > 0)
                .map(|((sent, came), packs)| Delivery { sent, came, packs })
                .collect(),
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
        Accounts { first_day, list, suppliers: others, lead_days: self.lead_days }
    }
}
