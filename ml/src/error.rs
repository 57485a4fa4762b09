//! What can be wrong with data or settings that a detector is to learn from or to judge.

/// Why there is no model, or no score.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Nothing to learn from.
    #[error("the data have no rows")]
    NoRows,
    /// Nothing to learn about.
    #[error("the data have no columns")]
    NoColumns,
    /// The data are not what the model was made from.
    #[error("the data have {found} columns, the model {expected}: {names}")]
    Columns {
        /// How many the model has.
        expected: usize,
        /// How many the data have.
        found: usize,
        /// The model's first few.
        names: String,
    },
    /// A setting makes no sense.
    #[error("{name} is {value}, expected {expected}")]
    Setting {
        /// Which.
        name: &'static str,
        /// As given.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// More than a model or a file may have.
    #[error("{what}, at most {max}")]
    Limit {
        /// What there is too much of.
        what: String,
        /// The limit.
        max: usize,
    },
    /// Labels or times that do not belong to the rows, or do not tell them apart.
    #[error("{0}")]
    Labels(String),
    /// A file cannot be read.
    #[error("failed to read the table")]
    Read(#[from] csv::Error),
    /// A cell is not a number.
    #[error(
        "line {line}, column {column} ({name}): `{cell}` is not a number; leave the cell empty where the value is missing"
    )]
    Cell {
        /// Counted from 1, the heading included.
        line: u64,
        /// Counted from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// What it says, cut short.
        cell: String,
    },
    /// The library could not find an answer.
    #[error("failed to fit the model")]
    Fit(#[from] linfa::Error),
}
