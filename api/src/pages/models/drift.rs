//! How far the trade of late is from what a model learnt from: numbers, and a drawing of them.

use actix_web::{HttpResponse, get, web};
use fluent_bundle::FluentValue;
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::PartyId;
use veridose_ml::drift::{Change, Drift, FeatureDrift, PSI_MUCH, PSI_SOME, RateDrift};

use super::check;
use super::show::number;
use crate::analysis::Analyses;
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{ModelOwner, measured};

/// Chance alone gives an index of about nine bins' worth over so many packs: a tenth with ninety, which would be told as a change.
const PACKS_FEW: usize = 100;

/// Which model, over which days.
#[derive(Deserialize)]
pub(in crate::pages) struct Window {
    party: Option<PartyId>,
    days: Option<u32>,
}

#[get("/models/{model}/drift")]
pub(in crate::pages) async fn measure(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    window: web::Query<Window>,
    analyses: web::Data<Analyses>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let Window { party, days } = window.into_inner();
    let owner = ModelOwner { party };
    let drift = measured(&node, worker.caller(), &path, &owner, days, &analyses).await?;
    let title = words.say("models-drift");
    let back = owner.party.map(|party| format!("?party={party}")).unwrap_or_default();
    let content = html! {
        p { a href={ "/desk/models/" (path) (back) } { (words.say("models-back-one")) } }
        h1 { (title) }
        (summary(words, &drift))
        (features(words, &drift.features))
        (rate(words, &drift.rate))
    };
    let page = Page::new(words, &title).with_script("models.js").with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

fn summary(words: &Words, drift: &Drift) -> Markup {
    let (Some(from), Some(to)) = (&drift.from, &drift.to) else {
        return html! { p.notice { (words.say("models-drift-nothing")) } };
    };
    html! {
        p.lead { (words.with("models-window", [("from", from.as_str().into()), ("to", to.as_str().into()), ("packs", FluentValue::from(drift.packs))])) }
        p.lead { (change(words, drift.change)) }
        @if drift.packs < PACKS_FEW { p.notice { (words.say("models-few")) } }
    }
}

/// A feature's change in words, with a sign.
fn change(words: &Words, change: Change) -> Markup {
    let (class, sign, name) = told(change);
    html! { span class={ "mark-" (class) } { (sign) " " } (words.say(&format!("models-change-{name}"))) }
}

const fn told(change: Change) -> (&'static str, &'static str, &'static str) {
    match change {
        Change::None => ("may", "✓", "none"),
        Change::Some => ("ask", "!", "some"),
        Change::Much => ("stop", "✕", "much"),
    }
}

/// The most changed first.
fn features(words: &Words, features: &[FeatureDrift]) -> Markup {
    let mut sorted: Vec<&FeatureDrift> = features.iter().collect();
    sorted.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    // The bounds are always in the picture.
    let most = sorted.first().map_or(0.0, |first| first.psi).max(PSI_MUCH * 1.2);
    html! {
        section.card aria-labelledby="psi" {
            h2 #psi { (words.say("models-psi")) }
            p.quiet { (words.say("models-psi-how")) }
            @if sorted.is_empty() { p { (words.say("models-drift-nothing")) } }
            @else {
                div.wide tabindex="0" role="region" aria-labelledby="psi" {
                    table.psi {
                        thead { tr {
                            th scope="col" { (words.say("models-feature")) }
                            th.number scope="col" { (words.say("models-index")) }
                            th.chart scope="col" aria-hidden="true" { "0 – " (number(most)) }
                            th scope="col" { (words.say("models-change")) }
                        } }
                        tbody { @for feature in &sorted { tr {
                            th scope="row" lang="en" { (feature.feature) }
                            td.number { (format!("{:.3}", feature.psi)) }
                            td.chart { (bar(feature, most)) }
                            td { (change(words, feature.change)) }
                        } } }
                    }
                }
            }
        }
    }
}

/// A bar beside its number, with the bounds of some and of much change.
fn bar(feature: &FeatureDrift, most: f64) -> Markup {
    let at = |value: f64| format!("{:.2}", (value / most).clamp(0.0, 1.0) * 100.0);
    html! {
        svg class={ "bar " (told(feature.change).0) } viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.fill y="1" height="10" width=(at(feature.psi)) {}
            @for bound in [PSI_SOME, PSI_MUCH] { line x1=(at(bound)) x2=(at(bound)) y1="0" y2="12" {} }
        }
    }
}

/// Cases for a million scans, now and when the model learnt.
fn rate(words: &Words, rate: &RateDrift) -> Markup {
    let rows = [("models-rate-now", rate.per_million), ("models-rate-then", rate.training_per_million)];
    let most = rows.iter().filter_map(|(_, value)| *value).fold(1.0, f64::max);
    html! {
        section.card aria-labelledby="rate" {
            h2 #rate { (words.say("models-rate")) }
            p.quiet { (words.with("models-rate-how", [("cases", rate.cases.into()), ("scans", rate.scans.into())])) }
            table.psi { tbody { @for (key, value) in rows { tr {
                th scope="row" { (words.say(key)) }
                td.number { @if let Some(value) = value { (number(value)) } @else { "–" } }
                td.chart { @if let Some(value) = value { svg.bar viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true" focusable="false" { rect.fill y="1" height="10" width=(format!("{:.2}", value / most * 100.0)) {} } } }
            } } } }
            @match rate.change { Some(found) => p { (change(words, found)) }, None => p { (words.say("models-rate-unknown")) } }
        }
    }
}
