//! A transaction: who signed what, and its receipt, checked in the page.

use actix_web::{HttpResponse, get, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{Markup, html};
use veridose_contract::read;
use veridose_contract::record::CertificateRecord;
use veridose_ledger::proof::{Verified, verify};
use veridose_store::EventRow;

use super::{check, checks};
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::parts::{command, party, short, time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::{For, encoded, item, receipt, viewer};

/// What `proof.js` checks of a receipt.
pub(super) const STEPS: [(&str, &str); 5] = [
    ("checkpoint", "ledger-step-checkpoint"),
    ("inclusion", "ledger-step-inclusion"),
    ("transaction", "ledger-step-transaction"),
    ("signature", "ledger-step-signature"),
    ("name", "ledger-step-name"),
];

#[get("/ledger/transactions/{tx}")]
pub(in crate::pages) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    asked: web::Query<For>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let asked = asked.into_inner();
    let name = asked.item.as_deref().map(|text| item(node.network_key(), "item", text)).transpose()?;
    let query = query(&asked);
    let receipt = receipt(&node, worker.caller(), &path, asked).await?;
    let verified = verify(&receipt, None, &node.ledger().verifier(), None).map_err(Problem::internal)?;
    let creator = read::certificate(&node.ledger().state(), &verified.header.creator)?;
    let viewer = viewer(&node, worker.caller()).await?;
    let rows = node.store().queries.events_at(&viewer, &[verified.index]).await?;
    let words = worker.words;
    let title = words.with("ledger-transaction-title", [("index", verified.index.into())]);
    let source = format!("/receipts/{}{query}", *path);
    let content = html! {
        p { a href="/desk/ledger" { (words.say("ledger-back")) } }
        h1 { (title) }
        div.sheets {
            (facts(&worker, &verified, creator.as_ref()))
            section.card #proof data-key=(node.ledger().verifier().text()) data-receipt=(source) data-name=[name.map(|item| item.name)]
                data-certificate=[creator.as_ref().map(|creator| BASE64.encode(&creator.certificate.der))] aria-labelledby="proof-title" {
                h2 #proof-title { (words.say("ledger-proof")) }
                p.quiet { (words.say("ledger-proof-how")) }
                div.acts {
                    button #verify.primary type="button" { (words.say("ledger-verify")) }
                    a.button href=(source) download={ "receipt-" (verified.index) ".json" } { (words.say("ledger-download")) }
                }
                noscript { p.notice { (words.say("ledger-no-script")) } }
                (checks(words, &STEPS))
            }
        }
        (commands(&worker, &verified, &rows))
    };
    let page = Page::new(words, &title).with_script("ledger.js").with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

/// The same question to the API.
fn query(asked: &For) -> String {
    let Some(item) = &asked.item else { return String::new() };
    let through = asked.through.map(|container| format!("&through={container}")).unwrap_or_default();
    format!("?item={}{through}", encoded(item))
}

fn facts(worker: &Worker, verified: &Verified, creator: Option<&CertificateRecord>) -> Markup {
    let (words, header) = (worker.words, &verified.header);
    html! {
        section.card aria-labelledby="facts-title" {
            h2 #facts-title { (words.say("ledger-transaction")) }
            dl.facts {
                div { dt { (words.say("ledger-entry")) } dd { (verified.index) } }
                div { dt { (words.say("ledger-signed-at")) } dd { (time(header.time)) } }
                @if let Some(creator) = creator {
                    div { dt { (words.say("ledger-signed-by")) } dd { (party(worker.node(), &creator.certificate.party)) } }
                    @if creator.revoked.is_some() { div.odd { dt { (words.say("ledger-certificate")) } dd { (words.say("ledger-revoked")) } } }
                }
                div.whole { dt { (words.say("ledger-id")) } dd { code { (verified.id.to_string()) } } }
                div.whole { dt { (words.say("ledger-fingerprint")) } dd { code { (header.creator.to_string()) } } }
                div.whole { dt { (words.say("ledger-body")) } dd { code { (hex::encode(header.body_root)) } } }
            }
        }
    }
}

/// What it did: the commands that the receipt shows, with what this caller may see of them.
fn commands(worker: &Worker, verified: &Verified, rows: &[EventRow]) -> Markup {
    let words = worker.words;
    html! {
        section.card aria-labelledby="commands-title" {
            h2 #commands-title { (words.say("ledger-commands")) }
            div.wide tabindex="0" role="region" aria-labelledby="commands-title" {
                table {
                    thead { tr {
                        th.number scope="col" { (words.say("ledger-command")) }
                        th scope="col" { (words.say("ledger-what")) }
                        th scope="col" { (words.say("ledger-happened")) }
                        th scope="col" { (words.say("ledger-where")) }
                        th.number scope="col" { (words.say("ledger-items")) }
                        th scope="col" { (words.say("ledger-document")) }
                    } }
                    tbody { @for head in &verified.commands {
                        @let row = rows.iter().find(|row| row.command == head.index);
                        tr {
                            td.number { (head.index + 1) }
                            td { (command(words, head.action.name())) }
                            td { (time(head.happened)) }
                            td { @if let Some(site) = head.site { (format!("{:013}", site.0)) } @else { "–" } }
                            td.number { (head.items) }
                            td { (short(&head.payload.to_string())) @if let Some(event) = row.and_then(|row| row.event_id.as_deref()) { " " a href={ "/events/" (encoded(event)) } { (words.say("ledger-event")) } } }
                        }
                    } }
                }
            }
        }
    }
}
