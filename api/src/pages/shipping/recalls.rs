//! Recalls: those that stand, one to be called, and how far one reaches.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use veridose_store::{PageRequest, RecallRow, RecallScope};

use super::{Part, check, check_maker, item, key, member, moment, more, page};
use crate::auth::Role;
use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{Paging, Reach, reach, viewer};

/// Lots that are offered to choose from.
const LOTS: u32 = 100;

#[get("/shipping/recalls")]
pub(super) async fn list(worker: Worker, node: web::Data<Node>, paging: Paging) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    viewer(&node, worker.caller()).await?;
    let words = worker.words;
    let found = node.store().queries.recalls(&paging.request()).await?;
    let mut rows = Vec::with_capacity(found.items.len());
    for recall in &found.items {
        rows.push(row(&worker, recall, &target(words, &node, recall).await?));
    }
    let content = html! {
        @if worker.caller().role == Role::Manufacturer {
            p { a.button href="/desk/shipping/recall" { (words.say("recall-call")) } }
        }
        section.card aria-label=(words.say("ship-recalls")) {
            @if rows.is_empty() { p.quiet { (words.say("recall-none")) } } @else { ul.rows { @for row in &rows { (row) } } }
            (more(&worker, found.next.as_deref()))
        }
    };
    Ok(page(&worker, Part::Recalls, &words.say("ship-recalls"), &content))
}

fn row(worker: &Worker, recall: &RecallRow, target: &str) -> Markup {
    let words = worker.words;
    let (class, sign) = if recall.ended_at.is_some() { ("quiet", "↩") } else { ("mark-stop", "!") };
    html! {
        li {
            span.(class) aria-hidden="true" { (sign) }
            div {
                a href=(format!("/desk/shipping/recalls/{}/{}", recall.tx_index, recall.command)) { (target) }
                p.quiet {
                    (words.with("recall-class", [("class", i64::from(recall.class).into())])) " · "
                    (member(worker.node(), &recall.party))
                    @if let Some(reason) = &recall.reason { " · " (reason) }
                    @if recall.ended_at.is_some() { " · " (words.say("recall-ended")) }
                }
            }
            span.quiet { (moment(recall.called_at)) }
        }
    }
}

/// What is recalled, by its name.
async fn target(words: &Words, node: &Node, recall: &RecallRow) -> Result<String, Problem> {
    let queries = &node.store().queries;
    Ok(match &recall.scope {
        RecallScope::Items(count) => words.with("recall-items", [("count", (*count).into())]),
        RecallScope::Lot(lot) => {
            let number = queries.lot(lot).await?.and_then(|row| row.number);
            words.with("recall-lot", [("lot", number.unwrap_or_else(|| format!("{}…", &lot.to_string()[..12])).into())])
        }
        RecallScope::Product(product) => {
            let name = queries.product(product).await?.and_then(|row| row.details).map(|details| details.name);
            let name = name.unwrap_or_else(|| format!("{}…", &product.to_string()[..12]));
            words.with("recall-product", [("product", name.into())])
        }
    })
}

#[get("/shipping/recall")]
pub(super) async fn form(worker: Worker, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    check_maker(&worker)?;
    let (words, viewer) = (worker.words, viewer(&node, worker.caller()).await?);
    let some = PageRequest { limit: Some(LOTS), token: None };
    let lots = node.store().queries.lots(&viewer, None, &some).await?.items;
    let products = node.store().queries.products(&viewer, &some).await?.items;
    let content = html! {
        (item::scan_box(&worker, &words.say("recall-scan"), &words.say("recall-scan-how"), "collect"))
        form #recall.card data-send="recall" data-keep data-to="/recalls" data-then="/desk/shipping/recalls/{index}/0" {
            (key())
            div {
                label for="target" { (words.say("recall-what")) }
                select #target name="target" required {
                    option value="" { (words.say("ship-choose")) }
                    optgroup label=(words.say("recall-a-lot")) {
                        @for row in &lots {
                            @if let (Some(gtin), Some(number)) = (&row.gtin, &row.number) {
                                option value=(format!("lot {gtin} {number}")) { (number) " · " (gtin) " · " (row.expiry) }
                            }
                        }
                    }
                    optgroup label=(words.say("recall-a-product")) {
                        @for details in products.iter().filter_map(|row| row.details.as_ref()) {
                            option value=(format!("product {}", details.gtin)) { (details.name) " · " (details.gtin) }
                        }
                    }
                    optgroup label=(words.say("recall-packs")) { option value="items" { (words.say("recall-scanned")) } }
                }
            }
            p #counted.quiet role="status" aria-live="polite" { (words.say("ship-nothing")) }
            ul #items.rows {}
            fieldset {
                legend { (words.say("recall-how-severe")) }
                @for (class, said) in [(1, words.say("recall-class-1")), (2, words.say("recall-class-2")), (3, words.say("recall-class-3"))] {
                    label.check { input type="radio" name="class" value=(class) required; " " (said) }
                }
            }
            div {
                label for="reason" { (words.say("recall-reason")) }
                textarea #reason name="reason" rows="2" required maxlength="2000" {}
            }
            div {
                label for="instructions" { (words.say("recall-instructions")) }
                textarea #instructions name="instructions" rows="2" maxlength="2000" {}
            }
            p.quiet { (words.say("recall-all-read")) }
            div.acts { button.primary { (words.say("recall-now")) } }
        }
    };
    Ok(page(&worker, Part::Recalls, &words.say("recall-call"), &content))
}

