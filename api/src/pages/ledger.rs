//! The ledger: its checkpoint, what stands on it, and the proofs, which the browser checks itself.

mod found;
mod transaction;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use veridose_ledger::SignedCheckpoint;
use veridose_store::{EventFilter, EventOrder, EventRow, OrderBy, Page as Rows, PageRequest};

use super::frame::{self, Page};
use super::parts::{command, pager, party, short, time};
use super::sign_in::html_page;
use super::visitor::Worker;
use super::words::Words;
use crate::auth::Role;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::viewer;

/// Checkpoint and key are public, and each member may ask for what it was a party to. Patients have a page of their own.
pub(super) const ROLES: &[Role] =
    &[Role::Regulator, Role::Operator, Role::Manufacturer, Role::Distributor, Role::Pharmacy, Role::Payer];
/// Rows of a page.
const ROWS: u32 = 30;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(desk).service(found::search).service(transaction::show).service(continued);
}

/// Which page of the latest.
#[derive(Deserialize)]
pub(super) struct Wanted {
    page: Option<String>,
}

fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(ROLES, "this is for members and for whoever runs the node")
}

#[get("/ledger")]
pub(super) async fn desk(
    worker: Worker,
    node: web::Data<Node>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let checkpoint = node.ledger().checkpoint()?;
    // Whoever runs the node sees no trade.
    let latest =
        if worker.caller().role == Role::Operator { None } else { Some(latest(&worker, &node, &wanted).await?) };
    let content = html! {
        h1 { (words.say("ledger-title")) }
        @if latest.is_some() { (found::form(words, "")) }
        div.sheets {
            (state(&worker, &node, &checkpoint))
            (witnesses(words, &node))
        }
        @if let Some(rows) = &latest {
            section.card aria-labelledby="latest" {
                h2 #latest { (words.say("ledger-latest")) }
                (table(words, &node, rows.items.iter().map(|row| (row, transaction_of(row)))))
                (pager(words, "/desk/ledger", wanted.page.is_none(), rows.next.as_deref()))
            }
        }
        (own(words))
    };
    let title = words.say("desk-ledger");
    let page = Page::new(words, &title).with_script("ledger.js").with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

async fn latest(worker: &Worker, node: &Node, wanted: &Wanted) -> Result<Rows<EventRow>, Problem> {
    let viewer = viewer(node, worker.caller()).await?;
    let order = EventOrder { by: OrderBy::RecordTime, descending: true };
    let page = PageRequest { limit: Some(ROWS), token: wanted.page.clone() };
    Ok(node.store().queries.events(&viewer, &EventFilter { order, ..EventFilter::default() }, &page).await?)
}

/// What the log says of itself.
fn state(worker: &Worker, node: &Node, checkpoint: &SignedCheckpoint) -> Markup {
    let (words, verifier) = (worker.words, node.ledger().verifier());
    html! {
        section.card #checkpoint data-key=(verifier.text()) data-checkpoint=(checkpoint.text) aria-labelledby="checkpoint-title" {
            h2 #checkpoint-title { (words.say("ledger-checkpoint")) }
            p.quiet { (words.say("ledger-checkpoint-how")) }
            dl.facts {
                div { dt { (words.say("ledger-size")) } dd { (checkpoint.size) } }
                div { dt { (words.say("ledger-origin")) } dd { (verifier.origin()) } }
                div.whole { dt { (words.say("ledger-root")) } dd { code { (hex::encode(checkpoint.root)) } } }
                div.whole { dt { (words.say("ledger-key")) } dd { code { (verifier.text()) } } }
            }
            @if let Some(reason) = node.ledger().read_only() {
                p.notice role="alert" { strong { (words.say("ledger-read-only")) } " " (reason) }
            }
            (checks(words, &[("checkpoint", "ledger-step-checkpoint"), ("continued", "ledger-step-continued")]))
            details { summary { (words.say("ledger-note")) } pre tabindex="0" { (checkpoint.text) } }
            p { a href="/log/checkpoint" { "/log/checkpoint" } " · " a href="/log/key" { "/log/key" } }
        }
    }
}

