//! What can go wrong.

use std::io;
use std::path::PathBuf;

use crate::pattern::Pattern;

/// Why a supply chain could not be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A value of an option is out of its range.
    #[error("{option} is {given}: {fix}")]
    Option {
        /// Which option.
        option: &'static str,
        /// What was given.
        given: String,
        /// What to give instead.
        fix: &'static str,
    },
    /// A pattern that nobody knows.
    #[error("there is no pattern {given:?}: give numbers from 1 to 17, \"all\", or names of {}", names())]
    UnknownPattern {
        /// What was given.
        given: String,
    },
    /// The directory to write to holds something.
    #[error("{} is not empty: name a new directory, or empty it", .0.display())]
    NotEmpty(PathBuf),
    /// A file or directory could not be written.
    #[error("failed to write {}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The codec refused a document.
    #[error("failed to write {}: {source}", path.display())]
    Epcis {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: Box<veridose_epcis::EpcisError>,
    },
}

fn names() -> String {
    Pattern::ALL.iter().map(|pattern| pattern.name()).collect::<Vec<_>>().join(", ")
}
