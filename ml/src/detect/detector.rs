//! A frozen model of what packs usually do, and of which cases turned out to be true.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use linfa::ParamGuard as _;
use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::calibrate::Calibration;
use crate::cases::{Alert, Believed, joined, tell};
use crate::drift::Spread;
use crate::error::LearnError;
use crate::evaluate::{Truth, alerts_about};
use crate::events::EventTable;
use crate::features::{Features, NAMES, Usual};
use crate::forest::IsolationForest;
use crate::history::Histories;
use crate::model::{Body, Card};
use crate::ranker::{Logistic, OUTCOMES_EACH_MIN, Ranker};
use crate::rules::{CATALOGUE, Code, Facts, Finding, check};
use crate::to_f64;

/// The share of packs that is assumed to be false where nobody says.
const PRIOR: f64 = 1e-4;
/// Unusual packs that are told, for a million packs that were seen alone.
const UNUSUAL_PER_MILLION: usize = 30;
/// Rarer than this among the packs that were learnt from is unusual.
const UNUSUAL_SHARE: f64 = 1e-4;
/// Columns that are told of an unusual pack.
const TOLD: usize = 5;

/// What is learnt from histories, and from outcomes where there are some.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Detector {
    forest: IsolationForest,
    calibration: Calibration,
    /// The highest score of all but a share of [`UNUSUAL_SHARE`] of the packs.
    unusual: f64,
    /// Absent without enough outcomes of either kind.
    ranker: Option<Ranker>,
}

impl Body for Detector {
    const KIND: &'static str = "detector";

    fn check(&self) -> Result<(), String> {
        self.forest.check().map_err(str::to_owned)?;
        self.calibration.check().map_err(str::to_owned)?;
        self.ranker.as_ref().map_or(Ok(()), Ranker::check).map_err(str::to_owned)
    }
}

/// Learns from events, and from what is known to have happened in them. The same events, labels and seed give the same
/// detector, bit for bit.
pub fn train(table: &EventTable, labels: &[Truth], seed: u64) -> Result<(Card, Detector), LearnError> {
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let mut features = Features::of(&facts, &Usual::of(&facts));
    // By name, so that the order of the documents does not matter to what is drawn.
    let mut order: Vec<usize> = (0..features.things.len()).collect();
    order.sort_by(|a, b| table.things.text(features.things[*a]).cmp(table.things.text(features.things[*b])));
    features.rows = order.iter().map(|at| features.rows[*at]).collect();
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let rows = matrix(&features);
    let forest = IsolationForest::params().seed(seed).check()?.grow(&names, rows.view())?;
    let scores = forest.score(rows.view())?.to_vec();
    let calibration = Calibration::by_tail(&scores, PRIOR)?;
    let mut sorted = scores;
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let above = (to_f64(sorted.len()) * UNUSUAL_SHARE).ceil() as usize;
    let unusual = sorted[sorted.len() - above.clamp(1, sorted.len())];
    let mut detector = Detector { forest, calibration, unusual, ranker: None };
    let mut metrics = BTreeMap::from([("packs".to_owned(), to_f64(sorted.len()))]);
    if !labels.is_empty() {
        detector.learn_outcomes(&facts, labels, &mut metrics)?;
    }
    let spread = |(at, name): (usize, &String)| {
        let values: Vec<f64> = features.rows.iter().map(|row| row[at]).collect();
        (name.clone(), Spread::of(&values))
    };
    let profile = names.iter().enumerate().map(spread).collect();
    let card = Card { seed, profile, features: names, metrics, ..Card::default() };
    Ok((card, detector))
}

impl Detector {
    /// Fits the ranker on the cases that the rules make of the same events.
    fn learn_outcomes(
        &mut self,
        facts: &Facts<'_>,
        labels: &[Truth],
        metrics: &mut BTreeMap<String, f64>,
    ) -> Result<(), LearnError> {
        let findings = self.findings(facts)?;
        let groups = joined(&findings);
        let told: Vec<(Vec<&Finding>, Alert)> = groups
            .iter()
            .map(|group| group.iter().map(|at| &findings[*at as usize]).collect::<Vec<_>>())
            .filter(|group| !group.iter().all(|finding| finding.code.is_operator_error()))
            .map(|group| {
                let alert = tell(facts, &group, 0.0);
                (group, alert)
            })
            .collect();
        let alerts: Vec<Alert> = told.iter().map(|(_, alert)| alert.clone()).collect();
        let outcomes = alerts_about(labels, &alerts);
        let yes = outcomes.iter().filter(|outcome| **outcome).count();
        metrics.extend([("cases".to_owned(), to_f64(outcomes.len())), ("true cases".to_owned(), to_f64(yes))]);
        if yes.min(outcomes.len() - yes) < OUTCOMES_EACH_MIN {
            return Ok(());
        }
        let names = columns();
        let values: Vec<f64> = told.iter().flat_map(|(group, _)| measures(group)).collect();
        let rows = Array2::from_shape_vec((told.len(), names.len()), values).expect("a row for each case");
        self.ranker = Some(Ranker::Logistic(Logistic::fit(&names, rows.view(), &outcomes)?));
        Ok(())
    }

