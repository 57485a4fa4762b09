//! How well stockouts of a run can be foreseen a fortnight ahead by whoever knows everything but chance:
//! `-- [SEED] [PACKS] [PATHS] [FILE]`. What a forecast from the records reaches has to be compared with this. Every tenth evening
//! is foreseen, or with FILE each, written there as `gtin,gln,day,probability` for the example `stockouts` to judge.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use veridose_simulate::{Foreseen, Options, ceiling};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::new(PathBuf::new());
    options.seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    options.packs = arguments.next().map_or(Ok(300_000), |packs| packs.parse())?;
    let paths = arguments.next().map_or(Ok(100), |paths| paths.parse())?;
    let file = arguments.next();
    let mut told = ceiling(&options, 14, if file.is_some() { 1 } else { 10 }, paths)?;
    if let Some(file) = file {
        let mut out = csv::Writer::from_path(file)?;
        out.write_record(["gtin", "gln", "day", "probability"])?;
        for one in &told {
            let day = (options.start + time::Duration::days(i64::from(one.day))).to_string();
            out.write_record([&one.gtin, &one.gln, &day, &one.probability.to_string()])?;
        }
        out.flush()?;
    }
    report("all shelves", &mut told);
    told.retain(|one| one.is_filled);
    report("shelves that are filled", &mut told);
    Ok(())
}

fn report(name: &str, told: &mut [Foreseen]) {
    let count = |value: usize| u32::try_from(value).map_or(f64::NAN, f64::from);
    let positives = told.iter().filter(|one| one.ran_out).count();
    let missed = |one: &Foreseen| (one.probability - if one.ran_out { 1.0 } else { 0.0 }).powi(2);
    let brier = told.iter().map(missed).sum::<f64>() / count(told.len());
    told.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let (mut hits, mut best) = (0, (0.0, 0.0));
    for (place, one) in told.iter().enumerate() {
        hits += usize::from(one.ran_out);
        let (precision, recall) = (count(hits) / count(place + 1), count(hits) / count(positives));
        if precision >= 0.6 && recall > best.0 {
            best = (recall, precision);
        }
    }
    println!(
        "{name}: {}, of which {positives} ran out; Brier {brier:.4}; recall {:.3} at precision {:.3}",
        told.len(),
        best.0,
        best.1
    );
}
