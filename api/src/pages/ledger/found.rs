//! A search on the ledger: whatever somebody has in hand leads to the transactions that it stands in.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::{CaseId, TxId};
use veridose_store::{EventRow, Viewer};

use super::{check, table, transaction_of};
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::{Kind, Problem};
use crate::routes::{Happening, encoded, history_of, item, viewer};

/// Longest text that is searched for.
const TEXT_MAX: usize = 512;

/// What is searched for.
#[derive(Deserialize)]
pub(in crate::pages) struct Asked {
    #[serde(default)]
    q: String,
}

/// The field.
pub(super) fn form(words: &Words, text: &str) -> Markup {
    html! {
        form.search method="get" action="/desk/ledger/search" role="search" {
            label for="q" { (words.say("ledger-search")) }
            div.field {
                input #q name="q" type="search" value=(text) required maxlength=(TEXT_MAX) autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="q-how";
                button.primary { (words.say("ledger-find")) }
            }
            p #q-how.quiet { (words.say("ledger-search-how")) }
        }
    }
}

#[get("/ledger/search")]
pub(in crate::pages) async fn search(
    worker: Worker,
    node: web::Data<Node>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let (words, text) = (worker.words, asked.q.trim());
    let viewer = viewer(&node, worker.caller()).await?;
    let found = if text.len() > TEXT_MAX { Ok(None) } else { find(&node, &viewer, text).await };
    let found = match found {
        // What is no pack, and nothing else either.
        Err(problem) if problem.kind() == Kind::Unprocessable => None,
        other => other?,
    };
    let content = html! {
        h1 { (words.say("ledger-found")) }
        (form(words, text))
        section.card aria-live="polite" {
            @match found {
                None => p.notice { (words.say("ledger-found-nothing")) },
                Some(found) => {
                    @if found.is_cut { p.notice { (words.say("ledger-found-cut")) } }
                    (table(words, &node, found.rows.iter().map(|(row, to)| (row, to.clone()))))
                }
            }
        }
        p { a href="/desk/ledger" { (words.say("ledger-back")) } }
    };
    let title = words.say("ledger-found");
    let page = Page::new(words, &title).with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

struct Found {
    rows: Vec<(EventRow, String)>,
    is_cut: bool,
}

/// By what the text is: a transaction, a place in the log, a case, an event, else a pack or container.
async fn find(node: &web::Data<Node>, viewer: &Viewer, text: &str) -> Result<Option<Found>, Problem> {
    if let Some(index) = place(node, text)? {
        return Ok(plain(node.store().queries.events_at(viewer, &[index]).await?));
    }
    if let Ok(case) = CaseId::parse(text) {
        let Some(case) = node.store().queries.case(viewer, &case).await? else { return Ok(None) };
        return Ok(plain(Vec::from_iter(node.store().queries.event_of(viewer, &case.commitment).await?)));
    }
    if let Some(event) = node.store().queries.event(viewer, text).await? {
        return Ok(plain(vec![event]));
    }
    let item = item(node.network_key(), "q", text)?;
    let (happened, is_cut) = history_of(node, viewer, &item).await?;
    let name = encoded(&item.name);
    let of = |Happening { event, through, .. }: Happening| {
        let container = through.map(|container| format!("&through={container}")).unwrap_or_default();
        let to = format!("{}?item={name}{container}", transaction_of(&event));
        (event, to)
    };
    let rows: Vec<_> = happened.into_iter().map(of).collect();
    Ok((!rows.is_empty()).then_some(Found { rows, is_cut }))
}

/// The entry that a transaction's name or a number names, where there is one.
fn place(node: &Node, text: &str) -> Result<Option<u64>, Problem> {
    if let Ok(tx) = TxId::parse(text) {
        return Ok(node.ledger().index_of(&tx)?);
    }
    Ok(text.parse().ok().filter(|index| *index < node.ledger().size()))
}

fn plain(rows: Vec<EventRow>) -> Option<Found> {
    let with_way = |row: EventRow| {
        let to = transaction_of(&row);
        (row, to)
    };
    (!rows.is_empty()).then(|| Found { rows: rows.into_iter().map(with_way).collect(), is_cut: false })
}
