//! Why a case was raised, in the page's words: what the rules found, with its numbers, and what the score is made of.

use maud::{Markup, html};
use veridose_ml::cases::{Contribution, Found};

use super::said;
use super::show::Told;
use crate::pages::chart;
use crate::pages::visitor::Worker;
use crate::routes::cases::Way;

/// Findings that are told one by one.
const FOUND_MAX: usize = 8;

pub(super) fn section(worker: &Worker, told: &Told) -> Markup {
    let words = worker.words;
    let about = told.file.about.as_ref();
    let codes = about.map_or(&[][..], |about| &about.codes);
    let is_detected = !told.evidence.findings.is_empty();
    html! {
        section.card aria-labelledby="why-title" {
            h2 #why-title { (words.say("case-why")) }
            @if about.is_none() { p { (words.say("case-sealed-how")) } }
            @for code in codes {
                div.why data-code=(code) {
                    p { strong { (said::code(words, code)) } " " code.quiet { (code) } }
                    @for found in told.evidence.findings.iter().filter(|found| found.code == *code).take(FOUND_MAX) {
                        @if let Some(line) = numbers(worker, told, found) { p { (line) } }
                    }
                }
            }
            @if let Some(score) = told.evidence.score {
                h3 { (words.with("case-score", [("score", said::percent(score).into())])) }
                (contributions(worker, &told.evidence.contributions))
            }
            @if let Some(about) = about.filter(|about| !about.explanation.is_empty()) {
                @if is_detected {
                    details { summary { (words.say("case-finder")) } p lang="en" { (about.explanation) } }
                } @else {
                    h3 { (words.say("case-said")) }
                    blockquote { (about.explanation) }
                }
            }
        }
    }
}

/// What a finding says in numbers: the two places that it sets against each other, or how many events prove it.
fn numbers(worker: &Worker, told: &Told, found: &Found) -> Option<String> {
    let (words, node) = (worker.words, worker.node());
    let events = &told.evidence.events;
    let nothing = Way::default();
    let places = &told.way.as_ref().unwrap_or(&nothing).places;
    let called = |at: usize| said::place(node, words, &events[at].place, places);
    let held: Vec<usize> = found.events.iter().copied().filter(|at| *at < events.len()).collect();
    let leap = held.windows(2).find(|pair| events[pair[0]].place != events[pair[1]].place);
    let sure = said::percent(found.strength);
    if let Some(&[from, to]) = leap
        && let (Some(left), Some(came)) = (moment(&events[from].time), moment(&events[to].time))
    {
        let km = events[from].position.zip(events[to].position);
        let km = km.map(|([a, b], [c, d])| veridose_ml::rules::distance_km((a, b), (c, d)));
        let values = [
            ("from", called(from).into()),
            ("to", called(to).into()),
            ("at", said::moment(left).into()),
            ("span", said::span(words, came.0 - left.0).into()),
            ("sure", sure.into()),
        ];
        return Some(match km {
            Some(km) => {
                let [from, to, at, span, sure] = values;
                words.with("case-why-leap-far", [from, to, at, span, sure, ("km", whole(km).into())])
            }
            None => words.with("case-why-leap", values),
        });
    }
    let first = events.get(*held.first()?)?;
    let values = [
        ("count", held.len().into()),
        ("place", called(*held.first()?).into()),
        ("at", said::moment(moment(&first.time)?).into()),
        ("sure", sure.into()),
    ];
    Some(words.with("case-why-events", values))
}

#[expect(clippy::cast_possible_truncation, reason = "the earth is no larger")]
fn whole(km: f64) -> i64 {
    km.round() as i64
}

fn moment(text: &str) -> Option<veridose_contract::Timestamp> {
    let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(veridose_contract::Timestamp(at.unix_timestamp() * 1_000))
}

/// What the score is made of, each part as a bar beside its number.
fn contributions(worker: &Worker, parts: &[Contribution]) -> Markup {
    let words = worker.words;
    let most = parts.iter().map(|part| part.part.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let name = |part: &Contribution| {
        words.find(&format!("measure-{}", part.name), []).unwrap_or_else(|| said::code(words, &part.name))
    };
    html! {
        @if !parts.is_empty() {
            p.quiet { (words.say("case-parts-how")) }
            ul.parts {
                @for part in parts {
                    li { span { (name(part)) } (chart::bar(part.part.abs() / most)) strong { (format!("{:+.2}", part.part)) } }
                }
            }
        }
    }
}
