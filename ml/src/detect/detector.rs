//! A frozen model of what packs usually do, and of which cases turned out to be true.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use linfa::ParamGuard as _;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::groups;
use crate::calibrate::Calibration;
use crate::cases::{Alert, Believed, Contribution, joined, tell};
use crate::drift::Spread;
use crate::error::LearnError;
use crate::evaluate::{Truth, outcomes};
use crate::events::EventTable;
use crate::features::{Features, NAMES, Usual};
use crate::forest::IsolationForest;
use crate::history::Histories;
use crate::mixture::{Mixture, MixtureSettings};
use crate::model::{Body, Card};
use crate::ranker::{Logistic, Metrics, OUTCOMES_EACH_MIN, Ranker, Unlabelled};
use crate::rules::{CATALOGUE, Code, Facts, Finding, check};
use crate::surprisal::Paths;
use crate::to_f64;
use crate::ways::{Stop, by_way, told, way};

/// The share of packs that is assumed to be false where nobody says.
const PRIOR: f64 = 1e-4;
/// Unusual packs that are told, for a million packs that were seen alone.
const UNUSUAL_PER_MILLION: usize = 30;
/// Rarer than this among the packs that were learnt from is unusual.
const UNUSUAL_SHARE: f64 = 1e-4;
/// What is asked of each pack: how easily trees part it from others, how thin the Gaussians are where it lies, and how
/// surprising its way is.
const DETECTORS: [&str; 3] = ["forest", "mixture", "path"];
/// Gaussians of the mixture, at most.
const COMPONENTS: usize = 4;
/// Stops before a stop that say which comes next.
const PATH_ORDER: usize = 2;
/// Packs whose ways are counted, about.
const PATHS_MAX: usize = 200_000;
/// Columns that are told of an unusual pack.
const TOLD: usize = 5;
/// How little and how sure the rules can be at most where outcomes are weighed against them.
const SURE: (f64, f64) = (0.002, 0.998);
/// True cases among the later ones without which nothing says whether the ranker is better.
const LATER_TRUE_MIN: usize = 10;

/// What is learnt from histories, and from outcomes where there are some.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Detector {
    forest: IsolationForest,
    mixture: Mixture,
    paths: Paths,
    /// Joins what the three say of a pack: one column of it each.
    together: Ranker,
    /// Of the joined score.
    calibration: Calibration,
    /// The highest joined score of all but a share of [`UNUSUAL_SHARE`] of the packs.
    unusual: f64,
    /// Absent without enough outcomes of either kind, or where it ranked later cases no better than the rules.
    ranker: Option<Ranker>,
}

impl Body for Detector {
    const KIND: &'static str = "detector";

