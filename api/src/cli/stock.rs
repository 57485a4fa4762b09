//! `veridose stock`: what is on the shelves, when it runs out, what to order, from events and without a server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use veridose_ml::stock::{Position, Report, Settings, report};

use super::model::data::Data;
use super::{Outcome, print};

/// What is asked about the shelves.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stock, demand and the probability of an empty shelf, the greatest risk first
    #[command(after_help = "Example:\n  veridose stock outlook --lake ./lake --horizon 14 --risk 0.3")]
    Outlook(Asked),
    /// Draft orders, each with the packs that are enough in half, in one and in nine of ten courses
    #[command(after_help = "Example:\n  veridose stock orders --events ./epcis --gtin 09506000134352 --out orders.csv")]
    Orders(Asked),
    /// How probable a shortage of each whole product is
    #[command(after_help = "Example:\n  veridose stock shortages --lake ./lake")]
    Shortages(Asked),
}

/// Of which shelves, and how far ahead.
#[derive(Debug, Args)]
pub struct Asked {
    /// The events
    #[command(flatten)]
    data: Data,
    /// Days ahead
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    horizon: usize,
    /// Courses that are played for each shelf
    #[arg(long, value_name = "N", default_value_t = 400)]
    paths: usize,
    /// What chance is drawn from: the same seed and events give the same answer
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only this product
    #[arg(long)]
    gtin: Option<String>,
    /// Only what runs empty, or short, with this probability or more
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.0)]
    risk: f64,
    /// Write CSV to this file instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Asked {
    fn report(&self) -> anyhow::Result<Report> {
        let settings = Settings { horizon: self.horizon, paths: self.paths, seed: self.seed };
        Ok(report(&self.data.table()?, &settings)?)
    }

    fn wants(&self, gtin: &str, risk: f64) -> bool {
        self.gtin.as_ref().is_none_or(|wanted| wanted == gtin) && risk >= self.risk
    }
}

pub(super) fn run(command: &Command, json: bool) -> anyhow::Result<Outcome> {
    match command {
        Command::Outlook(asked) => {
            let headings = ["gtin", "place", "on_hand", "expiring", "incoming", "demand_a_day", "empty_by"];
            tell(
                asked,
                json,
                &headings,
                asked.report()?.positions,
                Position::risk,
                |of| &of.gtin,
                |of| {
                    let demand = format!("{:.2}", of.demand_a_day);
                    let [on_hand, incoming] = [of.on_hand, of.incoming].map(|packs| packs.to_string());
                    let risk = format!("{:.3}", of.risk());
                    vec![of.gtin.clone(), of.place.clone(), on_hand, of.expiring.to_string(), incoming, demand, risk]
                },
            )
        }
        Command::Orders(asked) => {
            let headings = ["gtin", "place", "on_hand", "incoming", "risk", "packs", "packs_low", "packs_high"];
            let mut positions = asked.report()?.positions;
            positions.retain(|position| position.order > 0);
            tell(
                asked,
                json,
                &headings,
                positions,
                Position::risk,
                |of| &of.gtin,
                |of| {
                    let (low, high) = of.order_tenths;
                    let packs = [of.on_hand, of.incoming].map(|packs| packs.to_string());
                    let orders = [of.order, low, high].map(|packs| packs.to_string());
                    [
                        vec![of.gtin.clone(), of.place.clone()],
                        packs.to_vec(),
                        vec![format!("{:.3}", of.risk())],
                        orders.to_vec(),
                    ]
                    .concat()
                },
            )
        }
        Command::Shortages(asked) => {
            let headings = ["gtin", "places", "empty", "on_hand", "demand_a_day", "shortage_risk"];
            tell(
                asked,
                json,
                &headings,
                asked.report()?.products,
                |of| of.shortage_risk,
                |of| &of.gtin,
                |of| {
                    let numbers = [of.places.to_string(), of.empty.to_string(), of.on_hand.to_string()];
                    let rates = [format!("{:.2}", of.demand_a_day), format!("{:.3}", of.shortage_risk)];
                    [vec![of.gtin.clone()], numbers.to_vec(), rates.to_vec()].concat()
                },
            )
        }
    }
}

/// Writes the wanted rows: a JSON object a line, CSV, or a table for people.
fn tell<T: serde::Serialize>(
    asked: &Asked,
    json: bool,
    headings: &[&str],
    rows: Vec<T>,
    risk: impl Fn(&T) -> f64,
    gtin: impl Fn(&T) -> &str,
    cells: impl Fn(&T) -> Vec<String>,
) -> anyhow::Result<Outcome> {
    let rows = rows.into_iter().filter(|row| asked.wants(gtin(row), risk(row)));
    if let Some(path) = &asked.out {
        let mut csv = csv::Writer::from_path(path)?;
        csv.write_record(headings)?;
        for row in rows {
            csv.write_record(cells(&row))?;
        }
        csv.flush()?;
        return Ok(Outcome::Done);
    }
    if !json {
        print(&headings.join("  "))?;
    }
    for row in rows {
        print(&if json { serde_json::to_string(&row)? } else { cells(&row).join("  ") })?;
    }
    Ok(Outcome::Done)
}
