//! EPCIS 1.2 and 2.0 documents to and from one event model.
//!
//! - [`model`]: the one form of an event, whatever syntax it came in.
//!
//! Invariants: an [`Event`] keeps every value as it was received, so that nothing is lost on the way through the model;
//! only words of the Core Business Vocabulary have one internal form, because each syntax spells them differently.

mod convert;
mod error;
mod hash;
mod json;
pub mod limits;
pub mod model;
mod reader;
mod scope;
mod writer;
mod xml;

pub use convert::{FAULTS_MAX, Validation, convert, hashes, validate};
pub use error::{EpcisError, Fault, Location};
pub use hash::{hash, prehash};
pub use json::{from_json, to_json};
pub use model::{Document, Event, EventKind, Header};
pub use reader::{Reader, Syntax, read_document};
pub use writer::{Writer, write_document};