#[get("/shipping/recalls/{index:\\d+}/{command:\\d+}")]
pub(super) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<(u64, u32)>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let reach = reach(&node, worker.caller(), *path).await?;
    let recall = &reach.recall;
    let title = target(words, &node, recall).await?;
    let is_own = worker.caller().party.as_ref() == Some(&recall.party);
    let silent = reach.holders.iter().filter(|holding| !holding.has_answered()).count();
    let content = html! {
        section.card {
            dl.facts {
                div { dt { (words.say("recall-severity")) } dd { (words.with("recall-class", [("class", i64::from(recall.class).into())])) } }
                div { dt { (words.say("recall-by")) } dd { (member(&node, &recall.party)) } }
                div { dt { (words.say("recall-at")) } dd { (moment(recall.called_at)) } }
                @if let Some(ended) = recall.ended_at { div { dt { (words.say("recall-ended")) } dd { (moment(ended)) } } }
                @if let Some(reason) = &recall.reason { div.whole { dt { (words.say("recall-reason")) } dd { (reason) } } }
            }
        }
        section.card aria-labelledby="reach" {
            h2 #reach { (words.say("recall-reach")) }
            @if reach.holders.is_empty() { p { (words.say("recall-nobody")) } }
            @else {
                p.outcome.(if silent == 0 { "mark-may" } else { "mark-stop" }) {
                    @if silent == 0 { span aria-hidden="true" { "✓ " } (words.say("recall-all-answered")) }
                    @else { span aria-hidden="true" { "! " } (words.with("recall-silent", [("count", silent.into())])) }
                }
                (table(&worker, &reach))
            }
            @if reach.is_cut { p.notice { (words.with("recall-cut", [("count", reach.items.into())])) } }
            p.quiet { @if is_own { (words.say("recall-reach-how")) } @else { (words.say("recall-own-only")) } }
        }
        @let own = reach.holders.iter().find(|holding| worker.caller().party.as_ref() == Some(&holding.party));
        @if recall.ended_at.is_none() && own.is_some_and(|holding| !holding.has_answered()) { (set_apart(&worker)) }
    };
    Ok(page(&worker, Part::Recalls, &title, &content))
}

/// Each holder with what it holds. On a narrow screen the table scrolls by itself.
fn table(worker: &Worker, reach: &Reach) -> Markup {
    let words = worker.words;
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="reach" {
            table {
                thead { tr {
                    th scope="col" { (words.say("recall-holder")) }
                    th scope="col" { (words.say("recall-answered")) }
                    th.number scope="col" { (words.say("recall-open")) }
                    th.number scope="col" { (words.say("recall-set-apart")) }
                    th.number scope="col" { (words.say("recall-on-the-way")) }
                    th.number scope="col" { (words.say("recall-supplied")) }
                    th.number scope="col" { (words.say("recall-removed")) }
                } }
                tbody {
                    @for holding in &reach.holders {
                        tr {
                            th scope="row" { (member(worker.node(), &holding.party)) }
                            td {
                                @if holding.has_answered() { span.mark-may { "✓ " (words.say("recall-yes")) } }
                                @else { span.mark-stop { "✕ " (words.say("recall-no")) } }
                            }
                            @for count in [holding.open, holding.set_apart, holding.on_the_way, holding.supplied, holding.removed] {
                                td.number { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The answer of a holder: what of it lies here is scanned and set apart.
fn set_apart(worker: &Worker) -> Markup {
    let words = worker.words;
    html! {
        (item::scan_box(worker, &words.say("recall-apart-scan"), &words.say("recall-apart-how"), "collect"))
        form #apart.card data-send="apart" data-keep data-to="/quarantines" data-then="" {
            (key())
            h2 { (words.say("recall-apart")) }
            p #counted.quiet role="status" aria-live="polite" { (words.say("ship-nothing")) }
            ul #items.rows {}
            div.acts {
                button.primary { (words.say("recall-apart-now")) }
                button type="button" data-act="clear" { (words.say("ship-clear")) }
            }
        }
    }
}
