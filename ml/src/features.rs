//! What is measured of each pack, for the detectors: one row a pack that was seen alone.
//!
//! One function gives the rows for training, for scoring a lake and for scoring one pack after a new event: it reads the
//! pack's own history, which is sorted once, and [`Usual`], what all packs together do, which can be frozen with a model.
//! In every column more is more suspicious.

mod room;
mod usual;

use polars::prelude::{Column, DataFrame, PolarsResult};
use rayon::prelude::*;

use crate::events::{NO_TIME, NONE, Row, Step, number};
use crate::rules::{Facts, distance_km};
pub use room::Room;
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
        let all = (0..number(facts.table.things.len())).into_par_iter();
        let things: Vec<u32> = all.filter(|thing| facts.is_seen_alone(*thing)).collect();
        // By place, so that the rows are written once where they stay.
        let rows = things.par_iter().map_init(Room::new, |room, thing| measure(facts, usual, *thing, room)).collect();
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

/// Measures one pack.
pub fn measure(facts: &Facts<'_>, usual: &Usual, thing: u32, room: &mut Room) -> Measures {
    facts.histories.find_stays(facts.table, thing, &mut room.stays);
    facts.histories.visits(facts.table, thing, &room.stays, &mut room.visits);
    room.parties.clear();
    let of = Of { facts, usual, gtin: facts.table.things.gtin(thing) };
    let mut way = Way::default();
    for at in 0..room.visits.len() {
        way.add(&of, &facts.table.rows[room.visits[at].event as usize], room);
    }
    let Room { stays, parties, .. } = room;
    let kept = stays.windows(2).filter(|pair| pair[0].parent != pair[1].parent && !pair[0].is_unpacked).count();
    let is_unknown = facts.commissioning_event(thing).is_none() && facts.packs_of(facts.table.things.gtin(thing)) > 0;
    let mean = if way.steps > 0.0 { way.transitions / way.steps } else { 0.0 };
    [
        way.speed.ln_1p(),
        way.km.ln_1p(),
        way.dwell_hours.ln_1p(),
        if way.least_hours.is_finite() { (-way.least_hours.ln() + 10.0).max(0.0) } else { 0.0 },
        way.transition,
        mean,
        way.place,
        way.hour,
        way.scans.ln_1p(),
        f64::from(number(parties.len())).ln_1p(),
        way.borders,
        way.gaps,
        f64::from(number(kept)),
        if is_unknown { 1.0 } else { 0.0 },
        way.failures,
        way.late_hours.ln_1p(),
    ]
}

/// What is looked up along the way of a pack of a product.
struct Of<'f, 't> {
    facts: &'f Facts<'t>,
    usual: &'f Usual,
    gtin: u64,
}

/// What adds up along a pack's stops.
#[derive(Debug)]
struct Way<'t> {
    last: Option<&'t Row>,
    speed: f64,
    km: f64,
    dwell_hours: f64,
    /// The shortest time between two parties.
    least_hours: f64,
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

impl Default for Way<'_> {
    fn default() -> Self {
        Self {
            last: None,
            speed: 0.0,
            km: 0.0,
            dwell_hours: 0.0,
            least_hours: f64::INFINITY,
            transition: 0.0,
            transitions: 0.0,
            steps: 0.0,
            place: 0.0,
            hour: 0.0,
            scans: 0.0,
            borders: 0.0,
            gaps: 0.0,
            failures: 0.0,
            late_hours: 0.0,
        }
    }
}

impl<'t> Way<'t> {
    fn add(&mut self, of: &Of<'_, 't>, row: &'t Row, room: &mut Room) {
        let Of { facts, usual, gtin } = *of;
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
        let party = facts.party_of(row);
        let surprisal = room.places.get((gtin, party), (gtin, party.into()), || usual.place(gtin, party));
        self.place = self.place.max(surprisal);
        if let Some(last) = self.last {
            self.leg(facts, last, row, room);
        }
        if !room.parties.contains(&party) {
            room.parties.push(party);
        }
        self.last = Some(row);
    }

    /// From one stop to the next.
    fn leg(&mut self, facts: &Facts<'_>, last: &Row, row: &Row, room: &mut Room) {
        /// Clocks differ by minutes: no leg is taken as shorter.
        const HOURS_MIN: f64 = 0.25;
        let hours = hours(row.time - last.time);
        self.dwell_hours = self.dwell_hours.max(hours);
        if last.place == row.place {
            return;
        }
        let ends = (last.place, row.place);
        let (km, is_abroad) = room.legs.get(ends, (ends.0.into(), ends.1.into()), || {
            let km = facts.position(ends.0).zip(facts.position(ends.1)).map_or(0.0, |(a, b)| distance_km(a, b));
            (km, facts.are_countries_apart(ends.0, ends.1))
        });
        self.km += km;
        self.speed = self.speed.max(km / hours.max(HOURS_MIN));
        if facts.party_of(last) != facts.party_of(row) {
            self.least_hours = self.least_hours.min(hours.max(HOURS_MIN));
            let is_handed = last.step.is_transfer() || matches!(row.step, Step::Receiving | Step::Unpacking);
            self.gaps += if is_handed { 0.0 } else { 1.0 };
            self.borders += if is_abroad { 1.0 } else { 0.0 };
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "hours between two events")]
fn hours(milliseconds: i64) -> f64 {
    milliseconds.max(0) as f64 / 3_600_000.0
}
