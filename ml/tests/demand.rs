//! The forecasts on real demand. The data sets are looked for in `VERIDOSE_DATA`, else beside the repository.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Duration;

use veridose_ml::forecast::{Backtest, Panel, Settings, Trial, backtest};

/// A file whose last two columns are period and value, and whose first ones name the series.
fn panel(file: &str) -> Option<Panel> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("VERIDOSE_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join("demand").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no data set {}", path.display());
        return None;
    };
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let (name, rest) = fields.split_at(fields.len() - 2);
        format!("{},{}", name.join(" "), rest.join(","))
    });
    let rows: Vec<String> = std::iter::once("series,period,value".to_owned()).chain(rows).collect();
    Some(Panel::read(rows.join("\n").as_bytes()).expect("a good file"))
}

fn tried(panel: &Panel, horizon: usize, origins: usize, scale_season: usize) -> Backtest {
    let trial = Trial { settings: Settings { horizon, season: 12 }, origins, scale_season };
    backtest(panel, &trial, &|| Duration::ZERO).expect("good settings")
}

#[test]
fn prescriptions_by_class_are_forecast_as_well_as_was_ever_measured() {
    let Some(panel) = panel("pbs_atc2_monthly.csv") else { return };
    let result = tried(&panel, 12, 2, 12);
    let scores = result.scores;
    assert_eq!((scores.series, scores.skipped), (84, 0));
    println!("measured: {scores:?}");
    assert!(scores.mase <= 0.80 && scores.wape <= 0.063, "{scores:?}");
    assert!((0.78..=0.82).contains(&scores.coverage_80), "{scores:?}");
    // A reference that was computed elsewhere: that both compute the same errors.
    assert!((result.seasonal_naive.mase - 1.049).abs() < 0.001, "{result:?}");
    assert_eq!(tried(&panel, 12, 2, 12).scores, scores, "the same again");
}

#[test]
fn a_hospital_s_antibiotics_are_forecast_better_than_by_any_one_method() {
    let Some(panel) = panel("hospital_antibiotics_monthly.csv") else { return };
    let scores = tried(&panel, 6, 1, 1).scores;
    println!("measured: {scores:?}");
    // IMAPA alone has 0.982 at this origin, exponential smoothing 0.980.
    assert!(scores.mase <= 0.95 && scores.rmsse <= 0.80, "{scores:?}");
    assert!(scores.series + scores.skipped == panel.series.len() && scores.skipped > 0, "{scores:?}");
}
