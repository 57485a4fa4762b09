//! A mixture of Gaussians (linfa's, fitted by expectation maximisation), and how likely each row is under it.
//!
//! Columns are first centred and divided by their standard deviation, a constant one by 1. The score of a row is `-ln p`, in nats of
//! that standardised space: higher is more unusual, and unlike a forest's score it has no upper bound.

use borsh::{BorshDeserialize, BorshSerialize};
use linfa::DatasetBase;
use linfa::ParamGuard;
use linfa::traits::Fit;
use linfa_clustering::GaussianMixtureModel;
use linfa_linalg::cholesky::Cholesky;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::columns::{Columns, moments};
use crate::error::LearnError;
use crate::to_f64;

/// The most columns of a mixture: it holds a full matrix of their precisions for each component.
pub const MIXTURE_COLUMNS_MAX: usize = 256;
/// The most components.
pub const COMPONENTS_MAX: usize = 32;
/// The most rows that a mixture is fitted on; of more, so many are drawn.
pub const MIXTURE_ROWS_MAX: usize = 50_000;

/// Added to each variance, so that columns that say the same do not make a matrix singular; a greater one where a smaller
/// leaves rows to which no component gives any likelihood.
const RIDGES: [f64; 3] = [1e-6, 1e-2, 0.2];
/// Rows are fitted on as no further off than so many standard deviations: linfa takes likelihoods for zero from about forty on.
const FITTED_MAX: f64 = 6.0;
const ROUNDS_MAX: u64 = 300;

/// How a mixture is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixtureSettings {
    /// How many components at most; fewer are taken where the data do not carry so many.
    pub components: usize,
    /// What chance is drawn from.
    pub seed: u64,
}

/// A fitted mixture.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Mixture {
    columns: Columns,
    centre: Vec<f64>,
    spread: Vec<f64>,
    components: Vec<Component>,
}

#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
struct Component {
    /// The logarithm of the component's weight times its density at its mean.
    peak: f64,
    mean: Vec<f64>,
    /// Row after row.
    precision: Vec<f64>,
}

