//! Writes a supply chain with its truth: `-- DIR [seed=N] [packs=N] [days=N] [prevalence=P] [patterns=LIST] [stock=true]`.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use veridose_simulate::{Options, Pattern, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::new(PathBuf::from(arguments.next().ok_or("name the directory")?));
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or_else(|| format!("{argument}: give NAME=VALUE"))?;
        match name {
            "seed" => options.seed = value.parse()?,
            "packs" => options.packs = value.parse()?,
            "days" => options.days = value.parse()?,
            "prevalence" => options.prevalence = value.parse()?,
            "patterns" => options.patterns = Pattern::parse_list(value)?,
            "stock" => options.stock = value.parse()?,
            _ => return Err(format!("{name}: no such setting").into()),
        }
    }
    let statistics = run(&options)?;
    println!(
        "{} events, {} packs dispensed, attacks {:?}",
        statistics.events, statistics.dispensed, statistics.attacks
    );
    Ok(())
}
