//! Veridose, the one binary and its library: the HTTP interface, the command line and the wiring of every other crate.
//!
//! Invariants: a handler extracts, parses, makes one call and responds; every error leaves as RFC 9457 problem+json through
//! [`problem`]; no token, body or identifier of a patient is ever logged.

pub mod access;
mod analysis;
pub mod app;
pub mod auth;
mod background;
pub mod backup;
mod body;
mod claims;
pub mod cli;
pub mod config;
pub mod demo;
mod dispensed;
mod form3911;
pub mod found;
mod label;
mod live;
pub mod metrics;
pub mod middleware;
mod name;
pub mod node;
mod pages;
pub mod passkey;
mod pdf;
pub mod problem;
pub mod rate;
pub mod routes;
pub mod telemetry;
pub mod trade;
mod watch;
mod webhooks;

// A date as ISO 8601 writes it, for serde.
time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");