    fn check(&self) -> Result<(), String> {
        self.forest.check().map_err(str::to_owned)?;
        self.mixture.check().map_err(str::to_owned)?;
        self.paths.check().map_err(str::to_owned)?;
        self.together.check().map_err(str::to_owned)?;
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
    features.things = order.iter().map(|at| features.things[*at]).collect();
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let rows = matrix(&features);
    let forest = IsolationForest::params().seed(seed).check()?.grow(&names, rows.view())?;
    let mixture = Mixture::fit(&names, rows.view(), &MixtureSettings { components: COMPONENTS, seed })?;
    let ways = by_way(&facts, &features.things);
    let paths = learn_paths(&ways, features.things.len())?;
    let said = said(&forest, &mixture, &paths, rows.view(), &ways)?;
    let detectors = DETECTORS.map(str::to_owned);
    let together = Ranker::Unlabelled(Unlabelled::fit(&detectors, said.view())?);
    let scores = together.score(said.view())?.to_vec();
    let calibration = Calibration::by_tail(&scores, PRIOR)?;
    let mut sorted = scores;
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let above = (to_f64(sorted.len()) * UNUSUAL_SHARE).ceil() as usize;
    let unusual = sorted[sorted.len() - above.clamp(1, sorted.len())];
    let mut detector = Detector { forest, mixture, paths, together, calibration, unusual, ranker: None };
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
        let scores = crate::cases::scores(&findings, &groups, super::scans(facts.table, i64::MIN));
        let mut told: Vec<(Vec<&Finding>, Alert)> = groups
            .iter()
            .zip(scores)
            .map(|(group, score)| (group.iter().map(|at| &findings[*at as usize]).collect::<Vec<_>>(), score))
            .filter(|(group, _)| !group.iter().all(|finding| finding.code.is_operator_error()))
            .map(|(group, score)| {
                let alert = tell(facts, &group, score);
                (group, alert)
            })
            .collect();
        told.sort_by(|a, b| (&a.1.detected_at, &a.1.case).cmp(&(&b.1.detected_at, &b.1.case)));
        let alerts: Vec<Alert> = told.iter().map(|(_, alert)| alert.clone()).collect();
        // A case that nobody has closed is not a false one: nothing is learnt from it.
        let known = outcomes(labels, &alerts);
        let mut open = known.iter().map(Option::is_none);
        told.retain(|_| !open.next().unwrap_or(false));
        let outcomes: Vec<bool> = known.into_iter().flatten().collect();
        let yes = outcomes.iter().filter(|outcome| **outcome).count();
        metrics.extend([("cases".to_owned(), to_f64(outcomes.len())), ("true cases".to_owned(), to_f64(yes))]);
        if !is_enough(&outcomes) {
            return Ok(());
        }
        let names = columns();
        let values: Vec<f64> = told.iter().flat_map(|(group, alert)| measures(group, alert.score)).collect();
        let rows = Array2::from_shape_vec((told.len(), names.len()), values).expect("a row for each case");
        // On the later third: what was learnt from the earlier cases has to rank better than the rules do, and to be surer where
        // it should be.
        let split = told.len() * 2 / 3;
        let (earlier, later) = rows.view().split_at(Axis(0), split);
        let later_true = outcomes[split..].iter().filter(|outcome| **outcome).count();
        if !is_enough(&outcomes[..split]) || later_true < LATER_TRUE_MIN {
            return Ok(());
        }
        let tried = Ranker::Logistic(Logistic::beside(&names, earlier, &outcomes[..split])?).score(later)?.to_vec();
        let learnt = Metrics::of_logits(&tried, &outcomes[split..]);
        let rules = Metrics::of_logits(&later.column(0).to_vec(), &outcomes[split..]);
        metrics.extend([
            ("average precision, outcomes".to_owned(), learnt.average_precision),
            ("average precision, rules".to_owned(), rules.average_precision),
            ("log loss, outcomes".to_owned(), learnt.log_loss),
            ("log loss, rules".to_owned(), rules.log_loss),
        ]);
        if learnt.average_precision > rules.average_precision && learnt.log_loss < rules.log_loss {
            self.ranker = Some(Ranker::Logistic(Logistic::beside(&names, rows.view(), &outcomes)?));
        }
        metrics.insert("ranks by outcomes".to_owned(), f64::from(u8::from(self.ranker.is_some())));
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
        let ways = by_way(facts, &features.things);
        let said = said(&self.forest, &self.mixture, &self.paths, rows.view(), &ways)?;
        let scores = self.together.score(said.view())?;
        let mut odd: Vec<usize> = (0..scores.len()).filter(|at| scores[*at] > self.unusual).collect();
        let name = |at: usize| facts.table.things.text(features.things[at]);
        odd.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| name(*a).cmp(name(*b))));
        odd.truncate((features.things.len() * UNUSUAL_PER_MILLION).div_ceil(1_000_000));
        let mut found = odd
            .iter()
            .map(|at| self.tell(facts, features.things[*at], rows.row(*at), said.row(*at), scores[*at]))
            .collect::<Result<Vec<Finding>, LearnError>>()?;
        let shares: Vec<f64> = scores.iter().map(|score| self.calibration.share(*score)).collect();
        found.extend(groups::check(facts, &features.things, &shares));
        Ok(found)
    }

    fn tell(
        &self,
        facts: &Facts<'_>,
        thing: u32,
        row: ArrayView1<'_, f64>,
        said: ArrayView1<'_, f64>,
        score: f64,
    ) -> Result<Finding, LearnError> {
        let parts = self.forest.contributions(row.insert_axis(Axis(0)))?;
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
        let by = self.together.contributions(said.insert_axis(Axis(0)))?;
        let by: Vec<String> = DETECTORS.iter().zip(by.row(0)).map(|(name, part)| format!("{name} {part:.1}")).collect();
        let text = format!(
            "{} is unlike other packs: {}; by detector, in nats of surprise: {}{}.",
            facts.table.things.text(thing),
            told.join(", "),
            by.join(", "),
            self.oddest_stop(&way(facts, thing, &mut Vec::new()))
        );
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

    /// The most surprising stop of a way, and what most often stands in its place.
    fn oddest_stop(&self, way: &[Stop]) -> String {
        let stops: Vec<String> = way.iter().map(|stop| told(*stop)).collect();
        let surprisal = self.paths.surprisal(stops.iter().map(String::as_str));
        let Some((at, bits)) = surprisal.greatest() else { return String::new() };
        let usual = self.paths.usual(stops[..at].iter().map(String::as_str));
        let usual =
            usual.map_or_else(String::new, |(name, share)| format!(", where {:.0} % go on to {name}", share * 100.0));
        format!("; {} surprises by {bits:.1} bits{usual}", stops[at])
    }

    /// What was looked at in a case in which this detector has a part, by name: one that it ranks, or in which something is that it found.
    pub(crate) fn looked_at(&self, group: &[&Finding], by_rules: f64) -> Option<BTreeMap<String, f64>> {
        let found = |finding: &&Finding| matches!(finding.code, Code::UnusualPack | Code::UnusualGroup);
        let has_part = self.ranker.is_some() || group.iter().any(found);
        let seen = |(_, value): &(String, f64)| *value != 0.0;
        has_part.then(|| columns().into_iter().zip(measures(group, by_rules)).filter(seen).collect())
    }

    /// How sure a case is by its outcomes' likes, if there were enough, with the columns that made it so.
    pub(crate) fn belief(&self, group: &[&Finding], by_rules: f64) -> Option<Believed> {
        let ranker = self.ranker.as_ref()?;
        let row = measures(group, by_rules);
        let view = ArrayView2::from_shape((1, row.len()), &row).ok()?;
        let parts = ranker.contributions(view).ok()?;
        let score = ranker.probability(ranker.sum(parts.row(0)))?;
        let mut told: Vec<(String, f64)> =
            columns().into_iter().zip(parts.row(0).iter().copied()).filter(|(_, part)| part.abs() > 0.05).collect();
        told.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        told.truncate(TOLD);
        let words: Vec<String> = told.iter().map(|(name, part)| format!("{name} {part:+.2}")).collect();
        let parts = told.into_iter().map(|(name, part)| Contribution { name, part }).collect();
        Some(Believed { score, text: format!(" Ranked by outcomes: {}.", words.join(", ")), parts })
    }
}

