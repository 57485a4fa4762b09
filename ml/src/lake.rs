//! The event lake: events as Parquet, a folder for each day of event time.
//!
//! ```text
//! DIR/places.parquet                       what master data says of places and parties
//! DIR/events/day=2026-01-31/events.parquet  the events of that day, in the order of time
//! ```
//!
//! What comes late or twice finds its day and its copy there. Invariants: a day's file depends on its events, not on when and
//! in which order of documents they came, so that a lake made anew has the same bytes; a file is replaced whole or not at
//! all.

mod error;
mod frame;
mod places;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, SerReader as _};

use crate::events::{EventTable, NO_TIME, drop_copies, in_turn, number, ordered, settle};
use crate::rules::{date, day};
pub use error::LakeError;

/// Days of one lake.
pub const DAYS_MAX: usize = 100_000;

/// A folder of Parquet files.
#[derive(Debug, Clone)]
pub struct Lake {
    folder: PathBuf,
}

/// What adding to a lake came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Events that are new to the lake.
    pub events: u64,
    /// Events that were there before, or came twice.
    pub copies: u64,
    /// Days that were written.
    pub days: u64,
}

impl Lake {
    /// The lake in this folder; it need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Adds events that [`crate::events::read_all`] has read.
    pub fn add(&self, mut table: EventTable) -> Result<Added, LakeError> {
        let came = count(&table);
        let days: Vec<i32> = by_day(&table).into_keys().collect();
        if days.len() > DAYS_MAX {
            return Err(LakeError::Days { days: days.len() });
        }
        for day in &days {
            let path = self.day_path(*day);
            if path.is_file() {
                table.absorb(read_day(&path)?);
            }
        }
        if self.places_path().is_file() {
            places::read(&mut table, &read_frame(&self.places_path())?).map_err(|source| self.damaged(source))?;
        }
        let dropped = drop_copies(&mut table);
        for (day, mut events) in by_day(&table) {
            events.sort_by(|a, b| ordered(&table, *a, *b));
            write_frame(&self.day_path(day), frame::of(&table, &events))?;
        }
        write_frame(&self.places_path(), places::frame(&table))?;
        Ok(Added { events: came.saturating_sub(dropped), copies: dropped, days: days.len() as u64 })
    }

    /// Has the lake know of places what this table does, and nothing else.
    pub fn put_places(&self, table: &EventTable) -> Result<(), LakeError> {
        let (path, frame) = (self.places_path(), places::frame(table).map_err(|source| self.damaged(source))?);
        if path.is_file() && read_frame(&path)?.equals_missing(&frame) {
            return Ok(());
        }
        write_frame(&path, Ok(frame))
    }

    /// All events of the lake, ready for detection.
    pub fn read(&self) -> Result<EventTable, LakeError> {
        self.gathered(&self.days()?)
    }

    /// The events of these files, ready for detection.
    fn gathered(&self, days: &[PathBuf]) -> Result<EventTable, LakeError> {
        let mut table = EventTable::default();
        // What cannot be read is told below.
        table.reserve(days.iter().filter_map(|day| rows(day)).sum());
        let mut failed = None;
        // As many as are worked on at once are held twice.
        in_turn(days, rayon::current_num_threads().max(1) * 2, read_day, |_, day| match day {
            Ok(day) => table.absorb(day),
            Err(error) => failed = failed.take().or(Some(error)),
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if self.places_path().is_file() {
            places::read(&mut table, &read_frame(&self.places_path())?).map_err(|source| self.damaged(source))?;
        }
        settle(&mut table);
        Ok(table)
    }

    /// Its files, in order; none where there is no lake.
    pub fn files(&self) -> Result<Vec<PathBuf>, LakeError> {
        let places = Some(self.places_path()).filter(|path| path.is_file());
        Ok(self.days()?.into_iter().chain(places).collect())
    }

    /// The events of some days, both included (`YYYY-MM-DD`), and what master data says of places.
    pub fn read_days(&self, from: &str, to: &str) -> Result<EventTable, LakeError> {
        let of = |path: &PathBuf| {
            let folder = path.parent()?.file_name()?.to_str()?;
            Some(folder.strip_prefix("day=")?.to_owned())
        };
        // Days stand in the order of their text.
        let wanted = |path: &PathBuf| of(path).is_some_and(|day| (from..=to).contains(&day.as_str()));
        let days: Vec<PathBuf> = self.days()?.into_iter().filter(wanted).collect();
        self.gathered(&days)
    }

    /// The files of the days, in order.
    fn days(&self) -> Result<Vec<PathBuf>, LakeError> {
        let folder = self.folder.join("events");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let failed = |source| LakeError::Io { path: folder.clone(), source };
        let mut days = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path().join("events.parquet");
            if path.is_file() {
                days.push(path);
            }
        }
        days.sort_unstable();
        Ok(days)
    }

    fn day_path(&self, day: i32) -> PathBuf {
        self.folder.join("events").join(format!("day={}", date(day))).join("events.parquet")
    }

    fn places_path(&self) -> PathBuf {
        self.folder.join("places.parquet")
    }

    fn damaged(&self, source: polars::prelude::PolarsError) -> LakeError {
        LakeError::Parquet { path: self.places_path(), source: Box::new(source) }
    }
}

fn count(table: &EventTable) -> u64 {
    table.rows.iter().filter(|row| row.time != NO_TIME).count() as u64
}

fn by_day(table: &EventTable) -> BTreeMap<i32, Vec<u32>> {
    let mut days: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
    for (event, row) in table.rows.iter().enumerate().filter(|(_, row)| row.time != NO_TIME) {
        days.entry(day(row.time)).or_default().push(number(event));
    }
    days
}

fn read_day(path: &Path) -> Result<EventTable, LakeError> {
    let read = read_frame(path)?;
    frame::table(&read).map_err(|source| LakeError::Parquet { path: path.to_owned(), source: Box::new(source) })
}

/// How many events a file has, by its footer.
fn rows(path: &Path) -> Option<usize> {
    ParquetReader::new(File::open(path).ok()?).num_rows().ok()
}

fn read_frame(path: &Path) -> Result<DataFrame, LakeError> {
    let file = File::open(path).map_err(|source| LakeError::Io { path: path.to_owned(), source })?;
    let read = ParquetReader::new(file).finish();
    read.map_err(|source| LakeError::Parquet { path: path.to_owned(), source: Box::new(source) })
}

/// Writes beside and renames, so that a reader finds the old file or the new one.
fn write_frame(path: &Path, frame: polars::prelude::PolarsResult<DataFrame>) -> Result<(), LakeError> {
    let failed = |source| LakeError::Io { path: path.to_owned(), source };
    let parquet = |source| LakeError::Parquet { path: path.to_owned(), source: Box::new(source) };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("parquet.new");
    let file = File::create(&beside).map_err(failed)?;
    ParquetWriter::new(BufWriter::new(file)).finish(&mut frame.map_err(parquet)?).map_err(parquet)?;
    fs::rename(&beside, path).map_err(failed)
}
