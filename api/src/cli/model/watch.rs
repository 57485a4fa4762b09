//! A model's card, and whether the trade is still the one that it learnt from.

use std::path::Path;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::Value;
use veridose_contract::ModelId;
use veridose_ml::drift::{Change, Drift, drift as compare};

use super::Watch;
use super::data::detector;
use crate::cli::client::{Answered, Connection, text_of};
use crate::cli::{Outcome, print};

pub(super) fn show(model: &ModelId, out: Option<&Path>, connection: &Connection, json: bool) -> Result<Outcome> {
    let client = connection.client()?;
    if let Some(out) = out {
        match client.bytes(&format!("/models/{model}/file"))? {
            Ok(bytes) => std::fs::write(out, bytes).with_context(|| format!("failed to write {}", out.display()))?,
            Err(problem) => return Answered::Refused(problem).tell(json, |_| Vec::new()),
        }
    }
    client.send(Method::GET, &format!("/models/{model}"), None)?.tell(json, lines)
}

fn lines(shown: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut lines = vec![format!("model {}", text_of(shown, "model"))];
    lines.extend(["party", "kind", "state"].map(|field| format!("{field:<16}{}", text_of(shown, field))));
    for part in [&shown["ledger"], &shown["card"]["parameters"], &shown["card"]["metrics"]] {
        let fields = part.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        lines.extend(fields.map(|(name, value)| format!("{name:<16}{}", text(value))));
    }
    lines
}

pub(super) fn drift(wanted: &Watch, json: bool) -> Result<Outcome> {
    let (_, card, detector) = detector(&wanted.file)?;
    let told = compare(&wanted.data.table()?, &card, &detector, wanted.days)?;
    if json {
        print(&serde_json::to_string(&told)?)?;
    } else {
        table(&told).iter().try_for_each(|line| print(line).map(drop))?;
    }
    Ok(if told.change == Change::Much { Outcome::Refused } else { Outcome::Done })
}

fn word(change: Change) -> &'static str {
    match change {
        Change::None => "no change",
        Change::Some => "some change",
        Change::Much => "much change",
    }
}

fn table(told: &Drift) -> Vec<String> {
    let (Some(from), Some(to)) = (&told.from, &told.to) else { return vec!["there are no events".to_owned()] };
    let mut lines = vec![format!("{from} to {to}: {} packs", told.packs)];
    let feature =
        |of: &veridose_ml::drift::FeatureDrift| format!("{:<16}{:>8.3}  {}", of.feature, of.psi, word(of.change));
    lines.extend(told.features.iter().map(feature));
    let rate = &told.rate;
    let number = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.1}"));
    let change = rate.change.map_or("unknown", word);
    lines.push(format!(
        "{} cases of {} scans: {} a million, {} when it learnt: {change}",
        rate.cases,
        rate.scans,
        number(rate.per_million),
        number(rate.training_per_million)
    ));
    lines
}
