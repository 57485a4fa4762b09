//! Writes a run into a new directory under the system's temporary one and says how fast: `-- [PACKS] [THREADS]`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use veridose_simulate::{Options, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::env::temp_dir().join(format!("veridose-simulate-{}", std::process::id()));
    let mut options = Options::new(folder.clone());
    options.packs = arguments.next().map_or(Ok(400_000), |packs| packs.parse())?;
    options.threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let started = Instant::now();
    let statistics = run(&options);
    let seconds = started.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&folder)?;
    let statistics = statistics?;
    let rate = u32::try_from(statistics.events).map(f64::from)? / seconds * 60.0 / 1e6;
    println!("{} events in {seconds:.1} s: {rate:.1} million a minute, {statistics:?}", statistics.events);
    Ok(())
}
