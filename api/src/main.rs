//! Veridose: one binary for every role.

use std::process::ExitCode;

use clap::Parser as _;
use veridose::cli::Arguments;

fn main() -> ExitCode {
    // Two providers get linked; rustls panics at the first handshake unless one of them is named.
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    veridose::cli::run(Arguments::parse())
}
