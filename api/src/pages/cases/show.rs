//! One case: why it was raised, where the pack was, what proves it, what was done, and what can be done.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::Timestamp;
use veridose_store::word;

use super::{acts, check, evidence, map, path, said, why};
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::LotName;
use crate::routes::cases::{CaseFile, Evidence, Mark, Ranked, Search, Similar, Way, file, lots, ranked, similar, way};

/// Packs that are listed at most; their ways are chosen among these.
const ITEMS_MAX: usize = 50;

/// Which of the packs' ways is shown, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    /// The pack's place in the case's list, from 0.
    item: String,
    done: String,
}

/// All that the page tells.
pub(super) struct Told {
    pub(super) file: CaseFile,
    pub(super) evidence: Evidence,
    pub(super) way: Option<Way>,
    pub(super) item: usize,
    pub(super) similar: Vec<Similar>,
    pub(super) lots: Vec<LotName>,
}

#[get("/cases/{case}")]
pub(super) async fn case(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    shown: web::Query<Shown>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let caller = worker.caller();
    let file = file(&node, caller, &path).await?;
    let own = Ranked::of(&file);
    let items = file.about.as_ref().map_or(&[][..], |about| &about.items);
    let item = shown.item.parse().ok().filter(|at| *at < items.len().min(ITEMS_MAX)).unwrap_or(0);
    let way = match items.get(item) {
        Some(name) => Some(way(&node, caller, name, &own.evidence).await?),
        None => None,
    };
    let among = ranked(&node, caller, &Search::default()).await?.cases;
    let lots = lots(&node, caller, &file).await?;
    let told = Told { lots, similar: similar(&own, among), evidence: own.evidence, file, way, item };
    Ok(html_page(&whole(&worker, &told, &shown.done)))
}

fn whole(worker: &Worker, told: &Told, done: &str) -> Markup {
    let (words, file) = (worker.words, &told.file);
    let title = said::title(words, file.about.as_ref());
    let page = Page::new(words, &title).with_script("cases.js").with_style("cases.css");
    let content = html! {
        p { a href="/desk/cases" { "← " (words.say("cases-ranked")) } }
        @if let Some(done) = words.find(&format!("case-done-{done}"), []) { p.notice.done #done role="status" { "✓ " (done) } }
        (session(worker))
        header.case-head {
            h1 { (title) }
            p {
                (said::badge(words, &file.row))
                @if let Some(said) = said::severity(words, &told.evidence.severity) { " " span.badge.(told.evidence.severity) { (said) } }
            }
            @if let Some(until) = file.notify_by { (said::clock(words, worker.node().clock().now(), until)) }
        }
        div.case {
            div.work {
                (why::section(worker, told))
                @if let Some(way) = &told.way { (path::section(worker, way)) (map::section(worker, way)) (evidence::section(worker, way)) }
                (history(worker, file))
            }
            aside.side {
                (acts::section(worker, told))
                (facts(worker, told))
                (alike(worker, &told.similar))
            }
        }
    };
    frame::show(&page, Some(worker), &content)
}

/// Shown by the script when the session is over.
fn session(worker: &Worker) -> Markup {
    let words = worker.words;
    html! {
        div #session.notice hidden role="alert" {
            p { (words.say("session-over")) }
            a.button href="/signin?next=/signin/done" target="_blank" { (words.say("sign-in-again")) }
        }
    }
}

