//! What the history of the trade says about tomorrow, and what in it cannot be true.
//!
//! - [`forecast`]: demand, judged by backtests;
//! - [`events`], [`history`], [`rules`], [`cases`]: from EPCIS documents to ranked cases; [`detect`] is the whole way, and
//!   [`evaluate`] judges it against the truth.
//!
//! Invariants: the same input gives the same output, bit for bit; no clock, no ambient randomness; a series that cannot
//! be forecast well still gets a forecast, and the answer says by which method; a slip of an operator is never called a
//! falsification. Only [`events::load`] reads files.

pub mod cases;
pub mod detect;
pub mod evaluate;
pub mod events;
pub mod forecast;
pub mod history;
pub mod rules;
