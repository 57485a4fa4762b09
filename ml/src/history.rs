//! What happened to each thing, in order, its containers' travels included.

use rayon::prelude::*;

use crate::events::{EventTable, NO_TIME, NONE, Row, Step, flag};

/// Containers in containers that are followed; a pack lies in a case on a pallet in a truck.
const DEPTH_MAX: u8 = 6;
/// Visits of one thing that are looked at.
const VISITS_MAX: usize = 10_000;

/// The events of each thing in the order of time, and the containers it lay in.
#[derive(Debug)]
pub struct Histories {
    order: Vec<u32>,
    starts: Vec<u32>,
    events: Vec<u32>,
    alone: Vec<bool>,
}

/// One stop of a thing: an event of its own or of the container that it lay in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// The event.
    pub event: u32,
    /// Whether it names a container and not the thing itself.
    pub is_inherited: bool,
}

/// A time in a container: from inclusive, to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The container.
    pub parent: u32,
    /// The event that put it in.
    pub packed: u32,
    /// From when.
    pub from: i64,
    /// Until when; the end of time where nothing says so.
    pub to: i64,
    /// Whether an event took it out. If not, it was put elsewhere, or is still there.
    pub is_unpacked: bool,
}

impl Histories {
    /// Sorts once by time; the lists of the things are then filled in order.
    pub fn new(table: &EventTable) -> Self {
        let rows = &table.rows;
        let order = order(table);
        let mut counts = vec![0_u32; table.things.len() + 1];
        let each = |event: u32, take: &mut dyn FnMut(u32)| {
            let row = &rows[event as usize];
            table.named(row).iter().copied().chain((row.parent != NONE).then_some(row.parent)).for_each(take);
        };
        for event in &order {
            each(*event, &mut |thing| counts[thing as usize + 1] += 1);
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        let starts = counts.clone();
        let mut events = vec![0; counts.last().map_or(0, |total| *total as usize)];
        let mut alone = vec![false; table.things.len()];
        for event in &order {
            each(*event, &mut |thing| {
                events[counts[thing as usize] as usize] = *event;
                counts[thing as usize] += 1;
            });
            let row = &rows[*event as usize];
            if row.parent == NONE && row.step != Step::Commissioning {
                table.named(row).iter().for_each(|thing| alone[*thing as usize] = true);
            }
        }
        Self { order, starts, events, alone }
    }

    /// All events that have a time, in the order of time.
    pub(crate) fn in_order(&self) -> &[u32] {
        &self.order
    }

    /// Whether anything happened to a thing itself but to be made and packed.
    pub(crate) fn is_seen_alone(&self, thing: u32) -> bool {
        self.alone[thing as usize]
    }

    /// The events that name the thing, in the order of time.
    pub fn own(&self, thing: u32) -> &[u32] {
        let at = thing as usize;
        &self.events[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The containers in which the thing lay, in the order of time.
    pub fn stays(&self, table: &EventTable, thing: u32) -> Vec<Stay> {
        let mut stays = Vec::new();
        self.find_stays(table, thing, &mut stays);
        stays
    }

    /// The same, into room that is used again.
    pub(crate) fn find_stays(&self, table: &EventTable, thing: u32, stays: &mut Vec<Stay>) {
        stays.clear();
        let mut is_open = false;
        for event in self.own(thing) {
            let row = &table.rows[*event as usize];
            if row.is(flag::RETRACTED | flag::DECLARATION) {
                continue;
            }
            let is_child = row.is(flag::AGGREGATION) && row.parent != NONE && row.parent != thing;
            let ends = (is_child && (row.is(flag::ADD) || row.is(flag::DELETE))) || row.step.is_end();
            if let Some(last) = stays.last_mut().filter(|_| ends && is_open) {
                // Named as put in again: still in the same one.
                if row.is(flag::ADD) && last.parent == row.parent {
                    continue;
                }
                last.to = last.to.min(row.time);
                last.is_unpacked |= row.is(flag::DELETE) && last.parent == row.parent;
                is_open = false;
            }
            if is_child && row.is(flag::ADD) {
                let emptied = self.emptied_after(table, row.parent, row.time);
                let to = emptied.unwrap_or(i64::MAX);
                stays.push(Stay {
                    parent: row.parent,
                    packed: *event,
                    from: row.time,
                    to,
                    is_unpacked: emptied.is_some(),
                });
                is_open = true;
            }
        }
    }

    /// When the container was emptied as a whole: unpacked without naming what came out.
    fn emptied_after(&self, table: &EventTable, parent: u32, time: i64) -> Option<i64> {
        let own = self.own(parent);
        let from = own.partition_point(|event| table.rows[*event as usize].time <= time);
        own[from..]
            .iter()
            .map(|event| &table.rows[*event as usize])
            .find(|row| row.parent == parent && row.things == 0 && row.is(flag::DELETE))
            .map(|row| row.time)
    }

    /// Every stop of the thing with those of its containers while it lay in them, in the order of time. A container's
    /// list is cut to the stay and not copied for each of its packs.
    pub fn visits(&self, table: &EventTable, thing: u32, stays: &[Stay], into: &mut Vec<Visit>) {
        into.clear();
        for event in self.own(thing) {
            let row = &table.rows[*event as usize];
            if row.parent != thing {
                into.push(Visit { time: row.time, event: *event, is_inherited: false });
            }
        }
        for stay in stays {
            self.inherited(table, stay, stay.from, stay.to, 1, into);
        }
        if !stays.is_empty() {
            into.sort_by_key(|visit| {
                let row = &table.rows[visit.event as usize];
                (visit.time, rank(row), row.fingerprint)
            });
        }
        into.truncate(VISITS_MAX);
    }

    fn inherited(&self, table: &EventTable, stay: &Stay, from: i64, to: i64, depth: u8, into: &mut Vec<Visit>) {
        let own = self.own(stay.parent);
        let start = own.partition_point(|event| table.rows[*event as usize].time < from);
        let mut is_packed_again = false;
        for event in &own[start..] {
            let row = &table.rows[*event as usize];
            if row.time > to || into.len() >= VISITS_MAX {
                break;
            }
            is_packed_again |= row.is(flag::AGGREGATION) && row.parent != stay.parent;
            if row.parent != stay.parent {
                into.push(Visit { time: row.time, event: *event, is_inherited: true });
            }
        }
        // The container may have been put into another one before this thing was put into it.
        let is_stacked =
            is_packed_again || own[..start].iter().any(|event| table.rows[*event as usize].parent != stay.parent);
        if !is_stacked || depth >= DEPTH_MAX {
            return;
        }
        for outer in self.stays(table, stay.parent) {
            let (from, to) = (outer.from.max(from), outer.to.min(to));
            if from < to {
                self.inherited(table, &outer, from, to, depth + 1, into);
            }
        }
    }
}

/// The events that have a time, in the order of time.
pub(crate) fn order(table: &EventTable) -> Vec<u32> {
    // With their keys, so that sorting does not go back to the rows; sixteen ranks of each millisecond.
    let moment = |row: &Row| row.time.saturating_mul(16).saturating_add(i64::from(rank(row)));
    let told = table.rows.iter().zip(0..).filter(|(row, _)| row.time != NO_TIME);
    let mut order: Vec<(i64, u64, u32)> = told.map(|(row, event)| (moment(row), row.fingerprint, event)).collect();
    order.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| table.id(a.2).cmp(table.id(b.2))));
    order.into_iter().map(|(_, _, event)| event).collect()
}

/// What comes first of events of one moment.
const fn rank(row: &Row) -> u8 {
    match row.step {
        Step::Commissioning => 0,
        Step::Repackaging => 1,
        Step::Receiving => 2,
        Step::Unpacking => 3,
        Step::Inspecting => 4,
        Step::Other => 5,
        Step::Packing => 6,
        Step::VoidShipping => 7,
        Step::Shipping => 8,
        Step::Returning => 9,
        Step::Dispensing => 10,
        Step::Decommissioning => 11,
        Step::Destroying => 12,
        Step::Restoring => 13,
    }
}
