//! What codes, states, steps, places and times of cases are called.

use std::collections::BTreeMap;

use maud::{Markup, html};
use veridose_contract::{PartyId, Timestamp};
use veridose_ml::rules::CATALOGUE;
use veridose_store::payload::Case;
use veridose_store::{CaseRow, CaseState, word};

use crate::node::{Node, date_time};
use crate::pages::words::Words;
use crate::watch::places::Place;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What a rule of this code says; the code itself where it is nobody's here.
pub(super) fn code(words: &Words, code: &str) -> String {
    words.find(&format!("code-{code}"), []).unwrap_or_else(|| code.to_owned())
}

/// What a case is called: detection's own titles in the page's language, people's as they wrote them.
pub(super) fn title(words: &Words, about: Option<&Case>) -> String {
    let Some(about) = about else { return words.say("case-sealed") };
    let first = about.codes.first().and_then(|first| CATALOGUE.iter().find(|entry| entry.name == first));
    match first.filter(|entry| entry.text == about.title) {
        Some(entry) => code(words, entry.name),
        None => about.title.clone(),
    }
}

pub(super) fn state(words: &Words, state: CaseState) -> String {
    words.say(&format!("case-state-{}", word(&state)))
}

pub(super) fn outcome(words: &Words, outcome: &str) -> String {
    words.find(&format!("case-outcome-{outcome}"), []).unwrap_or_else(|| outcome.to_owned())
}

pub(super) fn severity(words: &Words, severity: &str) -> Option<String> {
    words.find(&format!("case-severity-{severity}"), [])
}

pub(super) fn step(words: &Words, step: &str) -> String {
    words.find(&format!("step-{step}"), []).unwrap_or_else(|| step.replace('_', " "))
}

/// The state as a badge, with the outcome of a closed case.
pub(super) fn badge(words: &Words, row: &CaseRow) -> Markup {
    let sign = match row.state {
        CaseState::New => "●",
        CaseState::Investigating => "◐",
        CaseState::Escalated => "▲",
        CaseState::Closed => "✓",
    };
    html! {
        span.badge.(word(&row.state)) {
            span aria-hidden="true" { (sign) " " } (state(words, row.state))
            @if let Some(known) = &row.outcome { ": " (outcome(words, &word(known))) }
        }
    }
}

/// A member's name in full.
pub(super) fn party(node: &Node, party: &PartyId) -> String {
    let directory = node.directory();
    let member = directory.members().iter().find(|member| member.id == *party);
    member.map_or_else(|| party.to_string(), |member| member.name.clone())
}

/// What a place is called: by its name, else by what it belongs to, else by its number.
pub(super) fn place(node: &Node, words: &Words, uri: &str, known: &BTreeMap<String, Place>) -> String {
    if uri.is_empty() {
        return words.say("place-unknown");
    }
    let named = known.get(uri).and_then(|place| place.name.clone());
    let of_member = || node.directory().find(uri).map(|(_, owner)| party(node, owner));
    named.or_else(of_member).unwrap_or_else(|| uri.rsplit('/').next().unwrap_or(uri).to_owned())
}

/// A moment, to the minute, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    let at = date_time(at);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

/// The same, as an element.
pub(super) fn time(at: Timestamp) -> Markup {
    let full = date_time(at).format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    html! { time datetime=(full) { (moment(at)) } }
}

/// How long something took, in the two largest units.
pub(super) fn span(words: &Words, milliseconds: i64) -> String {
    let ms = milliseconds.abs();
    let part = |key: &str, count: i64| words.with(key, [("count", count.into())]);
    let two = |(one, of_one): (&str, i64), (two, of_two): (&str, i64)| {
        let (large, small) = (ms / of_one, ms % of_one / of_two);
        if small == 0 { part(one, large) } else { format!("{} {}", part(one, large), part(two, small)) }
    };
    match ms {
        DAY_MS.. => two(("span-days", DAY_MS), ("span-hours", HOUR_MS)),
        HOUR_MS.. => two(("span-hours", HOUR_MS), ("span-minutes", MINUTE_MS)),
        MINUTE_MS.. => part("span-minutes", ms / MINUTE_MS),
        _ => part("span-seconds", ms / 1_000),
    }
}

/// How much of the 24 hours is left in which partners and the authority must know (DSCSA).
pub(super) fn clock(words: &Words, now: Timestamp, until: Timestamp) -> Markup {
    let left = until.0 - now.0;
    let values = || [("span", span(words, left).into()), ("at", moment(until).into())];
    html! {
        @if left > 0 { p.clock { span aria-hidden="true" { "◷ " } (words.with("clock-left", values())) } }
        @else { p.clock.over { span aria-hidden="true" { "◷ " } (words.with("clock-over", values())) } }
    }
}

/// A probability as whole hundredths; what is not certain is never called so.
#[expect(clippy::cast_possible_truncation, reason = "between 0 and 100")]
pub(super) fn percent(score: f64) -> i64 {
    let hundredths = (score.clamp(0.0, 1.0) * 100.0).round() as i64;
    if score < 1.0 { hundredths.min(99) } else { hundredths }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::words::Language;

    #[test]
    fn every_rule_has_words_in_every_language() {
        for words in Language::ALL.map(Words::of) {
            for entry in CATALOGUE {
                assert!(
                    words.find(&format!("code-{}", entry.name), []).is_some(),
                    "{:?} {}",
                    words.language,
                    entry.name
                );
            }
            for step in veridose_ml::events::Step::ALL {
                assert!(words.find(&format!("step-{}", step.name()), []).is_some(), "{:?} {step:?}", words.language);
            }
        }
        let english = Words::of(Language::English);
        for entry in CATALOGUE.iter().filter(|entry| entry.name == "cloned_serial") {
            assert_ne!(code(english, entry.name), entry.name);
        }
    }

    #[test]
    fn times_are_told_in_their_two_largest_units_and_what_is_unsure_is_not_certain() {
        let words = Words::of(Language::English);
        let told = [0, 59_999, 60_000, HOUR_MS, HOUR_MS + 5 * MINUTE_MS, DAY_MS, 3 * DAY_MS + 2 * HOUR_MS];
        let expected = ["0 s", "59 s", "1 min", "1 h", "1 h 5 min", "1 d", "3 d 2 h"];
        assert_eq!(told.map(|ms| span(words, ms)), expected);
        assert_eq!([1.0, 0.9999, 0.5, 0.0].map(percent), [100, 99, 50, 0]);
    }
}
