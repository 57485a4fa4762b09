//! What is on hand, followed pack by pack.

use super::walk::{Walk, is_told};
use crate::events::{EventTable, Row};
use crate::history::order;

pub(super) const DAY_MS: i64 = 86_400_000;
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

/// Packs sent to a place on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The day on which they were sent, a place in the list of days.
    pub sent: usize,
    /// The day on which they came; none of what has not come.
    pub came: Option<usize>,
    /// How many.
    pub packs: u32,
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
    /// What was sent to the place, by the day on which it was sent.
    pub deliveries: Vec<Delivery>,
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
}

impl Accounts {
    /// Follows every pack of the table. Events without a time, retracted ones and declarations are passed over.
    pub fn of(table: &EventTable) -> Self {
        Self::follow(table, &order(table))
    }

    /// The same of events whose order is known.
    pub(crate) fn follow(table: &EventTable, order: &[u32]) -> Self {
        let row = |event: &u32| &table.rows[*event as usize];
        let told = || order.iter().map(row).filter(|row| is_told(row));
        let (Some(first), Some(last)) = (told().next(), told().next_back()) else { return Self::default() };
        let last_day = last.time.div_euclid(DAY_MS);
        let first_day = first.time.div_euclid(DAY_MS).max(last_day - DAYS_MAX);
        let mut walk = Walk::new(table, usize::try_from(last_day - first_day + 1).unwrap_or(0));
        let mut today = first_day;
        let mut at_once: Vec<&Row> = Vec::new();
        for moment in order.chunk_by(|a, b| row(a).time == row(b).time) {
            at_once.extend(moment.iter().map(row).filter(|row| is_told(row)));
            at_once.sort_by_key(|row| (row.step, row.fingerprint));
            for row in at_once.drain(..) {
                while today < row.time.div_euclid(DAY_MS) {
                    walk.close();
                    today += 1;
                }
                walk.follow(row);
            }
        }
        walk.close();
        walk.finish(first_day)
    }
}
