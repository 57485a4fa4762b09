//! What can be wrong with a request for a forecast.

/// Why there is no forecast.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    /// The file cannot be read.
    #[error("failed to read the series")]
    Read(#[from] csv::Error),
    /// A column is not there.
    #[error("no column `{column}`: the first line must name series,period,value")]
    Column {
        /// Which.
        column: &'static str,
    },
    /// A line does not say what it should.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from 1, the heading included.
        line: u64,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// The file has no line of data.
    #[error("the file has no values")]
    Empty,
    /// More than a file may have.
    #[error("{what}, at most {max}")]
    Limit {
        /// What there is too much of.
        what: String,
        /// The limit.
        max: usize,
    },
    /// A setting makes no sense.
    #[error("{name} is {value}, expected {expected}")]
    Setting {
        /// Which.
        name: &'static str,
        /// As given.
        value: usize,
        /// What it may be.
        expected: String,
    },
}
