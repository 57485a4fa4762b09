//! One product at one place: its fan, when it may be empty, who else has some, what to order.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_ml::forecast::Outlook;
use veridose_ml::stock::{Position, demand};

use super::fan::{Fan, legend as fan_legend};
use super::{Ground, cover_shown, day, ground, heat, risk_shown, whole};
use crate::pages::name;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{DraftOrder, Shelf, StockAsked, StockWanted, encoded, order, shelf};

/// Which one.
#[derive(Deserialize)]
pub(super) struct Which {
    gtin: String,
    place: String,
}

#[get("/shelf")]
pub(super) async fn show(worker: Worker, which: web::Query<Which>) -> Result<HttpResponse, Problem> {
    let stock = match ground(&worker).await? {
        Ground::Told(stock) => stock,
        Ground::Other(page) => return Ok(page),
    };
    let words = worker.words;
    let (directory, wanted) = (stock.node.directory(), StockWanted::default());
    let found = stock
        .positions(&directory, &wanted)
        .find(|(position, _)| position.gtin == which.gtin && position.place == which.place);
    let Some((position, party)) = found else { return Err(Problem::not_found("shelf")) };
    let shelf = shelf(&stock, &directory, position, party.clone());
    let order = order(position, party);
    let ahead = foreseen(&stock, position).await?;
    let product = name::product(&stock.node, Some(&shelf.gtin)).await.unwrap_or_else(|| shelf.gtin.clone());
    let title =
        words.with("stock-at", [("product", product.into()), ("place", name::place(&stock.node, &shelf.place).into())]);
    let content = html! {
        p { a href="/desk/stock" { "← " (words.say("stock-back")) } }
        (facts(words, &shelf))
        (fan(words, &stock, position, &ahead, &shelf))
        div.pair { (elsewhere(words, &stock, &shelf)) (draft(words, &order)) }
    };
    Ok(whole(&worker, &title, Some(&stock), &content))
}

/// The demand of the days to come; it takes a while, so away from the threads that serve.
async fn foreseen(stock: &StockAsked, position: &Position) -> Result<Vec<Outlook>, Problem> {
    let (report, position) = (std::sync::Arc::clone(&stock.report), position.clone());
    let work = move || demand(&report, &position, report.horizon);
    web::block(work).await.map_err(Problem::internal)
}

fn facts(words: &Words, shelf: &Shelf) -> Markup {
    let days = shelf.empty_by.len() as u64;
    let rows = [
        (words.say("stock-on-hand"), html! { (words.count(shelf.on_hand)) }),
        (words.say("stock-incoming"), html! { (words.count(shelf.incoming)) }),
        (words.say("stock-expiring"), html! { (words.count(shelf.expiring as u64)) }),
        (words.say("stock-demand"), html! { (words.number(shelf.demand_a_day, 1)) }),
        (words.say("stock-cover"), html! { (cover_shown(words, shelf.on_hand, shelf.demand_a_day)) }),
        (
            words.with("stock-empty-within", [("days", words.count(days).into())]),
            risk_shown(words, shelf.on_hand.into(), heat::risk(shelf)),
        ),
    ];
    html! {
        section.card {
            h2.unseen { (words.say("stock-facts")) }
            dl.facts { @for (key, value) in rows { div { dt { (key) } dd { (value) } } } }
            p.quiet { "GTIN " (shelf.gtin) }
        }
    }
}

fn fan(words: &Words, stock: &StockAsked, position: &Position, ahead: &[Outlook], shelf: &Shelf) -> Markup {
    let past: Vec<f64> = position.days.iter().map(|day| f64::from(day.dispensed)).collect();
    let Some(today) = stock.report.today.as_deref().and_then(day) else { return html! {} };
    let fan = Fan { today, past: &past, ahead };
    html! {
        section.card aria-labelledby="demand-title" {
            h2 #demand-title { (words.say("stock-demand-title")) }
            figure {
                (fan.picture(words))
                figcaption { (fan_legend(words)) }
            }
            (fan.tables(words, &shelf.empty_by))
        }
    }
}

fn elsewhere(words: &Words, stock: &StockAsked, shelf: &Shelf) -> Markup {
    let headings = [
        words.say("stock-place"),
        words.say("stock-distance"),
        words.say("stock-on-hand"),
        words.say("stock-would-expire"),
        words.say("stock-risk-there"),
    ];
    let risk_there = |risk: Option<f64>, on_hand: u32| {
        let told = risk.map(|risk| risk_shown(words, on_hand.into(), risk));
        told.unwrap_or_else(|| html! { (words.say("stock-depot")) })
    };
    html! {
        section.card aria-labelledby="elsewhere-title" {
            h2 #elsewhere-title { (words.say("stock-elsewhere")) }
            p.quiet { (words.say("stock-elsewhere-how")) }
            @if shelf.elsewhere.is_empty() { p { (words.say("stock-elsewhere-none")) } } @else {
                div.wide tabindex="0" role="region" aria-labelledby="elsewhere-title" {
                    table.numbers {
                        thead { tr { @for key in &headings { th scope="col" { (key) } } } }
                        tbody { @for other in &shelf.elsewhere { tr {
                            th scope="row" { (name::place(&stock.node, &other.place)) }
                            td { @if let Some(km) = other.distance_km { (words.number(km, 0)) " km" } @else { (words.say("stock-distance-unknown")) } }
                            td { (words.count(other.on_hand)) }
                            td { @if other.expiring > 0 { strong { "⚠ " (words.count(other.expiring as u64)) } } @else { (words.count(0_u64)) } }
                            td { (risk_there(other.risk, other.on_hand)) }
                        } } }
                    }
                }
            }
        }
    }
}

fn draft(words: &Words, order: &DraftOrder) -> Markup {
    let values = [order.packs, order.packs_low, order.packs_high].map(|packs| words.count(packs));
    let [packs, low, high] = values;
    html! {
        section.card aria-labelledby="draft-title" {
            h2 #draft-title { (words.say("stock-draft")) }
            @if order.packs > 0 {
                p { (words.with("stock-draft-packs", [("packs", packs.into()), ("low", low.into()), ("high", high.into())])) }
                p { a.button href=(format!("/desk/stock/orders?q={}", encoded(&order.gtin))) { (words.say("stock-draft-adjust")) } }
            } @else { p { (words.say("stock-draft-none")) } }
        }
    }
}
