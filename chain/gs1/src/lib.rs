//! GS1 identifiers, scans, Digital Link URIs and EPC URNs: parsed once at the edge, typed inside.
//!
//! Every form of one thing becomes one value: a pack scanned as a bracketed string, as a Digital Link or named by an EPC
//! URN is the same [`Sgtin`], and its [`Sgtin::name`] is what the ledger blinds. Text is case-sensitive and never folded.
//!
//! Invariants: a value of a type here is valid, its check digit included; nothing here reads a clock, a file or a
//! random number, and no input makes a parser panic.

mod ai;
mod check;
mod epc;
mod error;
mod expiry;
mod gtin;
mod keys;
mod link;
pub mod scan;
#[cfg(test)]
mod tests;

pub use ai::{Ai, Element};
pub use check::with_check_digit;
pub use epc::{Epc, Key, canonical_uri, plain_pack, prefix_length};
pub use error::Error;
pub use expiry::Expiry;
pub use gtin::Gtin;
pub use keys::{Extension, Gln, Lot, Serial, Sgln, Sgtin, Sscc, lot_name};
