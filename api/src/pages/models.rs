//! Models: which there are, how good they were, how far the trade has moved from what they learnt from, and which are in use.

mod act;
mod drift;
mod history;
mod show;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_store::{ModelRow, PageRequest};

use super::frame::{self, Page};
use super::parts::{pager, party, short, time};
use super::sign_in::html_page;
use super::visitor::Worker;
use super::words::Words;
use crate::auth::Role;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::{ModelState, listed};

/// Rows of a page.
const ROWS: u32 = 30;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(desk).service(drift::measure).service(show::one);
}

/// Which page.
#[derive(Deserialize)]
pub(super) struct Wanted {
    page: Option<String>,
}

fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&[Role::Regulator], "models are approved by regulators here")
}

#[get("/models")]
pub(super) async fn desk(
    worker: Worker,
    node: web::Data<Node>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let page = PageRequest { limit: Some(ROWS), token: wanted.page.clone() };
    let models = listed(&node, worker.caller(), None, &page).await?;
    let history = history::section(&worker, &node).await?;
    let content = html! {
        h1 { (words.say("models-title")) }
        p.lead { (words.say("models-how")) }
        section.card aria-labelledby="all" {
            h2 #all { (words.say("models-all")) }
            @if models.items.is_empty() { p.quiet { (words.say("models-none")) } }
            @else {
                div.wide tabindex="0" role="region" aria-labelledby="all" {
                    table {
                        thead { tr {
                            th scope="col" { (words.say("models-model")) }
                            th scope="col" { (words.say("models-kind")) }
                            th scope="col" { (words.say("models-owner")) }
                            th scope="col" { (words.say("models-registered")) }
                            th scope="col" { (words.say("models-state")) }
                        } }
                        tbody { @for model in &models.items { tr {
                            td { a href=(address(&model.row)) { (short(&model.row.model.to_string())) } }
                            td { (model.row.kind) }
                            td { (party(&node, &model.row.party)) }
                            td { (time(model.row.registered_at)) }
                            td { (state(words, model.state)) }
                        } } }
                    }
                }
                (pager(words, "/desk/models", wanted.page.is_none(), models.next.as_deref()))
            }
        }
        (history)
    };
    let title = words.say("desk-models");
    let page = Page::new(words, &title).with_script("models.js").with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

/// The page of a model: several parties may have registered the same.
fn address(row: &ModelRow) -> String {
    format!("/desk/models/{}?party={}", row.model, row.party)
}

/// How it stands, with a sign.
fn state(words: &Words, state: ModelState) -> Markup {
    let (class, sign, name) = match state {
        ModelState::Registered => ("mark-ask", "○", "registered"),
        ModelState::InUse => ("mark-may", "✓", "in-use"),
        ModelState::Retired => ("quiet", "–", "retired"),
    };
    html! { span class=(class) { (sign) " " } (words.say(&format!("models-state-{name}"))) }
}
