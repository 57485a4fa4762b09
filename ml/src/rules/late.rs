//! Scans handed in long after they were made: a slip, and the reason why what they say about time is weak.

use std::collections::BTreeMap;

use crate::events::{NO_TIME, NONE, flag, number};

use super::facts::Facts;
use super::finding::cause;
use super::walk::span;
use super::{Code, Finding};

/// Handed in later than this is late, in milliseconds, and also later than most of what is handed in.
const LATE_MS: i64 = 12 * 3_600_000;
/// Above this share of all events, late is what is usual.
const SHARE_MAX: f64 = 0.1;
/// Fewer late events say nothing about what is usual.
const USUAL_MIN: usize = 50;
const NAMED_MAX: usize = 2_000;

/// One finding for each site and day of handing in.
pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let table = facts.table;
    let mut batches: BTreeMap<(u32, i32), Vec<u32>> = BTreeMap::new();
    let (mut late, mut told) = (0_usize, 0_usize);
    for (event, row) in table.rows.iter().enumerate() {
        if row.recorded == NO_TIME || row.time == NO_TIME || row.place == NONE || row.is(flag::DECLARATION) {
            continue;
        }
        told += 1;
        if row.recorded - row.time > LATE_MS {
            late += 1;
            batches.entry((row.place, super::facts::day(row.recorded))).or_default().push(number(event));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
    let is_usual = late >= USUAL_MIN && late as f64 > SHARE_MAX * told as f64;
    if is_usual {
        return;
    }
    for ((place, _), mut events) in batches {
        let row = |event: &u32| &table.rows[*event as usize];
        events.sort_by_key(|event| (row(event).time, row(event).fingerprint));
        let count = events.len();
        let longest = events.iter().map(|event| row(event).recorded - row(event).time).max().unwrap_or(0);
        let at = events.iter().map(|event| row(event).recorded).min().unwrap_or(0);
        let mut things: Vec<u32> = events.iter().flat_map(|event| table.named(row(event))).copied().collect();
        things.sort_by(|a, b| table.things.text(*a).cmp(table.things.text(*b)));
        things.dedup();
        things.truncate(NAMED_MAX);
        events.truncate(20);
        let text =
            format!("{} handed in {count} events up to {} after they happened.", facts.called(place), span(longest));
        let causes = vec![cause("late", &[table.places.text(place), &at.to_string()])];
        let parties = vec![facts.party(place)];
        findings.push(Finding { code: Code::LateUpload, things, parties, events, at, strength: 0.9, causes, text });
    }
}
