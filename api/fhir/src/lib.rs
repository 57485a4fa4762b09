//! FHIR R4 (4.0.1) resources of patients, and Consent of R5 (5.0.0) too: read strictly, with the `FHIRPath` of what is wrong;
//! mapped to and from the consents of the contract; claims judged by the dispense; de-identified; counted with noise.
//!
//! Nothing here knows a clock, a file or a source of chance, and no message repeats a value of a resource: a value may be
//! what identifies a patient.

mod bundle;
pub mod claim;
pub mod consent;
pub mod counts;
mod date_filter;
mod definitions;
pub mod deidentify;
mod issue;
mod moment;
mod primitive;
mod validate;

pub use bundle::{Entry, Link, collection, history, searchset};
pub use consent::systems;
pub use date_filter::{DateFilter, span};
pub use definitions::Release;
pub use issue::{Issue, IssueCode, outcome};
pub use moment::Moment;
pub use validate::{parse, validate};
