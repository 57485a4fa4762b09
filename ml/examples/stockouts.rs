//! How well stockouts are foreseen in a simulated chain: `-- DIR [PATHS]`, where DIR holds EPCIS documents, `demand.csv`
//! and `stockouts.csv` as `veridose simulate --stock` writes them. Every tenth day of the second half of the run, a fortnight
//! ahead, for all products on all shelves; a reorder-point rule stands beside it.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use time::Date;
use time::macros::format_description;
use veridose_ml::events::load;
use veridose_ml::stock::{Accounts, Settings, outlook, reorder_rule};

const HORIZON: usize = 14;
type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the directory")?);
    let paths = arguments.next().map_or(Ok(400), |paths| paths.parse())?;
    let documents: Result<Vec<PathBuf>, std::io::Error> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let documents: Vec<PathBuf> =
        documents?.into_iter().filter(|path| path.extension().is_some_and(|its| its == "jsonld")).collect();
    let (table, _) = load(&documents);
    let accounts = Accounts::of(&table);
    let truth = empty_days(&folder, accounts.first_day)?;
    let days = accounts.list.first().map_or(0, |account| account.days.len());
    let listed = listed(&folder)?;
    let name = |index: usize| {
        let account = &accounts.list[index];
        let gln = table.places.text(account.place).rsplit('/').next().unwrap_or_default().to_owned();
        (format!("{:014}", account.gtin), gln)
    };
    let mut told: Vec<(f64, f64, bool)> = Vec::new();
    let mut off = (0_u64, 0_u64);
    for today in (days / 2..days.saturating_sub(HORIZON + 5)).step_by(10) {
        let foreseen = outlook(&accounts, today, &Settings { horizon: HORIZON, paths, seed: 1 })?;
        let rule = reorder_rule(&accounts, today);
        for (index, outlook) in foreseen.iter().enumerate() {
            let name = name(index);
            let Some(on_hand) = listed.get(&(name.clone(), today)) else { continue };
            off = (
                off.0 + u64::from(on_hand.abs_diff(accounts.list[index].days[today].on_hand)),
                off.1 + u64::from(*on_hand),
            );
            let empties = (today + 1..=today + HORIZON).any(|day| truth.contains(&(name.clone(), day)));
            told.push((outlook.empty_by[HORIZON - 1], if rule[index] { 1.0 } else { 0.0 }, empties));
        }
    }
    report(told, off);
    Ok(())
}

type Key = (String, String);

fn day_of(text: &str, first: i64) -> Result<usize, Error> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"))?;
    let since = date.midnight().assume_utc().unix_timestamp().div_euclid(86_400) - first;
    Ok(usize::try_from(since)?)
}

fn empty_days(folder: &Path, first: i64) -> Result<BTreeSet<(Key, usize)>, Error> {
    let mut found = BTreeSet::new();
    for row in
        csv::Reader::from_path(folder.join("stockouts.csv"))?.deserialize::<(String, String, String, String, u32)>()
    {
        let (gtin, gln, from, to, _) = row?;
        for day in day_of(&from, first)?..=day_of(&to, first)? {
            found.insert(((gtin.clone(), gln.clone()), day));
        }
    }
    Ok(found)
}

fn listed(folder: &Path) -> Result<BTreeMap<(Key, usize), u32>, Error> {
    let mut found = BTreeMap::new();
    let mut first = None;
    for row in
        csv::Reader::from_path(folder.join("demand.csv"))?.deserialize::<(String, String, String, u32, u32, u32)>()
    {
        let (gtin, gln, day, _, _, on_hand) = row?;
        // Dispensing begins four days after the first event.
        let day = day_of(&day, 0)?;
        let first = *first.get_or_insert(day - 4);
        found.insert(((gtin, gln), day - first), on_hand);
    }
    Ok(found)
}

fn report(mut told: Vec<(f64, f64, bool)>, off: (u64, u64)) {
    let count = |value: usize| u32::try_from(value).map_or(f64::NAN, f64::from);
    let brier = |of: fn(&(f64, f64, bool)) -> f64| {
        told.iter().map(|row| (of(row) - if row.2 { 1.0 } else { 0.0 }).powi(2)).sum::<f64>() / count(told.len())
    };
    let (ours, rule) = (brier(|row| row.0), brier(|row| row.1));
    let positives = told.iter().filter(|row| row.2).count();
    println!("{} outlooks, {positives} ran out; on hand off by {} of {}", told.len(), off.0, off.1);
    println!("Brier {ours:.4}, reorder-point rule {rule:.4}");
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut hits = 0;
    let mut best = (0.0, 0.0, 0.0);
    for (place, row) in told.iter().enumerate() {
        hits += usize::from(row.2);
        let (precision, recall) = (count(hits) / count(place + 1), count(hits) / count(positives));
        if precision >= 0.6 && recall > best.0 {
            best = (recall, precision, row.0);
        }
    }
    println!("recall {:.3} at precision {:.3}, from a probability of {:.2}", best.0, best.1, best.2);
    let by_rule = told.iter().filter(|row| row.1 > 0.5);
    let (said, right) = by_rule.fold((0, 0), |sums, row| (sums.0 + 1, sums.1 + usize::from(row.2)));
    println!("rule: recall {:.3} at precision {:.3}", count(right) / count(positives), count(right) / count(said));
}
