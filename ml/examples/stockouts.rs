//! How well stockouts are foreseen in a simulated chain: `-- DIR [paths=N] [at=P] [foreseen=FILE]`, where DIR holds EPCIS
//! documents, `demand.csv` and `stockouts.csv` as `veridose simulate --stock` writes them.
//!
//! On each evening of the second half of the run every shelf that is filled has an outlook of a fortnight. A *stockout* is
//! a run of evenings on which the shelf is empty. It is *found* if one of the fortnight's outlooks before it had a probability
//! of P or more. An outlook of P or more is *right* if a stockout begins within the fortnight. Without P the least
//! is taken at which 60 of 100 are right. A reorder-point rule stands beside it. With FILE the probabilities are not ours but
//! those of its columns `gtin,gln,day,probability`, as the example `ceiling` writes them.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use time::Date;
use time::macros::format_description;
use veridose_ml::events::load;
use veridose_ml::stock::{Accounts, Settings, outlook, reorder_rule};

const HORIZON: usize = 14;
const PRECISION: f64 = 0.6;
type Error = Box<dyn std::error::Error>;
/// Product and place.
type Key = (String, String);
/// Which stockouts count.
type Kind = fn(&Spell) -> bool;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the directory")?);
    let (mut paths, mut at, mut foreseen) = (200, None, None);
    for argument in arguments {
        match argument.split_once('=').ok_or("give NAME=VALUE")? {
            ("paths", value) => paths = value.parse()?,
            ("at", value) => at = Some(value.parse()?),
            ("foreseen", value) => foreseen = Some(PathBuf::from(value)),
            (name, _) => return Err(format!("{name}: no such setting").into()),
        }
    }
    let truth = Truth::read(&folder)?;
    let (told, off) = if let Some(file) = &foreseen {
        (truth.told_by(file)?, None)
    } else {
        let (told, off) = truth.told(&folder, paths)?;
        (told, Some(off))
    };
    let mut report = truth.judge(&told, at);
    if let Some((off, all)) = off {
        report["packs_off"] = json!(off);
        report["packs_on_hand"] = json!(all);
    }
    println!("{report:#}");
    Ok(())
}

/// What was said on an evening of a shelf.
struct Told {
    key: Key,
    day: i64,
    probability: f64,
    by_rule: bool,
}

/// Days in a row that ended with an empty shelf.
#[derive(Debug, Clone, Copy)]
struct Spell {
    from: i64,
    to: i64,
    lost: u32,
}

struct Truth {
    /// Packs on hand when a day ended.
    on_hand: BTreeMap<Key, BTreeMap<i64, u32>>,
    spells: BTreeMap<Key, Vec<Spell>>,
    /// The evenings that are judged.
    first: i64,
    last: i64,
}

impl Truth {
    fn read(folder: &Path) -> Result<Self, Error> {
        let mut on_hand: BTreeMap<Key, BTreeMap<i64, u32>> = BTreeMap::new();
        let mut rows = csv::Reader::from_path(folder.join("demand.csv"))?;
        for row in rows.deserialize::<(String, String, String, u32, u32, u32)>() {
            let (gtin, gln, day, _, _, left) = row?;
            on_hand.entry((gtin, gln)).or_default().insert(day_of(&day)?, left);
        }
        let mut spells: BTreeMap<Key, Vec<Spell>> = BTreeMap::new();
        let mut rows = csv::Reader::from_path(folder.join("stockouts.csv"))?;
        for row in rows.deserialize::<(String, String, String, String, u32)>() {
            let (gtin, gln, from, to, lost) = row?;
            let spell = Spell { from: day_of(&from)?, to: day_of(&to)?, lost };
            spells.entry((gtin, gln)).or_default().push(spell);
        }
        let days = || on_hand.values().flat_map(|days| days.keys().copied());
        let (begin, end) = (days().min().ok_or("no days")?, days().max().ok_or("no days")?);
        Ok(Self { on_hand, spells, first: i64::midpoint(begin, end), last: end - ahead() })
    }

    /// Our own outlooks, and by how many packs of how many our stock was wrong.
    fn told(&self, folder: &Path, paths: usize) -> Result<(Vec<Told>, (u64, u64)), Error> {
        let documents: Result<Vec<PathBuf>, std::io::Error> =
            std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
        let documents: Vec<PathBuf> =
            documents?.into_iter().filter(|path| path.extension().is_some_and(|its| its == "jsonld")).collect();
        let (table, _) = load(&documents);
        let accounts = Accounts::of(&table);
        let name = |index: usize| {
            let account = &accounts.list[index];
            let gln = table.places.text(account.place).rsplit('/').next().unwrap_or_default().to_owned();
            (format!("{:014}", account.gtin), gln)
        };
        let (mut told, mut off) = (Vec::new(), (0, 0));
        for day in self.first..=self.last {
            let today = usize::try_from(day - accounts.first_day)?;
            let settings = Settings { horizon: HORIZON, paths, seed: 1 };
            let foreseen = outlook(&accounts, today, &settings)?;
            let rule = reorder_rule(&accounts, today);
            for (index, outlook) in foreseen.iter().enumerate() {
                let key = name(index);
                let Some(on_hand) = self.on_hand.get(&key).and_then(|days| days.get(&day)) else { continue };
                off.0 += u64::from(on_hand.abs_diff(accounts.list[index].days[today].on_hand));
                off.1 += u64::from(*on_hand);
                told.push(Told { key, day, probability: outlook.empty_by[HORIZON - 1], by_rule: rule[index] });
            }
        }
        Ok((told, off))
    }

