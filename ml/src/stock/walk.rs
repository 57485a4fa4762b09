//! From event to event: where each pack lies, and to whom it is on its way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use hashbrown::{HashMap, HashSet};

use super::account::{Account, Accounts, DAY_MS, Day, Delivery};
use super::turn::Turn;
use crate::events::{EventTable, NO_TIME, NONE, Row, Step, ThingKind, flag, number};

/// Containers in containers that are followed.
const DEPTH_MAX: u8 = 6;

#[derive(Default)]
struct Cell {
    /// Product and place.
    key: (u64, u32),
    /// When packs came, and which, the first above; also those that left: see [`Walk::is_there`].
    packs: BinaryHeap<Reverse<(i64, u32)>>,
    on_hand: usize,
    day: Day,
    incoming: u32,
    supplier: Option<u32>,
    days: Vec<Day>,
    /// Packs by the days on which they were sent and came.
    deliveries: BTreeMap<(usize, Option<usize>), u32>,
    /// When that one of the packs that were given out came which came last.
    given: i64,
}

/// Where a pack is: on a shelf, on its way, or neither; a copy that is sent twice may be both.
#[derive(Debug, Clone, Copy)]
struct Pack {
    /// In which cell it lies, [`NONE`] if in none.
    cell: u32,
    /// To which cell it is on its way, [`NONE`] if to none.
    to: u32,
    /// Since when it lies there.
    since: i64,
    /// When it was sent.
    sent: i64,
    /// With what it was sent, a number of the shipments.
    shipment: u32,
    /// The day on which it was sent.
    day: u16,
    /// Whether something lies in it: then it is a container, or a pack of packs.
    is_filled: bool,
}

const NOWHERE: Pack = Pack { cell: NONE, to: NONE, since: 0, sent: 0, shipment: 0, day: 0, is_filled: false };

/// What one event sent to one place.
#[derive(Debug, Default)]
struct Shipment {
    packs: Vec<u32>,
    /// How many of them have been received.
    received: usize,
}

/// Whether the event is followed: it has a time, is not declared wrong and declares nothing.
pub(super) fn is_told(row: &Row) -> bool {
    row.time != NO_TIME && !row.is(flag::RETRACTED | flag::DECLARATION)
}

