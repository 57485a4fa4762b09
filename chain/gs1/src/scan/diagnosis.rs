//! What is wrong with a scan, told so that whoever holds the scanner can act on it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ai::Ai;
use crate::error::Error;

/// What is wrong with a scan, or odd about it. None of it says that a pack is falsified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Diagnosis {
    /// Which mistake, stable across versions.
    pub code: Code,
    /// What is wrong, where, and what would be right.
    pub message: String,
    /// The scan as it was probably meant. To be shown, never to be applied.
    pub suggestion: Option<String>,
    /// What the message is made of, for who says it in another language; by name: the noun of the `part` (see [`Ai::noun`]) and its
    /// identifier `ai`, what was `given`, the character or digit `found` and the one `expected`, its `position` from 1, the `length` in
    /// characters and what is allowed as `min` and `max`, the `other` part or value, the identifiers that it `needs`.
    #[serde(skip)]
    pub values: Vec<(&'static str, String)>,
}

/// Which mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Nothing was scanned.
    Empty,
    /// Longer than any symbol.
    TooLong,
    /// No form that a scan can have.
    UnknownForm,
    /// Digits where an Application Identifier should stand that are none.
    UnknownAi,
    /// Data too short or too long.
    WrongLength,
    /// A character that the data cannot have.
    WrongCharacter,
    /// The check digit does not fit.
    WrongCheckDigit,
    /// A date that the calendar does not have.
    WrongDate,
    /// Data that say nothing they can mean.
    WrongContent,
    /// A broken Digital Link.
    WrongLink,
    /// A compressed Digital Link.
    Compressed,
    /// An element without another that must come with it.
    MissingRequired,
    /// Two elements that may not come together.
    Excluded,
    /// Two values for one identifier.
    Repeated,
    /// Two elements are glued together because the separator got lost.
    LostSeparator,
    /// Upper and lower case are swapped.
    CapsLock,
    /// The scanner types on another keyboard layout than the computer reads.
    KeyboardLayout,
    /// An expiry date without a day: the last day of the month counts.
    DayZero,
}

impl Code {
    /// Every mistake.
    pub const ALL: &[Self] = &[
        Self::Empty,
        Self::TooLong,
        Self::UnknownForm,
        Self::UnknownAi,
        Self::WrongLength,
        Self::WrongCharacter,
        Self::WrongCheckDigit,
        Self::WrongDate,
        Self::WrongContent,
        Self::WrongLink,
        Self::Compressed,
        Self::MissingRequired,
        Self::Excluded,
        Self::Repeated,
        Self::LostSeparator,
        Self::CapsLock,
        Self::KeyboardLayout,
        Self::DayZero,
    ];

    /// The code as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::UnknownForm => "unknown_form",
            Self::UnknownAi => "unknown_ai",
            Self::WrongLength => "wrong_length",
            Self::WrongCharacter => "wrong_character",
            Self::WrongCheckDigit => "wrong_check_digit",
            Self::WrongDate => "wrong_date",
            Self::WrongContent => "wrong_content",
            Self::WrongLink => "wrong_link",
            Self::Compressed => "compressed",
            Self::MissingRequired => "missing_required",
            Self::Excluded => "excluded",
            Self::Repeated => "repeated",
            Self::LostSeparator => "lost_separator",
            Self::CapsLock => "caps_lock",
            Self::KeyboardLayout => "keyboard_layout",
            Self::DayZero => "day_zero",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Diagnosis {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), suggestion: None, values: Vec::new() }
    }

    /// With a value that the message is made of.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// About the data of an identifier.
    pub(super) fn about(self, ai: Ai) -> Self {
        let (min, max) = ai.lengths();
        let [ai_text, min, max] = [ai.to_string(), min.to_string(), max.to_string()];
        self.with("ai", ai_text).with("part", ai.noun()).with("min", min).with("max", max)
    }

    /// What the data of an identifier lack.
    pub(super) fn of(ai: Ai, error: &Error) -> Self {
        let mut values = error.values();
        values.retain(|(name, _)| *name != "part");
        Self { values, ..Self::new(code(error), format!("({ai}) {error}")) }.about(ai)
    }
}

impl From<Error> for Diagnosis {
    fn from(error: Error) -> Self {
        Self { values: error.values(), ..Self::new(code(&error), error.to_string()) }
    }
}

const fn code(error: &Error) -> Code {
    match error {
        Error::Length { .. } => Code::WrongLength,
        Error::Character { .. } => Code::WrongCharacter,
        Error::CheckDigit { .. } => Code::WrongCheckDigit,
        Error::Date { .. } => Code::WrongDate,
        Error::Content { .. } | Error::Form { .. } => Code::WrongContent,
    }
}
