//! Why a text is not the identifier it should be.

/// How much of a refused text an error repeats.
const GIVEN_CHARACTERS_MAX: usize = 80;

/// Why a text is not the identifier it should be: what is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short or too long.
    #[error("{kind}: expected {expected}, got {length} in {given:?}")]
    Length {
        /// Which identifier.
        kind: &'static str,
        /// What the length should be, in words.
        expected: String,
        /// Characters that were given.
        length: usize,
        /// What was given, its beginning.
        given: String,
    },
    /// A character that the identifier's character set does not have.
    #[error("{kind}: {found:?} at position {position} of {given:?} is not one of {allowed}")]
    Character {
        /// Which identifier.
        kind: &'static str,
        /// The first character that does not belong.
        found: char,
        /// Its position, counted in characters from 1.
        position: usize,
        /// The character set, in words.
        allowed: &'static str,
        /// What was given, its beginning.
        given: String,
    },
    /// The check digit does not follow from the other digits: a typing error or a misread.
    #[error("{kind}: the check digit of {given:?} is {found}, but its other digits give {expected}")]
    CheckDigit {
        /// Which identifier.
        kind: &'static str,
        /// The digit that was given.
        found: u8,
        /// The digit that the others give.
        expected: u8,
        /// What was given.
        given: String,
    },
    /// Characters and length are right, and yet it says nothing that it can mean.
    #[error("{kind}: {given:?} is not {expected}")]
    Content {
        /// Which identifier.
        kind: &'static str,
        /// What it should be, in words.
        expected: &'static str,
        /// What was given, its beginning.
        given: String,
    },
    /// A date that the calendar does not have.
    #[error("{kind}: {given:?} is not a date, expected {expected}")]
    Date {
        /// Which field.
        kind: &'static str,
        /// The form that is expected, in words.
        expected: &'static str,
        /// What was given, its beginning.
        given: String,
    },
    /// The parts do not make up the identifier.
    #[error("{kind}: {problem} in {given:?}; {fix}")]
    Form {
        /// Which identifier.
        kind: &'static str,
        /// What is wrong.
        problem: &'static str,
        /// What would be right.
        fix: &'static str,
        /// What was given, its beginning.
        given: String,
    },
}

impl Error {
    pub(crate) fn length(kind: &'static str, expected: impl Into<String>, given: &str) -> Self {
        Self::Length { kind, expected: expected.into(), length: given.chars().count(), given: shorten(given) }
    }

    pub(crate) fn date(kind: &'static str, expected: &'static str, given: &str) -> Self {
        Self::Date { kind, expected, given: shorten(given) }
    }

    pub(crate) fn form(kind: &'static str, problem: &'static str, fix: &'static str, given: &str) -> Self {
        Self::Form { kind, problem, fix, given: shorten(given) }
    }
}

impl Error {
    /// What the message is made of, by the names of [`crate::scan::Diagnosis::values`].
    pub(crate) fn values(&self) -> Vec<(&'static str, String)> {
        let (kind, given, mut values) = match self {
            Self::Length { kind, length, given, .. } => (kind, given, vec![("length", length.to_string())]),
            Self::Character { kind, found, position, given, .. } => {
                (kind, given, vec![("found", found.to_string()), ("position", position.to_string())])
            }
            Self::CheckDigit { kind, found, expected, given } => {
                (kind, given, vec![("found", found.to_string()), ("expected", expected.to_string())])
            }
            Self::Content { kind, given, .. } | Self::Date { kind, given, .. } | Self::Form { kind, given, .. } => {
                (kind, given, Vec::new())
            }
        };
        values.extend([("part", (*kind).to_owned()), ("given", given.clone())]);
        values
    }
}

/// The beginning of what was given, so that an error never repeats a whole document.
pub(crate) fn shorten(given: &str) -> String {
    given.chars().take(GIVEN_CHARACTERS_MAX).collect()
}
