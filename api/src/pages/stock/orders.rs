//! Draft orders: looked through, adjusted, taken away as a table.
//!
//! All of it is one form. What was adjusted on other pages travels in hidden fields, so that it needs neither a script nor a place on the
//! node; a draft binds nobody.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use maud::{Markup, html};

use super::list::{Asked, Order, span};
use super::{Ground, cover_days, ground, legend, risk_shown, whole};
use crate::pages::frame;
use crate::pages::name;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{DraftOrder, StockAsked, StockWanted, order, table};

/// Orders of a page.
const ROWS: usize = 30;
/// Packs of one order, at most.
const PACKS_MAX: u32 = 1_000_000;
/// What a field begins with that holds the packs of one order; its product and place follow.
const PACKS: &str = "packs ";

/// An order of the list.
struct Row {
    order: DraftOrder,
    product: String,
    demand_a_day: f64,
}

impl Row {
    /// The name of its field.
    fn field(&self) -> String {
        format!("{PACKS}{} {}", self.order.gtin, self.order.place)
    }
}

/// What somebody typed, by the names of the fields.
#[derive(Default)]
struct Typed(BTreeMap<String, String>);

impl Typed {
    /// The packs of an order; what was typed where it is no number of packs.
    fn packs(&self, row: &Row) -> Result<u32, &str> {
        let Some(text) = self.0.get(&row.field()) else { return Ok(row.order.packs) };
        text.trim().parse().ok().filter(|packs| *packs <= PACKS_MAX).ok_or(text)
    }

    /// As it stands in its field.
    fn text(&self, row: &Row) -> String {
        self.0.get(&row.field()).cloned().unwrap_or_else(|| row.order.packs.to_string())
    }
}

/// A form of the list.
struct Form {
    asked: Asked,
    csrf: String,
    typed: Typed,
}

impl Form {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut form = Self { asked: Asked::default(), csrf: String::new(), typed: Typed::default() };
        for (name, value) in fields {
            match name.as_str() {
                "csrf" => form.csrf = value,
                "q" => form.asked.q = value,
                "risk" => form.asked.risk = value,
                "place" => form.asked.place = value,
                "sort" => form.asked.sort = value,
                "from" => form.asked.from = value,
                _ if name.starts_with(PACKS) => drop(form.typed.0.insert(name, value)),
                _ => {}
            }
        }
        form
    }
}

#[get("/orders")]
pub(super) async fn show(worker: Worker, asked: web::Query<Asked>) -> Result<HttpResponse, Problem> {
    match ground(&worker).await? {
        Ground::Told(stock) => Ok(page(&worker, &stock, &asked, &Typed::default()).await),
        Ground::Other(page) => Ok(page),
    }
}

/// Another page or other filters, with what was typed so far.
#[post("/orders")]
pub(super) async fn turn(worker: Worker, fields: web::Form<Vec<(String, String)>>) -> Result<HttpResponse, Problem> {
    let form = Form::of(fields.into_inner());
    worker.check(&form.csrf)?;
    match ground(&worker).await? {
        Ground::Told(stock) => Ok(page(&worker, &stock, &form.asked, &form.typed).await),
        Ground::Other(page) => Ok(page),
    }
}

/// The orders that the filters let through, as adjusted; what is to be none is left out.
#[post("/orders.csv")]
pub(super) async fn download(
    worker: Worker,
    fields: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let form = Form::of(fields.into_inner());
    worker.check(&form.csrf)?;
    let stock = match ground(&worker).await? {
        Ground::Told(stock) => stock,
        Ground::Other(page) => return Ok(page),
    };
    let rows = rows(&stock, &form.asked).await;
    if rows.iter().any(|row| form.typed.packs(row).is_err()) {
        return Ok(page(&worker, &stock, &form.asked, &form.typed).await);
    }
    let headings = [
        "gtin",
        "product",
        "place",
        "party",
        "supplier",
        "packs",
        "drafted",
        "packs_low",
        "packs_high",
        "on_hand",
        "incoming",
        "risk",
    ];
    let ordered = rows.into_iter().filter_map(|row| {
        let packs = form.typed.packs(&row).ok().filter(|packs| *packs > 0)?;
        let Row { order, product, .. } = row;
        Some([
            order.gtin,
            product,
            order.place,
            order.party.map(|party| party.to_string()).unwrap_or_default(),
            order.supplier.unwrap_or_default(),
            packs.to_string(),
            order.packs.to_string(),
            order.packs_low.to_string(),
            order.packs_high.to_string(),
            order.on_hand.to_string(),
            order.incoming.to_string(),
            format!("{:.4}", order.risk),
        ])
    });
    table(&mut HttpResponse::Ok(), "orders.csv", &headings, ordered)
}