/// Whether there are outcomes enough of either kind to learn from.
fn is_enough(outcomes: &[bool]) -> bool {
    let yes = outcomes.iter().filter(|outcome| **outcome).count();
    yes.min(outcomes.len() - yes) >= OUTCOMES_EACH_MIN
}

/// The columns of the ranker: the logit of the rules' score, the surest finding of each code, and how large the case is.
fn columns() -> Vec<String> {
    std::iter::once("rules".to_owned())
        .chain(CATALOGUE.iter().map(|entry| entry.name.to_owned()))
        .chain(["packs".to_owned(), "parties".to_owned(), "findings".to_owned()])
        .collect()
}

fn measures(group: &[&Finding], by_rules: f64) -> Vec<f64> {
    // Sure as they may be, outcomes can speak against them.
    let by_rules = by_rules.clamp(SURE.0, SURE.1);
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
    let by_code = CATALOGUE.iter().map(|entry| of_code(entry.code));
    std::iter::once((by_rules / (1.0 - by_rules)).ln()).chain(by_code).chain(sizes).collect()
}

/// Counts the ways of the packs, or of as many as are enough.
fn learn_paths(ways: &BTreeMap<Vec<Stop>, Vec<usize>>, packs: usize) -> Result<Paths, LearnError> {
    let mut paths = Paths::new(PATH_ORDER)?;
    let every = packs.div_ceil(PATHS_MAX).max(1);
    for (way, packs) in ways {
        let stops: Vec<String> = way.iter().map(|stop| told(*stop)).collect();
        for _ in 0..packs.len().div_ceil(every) {
            paths.add(stops.iter().map(String::as_str))?;
        }
    }
    Ok(paths)
}

/// What each detector says of each pack: the columns of [`DETECTORS`].
fn said(
    forest: &IsolationForest,
    mixture: &Mixture,
    paths: &Paths,
    rows: ArrayView2<'_, f64>,
    ways: &BTreeMap<Vec<Stop>, Vec<usize>>,
) -> Result<Array2<f64>, LearnError> {
    let mut said = Array2::zeros((rows.nrows(), DETECTORS.len()));
    said.column_mut(0).assign(&forest.score(rows)?);
    said.column_mut(1).assign(&mixture.score(rows)?);
    for (way, packs) in ways {
        let stops: Vec<String> = way.iter().map(|stop| told(*stop)).collect();
        let bits = paths.surprisal(stops.iter().map(String::as_str)).total();
        for pack in packs {
            said[(*pack, 2)] = bits;
        }
    }
    Ok(said)
}

fn matrix(features: &Features) -> Array2<f64> {
    let values: Vec<f64> = features.rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((features.rows.len(), NAMES.len()), values).expect("a value for each name")
}
