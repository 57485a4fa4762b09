//! What the history of the trade says about tomorrow, what in it cannot be true, and what is unusual.
//!
//! - [`forecast`]: demand, judged by backtests; [`stock`]: what is on hand, and when it runs out;
//! - [`events`], [`history`], [`rules`], [`cases`]: from EPCIS documents to ranked cases; [`detect`] is the whole way, and
//!   [`evaluate`] judges it against the truth;
//! - [`lake`]: the events kept as Parquet; [`features`]: what is measured of each pack;
//! - [`forest`], [`mixture`], [`surprisal`]: how unusual a row of features or a path is; [`calibrate`] makes probabilities of
//!   scores, [`ranker`] learns from outcomes, [`model`] freezes what was learnt, [`drift`] tells whether it still fits.
//!
//! Invariants: the same input and seed give the same output, bit for bit, on any number of threads; no clock, no ambient
//! randomness; a series that cannot be forecast well still gets a forecast, and the answer says by which method; a slip of an
//! operator is never called a falsification; every score of a row is explained by its columns. Only [`events::load`] and
//! [`lake`] touch files.

pub mod calibrate;
pub mod cases;
mod columns;
pub mod detect;
pub mod drift;
mod error;
pub mod evaluate;
pub mod events;
pub mod features;
pub mod forecast;
pub mod forest;
pub mod history;
pub mod lake;
pub mod mixture;
pub mod model;
pub mod ranker;
pub mod rules;
pub mod scans;
pub mod stock;
pub mod surprisal;
mod table;
mod ways;

pub use columns::{COLUMNS_MAX, Columns};
pub use error::LearnError;
pub use table::{CELLS_MAX, Table};

/// A count as a number to reckon with; exact for all that fits into memory here.
#[allow(clippy::cast_precision_loss)]
const fn to_f64(count: usize) -> f64 {
    count as f64
}