fn facts(worker: &Worker, told: &Told) -> Markup {
    let (words, node, file) = (worker.words, worker.node(), &told.file);
    let items = file.about.as_ref().map_or(&[][..], |about| &about.items);
    let parties = file.about.as_ref().map_or(&[][..], |about| &about.parties);
    let total = told.evidence.items_total.unwrap_or(items.len());
    html! {
        section.card aria-labelledby="facts-title" {
            h2 #facts-title { (words.say("case-facts")) }
            dl.facts {
                div.whole { dt { (words.say("case-name")) } dd { code { (file.row.case) } } }
                div { dt { (words.say("case-raised")) } dd { (said::time(file.row.raised_at)) } }
                div { dt { (words.say("case-raised-who")) } dd { (said::party(node, &file.row.party)) } }
                @if let Some(assignee) = &file.row.assignee { div { dt { (words.say("case-assignee")) } dd { (said::party(node, assignee)) } } }
                @if !told.evidence.lots.is_empty() { div { dt { (words.say("filter-lot")) } dd { (told.evidence.lots.join(", ")) } } }
                @if !parties.is_empty() {
                    div.whole { dt { (words.say("case-parties")) } dd { (parties.iter().map(|party| said::party(node, party)).collect::<Vec<_>>().join(", ")) } }
                }
            }
            h3 { (words.with("case-packs", [("count", total.into())])) }
            ul.entries {
                @for (at, item) in items.iter().take(ITEMS_MAX).enumerate() {
                    li {
                        @if at == told.item { code { (item) } }
                        @else { a href=(format!("/desk/cases/{}?item={at}", file.row.case)) { code { (item) } } }
                    }
                }
            }
            @if total > items.len().min(ITEMS_MAX) { p.quiet { (words.with("case-packs-more", [("count", (total - items.len().min(ITEMS_MAX)).into())])) } }
        }
    }
}

/// What was done with the case, and what was set apart because of it.
fn history(worker: &Worker, file: &CaseFile) -> Markup {
    let (words, node) = (worker.words, worker.node());
    let mut lines: Vec<(Timestamp, Markup)> = vec![(
        file.row.raised_at,
        html! { strong { (words.say("case-raised")) } ", " (said::party(node, &file.row.party)) },
    )];
    for step in &file.steps {
        let value = step.row.value.as_deref().unwrap_or_default();
        let detail = match step.row.step {
            veridose_store::CaseMove::Assign => {
                veridose_contract::PartyId::parse(value).map_or_else(|_| value.to_owned(), |to| said::party(node, &to))
            }
            veridose_store::CaseMove::Close => said::outcome(words, value),
            veridose_store::CaseMove::Escalate | veridose_store::CaseMove::Reopen => String::new(),
        };
        lines.push((
            step.row.at,
            html! {
                strong { (words.say(&format!("case-step-{}", word(&step.row.step)))) @if !detail.is_empty() { ": " (detail) } }
                ", " (said::party(node, &step.row.party))
                @if let Some(note) = &step.note { blockquote { (note) } }
            },
        ));
    }
    for set in &file.quarantines {
        lines.push((
            set.set_at,
            html! { strong { (words.say("case-step-quarantine")) } ", " (said::party(node, &set.party)) },
        ));
        if let Some(at) = set.released_at {
            lines.push((at, html! { strong { (words.say("case-step-release")) } }));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    html! {
        section.card aria-labelledby="steps-title" {
            h2 #steps-title { (words.say("case-steps")) }
            ol.entries.steps { @for (at, line) in &lines { li { (said::time(*at)) " " (line) } } }
        }
    }
}

fn alike(worker: &Worker, similar: &[Similar]) -> Markup {
    let (words, node) = (worker.words, worker.node());
    let shared = |mark: &Mark| match mark {
        Mark::Code(code) => said::code(words, code).trim_end_matches('.').to_owned(),
        Mark::Item(item) => item.clone(),
        Mark::Lot(lot) => words.with("shared-lot", [("lot", lot.as_str().into())]),
        Mark::Party(party) => said::party(node, party),
        Mark::Place(place) => said::place(node, words, place, &BTreeMap::new()),
    };
    html! {
        section.card aria-labelledby="similar-title" {
            h2 #similar-title { (words.say("case-similar")) }
            @if similar.is_empty() { p.quiet { (words.say("case-similar-none")) } }
            ul.entries {
                @for other in similar {
                    li {
                        a href=(format!("/desk/cases/{}", other.case.row.case)) { (said::title(words, other.case.about.as_ref())) }
                        " " (said::badge(words, &other.case.row))
                        p.quiet { (words.say("case-shared")) " " (distinct(other.shared.iter().take(4).map(shared)).join("; ")) }
                    }
                }
            }
        }
    }
}

/// A place and who it belongs to may have the same name.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
