//! A seeded, labelled supply chain of medicine packs, in EPCIS 2.0: what detectors and forecasts are judged by.
//!
//! - [`run`] writes documents, master data and the truth about them into a directory, as [`Options`] say;
//! - [`ceiling`] says how surely stockouts could be foreseen at best;
//! - [`Pattern`] names what attackers do, [`Slip`] what people get wrong.
//!
//! Manufacturers, repackagers, wholesalers, hospitals and pharmacies of six countries trade for some months. A verification
//! is an `ObjectEvent` with business step `inspecting`, what the code said as `veridose:scanned {lot, expiry}` and who asked
//! as `veridose:client`; whether the pack was found is for the reader to find out. Places stand in the master data with
//! `countryCode`, `latitude`, `longitude` and `veridose:role`, products with the sellers that may sell them,
//! `veridose:authorisedSeller`.
//!
//! Invariants: the same options give the same bytes, whatever the number of threads; attacks draw from their own chance
//! and change no honest event, except that packs which an attacker took are not seen where they would have been; noise
//! never hides an attacker's own event; no clock is read. Detectors must not depend on this crate.

mod attack;
mod ceiling;
mod chance;
mod demand;
mod document;
mod error;
mod event;
mod geography;
mod lead;
mod name;
mod network;
mod noise;
mod options;
mod output;
mod pattern;
mod run;
mod slip;
mod stock;
mod truth;
mod world;

pub use ceiling::{Foreseen, ceiling};
pub use error::SimulateError;
pub use options::{EVENTS_PER_PACK, Options};
pub use pattern::{Pattern, Slip};
pub use run::{Statistics, pattern_names, run};
