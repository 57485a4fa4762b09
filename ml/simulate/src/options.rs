//! What is simulated.

use std::path::PathBuf;

use time::{Date, Month};

use crate::error::SimulateError;
use crate::pattern::Pattern;

/// Days of a run before the first pack is dispensed: the shelves are filled.
pub(crate) const OPENING_DAYS: u32 = 4;

/// Parameters of a run. The same ones give the same bytes, whatever the number of threads.
///
/// | parameter | range | default |
/// |---|---|---|
/// | `days` | 14–3,650 | 180 |
/// | `packs` dispensed, about | 1,000–1,000,000,000 | 100,000 |
/// | `prevalence`, attacks per dispensed pack | 0–0.05 | 1e-4 |
/// | `noise`, a factor on missed reads (2 %), doubled events (0.2 %), clock skew, late uploads, slips | 0–2.5 | 1 |
/// | `events_per_file` | 1,000–1,000,000 | 100,000 |
/// | `threads` that write | 1–64 | 2 |
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the table above says them")]
pub struct Options {
    pub out: PathBuf,
    pub seed: u64,
    pub days: u32,
    pub packs: u64,
    pub prevalence: f64,
    /// Which attacks; they take turns.
    pub patterns: Vec<Pattern>,
    pub noise: f64,
    /// The first day.
    pub start: Date,
    pub events_per_file: usize,
    pub threads: usize,
    /// Whether `demand.csv` and `stockouts.csv` are written too.
    pub stock: bool,
}

/// About how many events come of a pack that is asked for.
pub const EVENTS_PER_PACK: f64 = 1.5;

impl Options {
    /// The defaults, into this directory.
    pub fn new(out: PathBuf) -> Self {
        Self {
            out,
            seed: 1,
            days: 180,
            packs: 100_000,
            prevalence: 1e-4,
            patterns: Pattern::ALL.to_vec(),
            noise: 1.0,
            start: Date::from_calendar_date(2025, Month::January, 1).expect("the calendar has this day"),
            events_per_file: 100_000,
            threads: 2,
            stock: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let held = |held: bool, option, given: &dyn std::fmt::Display, fix| {
            if held { Ok(()) } else { Err(SimulateError::Option { option, given: given.to_string(), fix }) }
        };
        held((14..=3_650).contains(&self.days), "days", &self.days, "give 14 to 3650 days")?;
        held((1_000..=1_000_000_000).contains(&self.packs), "packs", &self.packs, "give 1000 to 1000000000 packs")?;
        held((0.0..=0.05).contains(&self.prevalence), "prevalence", &self.prevalence, "give 0 to 0.05 attacks a pack")?;
        held((0.0..=2.5).contains(&self.noise), "noise", &self.noise, "give a factor of 0 (none) to 2.5")?;
        held((1..=64).contains(&self.threads), "threads", &self.threads, "give 1 to 64 threads")?;
        let year = self.start.year();
        held((1990..=2080).contains(&year), "start", &self.start, "give a day of the years 1990 to 2080")?;
        held(
            (1_000..=1_000_000).contains(&self.events_per_file),
            "events-per-file",
            &self.events_per_file,
            "give 1000 to 1000000 events a file",
        )
    }

    /// Midnight UTC of the first day, in seconds since 1970.
    pub(crate) fn start_moment(&self) -> i64 {
        self.start.midnight().assume_utc().unix_timestamp()
    }
}
