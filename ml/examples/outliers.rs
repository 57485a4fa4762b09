//! Scores the rows of a table by an isolation forest that is fitted on them:
//!
//! ```text
//! cargo run --release -p veridose-ml --example outliers -- features.csv [--seed N] [--trees N] [--sample N] [--time]
//! ```
//!
//! The file is CSV, its first line names the columns, all cells are numbers; an empty one is a missing value. A line a
//! row is printed: the score, higher is more unusual. `--time` tells on standard error how long it took.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;
use std::time::Instant;

use linfa::ParamGuard;
use veridose_ml::Table;
use veridose_ml::forest::{IsolationForest, IsolationForestParams};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(Some(&*error), |cause| cause.source());
            eprintln!("error: {}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let Asked { path, params, time } = Asked::of(arguments)?;
    let file = File::open(&path).map_err(|error| format!("failed to open {path}: {error}"))?;
    let Table { names, rows } = Table::read(file)?;
    let begun = Instant::now();
    let forest = params.check()?.grow(&names, rows.view())?;
    let fitted = begun.elapsed();
    let scores = forest.score(rows.view())?;
    let both = begun.elapsed();
    let mut out = BufWriter::new(stdout().lock());
    scores.iter().try_for_each(|score| writeln!(out, "{score}"))?;
    out.flush()?;
    if time {
        eprintln!(
            "{} rows, fit {:.6} s, score {:.6} s",
            rows.nrows(),
            fitted.as_secs_f64(),
            both.as_secs_f64() - fitted.as_secs_f64()
        );
    }
    Ok(())
}

struct Asked {
    path: String,
    params: IsolationForestParams,
    time: bool,
}

impl Asked {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut path, mut params, mut time) = (None, IsolationForest::params(), false);
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<u64, Failure> {
                let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
                value.parse().map_err(|_| format!("{argument} is {value}, expected a whole number").into())
            };
            match argument.as_str() {
                "--seed" => params = params.seed(number()?),
                "--trees" => params = params.trees(usize::try_from(number()?)?),
                "--sample" => params = params.sample(usize::try_from(number()?)?),
                "--time" => time = true,
                _ if argument.starts_with("--") => return Err(format!("unknown option {argument}").into()),
                _ if path.is_none() => path = Some(argument),
                _ => return Err(format!("one file, not also {argument}").into()),
            }
        }
        let path = path.ok_or("usage: outliers FILE [--seed N] [--trees N] [--sample N] [--time]")?;
        Ok(Self { path, params, time })
    }
}
