//! From the words of the trade to commands of the contract, and from the state back to an answer at the counter.
//!
//! - [`plan`]: what one EPCIS event asks of the ledger: commands, the documents they commit to, and who may read those.
//! - [`Rehearsal`]: the same commands tried on a private copy of the state, so that a bad event is named before anything
//!   is submitted.
//! - [`capture`]: a whole document, rolled back or proceeding.
//! - [`verify`]: a scan in any form, and what the state says of it.
//! - [`trail`](trail()): what happened to an item, by itself and in its containers.
//! - [`record`]: the EPCIS event that stands for an operation which did not come as one.
//!
//! Nothing here writes: it reads a state and returns values.

pub mod capture;
mod directory;
mod plan;
pub mod record;
mod refusal;
mod rehearsal;
#[cfg(test)]
mod tests;
mod thing;
mod trail;
mod verdict;

pub use directory::Directory;
pub use plan::{Desk, Draft, Original, Plan, happened, plan};
pub use refusal::{PlanError, Refusal};
pub use rehearsal::{Rehearsal, command};
pub use thing::Thing;
pub use trail::{Part, Position, Trail, TrailError, mentions, trail};
pub use verdict::{Counter, Field, Holder, Outcome, PackStatus, Reading, Severity, Verdict, Warning, verify};