pub(super) struct Walk<'a> {
    table: &'a EventTable,
    dispensers: HashSet<u32>,
    contents: HashMap<u32, Vec<u32>>,
    /// The cell of each product and place.
    places: HashMap<(u64, u32), u32>,
    cells: Vec<Cell>,
    /// By the number of the thing: nearly every thing is a pack that moves.
    packs: Vec<Pack>,
    shipments: Vec<Shipment>,
    turn: Turn,
    lead_days: Vec<u16>,
    /// Days that have ended, and those that will have ended.
    closed: usize,
    days: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(table: &'a EventTable, days: usize) -> Self {
        let dispenses = |row: &&Row| row.step == Step::Dispensing && is_told(row);
        Self {
            table,
            dispensers: table.rows.iter().filter(dispenses).map(|row| row.place).collect(),
            contents: HashMap::new(),
            places: HashMap::new(),
            cells: Vec::new(),
            packs: vec![NOWHERE; table.things.len()],
            shipments: Vec::new(),
            turn: Turn::default(),
            lead_days: Vec::new(),
            closed: 0,
            days,
        }
    }

    /// What an event changes.
    pub(super) fn follow(&mut self, row: &Row) {
        let things = self.table.named(row);
        if row.is(flag::AGGREGATION) && row.parent != NONE && row.is(flag::ADD) {
            self.contents.entry(row.parent).or_default().extend(things);
            self.packs[row.parent as usize].is_filled = true;
            return;
        }
        let packs = self.packs_in(things);
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
            if row.parent != NONE {
                self.packs[row.parent as usize].is_filled = false;
            }
        }
    }

    /// A pack that is received, and with what it was sent.
    fn receive(&mut self, pack: u32, row: &Row) -> Option<u32> {
        let Pack { to, shipment, .. } = self.packs[pack as usize];
        self.arrive(pack, row.place, row.time, true);
        if to == NONE || self.cells[to as usize].key.1 != row.place {
            return None;
        }
        self.shipments[shipment as usize].received += 1;
        Some(shipment)
    }

    /// What the reader missed of a shipment that came: where half of it was read, all of it is there.
    fn complete(&mut self, shipment: u32, row: &Row) {
        let Shipment { packs, received } = &mut self.shipments[shipment as usize];
        if 2 * *received < packs.len() {
            return;
        }
        for pack in std::mem::take(packs) {
            let Pack { to, shipment: with, .. } = self.packs[pack as usize];
            if to != NONE && with == shipment {
                self.arrive(pack, row.place, row.time, true);
            }
        }
    }

    /// The packs among things and in the containers among them.
    fn packs_in(&self, things: &[u32]) -> Vec<u32> {
        let mut packs = Vec::with_capacity(things.len());
        let mut open: Vec<(u32, u8)> = things.iter().map(|thing| (*thing, 0)).collect();
        while let Some((thing, depth)) = open.pop() {
            if self.table.things.kind(thing) == ThingKind::Pack {
                packs.push(thing);
            }
            if depth < DEPTH_MAX
                && self.packs[thing as usize].is_filled
                && let Some(children) = self.contents.get(&thing)
            {
                open.extend(children.iter().map(|child| (*child, depth + 1)));
            }
        }
        packs
    }

    /// The number of the cell of a pack's product at a place.
    fn cell(&mut self, pack: u32, place: u32) -> u32 {
        let key = (self.table.things.gtin(pack), place);
        *self.places.entry(key).or_insert_with(|| {
            let mut days = Vec::with_capacity(self.days);
            days.resize(self.closed, Day::default());
            self.cells.push(Cell { key, days, ..Cell::default() });
            number(self.cells.len() - 1)
        })
    }

    /// Whether a pack lies in a cell since then: what left is not looked for in the heap, but passed over when it comes up.
    fn is_there(packs: &[Pack], cell: u32, (since, pack): (i64, u32)) -> bool {
        let state = &packs[pack as usize];
        state.cell == cell && state.since == since
    }

    /// Puts a pack into a cell.
    fn lay(&mut self, pack: u32, at: u32, since: i64) {
        /// Fewer that left do no harm.
        const GONE_MIN: usize = 64;
        let (packs, cell) = (&mut self.packs, &mut self.cells[at as usize]);
        (packs[pack as usize].cell, packs[pack as usize].since) = (at, since);
        if cell.packs.len() >= 2 * cell.on_hand + GONE_MIN {
            cell.packs.retain(|Reverse(held)| held.1 != pack && Self::is_there(packs, at, *held));
        }
        cell.packs.push(Reverse((since, pack)));
        cell.on_hand += 1;
    }

    fn ship(&mut self, row: &Row, pack: u32) {
        if row.place != NONE {
            // What leaves a place has come there, seen or not.
            self.arrive(pack, row.place, row.time, false);
        }
        self.leave(pack);
        if row.place != NONE && !self.dispensers.contains(&row.place) {
            let cell = self.cell(pack, row.place);
            self.cells[cell as usize].day.dispensed += 1;
        }
        if row.destination != NONE {
            let (day, shipment) = (self.closed, self.shipments.len() - 1);
            let to = self.cell(pack, row.destination);
            let cell = &mut self.cells[to as usize];
            (cell.incoming, cell.day.sent) = (cell.incoming + 1, cell.day.sent + 1);
            *cell.deliveries.entry((day, None)).or_default() += 1;
            cell.supplier = Some(row.source);
            let state = &mut self.packs[pack as usize];
            (state.to, state.sent, state.shipment) = (to, row.time, number(shipment));
            state.day = u16::try_from(day).expect("the days are at most 20,000");
            self.shipments[shipment].packs.push(pack);
        }
    }

    fn arrive(&mut self, pack: u32, place: u32, time: i64, is_receipt: bool) {
        let mut since = time;
        if let Some((to, sent)) = self.end_travel(pack) {
            // Nobody knows when it came if its receipt was missed, but not before it was sent.
            since = if is_receipt { time } else { sent };
            if is_receipt && self.cells[to as usize].key.1 == place {
                let days = time.div_euclid(DAY_MS) - sent.div_euclid(DAY_MS);
                if self.dispensers.contains(&place) {
                    self.lead_days.extend(u16::try_from(days));
                }
            }
        }
        let lies = self.packs[pack as usize].cell;
        if place == NONE || (lies != NONE && self.cells[lies as usize].key.1 == place) {
            return;
        }
        self.leave(pack);
        let cell = self.cell(pack, place);
        self.lay(pack, cell, since);
        self.cells[cell as usize].day.received += 1;
    }

    /// A pack is no longer awaited; to whom it was sent, and when.
    fn end_travel(&mut self, pack: u32) -> Option<(u32, i64)> {
        let Pack { to, sent, day, .. } = self.packs[pack as usize];
        if to == NONE {
            return None;
        }
        self.packs[pack as usize].to = NONE;
        let came = self.closed;
        let cell = &mut self.cells[to as usize];
        cell.incoming = cell.incoming.saturating_sub(1);
        *cell.deliveries.entry((usize::from(day), Some(came))).or_default() += 1;
        if let Some(waiting) = cell.deliveries.get_mut(&(usize::from(day), None)) {
            *waiting -= 1;
        }
        Some((to, sent))
    }

    fn dispense(&mut self, pack: u32, place: u32, time: i64) {
        let state = self.packs[pack as usize];
        self.leave(pack);
        self.end_travel(pack);
        let overtaken_ms = self.turn.overtaken_days() * DAY_MS;
        let at = self.cell(pack, place);
        let since = (state.cell == at).then_some(state.since);
        let cell = &mut self.cells[at as usize];
        cell.day.dispensed += 1;
        // One that was first seen when it was given out says nothing of those beside it.
        let Some(since) = since.filter(|since| time - since >= DAY_MS) else { return };
        let later = (cell.given - since).max(0);
        cell.given = cell.given.max(since);
        while let Some(Reverse(first)) = cell.packs.peek().filter(|first| first.0 < (since - overtaken_ms, 0)) {
            if Self::is_there(&self.packs, at, *first) {
                self.packs[first.1 as usize].cell = NONE;
                cell.on_hand -= 1;
            }
            cell.packs.pop();
        }
        self.turn.count(later.div_euclid(DAY_MS));
    }

    /// Off whatever shelf it lies on.
    fn leave(&mut self, pack: u32) {
        let cell = std::mem::replace(&mut self.packs[pack as usize].cell, NONE);
        if cell != NONE {
            self.cells[cell as usize].on_hand -= 1;
        }
    }

    /// A day ends.
    pub(super) fn close(&mut self) {
        self.closed += 1;
        for cell in &mut self.cells {
            let on_hand = number(cell.on_hand);
            cell.days.push(Day { on_hand, incoming: cell.incoming, ..std::mem::take(&mut cell.day) });
        }
    }

    pub(super) fn finish(mut self, first_day: i64) -> Accounts {
        let cells = std::mem::take(&mut self.cells);
        let packs = std::mem::take(&mut self.packs);
        // A pack that left and came back at one time stands there twice.
        let there = |at: usize, held: BinaryHeap<Reverse<(i64, u32)>>| {
            let mut there: Vec<(i64, u32)> = held.into_iter().map(|held| held.0).collect();
            there.retain(|held| Self::is_there(&packs, number(at), *held));
            there.sort_unstable();
            there.dedup();
            there.into_iter().map(|(_, pack)| pack).collect()
        };
        let account = |(at, cell): (usize, Cell)| Account {
            gtin: cell.key.0,
            place: cell.key.1,
            supplier: cell.supplier.unwrap_or(NONE),
            days: cell.days,
            deliveries: (cell.deliveries.into_iter())
                .filter(|(_, packs)| *packs > 0)
                .map(|((sent, came), packs)| Delivery { sent, came, packs })
                .collect(),
            packs: there(at, cell.packs),
        };
        let (mut list, mut others): (Vec<Account>, Vec<Account>) =
            cells.into_iter().enumerate().map(account).partition(|account| self.dispensers.contains(&account.place));
        // Who makes a product sends it and receives none but what comes back.
        others.retain(|account| account.supplier != NONE && account.days.iter().any(|day| day.dispensed > 0));
        for accounts in [&mut list, &mut others] {
            accounts.sort_by_key(|account| (account.gtin, account.place));
        }
        self.lead_days.sort_unstable();
        Accounts { first_day, list, suppliers: others, lead_days: self.lead_days }
    }
}
