//! What can be wrong with a document, said so that its author can put it right.

use std::fmt;

use crate::limits::EVENT_BYTES_MAX;

/// Where in the input something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A line of an XML document, counted from one.
    Line(u64),
    /// A path into a JSON document, such as `$.epcisBody.eventList[3].action`.
    Path(String),
    /// An event of the model that is being written, counted from zero.
    Event(u64),
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(out, "line {line}"),
            Self::Path(path) => out.write_str(path),
            Self::Event(index) => write!(out, "event {index}"),
        }
    }
}

/// Why a document or one of its events cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum EpcisError {
    /// The text is not XML or not JSON.
    #[error("{at}: {reason}; {fix}")]
    Malformed {
        /// Where reading stopped.
        at: Location,
        /// What the parser met.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// A field is missing, unknown, given twice, or holds what it must not hold.
    #[error("{at}: {field}: {reason}; {fix}")]
    Invalid {
        /// Where the field stands, or the event that lacks it.
        at: Location,
        /// The field, by its name in the standard.
        field: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// XML that could make the reader fetch, expand or execute something.
    #[error("{at}: {what} is refused: documents are read without a DTD, entities or external references; {fix}")]
    Forbidden {
        /// Where it stands.
        at: Location,
        /// `DOCTYPE`, or the entity.
        what: String,
        /// What to do.
        fix: String,
    },
    /// One of [`crate::limits`] is passed.
    #[error("{at}: more than {limit} {what}; {fix}")]
    TooLarge {
        /// Where the limit was passed.
        at: Location,
        /// What was counted, with its unit.
        what: String,
        /// The limit.
        limit: usize,
        /// What to do.
        fix: String,
    },
    /// The model holds something for which the syntax that is written has no place.
    #[error("{at}: {field} cannot be written as {syntax}: {reason}; {fix}")]
    Unwritable {
        /// The event.
        at: Location,
        /// The field.
        field: String,
        /// The syntax asked for.
        syntax: &'static str,
        /// Why it has no place there.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// The input could not be read or the output not written.
    #[error("the document cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
}

impl EpcisError {
    /// The field that is wrong, where one is.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } | Self::Unwritable { field, .. } => Some(field),
            Self::Malformed { .. } | Self::Forbidden { .. } | Self::TooLarge { .. } | Self::Io(_) => None,
        }
    }

    /// Where it is wrong, where that is known.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Malformed { at, .. }
            | Self::Invalid { at, .. }
            | Self::Forbidden { at, .. }
            | Self::TooLarge { at, .. }
            | Self::Unwritable { at, .. } => Some(at),
            Self::Io(_) => None,
        }
    }

    pub(crate) fn event_bytes(at: Location) -> Self {
        Self::TooLarge {
            at,
            what: "bytes in one event".to_owned(),
            limit: EVENT_BYTES_MAX,
            fix: "split the event".to_owned(),
        }
    }
}

/// What is wrong with one value, before it is known where the value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub fix: String,
}

impl Fault {
    pub(crate) fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into() }
    }

    pub(crate) fn at(self, at: Location, field: impl Into<String>) -> EpcisError {
        EpcisError::Invalid { at, field: field.into(), reason: self.reason, fix: self.fix }
    }
}

/// A piece of input for a message: quoted, one line, never long.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    let mut short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