/// The orders that the filters let through, in their order.
async fn rows(stock: &StockAsked, asked: &Asked) -> Vec<Row> {
    let wanted = StockWanted { risk: asked.risk_min(), ..StockWanted::default() };
    let directory = stock.node.directory();
    let needed = stock.positions(&directory, &wanted).filter(|(position, _)| position.order > 0);
    let mut rows: Vec<Row> = needed
        .map(|(position, party)| Row {
            order: order(position, party),
            product: position.gtin.clone(),
            demand_a_day: position.demand_a_day,
        })
        .collect();
    let names = name::products(&stock.node, rows.iter().map(|row| row.order.gtin.as_str())).await;
    for row in &mut rows {
        row.product = names.get(&row.order.gtin).cloned().unwrap_or_else(|| row.order.gtin.clone());
    }
    rows.retain(|row| {
        asked.wants(&row.order.gtin, &row.product) && (asked.place.is_empty() || asked.place == row.order.place)
    });
    let cover = |row: &Row| cover_days(row.order.on_hand, row.demand_a_day).unwrap_or(f64::INFINITY);
    match asked.order() {
        // As they come.
        Order::Urgency => {}
        Order::Cover => rows.sort_by(|a, b| cover(a).total_cmp(&cover(b))),
        Order::Product => rows.sort_by_key(|row| row.product.to_lowercase()),
    }
    rows
}

async fn page(worker: &Worker, stock: &StockAsked, asked: &Asked, typed: &Typed) -> HttpResponse {
    let words = worker.words;
    let rows = rows(stock, asked).await;
    // The first page with something to put right, where there is something.
    let wrong = rows.iter().position(|row| typed.packs(row).is_err());
    let from = wrong.unwrap_or_else(|| asked.from()).min(rows.len().saturating_sub(1)) / ROWS * ROWS;
    let shown = from..rows.len().min(from + ROWS);
    let content = html! {
        p.lead { (words.say("stock-orders-how")) }
        @if wrong.is_some() { p.notice #wrong role="alert" { (words.with("stock-orders-wrong", [("most", words.count(PACKS_MAX).into())])) } }
        (asked.form(words, "/desk/stock/orders", &[]))
        section.card aria-labelledby="orders-title" {
            h2 #orders-title { (words.say("stock-tab-orders")) }
            (legend(words))
            @if rows.is_empty() { p { (words.say("stock-orders-none")) } } @else {
                form #orders method="post" action="/desk/stock/orders" data-keep="stock-orders" {
                    (frame::csrf(worker))
                    @for (name, value) in [("q", &asked.q), ("risk", &asked.risk), ("place", &asked.place), ("sort", &asked.sort)] {
                        input type="hidden" name=(name) value=(value);
                    }
                    @for (at, row) in rows.iter().enumerate() {
                        @if !shown.contains(&at) && typed.0.contains_key(&row.field()) {
                            input type="hidden" name=(row.field()) value=(typed.text(row));
                        }
                    }
                    (list(words, stock, &rows[shown.clone()], typed))
                    (foot(words, from, shown.len(), rows.len()))
                }
            }
        }
    };
    whole(worker, &words.say("stock-tab-orders"), Some(stock), &content)
}

fn list(words: &Words, stock: &StockAsked, rows: &[Row], typed: &Typed) -> Markup {
    let headings = [
        words.say("stock-product"),
        words.say("stock-packs"),
        words.say("stock-place"),
        words.say("stock-risk"),
        words.say("stock-on-hand"),
        words.say("stock-incoming"),
        words.say("stock-draft-range"),
    ];
    html! {
        div.wide tabindex="0" role="region" aria-labelledby="orders-title" {
            table.numbers {
                thead { tr { @for key in headings { th scope="col" { (key) } } } }
                tbody { @for row in rows { (line(words, stock, row, typed)) } }
            }
        }
    }
}

fn line(words: &Words, stock: &StockAsked, row: &Row, typed: &Typed) -> Markup {
    let order = &row.order;
    let place = name::place(&stock.node, &order.place);
    let is_wrong = typed.packs(row).is_err();
    let label =
        words.with("stock-packs-of", [("product", row.product.clone().into()), ("place", place.clone().into())]);
    html! {
        tr {
            th scope="row" {
                a href=(super::heat::address(&order.gtin, &order.place)) { (row.product) }
                @if row.product != order.gtin { " " span.quiet { (order.gtin) } }
            }
            td {
                input.packs name=(row.field()) type="text" inputmode="numeric" pattern="[0-9]{1,7}" required autocomplete="off"
                    value=(typed.text(row)) aria-label=(label) aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=[is_wrong.then_some("wrong")];
            }
            td { (place) }
            td { (risk_shown(words, order.on_hand.into(), order.risk)) }
            td { (words.count(order.on_hand)) }
            td { (words.count(order.incoming)) }
            td { (words.count(order.packs_low)) " – " (words.count(order.packs_high)) }
        }
    }
}

fn foot(words: &Words, from: usize, shown: usize, all: usize) -> Markup {
    html! {
        div.turns {
            @if from > 0 { button name="from" value=(from.saturating_sub(ROWS)) formnovalidate { "← " (words.say("stock-before")) } }
            span.quiet { (span(words, from, shown, all)) }
            @if from + shown < all { button name="from" value=(from + ROWS) formnovalidate { (words.say("stock-behind")) " →" } }
            button.primary formaction="/desk/stock/orders.csv" { (words.say("stock-download")) }
        }
        p.quiet { (words.say("stock-download-how")) }
    }
}