    /// What the rules find, and the packs that are unusual as a whole.
    pub(super) fn findings(&self, facts: &Facts<'_>) -> Result<Vec<Finding>, LearnError> {
        let mut findings = check(facts);
        findings.extend(self.unusual(facts)?);
        Ok(findings)
    }

    /// Packs as unusual as hardly any that was learnt from, the most unusual first.
    fn unusual(&self, facts: &Facts<'_>) -> Result<Vec<Finding>, LearnError> {
        let features = Features::of(facts, &Usual::of(facts));
        if features.things.is_empty() {
            return Ok(Vec::new());
        }
        let rows = matrix(&features);
        let scores = self.forest.score(rows.view())?;
        let mut odd: Vec<usize> = (0..scores.len()).filter(|at| scores[*at] > self.unusual).collect();
        let name = |at: usize| facts.table.things.text(features.things[at]);
        odd.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| name(*a).cmp(name(*b))));
        odd.truncate((features.things.len() * UNUSUAL_PER_MILLION).div_ceil(1_000_000));
        odd.into_iter().map(|at| self.tell(facts, features.things[at], rows.row(at), scores[at])).collect()
    }

    fn tell(&self, facts: &Facts<'_>, thing: u32, row: ArrayView1<'_, f64>, score: f64) -> Result<Finding, LearnError> {
        let parts = self.forest.contributions(row.insert_axis(ndarray::Axis(0)))?;
        let mut parts: Vec<(usize, f64)> = parts.row(0).iter().copied().enumerate().collect();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let told: Vec<String> = parts
            .iter()
            .take(TOLD)
            .filter(|(_, part)| *part > 0.0)
            .map(|(at, part)| format!("{} {:.2} ({part:+.3})", NAMES[*at], row[*at]))
            .collect();
        let events: Vec<u32> = facts.histories.own(thing).to_vec();
        let rows = || events.iter().map(|event| &facts.table.rows[*event as usize]);
        let text = format!("{} is unlike other packs: {}.", facts.table.things.text(thing), told.join(", "));
        Ok(Finding {
            code: Code::UnusualPack,
            things: vec![thing],
            parties: rows()
                .map(|row| facts.party_of(row))
                .filter(|party| *party != crate::events::NONE)
                .take(8)
                .collect(),
            at: rows().map(|row| row.time).max().unwrap_or(i64::MIN),
            strength: 0.1 + 0.4 * self.calibration.probability(score),
            causes: Vec::new(),
            text,
            events,
        })
    }

    /// How sure a case is by its outcomes' likes, if there were enough, with the columns that made it so.
    pub(super) fn belief(&self, group: &[&Finding]) -> Option<Believed> {
        let ranker = self.ranker.as_ref()?;
        let row = measures(group);
        let view = ArrayView2::from_shape((1, row.len()), &row).ok()?;
        let parts = ranker.contributions(view).ok()?;
        let score = ranker.probability(ranker.sum(parts.row(0)))?;
        let mut told: Vec<(String, f64)> =
            columns().into_iter().zip(parts.row(0).iter().copied()).filter(|(_, part)| part.abs() > 0.05).collect();
        told.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        let told: Vec<String> = told.into_iter().take(TOLD).map(|(name, part)| format!("{name} {part:+.2}")).collect();
        Some(Believed { score, text: format!(" Ranked by outcomes: {}.", told.join(", ")) })
    }
}

/// The columns of the ranker: the surest finding of each code, and how large the case is.
fn columns() -> Vec<String> {
    CATALOGUE
        .iter()
        .map(|entry| entry.name.to_owned())
        .chain(["packs".to_owned(), "parties".to_owned(), "findings".to_owned()])
        .collect()
}

fn measures(group: &[&Finding]) -> Vec<f64> {
    let of_code = |code: Code| {
        group.iter().filter(|finding| finding.code == code).map(|finding| finding.strength).fold(0.0, f64::max)
    };
    let count = |of: fn(&Finding) -> &[u32]| {
        let mut all: Vec<u32> = group.iter().flat_map(|finding| of(finding)).copied().collect();
        all.sort_unstable();
        all.dedup();
        to_f64(all.len()).ln_1p()
    };
    let sizes = [count(|finding| &finding.things), count(|finding| &finding.parties), to_f64(group.len()).ln_1p()];
    CATALOGUE.iter().map(|entry| of_code(entry.code)).chain(sizes).collect()
}

fn matrix(features: &Features) -> Array2<f64> {
    let values: Vec<f64> = features.rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((features.rows.len(), NAMES.len()), values).expect("a value for each name")
}
