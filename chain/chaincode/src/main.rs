//! `veridose-chaincode`: the contract, served to a peer.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use veridose_chaincode::host::Host;
use veridose_chaincode::serve::{Arguments, serve};
use veridose_contract::Timestamp;

fn main() -> anyhow::Result<()> {
    serve(&Arguments::parse(), Host::new(Arc::new(now)))
}

#[expect(clippy::disallowed_methods, reason = "the host's clock comes in here; the contract never asks one")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
