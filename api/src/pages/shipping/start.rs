//! Where the desk begins: what waits.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use veridose_store::{HandoffSide, HandoffState, PageRequest};

use super::{Part, check, files, handoffs, page};
use crate::auth::Role;
use crate::node::Node;
use crate::pages::live;
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::viewer;

/// Rows of each list.
const ROWS: u32 = 8;

#[get("/shipping")]
pub(super) async fn show(worker: Worker, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let (words, viewer) = (worker.words, viewer(&node, worker.caller()).await?);
    let rows = PageRequest { limit: Some(ROWS), token: None };
    let open = [HandoffState::Offered];
    let queries = &node.store().queries;
    let incoming = queries.handoffs(&viewer, HandoffSide::Incoming, &open, &rows).await?;
    let outgoing = queries.handoffs(&viewer, HandoffSide::Outgoing, &open, &rows).await?;
    let jobs = node.store().captures.jobs(worker.caller().party()?, &rows).await?;
    let card = |title: String, none: String, side: &str, shown: &[Markup], more: bool| {
        html! {
            section.card {
                h2 { (title) }
                @if shown.is_empty() { p.quiet { (none) } } @else { ul.rows { @for row in shown { (row) } } }
                @if more { p { a href=(format!("/desk/shipping/handoffs?side={side}&state=offered")) { (words.say("ship-all")) } } }
            }
        }
    };
    let row = |row| handoffs::row(&worker, row);
    let content = html! {
        (live::notice(words, "arrival", "live-arrivals", Some("/desk/shipping")))
        div.desk {
            div.work {
                (card(words.say("ship-waiting-in"), words.say("ship-waiting-in-none"), "incoming",
                    &incoming.items.iter().map(row).collect::<Vec<_>>(), incoming.next.is_some()))
                (card(words.say("ship-waiting-out"), words.say("ship-waiting-out-none"), "outgoing",
                    &outgoing.items.iter().map(row).collect::<Vec<_>>(), outgoing.next.is_some()))
            }
            div.side {
                @if worker.caller().role == Role::Pharmacy { (next(&worker)) }
                @else {
                    (files::drop(&worker))
                    section.card {
                        h2 { (words.say("ship-last-files")) }
                        (files::jobs(&worker, &jobs.items))
                    }
                }
            }
        }
    };
    Ok(page(&worker, Part::Start, &words.say("desk-shipping"), &content))
}

/// What else is done here by who hands no files in.
fn next(worker: &Worker) -> Markup {
    let words = worker.words;
    html! {
        section.card {
            h2 { (words.say("ship-what-else")) }
            p { a href="/desk/shipping/offer" { (words.say("ship-send-back")) } }
            p { a href="/desk/shipping/recalls" { (words.say("ship-see-recalls")) } }
            p { a href="/desk/shipping/trace" { (words.say("ship-see-papers")) } }
        }
    }
}
