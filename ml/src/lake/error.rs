//! What can be wrong with a lake.

use std::path::PathBuf;

use polars::prelude::PolarsError;

use super::DAYS_MAX;

/// Why a lake cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A file or folder.
    #[error("failed to read or write {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not what this program wrote.
    #[error("{} is damaged or not of this lake: remove it and add its events again", path.display())]
    Parquet {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<PolarsError>,
    },
    /// Events of too many days.
    #[error("events of {days} days, at most {DAYS_MAX} are kept: check their times")]
    Days {
        /// How many.
        days: usize,
    },
}
