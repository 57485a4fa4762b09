//! A chaincode that reads and writes as much as the contract does, and does nothing else: what the contract is measured
//! against. `work R W BYTES SEED` reads R keys and writes W of BYTES bytes.

use std::sync::Arc;

use clap::Parser as _;
use veridose_chaincode::serve::{Arguments, serve};
use veridose_chaincode::shim::{Answer, Chaincode, ShimError, Stub};

struct Minimal;

impl Chaincode for Minimal {
    async fn invoke(self: Arc<Self>, stub: Arc<Stub>, function: String, arguments: Vec<Vec<u8>>) -> Answer {
        let number = |place: usize| {
            let text = arguments.get(place).and_then(|bytes| std::str::from_utf8(bytes).ok());
            text.and_then(|text| text.parse::<usize>().ok())
        };
        let (Some(reads), Some(writes), Some(bytes)) = (number(0), number(1), number(2)) else {
            return Answer::refused(400, "expected work READS WRITES BYTES SEED");
        };
        let seed = arguments.get(3).map(|seed| String::from_utf8_lossy(seed).into_owned()).unwrap_or_default();
        match function.rsplit(':').next() {
            Some("work") => match work(&stub, reads, writes, bytes, &seed).await {
                Ok(()) => Answer::ok(seed.into_bytes()),
                Err(error) => error.into(),
            },
            _ => Answer::refused(400, "expected work READS WRITES BYTES SEED"),
        }
    }
}

async fn work(stub: &Stub, reads: usize, writes: usize, bytes: usize, seed: &str) -> Result<(), ShimError> {
    for number in 0..reads {
        stub.get(&format!("read-{number}")).await?;
    }
    for number in 0..writes {
        stub.put(&format!("{seed}-{number}"), vec![7; bytes]).await?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    serve(&Arguments::parse(), Minimal)
}
