//! What the history of the trade says about tomorrow: forecasts of demand, judged by backtests.
//!
//! Invariants: the same input gives the same output, bit for bit; no clock, no ambient randomness; a series that cannot
//! be forecast well still gets a forecast, and the answer says by which method.

pub mod forecast;
