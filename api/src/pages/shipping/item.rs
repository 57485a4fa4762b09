//! A scanned pack or container, as whoever holds it sees it.

use actix_web::{HttpResponse, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::record::{ItemKind, ItemState};
use veridose_contract::{PartyId, Standing, resolve};
use veridose_gs1::scan;

use super::{check, member};
use crate::node::{Node, date_time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::item;

/// A scan, from the page's script.
#[derive(Deserialize)]
pub(super) struct Asked {
    scan: String,
}

/// What was scanned, as a row of a list. What cannot be read is told, and is no row.
#[post("/shipping/look")]
pub(super) async fn look(
    worker: Worker,
    node: web::Data<Node>,
    asked: web::Json<Asked>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check_script()?;
    let words = worker.words;
    let shown = match item(node.network_key(), "scan", &asked.scan) {
        Err(problem) => {
            let said = match scan::parse(&asked.scan) {
                Err(diagnosis) => words.find(&format!("scan-{}", diagnosis.code.as_str()), []),
                Ok(_) => Some(words.say("item-not-serialised")),
            };
            html! { p data-unread { (said.unwrap_or_else(|| problem.body().detail)) } }
        }
        Ok(found) => {
            let standing = resolve(&node.ledger().state(), &found.key)?;
            let facts = match &standing {
                Some(standing) => facts(&worker, &node, standing).await?,
                None => None,
            };
            let (class, sign, remark) = remark(&worker, &node, standing.as_ref())?;
            html! {
                li data-item=(found.uri.as_str()) data-sign=(class) data-children=[standing.as_ref().map(|standing| standing.children)] {
                    span.(class) aria-hidden="true" { (sign) }
                    div {
                        code { (short(found.uri.as_str())) }
                        @if let Some(facts) = facts { p.quiet { (facts) } }
                        p.quiet { (remark) }
                    }
                }
            }
        }
    };
    Ok(html_page(&shown))
}

/// Product, lot and expiry, or how much lies in it; for its holder.
async fn facts(worker: &Worker, node: &Node, standing: &Standing) -> Result<Option<String>, Problem> {
    let words = worker.words;
    if !is_own(worker, &standing.holder) {
        return Ok(None);
    }
    if standing.kind == ItemKind::Container {
        return Ok(Some(words.with("item-children", [("count", standing.children.into())])));
    }
    let mut parts = Vec::new();
    if let Some(product) = &standing.product {
        let row = node.store().queries.product(product).await?;
        parts.extend(row.and_then(|row| row.details).map(|details| details.name));
    }
    if let Some(lot) = &standing.lot {
        let number = node.store().queries.lot(lot).await?.and_then(|row| row.number);
        parts.extend(number.map(|number| words.with("item-lot", [("lot", number.into())])));
    }
    if let Some(expiry) = standing.expiry {
        let day = date_time(veridose_contract::Timestamp(i64::from(expiry.0).saturating_mul(86_400_000))).date();
        parts.push(words.with("item-expiry", [("day", day.to_string().into())]));
    }
    Ok(Some(parts.join(" · ")))
}

fn is_own(worker: &Worker, holder: &PartyId) -> bool {
    worker.caller().party.as_ref() == Some(holder)
}

/// Whether it can go on its way, as the ledger has it: class, sign, words. The contract decides when it is sent.
fn remark(
    worker: &Worker,
    node: &Node,
    standing: Option<&Standing>,
) -> Result<(&'static str, &'static str, String), Problem> {
    let words = worker.words;
    let stop = |said: String| Ok(("mark-stop", "✕", said));
    let Some(standing) = standing else { return stop(words.say("item-unknown")) };
    if !is_own(worker, &standing.holder) {
        let said = match &standing.offer {
            Some(offer) if is_own(worker, &offer.to) => words.say("item-offered-to-you"),
            Some(_) | None => words.say("item-not-yours"),
        };
        return stop(said);
    }
    if standing.state != ItemState::Active {
        return stop(words.say("item-ended"));
    }
    if let Some(offer) = &standing.offer {
        return stop(words.with("item-offered", [("member", member(node, &offer.to).into())]));
    }
    if !standing.containers.is_empty() {
        return stop(words.say("item-in-container"));
    }
    if let Some(recall) = &standing.recall {
        let class = i64::from(recall.mark.class);
        return Ok(("mark-ask", "!", words.with("item-recalled", [("class", class.into())])));
    }
    if standing.quarantine.is_some() {
        return Ok(("mark-ask", "!", words.say("item-quarantined")));
    }
    let today = node.clock().now().0.div_euclid(86_400_000);
    if standing.expiry.is_some_and(|expiry| i64::from(expiry.0) < today) {
        return Ok(("mark-ask", "!", words.say("item-expired")));
    }
    Ok(("mark-may", "✓", words.say("item-ready")))
}

/// The bracketed form of a Digital Link, which people read.
pub(super) fn short(link: &str) -> String {
    scan::parse(link).map_or_else(|_| link.to_owned(), |scan| scan.bracketed())
}

/// The one field that takes scans; `purpose` tells the script what to do with them.
pub(super) fn scan_box(worker: &Worker, label: &str, how: &str, purpose: &str) -> Markup {
    let words: &Words = worker.words;
    html! {
        form #scan-form.scan data-purpose=(purpose) {
            label for="scan" { (label) }
            div.field {
                input #scan name="scan" type="text" required autofocus autocomplete="off" autocapitalize="off" autocorrect="off"
                    spellcheck="false" maxlength="8192" enterkeyhint="go" aria-describedby="scan-how";
                button { (words.say("ship-take")) }
            }
            p #scan-how.quiet { (how) }
        }
    }
}
