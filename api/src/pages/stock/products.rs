//! Whole products: how probable it is that half of the shelves run empty. For regulators.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};

use super::list::{Asked, Order, turns};
use super::{Ground, ground, legend, risk_shown, whole};
use crate::pages::name;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{ProductOutlook, StockWanted, encoded};

/// Products of a page.
const ROWS: usize = 30;

#[get("/products")]
pub(super) async fn show(worker: Worker, asked: web::Query<Asked>) -> Result<HttpResponse, Problem> {
    let stock = match ground(&worker).await? {
        Ground::Told(stock) => stock,
        Ground::Other(page) => return Ok(page),
    };
    let words = worker.words;
    let wanted = StockWanted { risk: asked.risk_min(), ..StockWanted::default() };
    let mut products: Vec<ProductOutlook> = stock.products(&wanted)?.collect();
    let names = name::products(&stock.node, products.iter().map(|product| product.gtin.as_str())).await;
    let name = |gtin: &str| names.get(gtin).cloned().unwrap_or_else(|| gtin.to_owned());
    products.retain(|product| asked.wants(&product.gtin, &name(&product.gtin)));
    match asked.order() {
        // As they come.
        Order::Urgency => {}
        Order::Cover => products.sort_by(|a, b| cover(a).total_cmp(&cover(b))),
        Order::Product => products.sort_by_key(|product| name(&product.gtin).to_lowercase()),
    }
    let from = asked.from().min(products.len().saturating_sub(1) / ROWS * ROWS);
    let page = &products[from..products.len().min(from + ROWS)];
    let content = html! {
        p.lead { (words.say("stock-products-how")) }
        (asked.form(words, "/desk/stock/products", &[]))
        section.card aria-labelledby="products-title" {
            h2 #products-title { (words.say("stock-tab-products")) }
            (legend(words))
            @if page.is_empty() { p { (words.say("stock-no-match")) } } @else {
                div.wide tabindex="0" role="region" aria-labelledby="products-title" {
                    table.numbers {
                        thead { tr { @for key in headings(words) { th scope="col" { (key) } } } }
                        tbody { @for product in page { (row(words, product, &name(&product.gtin))) } }
                    }
                }
            }
            (turns(words, from, page.len(), products.len(), ROWS, |from| asked.address("/desk/stock/products", from, 0)))
        }
    };
    Ok(whole(&worker, &words.say("stock-tab-products"), Some(&stock), &content))
}

/// Days that the packs of all shelves last.
fn cover(product: &ProductOutlook) -> f64 {
    if product.demand_a_day > 0.0 { packs(product) / product.demand_a_day } else { f64::INFINITY }
}

#[expect(clippy::cast_precision_loss, reason = "counts of packs are far below 2^52")]
const fn packs(product: &ProductOutlook) -> f64 {
    product.on_hand as f64
}

fn headings(words: &Words) -> [String; 6] {
    [
        words.say("stock-product"),
        words.say("stock-shortage"),
        words.say("stock-places"),
        words.say("stock-places-empty"),
        words.say("stock-on-hand"),
        words.say("stock-demand"),
    ]
}

fn row(words: &Words, product: &ProductOutlook, name: &str) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(format!("/desk/stock?q={}", encoded(&product.gtin))) { (name) }
                @if name != product.gtin { " " span.quiet { (product.gtin) } }
            }
            td { (risk_shown(words, product.on_hand, product.shortage_risk)) }
            td { (words.count(product.places as u64)) }
            td { (words.count(product.empty as u64)) }
            td { (words.count(product.on_hand)) }
            td { (words.number(product.demand_a_day, 1)) }
        }
    }
}
