//! The contract as a whole: every command, every code of refusal, and a naive model beside it.
// A test that overflows fails, which is all that is asked of it.
#![allow(clippy::arithmetic_side_effects)]

mod access;
mod claims;
mod codes;
mod consents;
mod custody;
mod golden;
mod model;
mod models;
mod world;
