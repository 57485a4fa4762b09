//! Detection as its users run it: a simulated trade out, its documents in, the cases judged against what was done.
//!
//! The seeds are not those that the rules were tried on.

#[path = "detection/models.rs"]
mod models;
#[path = "detection/stock.rs"]
mod stock;

use std::path::Path;

use serde_json::Value;
use veridose_tests::printed;

/// Simulated trades.
const SEEDS: [&str; 3] = ["101", "102", "103"];
/// Falsifications that must be found, at least.
const RECALL_MIN: f64 = 0.90;
/// Slips of operators that must be told as what they are, at least (the requirement's own figure).
const SLIPS_MIN: f64 = 0.95;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn simulated_falsifications_are_found_and_slips_are_told_as_slips() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| printed(folder.path(), arguments).expect("runs");
    for seed in SEEDS {
        let (trade, alerts) = (folder.path().join(seed), folder.path().join(format!("{seed}.jsonl")));
        run(&["simulate", "--out", text(&trade), "--seed", seed, "--packs", "40000", "--prevalence", "2e-3"]);
        run(&["detect", "--events", text(&trade), "--out", text(&alerts)]);
        let truth = trade.join("truth.jsonl");
        let judged = run(&["detect", "evaluate", "--truth", text(&truth), "--alerts", text(&alerts), "--json"]);
        let judged: Value = serde_json::from_str(&judged).expect("JSON");
        println!("measured: seed {seed}: {judged}");
        let share = |of: &str| judged[of]["recall"].as_f64().expect("a share");
        assert!(share("recall") >= RECALL_MIN, "recall {}", share("recall"));
        assert!(share("operator_errors") >= SLIPS_MIN, "slips {}", share("operator_errors"));
    }
}
