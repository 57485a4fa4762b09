//! What runs beside the requests: the projection follows the ledger, capture jobs are worked through.
//!
//! Both stop at the next whole step when told to, and start again from what the store says.

mod capture;
mod project;

pub use capture::{CaptureOutcome, Pace, run_captures};
pub use project::{Duty, Progress, ProjectError, Projector};