impl Mixture {
    /// A mixture of `rows`, whose columns are called `names`.
    pub fn fit(names: &[String], rows: ArrayView2<'_, f64>, settings: &MixtureSettings) -> Result<Self, LearnError> {
        if !(1..=COMPONENTS_MAX).contains(&settings.components) {
            let expected = format!("1 to {COMPONENTS_MAX}");
            return Err(LearnError::Setting { name: "components", value: settings.components.to_string(), expected });
        }
        if rows.ncols() > MIXTURE_COLUMNS_MAX {
            let what = format!("{} columns for a mixture", rows.ncols());
            return Err(LearnError::Limit { what, max: MIXTURE_COLUMNS_MAX });
        }
        let columns = Columns::of(names, rows)?;
        let mut chance = ChaCha8Rng::seed_from_u64(settings.seed);
        let mut known = columns.read_rows(drawn(rows, &mut chance).view());
        let (centre, spread) = standard(&mut known);
        known.mapv_inplace(|value| value.clamp(-FITTED_MAX, FITTED_MAX));
        let most = distinct(known.view(), settings.components);
        let data = DatasetBase::from(known);
        let mut failure = None;
        let tries = RIDGES.iter().flat_map(|ridge| (1..=most).rev().map(move |components| (*ridge, components)));
        for (ridge, components) in tries {
            let params = GaussianMixtureModel::params_with_rng(components, chance.clone())
                .n_runs(1)
                .max_n_iterations(ROUNDS_MAX)
                .reg_covariance(ridge);
            let fitted = params.check().map_err(|error| error.to_string());
            match fitted.and_then(|params| params.fit(&data).map_err(|error| error.to_string())) {
                Ok(model) => {
                    let components = (0..components).map(|at| Component::of(&model, at)).collect::<Result<_, _>>()?;
                    return Ok(Self { columns, centre, spread, components });
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(LearnError::Fit(linfa::Error::NotConverged(failure.unwrap_or_default())))
    }

    /// The columns that it was fitted on.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How many components it has.
    pub fn components(&self) -> usize {
        self.components.len()
    }

    /// `-ln p` of each row.
    pub fn score(&self, rows: ArrayView2<'_, f64>) -> Result<Array1<f64>, LearnError> {
        self.columns.check(rows.ncols())?;
        let scores = (0..rows.nrows()).into_par_iter().map(|row| self.judge(rows.row(row)).0);
        Ok(Array1::from(scores.collect::<Vec<_>>()))
    }

    /// `-ln p` of one row.
    pub fn score_row(&self, row: ArrayView1<'_, f64>) -> Result<f64, LearnError> {
        self.columns.check(row.len())?;
        Ok(self.judge(row).0)
    }

    /// What each column adds to each row's score: half the squared Mahalanobis distance from the components' means, weighted by how
    /// likely the row is of each, taken apart by column, `(x - m)[j] * (P (x - m))[j]`. A column may have a negative part, where it agrees with another
    /// one. What is left of the score, its part that no column explains, is the same for all rows of one component.
    pub fn contributions(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, LearnError> {
        self.columns.check(rows.ncols())?;
        let parts = (0..rows.nrows()).into_par_iter().flat_map_iter(|row| self.judge(rows.row(row)).1);
        Ok(Array2::from_shape_vec(rows.dim(), parts.collect()).expect("as many as the rows have cells"))
    }

    /// That the parts fit together, which a file may only claim.
    pub fn check(&self) -> Result<(), &'static str> {
        let width = self.columns.count();
        let whole = |part: &Component| part.mean.len() == width && part.precision.len() == width * width;
        let columns = self.centre.len() == width && self.spread.len() == width;
        if columns && !self.components.is_empty() && self.components.iter().all(whole) {
            return Ok(());
        }
        Err("a component of the mixture is not whole")
    }

    /// A row's score, and what each column adds to it.
    fn judge(&self, row: ArrayView1<'_, f64>) -> (f64, Vec<f64>) {
        let mut values = vec![0.0; self.columns.count()];
        self.columns.read_row(row, &mut values);
        for ((value, centre), spread) in values.iter_mut().zip(&self.centre).zip(&self.spread) {
            *value = (*value - centre) / spread;
        }
        let parts: Vec<Vec<f64>> = self.components.iter().map(|component| component.parts(&values)).collect();
        let logs =
            self.components.iter().zip(&parts).map(|(component, parts)| component.peak - parts.iter().sum::<f64>());
        let logs: Vec<f64> = logs.collect();
        // The largest is taken out before the exponential, or far rows would all have the likelihood zero.
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
        let likelihood = largest + sum.ln();
        let mut shares = vec![0.0; values.len()];
        for (log, parts) in logs.iter().zip(&parts) {
            let weight = (log - likelihood).exp();
            shares.iter_mut().zip(parts).for_each(|(share, part)| *share += weight * part);
        }
        (-likelihood, shares)
    }
}

impl Component {
    fn of(model: &GaussianMixtureModel<f64>, at: usize) -> Result<Self, LearnError> {
        let mean = model.means().row(at).to_vec();
        let precision = model.precisions().index_axis(Axis(0), at).to_owned();
        Self::new(model.weights()[at], mean, &precision)
    }

    fn new(weight: f64, mean: Vec<f64>, precision: &Array2<f64>) -> Result<Self, LearnError> {
        let singular = |error| LearnError::Fit(linfa::Error::NotConverged(format!("a component's precision: {error}")));
        let root = precision.cholesky().map_err(singular)?;
        let half_determinant: f64 = root.diag().iter().map(|value| value.ln()).sum();
        let peak = weight.ln() + half_determinant - 0.5 * to_f64(mean.len()) * std::f64::consts::TAU.ln();
        Ok(Self { peak, mean, precision: precision.iter().copied().collect() })
    }

    /// Half the squared Mahalanobis distance, by column.
    fn parts(&self, values: &[f64]) -> Vec<f64> {
        let off: Vec<f64> = values.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
        let rows = self.precision.chunks_exact(off.len());
        let along = rows.map(|row| row.iter().zip(&off).map(|(precision, off)| precision * off).sum::<f64>());
        along.zip(&off).map(|(along, off)| 0.5 * off * along).collect()
    }
}

/// The rows, or as many of them, drawn without replacement, as a mixture is fitted on.
fn drawn(rows: ArrayView2<'_, f64>, chance: &mut ChaCha8Rng) -> Array2<f64> {
    if rows.nrows() <= MIXTURE_ROWS_MAX {
        return rows.to_owned();
    }
    let mut places = rand::seq::index::sample(chance, rows.nrows(), MIXTURE_ROWS_MAX).into_vec();
    places.sort_unstable();
    rows.select(Axis(0), &places)
}

/// Centres the columns and divides them by their standard deviation.
fn standard(rows: &mut Array2<f64>) -> (Vec<f64>, Vec<f64>) {
    let (centre, spread): (Vec<f64>, Vec<f64>) =
        rows.columns().into_iter().map(|column| moments(&column.to_vec())).unzip();
    for mut row in rows.rows_mut() {
        for ((value, centre), spread) in row.iter_mut().zip(&centre).zip(&spread) {
            *value = (*value - centre) / spread;
        }
    }
    (centre, spread)
}

/// How many rows differ, as far as it matters.
fn distinct(rows: ArrayView2<'_, f64>, enough: usize) -> usize {
    let mut seen: Vec<ArrayView1<'_, f64>> = Vec::new();
    for row in rows.rows() {
        if seen.len() < enough && !seen.contains(&row) {
            seen.push(row);
        }
    }
    seen.len()
}

#[cfg(test)]
mod tests;
