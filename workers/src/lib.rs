//! What runs beside the requests: the projection follows the ledger, capture jobs and those of the queue are worked through.
//!
//! All stop at the next whole step when told to, and start again from what the store says.

mod capture;
mod jobs;
mod project;
mod runner;

pub use capture::{CaptureOutcome, run_captures};
pub use jobs::{JobOutcome, run_jobs};
pub use project::{Duty, Progress, ProjectError, Projector};
pub use runner::Pace;
