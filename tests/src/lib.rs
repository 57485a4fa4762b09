//! What the whole-system tests share: a server of their own on a free port, documents from outside, hostile input.
//!
//! Each group is one test binary (`tests/tests/system.rs`, `attack.rs`, `crash.rs`), run by `tests/run`. They drive the
//! built `veridose` as its users do, over HTTP and the command line, and know nothing of its inside.

mod client;
mod documents;
mod factory;
mod hostile;
mod measure;
mod random;
mod rival;
mod server;

pub use client::{Answer, Client, send, token, veridose};
pub use documents::Documents;
pub use factory::{Factory, now};
pub use hostile::{billion_laughs, deep_nesting, external_entity, gzip_of_zeros};
pub use measure::{Measured, machine, table};
pub use random::Random;
pub use rival::Rival;
pub use server::{Server, binary};
