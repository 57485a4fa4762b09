//! `veridose forecast`: demand and what comes next, without a server.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use veridose_ml::forecast::{self, Backtest, Panel, Prediction, Scores, Settings, Trial};

use super::Outcome;

/// What can be done with series of demand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say how good the forecasts would have been at earlier times
    #[command(
        after_help = "Example:\n  veridose forecast backtest --input demand.csv --horizon 12 --season 12 --origins 2"
    )]
    Backtest(Trying),
    /// Write mean and quantiles of the periods to come
    #[command(after_help = "Example:\n  veridose forecast run --input demand.csv --horizon 12 --out forecasts.csv")]
    Run(Running),
}

/// The series, and how far they are forecast.
#[derive(Debug, Args)]
struct Demand {
    /// CSV file with the columns series,period,value; days, ISO weeks or months
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Periods ahead
    #[arg(long, value_name = "N")]
    horizon: usize,
    /// Periods of a cycle, 1 for none; by default a week of days, a year of weeks or of months
    #[arg(long, value_name = "M")]
    season: Option<usize>,
}

/// What is tried.
#[derive(Debug, Args)]
pub struct Trying {
    /// What both read
    #[command(flatten)]
    demand: Demand,
    /// Times at which to stand: a horizon apart, the last one a horizon before the end
    #[arg(long, value_name = "K", default_value_t = 1)]
    origins: usize,
    /// Periods between the values whose difference scales the errors; by default the cycle
    #[arg(long, value_name = "S")]
    mase_season: Option<usize>,
}

/// What is forecast.
#[derive(Debug, Args)]
pub struct Running {
    /// What both read
    #[command(flatten)]
    demand: Demand,
    /// CSV file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(command: &Command, json: bool) -> anyhow::Result<Outcome> {
    match command {
        Command::Backtest(trying) => backtest(trying, json),
        Command::Run(running) => predict(running, json),
    }
}

impl Demand {
    fn read(&self) -> anyhow::Result<(Panel, Settings)> {
        let path = &self.input;
        let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
        let panel = Panel::read(BufReader::new(file)).with_context(|| path.display().to_string())?;
        let season = self.season.unwrap_or_else(|| panel.frequency.cycle());
        Ok((panel, Settings { horizon: self.horizon, season }))
    }
}

fn backtest(trying: &Trying, json: bool) -> anyhow::Result<Outcome> {
    let (panel, settings) = trying.demand.read()?;
    let scale_season = trying.mase_season.unwrap_or(settings.season);
    let started = Instant::now();
    let trial = Trial { settings, origins: trying.origins, scale_season };
    let result = forecast::backtest(&panel, &trial, &|| started.elapsed())?;
    if json {
        super::print(&serde_json::to_string(&result)?)?;
    } else {
        super::print(&table(&result))?;
    }
    Ok(Outcome::Done)
}

fn table(Backtest { scores, seasonal_naive }: &Backtest) -> String {
    let row =
        |name: &str, of: fn(&Scores) -> String| format!("{name:<14}{:>10}{:>16}\n", of(scores), of(seasonal_naive));
    [
        format!("{:<14}{:>10}{:>16}\n", "", "forecast", "seasonal naive"),
        row("MASE", |scores| number(scores.mase)),
        row("RMSSE", |scores| number(scores.rmsse)),
        row("WAPE", |scores| percent(scores.wape)),
        row("pinball", |scores| number(scores.pinball)),
        row("within 80 %", |scores| percent(scores.coverage_80)),
        row("within 95 %", |scores| percent(scores.coverage_95)),
        row("ms a series", |scores| format!("{:.2}", scores.ms_per_series)),
        format!("{} series scored, {} too short or too sparse to score", scores.series, scores.skipped),
    ]
    .concat()
}

fn number(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.3}") }
}

fn percent(share: f64) -> String {
    if share.is_nan() { "–".to_owned() } else { format!("{:.2} %", share * 100.0) }
}

fn predict(running: &Running, json: bool) -> anyhow::Result<Outcome> {
    let (panel, settings) = running.demand.read()?;
    let predictions = forecast::predict(&panel, &settings)?;
    let out = &running.out;
    write(&predictions, out).with_context(|| format!("failed to write {}", out.display()))?;
    if json {
        super::print(&serde_json::json!({ "series": predictions.len(), "out": out }).to_string())?;
    } else {
        super::print(&format!("{} series, {} periods each: {}", predictions.len(), settings.horizon, out.display()))?;
    }
    Ok(Outcome::Done)
}

fn write(predictions: &[Prediction], path: &Path) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
    file.write_record(["series", "period", "mean", "q10", "q50", "q90", "method"])?;
    for prediction in predictions {
        for outlook in &prediction.outlook {
            let (low, high) = outlook.tenths;
            let number = |value: f64| format!("{value:.3}");
            let numbers = [outlook.mean, low, outlook.median, high].map(number);
            let [mean, low, median, high] = numbers.each_ref().map(String::as_str);
            let period = outlook.period.to_string();
            file.write_record([
                &prediction.series,
                period.as_str(),
                mean,
                low,
                median,
                high,
                prediction.method.name(),
            ])?;
        }
    }
    file.flush()?;
    file.into_inner().map_err(csv::IntoInnerError::into_error)?.flush()?;
    Ok(())
}
