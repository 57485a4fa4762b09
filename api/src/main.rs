//! Veridose: one binary, one library.
fn main() {}
