//! A model: its card, in a form that people read.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use veridose_contract::ModelId;
use veridose_ml::drift::Spread;
use veridose_ml::model::Card;

use super::{act, check, state};
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::parts::{party, short, time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{ModelOwner, Shown, shown};

#[get("/models/{model}")]
pub(in crate::pages) async fn one(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    owner: web::Query<ModelOwner>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let model = shown(&node, worker.caller(), &path, &owner).await?;
    let title = words.with("models-one", [("kind", model.listed.row.kind.as_str().into())]);
    let content = html! {
        p { a href="/desk/models" { (words.say("models-back")) } }
        h1 { (title) }
        div.sheets {
            (facts(&worker, &node, &model))
            div.side { (drift(words, &model)) (act::section(&worker, &node, &model)) }
        }
        @if let Some(card) = &model.card { (self::card(words, card)) }
    };
    let page = Page::new(words, &title).with_script("models.js").with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

fn facts(worker: &Worker, node: &Node, model: &Shown) -> Markup {
    let (words, row, ledger) = (worker.words, &model.listed.row, &model.ledger);
    let other = |other: &ModelId| html! { a href={ "/desk/models/" (other) "?party=" (row.party) } { (short(&other.to_string())) } };
    html! {
        section.card aria-labelledby="facts" {
            h2 #facts { (words.say("models-facts")) }
            dl.facts {
                div { dt { (words.say("models-state")) } dd { (state(words, model.listed.state)) } }
                div { dt { (words.say("models-owner")) } dd { (party(node, &row.party)) } }
                div { dt { (words.say("models-registered")) } dd { (time(row.registered_at)) } }
                @if let Some(at) = ledger.promoted_at { div { dt { (words.say("models-promoted")) } dd { (time(at)) } } }
                @if let Some(parent) = &ledger.parent { div { dt { (words.say("models-parent")) } dd { (other(parent)) } } }
                @if let Some(replaced) = &ledger.replaced { div { dt { (words.say("models-replaced")) } dd { (other(replaced)) } } }
                div { dt { (words.say("models-code")) } dd { code { (ledger.code) } } }
                div { dt { (words.say("models-seed")) } dd { (ledger.seed) } }
                @if let Some(size) = model.size_bytes { div { dt { (words.say("models-size")) } dd { (words.with("models-bytes", [("count", size.into())])) } } }
                div.whole { dt { (words.say("models-name")) } dd { code { (row.model.to_string()) } } }
                div.whole { dt { (words.say("models-snapshot")) } dd { code { (ledger.snapshot) } } }
                div.whole { dt { (words.say("models-lock")) } dd { code { (ledger.lock) } } }
                div.whole { dt { (words.say("models-registered-by")) } dd { code { (ledger.registered_by.to_string()) } } }
                @if let Some(by) = &ledger.promoted_by { div.whole { dt { (words.say("models-promoted-by")) } dd { code { (by.to_string()) } } } }
            }
            @match model.differences.as_deref() {
                Some([]) => p { span.mark-may { "✓ " } (words.say("models-intact")) },
                Some(differences) => div.notice role="alert" {
                    p { span.mark-stop { "✕ " } (words.say("models-different")) }
                    ul lang="en" { @for difference in differences { li { (difference) } } }
                },
                None => p.notice { (words.say("models-no-file")) },
            }
            @if model.size_bytes.is_some() {
                p { a.button href={ "/models/" (row.model) "/file?party=" (row.party) } { (words.say("models-file")) } }
            }
        }
    }
}

/// What leads to the comparison, which takes a while.
fn drift(words: &Words, model: &Shown) -> Markup {
    let row = &model.listed.row;
    html! {
        section.card aria-labelledby="drift" {
            h2 #drift { (words.say("models-drift")) }
            p.quiet { (words.say("models-drift-how")) }
            form.measure method="get" action={ "/desk/models/" (row.model) "/drift" } {
                input type="hidden" name="party" value=(row.party);
                label for="days" { (words.say("models-days")) }
                div.field {
                    input #days name="days" type="number" min="1" max="3660" value="28" required;
                    button { (words.say("models-measure")) }
                }
            }
        }
    }
}

fn card(words: &Words, card: &Card) -> Markup {
    html! {
        section.card aria-labelledby="metrics" {
            h2 #metrics { (words.say("models-metrics")) }
            @if card.metrics.is_empty() { p.quiet { (words.say("models-no-metrics")) } }
            dl.facts { @for (name, value) in &card.metrics { div { dt lang="en" { (name) } dd { (number(*value)) } } } }
        }
        section.card aria-labelledby="spread" {
            h2 #spread { (words.say("models-features")) }
            p.quiet { (words.say("models-features-how")) }
            ul.spreads { @for feature in &card.features {
                li { span lang="en" { (feature) } @if let Some(spread) = card.profile.get(feature) { (histogram(spread)) } }
            } }
        }
        section.card aria-labelledby="parameters" {
            h2 #parameters { (words.say("models-parameters")) }
            dl.facts { @for (name, value) in &card.parameters { div { dt lang="en" { (name) } dd { (value) } } } }
        }
    }
}

/// A number as people read it: as many digits as say something.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || value.fract().abs() < f64::EPSILON => 0,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

/// The shares of a feature's values, bin by bin. A picture beside the name: the numbers are in the file.
fn histogram(spread: &Spread) -> Markup {
    let (width, height) = (100.0, 28.0);
    let most = spread.shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let step = width / f64::from(u32::try_from(spread.shares.len().max(1)).unwrap_or(u32::MAX));
    html! {
        svg.spread viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (at, share) in (0_u32..).zip(&spread.shares) {
                @let tall = (share / most * height).max(0.6);
                rect x=(format!("{:.1}", f64::from(at) * step)) y=(format!("{:.1}", height - tall)) width=(format!("{:.1}", step * 0.86)) height=(format!("{tall:.1}")) {}
            }
        }
    }
}
