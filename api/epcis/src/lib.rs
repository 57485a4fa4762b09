//! EPCIS 1.2 and 2.0 documents to and from one event model.
//!
//! - [`model`]: the one form of an event and of a document's header, whatever syntax they came in;
//! - [`Reader`] and [`Writer`]: documents event by event, with one event in memory; [`convert`], [`validate`] and [`hashes`]
//!   on top of them;
//! - [`to_json`] and [`from_json`]: one event that stands alone, with every prefix it uses;
//! - [`TableReader`]: events from a table (CSV);
//! - [`hash`]: the event hash id of CBV 2.0, the same for an event in every syntax;
//! - [`limits`]: how much of anything a document may hold.
//!
//! Invariants: an [`Event`] keeps every value as it was received, so that nothing is lost on the way through the model;
//! only words of the Core Business Vocabulary have one internal form, because each syntax spells them differently. What
//! EPCIS 1.2 has no place for (associations, sensor data, persistent dispositions, certification) stands there in elements
//! of [`model::VERIDOSE_NAMESPACE`] and is read back from them. XML is read without a DTD, entities and external
//! references; no input makes a parser panic or take more memory than the limits allow.

mod convert;
mod error;
mod hash;
mod json;
pub mod limits;
pub mod model;
mod reader;
mod scope;
mod table;
mod writer;
mod xml;

pub use convert::{FAULTS_MAX, Validation, convert, hashes, validate};
pub use error::{EpcisError, Fault, Location};
pub use hash::{hash, prehash};
pub use json::{from_json, to_json};
pub use model::{Document, Event, EventKind, Header};
pub use reader::{Reader, Syntax, read_document};
pub use table::{CellFault, Column, Lines, TableFault, TableReader};
pub use writer::{Writer, write_answer, write_document};
