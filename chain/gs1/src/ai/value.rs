//! Checks the data of one identifier against its row of the table.

use super::{Ai, Part, Presence, Rule};
use crate::check::{DIGITS, checked_number};
use crate::error::{Error, shorten};

/// Refuses data that the identifier cannot have.
pub(crate) fn check(ai: Ai, value: &str) -> Result<(), Error> {
    let row = ai.row();
    let kind = ai.noun();
    if !value.is_ascii() {
        // No set has a character beyond ASCII; the last component's is the widest.
        row.parts.last().map_or(DIGITS, |part| part.set).check(kind, value)?;
    }
    let mut rest = value;
    for part in row.parts {
        if rest.is_empty() && part.presence == Presence::Optional {
            return Ok(());
        }
        let Some((component, behind)) = rest.split_at_checked(part.length_max.min(rest.len())) else {
            return Err(wrong_length(ai, value));
        };
        part.set.check(kind, component)?;
        if component.len() < part.length_min {
            return Err(wrong_length(ai, value));
        }
        obey(kind, *part, component)?;
        rest = behind;
    }
    if rest.is_empty() { Ok(()) } else { Err(wrong_length(ai, value)) }
}

fn obey(kind: &'static str, part: Part, component: &str) -> Result<(), Error> {
    if part.rule.holds(component) {
        return Ok(());
    }
    match part.rule {
        Rule::CheckDigit => checked_number(kind, component).map(|_| ()),
        Rule::DayOrMonth | Rule::Day | Rule::FullDay => Err(Error::date(kind, part.rule.expected(), component)),
        Rule::None
        | Rule::CheckPair
        | Rule::CheckPairNotNumber
        | Rule::CompanyPrefix
        | Rule::HourMinute
        | Rule::Hour
        | Rule::Sixty
        | Rule::Zero
        | Rule::NotZero
        | Rule::NoLeadingZero
        | Rule::PercentEncoded
        | Rule::PieceOfTotal
        | Rule::PositionInSequence
        | Rule::Latitude
        | Rule::Longitude
        | Rule::Hyphen
        | Rule::Iban
        | Rule::Sex
        | Rule::YesNo
        | Rule::Winding
        | Rule::MediaType => Err(Error::Content { kind, expected: part.rule.expected(), given: shorten(component) }),
    }
}

fn wrong_length(ai: Ai, value: &str) -> Error {
    let (min, max) = ai.lengths();
    let unit = if ai.row().parts.iter().all(|part| part.set == DIGITS) { "digits" } else { "characters" };
    let expected = if min == max { format!("{max} {unit}") } else { format!("{min} to {max} {unit}") };
    Error::length(ai.noun(), expected, value)
}

impl Ai {
    /// The shortest and the longest data.
    pub(crate) fn lengths(self) -> (usize, usize) {
        let parts = self.row().parts;
        let required = parts.iter().filter(|part| part.presence == Presence::Required);
        (required.map(|part| part.length_min).sum(), parts.iter().map(|part| part.length_max).sum())
    }
}
