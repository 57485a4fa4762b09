//! The forest's parameters, checked before it is fitted.

use linfa::ParamGuard;

use crate::error::LearnError;

/// The most trees.
pub const TREES_MAX: usize = 1000;
/// The largest sample for a tree.
pub const SAMPLE_MAX: usize = 4096;

/// Parameters as set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsolationForestParams(IsolationForestValidParams);

/// Parameters that were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsolationForestValidParams {
    pub(super) trees: usize,
    pub(super) sample: usize,
    pub(super) seed: u64,
}

impl Default for IsolationForestParams {
    fn default() -> Self {
        Self(IsolationForestValidParams { trees: 200, sample: 256, seed: 0 })
    }
}

impl IsolationForestParams {
    /// How many trees: more are steadier, and slower in proportion.
    #[must_use]
    pub fn trees(mut self, trees: usize) -> Self {
        self.0.trees = trees;
        self
    }

    /// How many rows each tree is made from.
    #[must_use]
    pub fn sample(mut self, sample: usize) -> Self {
        self.0.sample = sample;
        self
    }

    /// What chance is drawn from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }
}

impl ParamGuard for IsolationForestParams {
    type Checked = IsolationForestValidParams;
    type Error = LearnError;

    fn check_ref(&self) -> Result<&Self::Checked, LearnError> {
        within("trees", self.0.trees, 1, TREES_MAX)?;
        within("sample", self.0.sample, 2, SAMPLE_MAX)?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, LearnError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

fn within(name: &'static str, value: usize, least: usize, greatest: usize) -> Result<(), LearnError> {
    if (least..=greatest).contains(&value) {
        return Ok(());
    }
    Err(LearnError::Setting { name, value: value.to_string(), expected: format!("{least} to {greatest}") })
}
