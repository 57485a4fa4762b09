//! One thing's history as the rules see it.

use crate::events::{EventTable, NONE, Row, Step, flag};
use crate::history::{Stay, Visit};

use super::facts::Facts;
use super::{Code, Finding};

/// One thing on its way, and the findings about it.
pub(crate) struct Walk<'w> {
    pub(crate) facts: &'w Facts<'w>,
    pub(crate) thing: u32,
    pub(crate) stays: &'w [Stay],
    /// Own events and those of its containers, in the order of time, without what was declared wrong.
    pub(crate) visits: &'w [Visit],
    pub(crate) findings: &'w mut Vec<Finding>,
}

/// What a finding adds to the thing itself.
pub(crate) struct Proof<'p> {
    pub(crate) events: &'p [u32],
    pub(crate) parties: &'p [u32],
    pub(crate) strength: f64,
    pub(crate) causes: &'p [u64],
}

impl<'w> Walk<'w> {
    pub(crate) fn table(&self) -> &'w EventTable {
        self.facts.table
    }

    pub(crate) fn row(&self, event: u32) -> &'w Row {
        &self.facts.table.rows[event as usize]
    }

    /// The events that name the thing itself, without what was declared wrong.
    pub(crate) fn own(&self) -> impl Iterator<Item = (u32, &'w Row)> + use<'w> {
        let (visits, table) = (self.visits, self.facts.table);
        visits
            .iter()
            .filter(|visit| !visit.is_inherited)
            .map(move |visit| (visit.event, &table.rows[visit.event as usize]))
    }

    /// The stops at a known place, containers' included.
    pub(crate) fn stops(&self) -> impl Iterator<Item = (&'w Visit, &'w Row)> + use<'w> {
        let (visits, table) = (self.visits, self.facts.table);
        visits
            .iter()
            .map(move |visit| (visit, &table.rows[visit.event as usize]))
            .filter(|(_, row)| row.place != NONE && row.step != Step::Restoring)
    }

    pub(crate) fn name(&self) -> &'w str {
        self.facts.table.things.text(self.thing)
    }

    pub(crate) fn gtin(&self) -> u64 {
        self.facts.table.things.gtin(self.thing)
    }

    pub(crate) fn find(&mut self, code: Code, proof: &Proof<'_>, text: String) {
        let at = proof.events.iter().map(|event| self.row(*event).time).max().unwrap_or(i64::MIN);
        let mut events = proof.events.to_vec();
        events.sort_by_key(|event| (self.row(*event).time, self.row(*event).fingerprint));
        events.dedup();
        let mut parties: Vec<u32> = Vec::new();
        for party in proof.parties.iter().copied().filter(|party| *party != NONE) {
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
        self.findings.push(Finding {
            code,
            things: vec![self.thing],
            parties,
            events,
            at,
            strength: proof.strength,
            causes: proof.causes.to_vec(),
            text,
        });
    }
}

/// Whether goods at this event go back or away: returned, recalled, to be destroyed.
pub(crate) fn is_reverse(facts: &Facts<'_>, row: &Row) -> bool {
    let to_maker = matches!(facts.role(row.destination), crate::events::Role::Manufacturer);
    let from_end =
        facts.role(row.source).is_dispenser() || (row.step == Step::Shipping && facts.role(row.place).is_dispenser());
    row.step == Step::Returning || row.disposition.is_reverse() || to_maker || from_end
}

/// Whether the event counts for a history: not declared wrong, not a declaration, unless it is an end that was undone.
pub(crate) fn counts(row: &Row) -> bool {
    !row.is(flag::RETRACTED | flag::DECLARATION) || row.step.is_end()
}

/// A span of time for people.
pub(crate) fn span(milliseconds: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a number to be read, of three digits")]
    let minutes = milliseconds.abs() as f64 / 60_000.0;
    match minutes {
        under if under < 120.0 => format!("{minutes:.0} min"),
        under if under < 2_880.0 => format!("{:.1} h", minutes / 60.0),
        _ => format!("{:.0} days", minutes / 1_440.0),
    }
}
