//! The contract as a whole: every command, every code of refusal, and a naive model beside it.

mod codes;
mod custody;
mod world;
