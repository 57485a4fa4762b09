//! What is measured of each pack, for the detectors: one row a pack that was seen alone.
//!
//! One function gives the rows for training, for scoring a lake and for scoring one pack after a new event: it reads the
//! pack's own history, which is sorted once, and [`Usual`], what all packs together do, which can be frozen with a model.
//! In every column more is more suspicious.

mod usual;

use polars::prelude::{Column, DataFrame, PolarsResult};
use rayon::prelude::*;

use crate::events::{NO_TIME, NONE, Row, Step, number};
use crate::history::Visit;
use crate::rules::{Facts, distance_km};
pub use usual::Usual;

/// Names of the columns, in their order.
///
/// | column | unit |
/// |---|---|
/// | `speed` | greatest speed between two stops, ln(1 + km/h) |
/// | `distance` | way over all stops, ln(1 + km) |
/// | `dwell` | longest time without a stop, ln(1 + h) |
/// | `haste` | shortest time between two sites, −ln of hours |
/// | `transition` | greatest surprisal of a step, given the one before, nats |
/// | `transitions` | mean surprisal of all steps, nats |
/// | `place` | greatest surprisal of a site, given the product, nats |
/// | `hour` | greatest surprisal of the hour of day, given the step, nats |
/// | `scans` | scans at counters, ln(1 + n) |
/// | `sites` | parties that had it, ln(1 + n) |
/// | `countries` | borders crossed |
/// | `gaps` | changes of party without a handoff |
/// | `containers` | containers entered without leaving the last |
/// | `unknown` | 1 if never commissioned |
/// | `failures` | greatest share of failed scans of a client that asked for it |
/// | `late` | longest delay of a record, ln(1 + h) |
pub const NAMES: [&str; 16] = [
    "speed",
    "distance",
    "dwell",
    "haste",
    "transition",
    "transitions",
    "place",
    "hour",
    "scans",
    "sites",
    "countries",
    "gaps",
    "containers",
    "unknown",
    "failures",
    "late",
];

/// One pack's measures, in the order of [`NAMES`].
pub type Measures = [f64; NAMES.len()];

/// The measures of all packs that were seen alone, by the number of the pack.
#[derive(Debug, Clone, Default)]
pub struct Features {
    /// The packs.
    pub things: Vec<u32>,
    /// Their measures.
    pub rows: Vec<Measures>,
}

impl Features {
    /// Measures every pack.
    pub fn of(facts: &Facts<'_>, usual: &Usual) -> Self {
        let measured: Vec<(u32, Measures)> = (0..number(facts.table.things.len()))
            .into_par_iter()
            .filter(|thing| facts.is_seen_alone(*thing))
            .map_init(Vec::new, |visits, thing| (thing, measure(facts, usual, thing, visits)))
            .collect();
        let (things, rows) = measured.into_iter().unzip();
        Self { things, rows }
    }

    /// As a data frame: `thing`, and a column for each name.
    pub fn frame(&self) -> PolarsResult<DataFrame> {
        let mut columns = vec![Column::new("thing".into(), &self.things)];
        for (at, name) in NAMES.iter().enumerate() {
            columns.push(Column::new((*name).into(), self.rows.iter().map(|row| row[at]).collect::<Vec<f64>>()));
        }
        DataFrame::new(self.things.len(), columns)
    }
}

/// Measures one pack; `visits` is room that is used again.
pub fn measure(facts: &Facts<'_>, usual: &Usual, thing: u32, visits: &mut Vec<Visit>) -> Measures {
    let stays = facts.histories.stays(facts.table, thing);
    facts.histories.visits(facts.table, thing, &stays, visits);
    let mut way = Way::default();
    for visit in visits.iter() {
        way.add(facts, usual, thing, &facts.table.rows[visit.event as usize]);
    }
    let kept = stays.windows(2).filter(|pair| pair[0].parent != pair[1].parent && !pair[0].is_unpacked).count();
    let is_unknown = facts.commissioning_event(thing).is_none() && facts.packs_of(facts.table.things.gtin(thing)) > 0;
    let mean = if way.steps > 0.0 { way.transitions / way.steps } else { 0.0 };
    [
        way.speed.ln_1p(),
        way.km.ln_1p(),
        way.dwell_hours.ln_1p(),
        way.haste,
        way.transition,
        mean,
        way.place,
        way.hour,
        way.scans.ln_1p(),
        f64::from(number(way.parties.len())).ln_1p(),
        way.borders,
        way.gaps,
        f64::from(number(kept)),
        if is_unknown { 1.0 } else { 0.0 },
        way.failures,
        way.late_hours.ln_1p(),
    ]
}

/// What adds up along a pack's stops.
#[derive(Debug, Default)]
struct Way<'t> {
    last: Option<&'t Row>,
    parties: Vec<u32>,
    speed: f64,
    km: f64,
    dwell_hours: f64,
    haste: f64,
    transition: f64,
    transitions: f64,
    steps: f64,
    place: f64,
    hour: f64,
    scans: f64,
    borders: f64,
    gaps: f64,
    failures: f64,
    late_hours: f64,
}

impl<'t> Way<'t> {
    fn add(&mut self, facts: &Facts<'t>, usual: &Usual, thing: u32, row: &'t Row) {
        self.steps += 1.0;
        let surprisal = usual.transition(facts, self.last, row);
        self.transition = self.transition.max(surprisal);
        self.transitions += surprisal;
        self.hour = self.hour.max(usual.hour(row));
        if matches!(row.step, Step::Inspecting | Step::Dispensing) {
            self.scans += 1.0;
            self.failures = self.failures.max(usual.failures(row.client));
        }
        if row.recorded != NO_TIME {
            self.late_hours = self.late_hours.max(hours(row.recorded - row.time));
        }
        if row.place == NONE {
            return;
        }
        self.place = self.place.max(usual.place(facts, thing, row));
        if let Some(last) = self.last {
            self.leg(facts, last, row);
        }
        let party = facts.party_of(row);
        if !self.parties.contains(&party) {
            self.parties.push(party);
        }
        self.last = Some(row);
    }

    /// From one stop to the next.
    fn leg(&mut self, facts: &Facts<'_>, last: &Row, row: &Row) {
        /// Clocks differ by minutes: no leg is taken as shorter.
        const HOURS_MIN: f64 = 0.25;
        let hours = hours(row.time - last.time);
        self.dwell_hours = self.dwell_hours.max(hours);
        if last.place == row.place {
            return;
        }
        let km = facts.position(last.place).zip(facts.position(row.place)).map_or(0.0, |(a, b)| distance_km(a, b));
        self.km += km;
        self.speed = self.speed.max(km / hours.max(HOURS_MIN));
        if facts.party_of(last) != facts.party_of(row) {
            self.haste = self.haste.max(-hours.max(HOURS_MIN).ln() + 10.0);
            let is_handed = last.step.is_transfer() || matches!(row.step, Step::Receiving | Step::Unpacking);
            self.gaps += if is_handed { 0.0 } else { 1.0 };
            self.borders += if facts.are_countries_apart(last.place, row.place) { 1.0 } else { 0.0 };
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "hours between two events")]
fn hours(milliseconds: i64) -> f64 {
    milliseconds.max(0) as f64 / 3_600_000.0
}
