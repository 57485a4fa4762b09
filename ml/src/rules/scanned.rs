//! What the code said against what the maker said (pattern 5), and the slips that make them differ.

use veridose_gs1::scan::{swap_case, swap_yz};

use crate::events::{NO_DAY, NONE, Row, ThingKind, flag};

use super::Code;
use super::finding::cause;
use super::walk::{Proof, Walk};

/// Identifiers that may follow the serial or the lot when the separator is lost: lot, serial, expiry.
const GLUED: [&str; 3] = ["10", "21", "17"];

pub(super) fn check(walk: &mut Walk<'_>) {
    if walk.table().things.kind(walk.thing) != ThingKind::Pack {
        return;
    }
    let Some(made) = walk.facts.commissioning(walk.thing) else { return };
    let scans: Vec<(u32, &Row)> = walk.own().filter(|(_, row)| row.is(flag::SCANNED)).collect();
    for (event, row) in scans {
        lot(walk, made, event, row);
        expiry(walk, event, row);
    }
}

fn lot(walk: &mut Walk<'_>, made: &Row, event: u32, row: &Row) {
    if row.lot == NONE || made.lot == NONE || row.lot == made.lot {
        return;
    }
    let texts = &walk.table().texts;
    let (said, right) = (texts.text(row.lot), texts.text(made.lot));
    let code = lot_slip(said, right).unwrap_or(Code::BatchMismatch);
    mismatch(walk, code, event, row, ("lot", said, right));
}

fn expiry(walk: &mut Walk<'_>, event: u32, row: &Row) {
    let Some(right) = walk.facts.expiry(walk.thing) else { return };
    if row.expiry == NO_DAY {
        return;
    }
    let (said, right_text) = (date(row.expiry), date(right));
    let is_same_month = said.get(..7) == right_text.get(..7);
    let is_edge = is_first_or_last(&said) || is_first_or_last(&right_text);
    let code = match row.expiry == right {
        true if row.is(flag::DAY_ZERO) => Code::DayZero,
        true => return,
        false if is_same_month && (row.is(flag::DAY_ZERO) || is_edge) => Code::DayZero,
        false => Code::ExpiryMismatch,
    };
    mismatch(walk, code, event, row, ("expiry", &said, &right_text));
}

fn mismatch(walk: &mut Walk<'_>, code: Code, event: u32, row: &Row, (field, said, right): (&str, &str, &str)) {
    let facts = walk.facts;
    let text = if code.is_operator_error() {
        format!(
            "The {field} of {} was read as {said} at {}; the maker's is {right}. {}",
            walk.name(),
            facts.called(row.place),
            code.entry().text
        )
    } else {
        format!(
            "The code of {} said {field} {said} at {}; the maker's is {right}.",
            walk.name(),
            facts.called(row.place)
        )
    };
    let mut events = vec![event];
    events.extend(facts.commissioning_event(walk.thing));
    let parties = [facts.party_of(row), row.client];
    let lot = facts.commissioning(walk.thing).map_or("", |row| facts.table.texts.text(row.lot));
    let gtin = format!("{:014}", walk.gtin());
    // A relabelled lot shows as the same false date or lot on many packs.
    let shared = [cause("relabelled", &[&gtin, lot, field, said])];
    let causes = if code.is_operator_error() { &[][..] } else { &shared[..] };
    walk.find(code, &Proof { events: &events, parties: &parties, strength: 0.93, causes }, text);
}

/// The slip that made `right` into `said`, if one did.
fn lot_slip(said: &str, right: &str) -> Option<Code> {
    if swap_case(said) == right || (said.eq_ignore_ascii_case(right)) {
        return Some(Code::CapsLock);
    }
    if swap_yz(said) == right {
        return Some(Code::KeyboardLayout);
    }
    let rest = said.strip_prefix(right)?;
    (rest.starts_with('\u{1d}') || GLUED.iter().any(|ai| rest.len() > 2 && rest.starts_with(ai)))
        .then_some(Code::LostSeparator)
}

/// What stands before each identifier that may have been glued on.
pub(super) fn glued(text: &str) -> impl Iterator<Item = &str> {
    (1..text.len()).filter_map(|at| {
        let (before, rest) = text.split_at_checked(at)?;
        (rest.len() > 2 && GLUED.iter().any(|ai| rest.starts_with(ai))).then_some(before)
    })
}

/// A day since 1970 as a date.
pub(crate) fn date(day: i32) -> String {
    veridose_gs1::Expiry::from_day(day).map_or_else(|| day.to_string(), |expiry| expiry.to_string())
}

/// Whether a date is the first of its month, or may be the last.
fn is_first_or_last(date: &str) -> bool {
    matches!(date.get(8..), Some("01" | "28" | "29" | "30" | "31"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_lots() {
        for (said, right, code) in [
            ("lOT7", "Lot7", Some(Code::CapsLock)),
            ("LZ7", "LY7", Some(Code::KeyboardLayout)),
            ("L721ABC", "L7", Some(Code::LostSeparator)),
            ("L717271231", "L7", Some(Code::LostSeparator)),
            ("L8", "L7", None),
            ("L72", "L7", None),
        ] {
            assert_eq!(lot_slip(said, right), code, "{said} for {right}");
        }
    }

    #[test]
    fn what_was_glued_on_is_taken_off() {
        assert!(glued("SER110LOT7").any(|serial| serial == "SER1"));
        assert!(!glued("SER1").any(|serial| serial == "SER1"));
    }
}