    fn told_by(&self, file: &Path) -> Result<Vec<Told>, Error> {
        let mut told = Vec::new();
        for row in csv::Reader::from_path(file)?.deserialize::<(String, String, String, f64)>() {
            let (gtin, gln, day, probability) = row?;
            let day = day_of(&day)?;
            if (self.first..=self.last).contains(&day) {
                told.push(Told { key: (gtin, gln), day, probability, by_rule: false });
            }
        }
        Ok(told)
    }

    fn is_filled(&self, told: &Told) -> bool {
        self.on_hand.get(&told.key).and_then(|days| days.get(&told.day)).is_some_and(|left| *left > 0)
    }

    fn judge(&self, told: &[Told], at: Option<f64>) -> Value {
        let told: Vec<&Told> = told.iter().filter(|told| self.is_filled(told)).collect();
        let kinds: [(&str, Kind); 3] = [
            ("all", |_| true),
            ("unmet", |spell| spell.lost > 0),
            ("two evenings or more", |spell| spell.to > spell.from),
        ];
        let mut report = json!({ "outlooks": told.len() });
        for (name, counts) in kinds {
            let spells = |key: &Key| self.spells.get(key).into_iter().flatten().filter(|spell| counts(spell));
            let right: Vec<bool> = told
                .iter()
                .map(|told| spells(&told.key).any(|spell| (told.day + 1..=told.day + ahead()).contains(&spell.from)))
                .collect();
            let stockouts: BTreeSet<(&Key, i64)> = self
                .spells
                .keys()
                .flat_map(|key| spells(key).map(move |spell| (key, spell.from)))
                .filter(|(_, from)| (self.first + ahead()..=self.last + 1).contains(from))
                .collect();
            let at = at.unwrap_or_else(|| least(&told, &right));
            let ours = measured(&told, &right, &stockouts, |told| told.probability >= at);
            let rule = measured(&told, &right, &stockouts, |told| told.by_rule);
            let brier = |of: &dyn Fn(&Told) -> f64| {
                let missed =
                    told.iter().zip(&right).map(|(told, right)| (of(told) - f64::from(u8::from(*right))).powi(2));
                missed.sum::<f64>() / count(told.len())
            };
            report[name] = json!({
                "stockouts": stockouts.len(), "at": at, "ours": ours, "rule": rule,
                "followed": right.iter().filter(|right| **right).count(),
                "brier": brier(&|told| told.probability), "brier_rule": brier(&|told| f64::from(u8::from(told.by_rule))),
            });
        }
        report
    }
}

/// The least probability at which enough are right.
fn least(told: &[&Told], right: &[bool]) -> f64 {
    let mut order: Vec<(f64, bool)> = told.iter().zip(right).map(|(told, right)| (told.probability, *right)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut said, mut least) = (0, 0, 1.0);
    for equal in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        said += equal.len();
        hits += equal.iter().filter(|row| row.1).count();
        if count(hits) >= PRECISION * count(said) {
            least = equal[0].0;
        }
    }
    least
}

fn measured(told: &[&Told], right: &[bool], stockouts: &BTreeSet<(&Key, i64)>, says: impl Fn(&Told) -> bool) -> Value {
    let said: Vec<(&&Told, bool)> = told.iter().zip(right.iter().copied()).filter(|(told, _)| says(told)).collect();
    let mut first: BTreeMap<(&Key, i64), i64> = BTreeMap::new();
    for (told, _) in &said {
        for (key, from) in stockouts.range((&told.key, told.day + 1)..=(&told.key, told.day + ahead())) {
            let warned = first.entry((key, *from)).or_default();
            *warned = (*warned).max(from - told.day);
        }
    }
    let mut warned: Vec<i64> = first.values().copied().collect();
    warned.sort_unstable();
    let followed = right.iter().filter(|right| **right).count();
    let hits = said.iter().filter(|(_, right)| *right).count();
    json!({
        "found": warned.len(), "recall": share(warned.len(), stockouts.len()), "said": said.len(),
        "precision": share(hits, said.len()), "recall_of_outlooks": share(hits, followed),
        "days_warned_median": warned.get(warned.len() / 2),
        "found_three_days_before": share(warned.iter().filter(|days| **days >= 3).count(), stockouts.len()),
    })
}

fn day_of(text: &str) -> Result<i64, Error> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"))?;
    Ok(date.midnight().assume_utc().unix_timestamp().div_euclid(86_400))
}

fn ahead() -> i64 {
    i64::try_from(HORIZON).expect("a fortnight")
}

fn count(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::NAN, f64::from)
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| count(part) / count(whole))
}
