//! Scans, which alerts are counted against: one for each pack that an event of verifying, dispensing or decommissioning names.

use std::collections::BTreeMap;

use crate::detect::is_scan;
use crate::events::{EventTable, NO_TIME, NONE};
use crate::rules::{date, day};

/// The scans of a table by day (`YYYY-MM-DD`, UTC, by the events' own time) and place; no place is the empty text. Events without a
/// time are left out.
pub fn scans_by_day_and_place(table: &EventTable) -> BTreeMap<(String, String), u64> {
    let mut counted: BTreeMap<(i32, u32), u64> = BTreeMap::new();
    for row in table.rows.iter().filter(|row| is_scan(row.step) && row.time != NO_TIME) {
        *counted.entry((day(row.time), row.place)).or_default() += u64::from(row.things);
    }
    let place = |place: u32| if place == NONE { String::new() } else { table.places.text(place).to_owned() };
    counted.into_iter().map(|((day, at), scans)| ((date(day), place(at)), scans)).collect()
}