/// Who else keeps an eye on it.
fn witnesses(words: &Words, node: &Node) -> Markup {
    let fresh = node.ledger().check_fresh();
    html! {
        section.card aria-labelledby="witnesses" {
            h2 #witnesses { (words.say("ledger-witnesses")) }
            @if node.ledger().is_shared() {
                p { (words.say("ledger-witness-peers")) }
                @match &fresh {
                    Ok(()) => p { span.mark-may { "✓ " } (words.say("ledger-fresh")) },
                    Err(stale) => p { span.mark-stop { "✕ " } (words.say("ledger-stale")) " " span lang="en" { (stale.to_string()) } },
                }
            } @else {
                p { (words.say("ledger-witness-none")) }
            }
            p #remembered data-first=(words.say("ledger-witness-first")) data-before=(words.with("ledger-witness-before", [("size", "{size}".into()), ("day", "{day}".into())])) { (words.say("ledger-witness-browser")) }
            p.quiet { (words.say("ledger-witness-tools")) }
        }
    }
}

/// A receipt that somebody brings.
fn own(words: &Words) -> Markup {
    html! {
        section.card aria-labelledby="own-title" {
            h2 #own-title { (words.say("ledger-own")) }
            p.quiet { (words.say("ledger-own-how")) }
            form #own data-unreadable=(words.say("ledger-own-unreadable")) {
                label for="receipt" { (words.say("ledger-own-receipt")) }
                textarea #receipt rows="5" required spellcheck="false" autocomplete="off" maxlength="2000000" {}
                label for="name" { (words.say("ledger-own-name")) }
                input #name type="text" maxlength="200" autocomplete="off" spellcheck="false" placeholder="(01)09506000134352(21)ABC";
                div.acts { button.primary { (words.say("ledger-verify")) } }
            }
            noscript { p.notice { (words.say("ledger-no-script")) } }
            (checks(words, &transaction::STEPS))
        }
    }
}

/// What is checked in the browser, step by step, to be filled in by the script.
fn checks(words: &Words, steps: &[(&str, &str)]) -> Markup {
    html! {
        div.checks hidden role="status" data-good=(words.say("ledger-good")) data-bad=(words.say("ledger-bad")) data-unsure=(words.say("ledger-unsure"))
            data-holds=(words.say("ledger-holds")) data-fails=(words.say("ledger-fails")) data-unable=(words.say("ledger-unable")) {
            p.result {}
            ol { @for (step, key) in steps { li hidden data-step=(step) { span { (words.say(key)) } " " strong.held {} " " span.why lang="en" {} } } }
        }
    }
}

/// Rows of the ledger, each with the way to its transaction.
fn table<'a>(words: &Words, node: &Node, rows: impl Iterator<Item = (&'a EventRow, String)>) -> Markup {
    let mut rows = rows.peekable();
    html! {
        @if rows.peek().is_none() { p.quiet { (words.say("ledger-nothing")) } }
        @else {
            div.wide tabindex="0" role="region" aria-label=(words.say("ledger-rows")) {
                table {
                    thead { tr {
                        th.number scope="col" { (words.say("ledger-entry")) }
                        th scope="col" { (words.say("ledger-what")) }
                        th scope="col" { (words.say("ledger-who")) }
                        th scope="col" { (words.say("ledger-recorded")) }
                        th.number scope="col" { (words.say("ledger-items")) }
                        th scope="col" { (words.say("ledger-transaction")) }
                    } }
                    tbody {
                        @for (row, to) in rows { tr {
                            td.number { (row.tx_index) }
                            td { (command(words, &row.kind)) }
                            td { (party(node, &row.party)) }
                            td { (time(row.recorded)) }
                            td.number { (row.items) }
                            td { a href=(to) { (short(&row.tx.to_string())) } }
                        } }
                    }
                }
            }
        }
    }
}

/// The page of an event's transaction.
fn transaction_of(row: &EventRow) -> String {
    format!("/desk/ledger/transactions/{}", row.tx)
}

/// Since when.
#[derive(Deserialize)]
pub(super) struct Since {
    from: u64,
}

/// Proof that the newest checkpoint continues an earlier one.
#[derive(Serialize)]
struct Continued {
    checkpoint: String,
    /// In hexadecimal.
    hashes: Vec<String>,
}

/// For the script: whether the log only grew since this browser saw it.
#[get("/ledger/continued")]
pub(super) async fn continued(
    worker: Worker,
    node: web::Data<Node>,
    since: web::Query<Since>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    if since.from > node.ledger().checkpoint()?.size {
        return Err(Problem::field("from", "the log has not so many entries"));
    }
    let proof = node.ledger().consistency(since.from)?;
    let hashes = proof.hashes.iter().map(hex::encode).collect();
    Ok(HttpResponse::Ok().json(Continued { checkpoint: proof.checkpoint.text, hashes }))
}
