//! Which ranker is used: the boosted trees challenge the logistic regression on rows later than those that both learnt from.

use ndarray::{ArrayView2, Axis};

use super::{Boosted, BoostedSettings, Logistic, Metrics, OUTCOMES_EACH_MIN, Ranker, Unlabelled, average_precision};
use crate::error::LearnError;
use crate::to_f64;

/// The share of the rows that both learn from, by time.
const EARLIER_SHARE: f64 = 0.7;
/// By how much the challenger's average precision must be greater.
const BETTER_BY: f64 = 0.01;

/// What a row turned out to be, and when the row was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Seconds, from any fixed time on.
    pub at: i64,
    /// Whether it was what is looked for.
    pub found: bool,
}

/// The ranker to use, fitted on all outcomes, and how it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The ranker.
    pub ranker: Ranker,
    /// Why; none where there were too few outcomes, earlier or later, to compare anything.
    pub comparison: Option<Comparison>,
}

/// How good the rankers were on rows later than those that they learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Rows before this time were learnt from, and rows from `gap` seconds after it judged.
    pub cut: i64,
    /// How many were learnt from.
    pub learnt: usize,
    /// How many were judged.
    pub judged: usize,
    /// The share of what is looked for among the judged, which is the average precision of chance.
    pub share: f64,
    /// The average precision without outcomes.
    pub unlabelled: f64,
    /// The logistic regression's.
    pub logistic: Metrics,
    /// The boosted trees'.
    pub boosted: Metrics,
    /// Whether the boosted trees are used: their average precision is greater by a hundredth, and their log loss no greater.
    pub promoted: bool,
}

/// A ranker for `rows`, whose columns are called `names`; a row whose outcome is not known has none.
///
/// Rows without an outcome teach only the ranker without outcomes. `gap` seconds after the cut are left out, as long as it takes until an
/// outcome is known: what was judged then could not have been learnt from.
pub fn choose(
    names: &[String],
    rows: ArrayView2<'_, f64>,
    outcomes: &[Option<Outcome>],
    gap: i64,
    settings: &BoostedSettings,
) -> Result<Choice, LearnError> {
    if rows.nrows() != outcomes.len() {
        return Err(LearnError::Labels(format!("{} rows, but {} outcomes", rows.nrows(), outcomes.len())));
    }
    let known: Vec<(usize, Outcome)> =
        outcomes.iter().enumerate().filter_map(|(row, outcome)| Some((row, (*outcome)?))).collect();
    let all = Part::of(rows, known.iter().copied());
    if !all.teaches() {
        return Ok(Choice { ranker: Ranker::Unlabelled(Unlabelled::fit(names, rows)?), comparison: None });
    }
    let cut = cut(&known);
    let earlier = Part::of(rows, known.iter().copied().filter(|(_, outcome)| outcome.at < cut));
    let later = Part::of(rows, known.iter().copied().filter(|(_, outcome)| outcome.at >= cut.saturating_add(gap)));
    let comparison = if earlier.teaches() && later.teaches() {
        Some(compare(names, cut, &earlier, &later, settings)?)
    } else {
        None
    };
    let ranker = if comparison.is_some_and(|comparison| comparison.promoted) {
        Ranker::Boosted(Boosted::fit(names, all.rows.view(), &all.found, settings)?)
    } else {
        Ranker::Logistic(Logistic::fit(names, all.rows.view(), &all.found)?)
    };
    Ok(Choice { ranker, comparison })
}

/// The time of the row before which the earlier share lies.
fn cut(known: &[(usize, Outcome)]) -> i64 {
    let mut times: Vec<i64> = known.iter().map(|(_, outcome)| outcome.at).collect();
    times.sort_unstable();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Less than the count.
    let place = (to_f64(times.len()) * EARLIER_SHARE) as usize;
    times[place]
}

fn compare(
    names: &[String],
    cut: i64,
    earlier: &Part,
    later: &Part,
    settings: &BoostedSettings,
) -> Result<Comparison, LearnError> {
    let unlabelled = Ranker::Unlabelled(Unlabelled::fit(names, earlier.rows.view())?);
    let logistic = Ranker::Logistic(Logistic::fit(names, earlier.rows.view(), &earlier.found)?);
    let boosted = Ranker::Boosted(Boosted::fit(names, earlier.rows.view(), &earlier.found, settings)?);
    let judged = |ranker: &Ranker| Ok::<_, LearnError>(Metrics::of_logits(&later.scores(ranker)?, &later.found));
    let (logistic, boosted) = (judged(&logistic)?, judged(&boosted)?);
    let better = boosted.average_precision >= logistic.average_precision + BETTER_BY;
    Ok(Comparison {
        cut,
        learnt: earlier.found.len(),
        judged: later.found.len(),
        share: to_f64(later.count()) / to_f64(later.found.len()),
        unlabelled: average_precision(&later.scores(&unlabelled)?, &later.found),
        logistic,
        boosted,
        promoted: better && boosted.log_loss <= logistic.log_loss,
    })
}

/// Some of the rows.
struct Part {
    rows: ndarray::Array2<f64>,
    found: Vec<bool>,
}

impl Part {
    fn of(rows: ArrayView2<'_, f64>, known: impl Iterator<Item = (usize, Outcome)>) -> Self {
        let (places, found): (Vec<usize>, Vec<bool>) = known.map(|(row, outcome)| (row, outcome.found)).unzip();
        Self { rows: rows.select(Axis(0), &places), found }
    }

    fn count(&self) -> usize {
        self.found.iter().filter(|found| **found).count()
    }

    fn teaches(&self) -> bool {
        self.count().min(self.found.len() - self.count()) >= OUTCOMES_EACH_MIN
    }

    fn scores(&self, ranker: &Ranker) -> Result<Vec<f64>, LearnError> {
        Ok(ranker.score(self.rows.view())?.to_vec())
    }
}
