//! The heat map: the probability of an empty shelf, product by place.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};

use super::list::{Asked, Order, span, turns};
use super::{Ground, Level, cover_days, cover_shown, ground, legend, risk_shown, whole};
use crate::pages::name;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{Shelf, StockAsked, StockWanted, encoded, shelf};

/// Products of a page.
const ROWS: usize = 25;
/// Places of a page.
const COLUMNS: usize = 8;
/// Places that a filter offers.
const PLACES_MAX: usize = 100;

/// One product with its shelves.
struct Row<'a> {
    gtin: &'a str,
    name: &'a str,
    shelves: BTreeMap<&'a str, &'a Shelf>,
}

impl Row<'_> {
    fn urgency(&self) -> f64 {
        self.shelves.values().map(|shelf| urgency(shelf)).fold(0.0, f64::max)
    }

    fn cover(&self) -> f64 {
        let days = self.shelves.values().filter_map(|shelf| cover_days(shelf.on_hand, shelf.demand_a_day));
        days.fold(f64::INFINITY, f64::min)
    }
}

pub(super) fn risk(shelf: &Shelf) -> f64 {
    shelf.empty_by.last().copied().unwrap_or(0.0)
}

/// What is empty already comes before what may become so.
fn urgency(shelf: &Shelf) -> f64 {
    if shelf.on_hand == 0 && shelf.demand_a_day > 0.0 { 1.0 + shelf.demand_a_day } else { risk(shelf) }
}

/// Where a product at a place is told in full.
pub(super) fn address(gtin: &str, place: &str) -> String {
    format!("/desk/stock/shelf?gtin={}&place={}", encoded(gtin), encoded(place))
}

#[get("")]
pub(super) async fn overview(worker: Worker, asked: web::Query<Asked>) -> Result<HttpResponse, Problem> {
    let stock = match ground(&worker).await? {
        Ground::Told(stock) => stock,
        Ground::Other(page) => return Ok(page),
    };
    let words = worker.words;
    let (directory, wanted) = (stock.node.directory(), StockWanted::default());
    let shelves: Vec<Shelf> = stock
        .positions(&directory, &wanted)
        .map(|(position, party)| shelf(&stock, &directory, position, party))
        .collect();
    let names = name::products(&stock.node, shelves.iter().map(|shelf| shelf.gtin.as_str())).await;
    let places = places(&stock, &shelves);
    let mut rows = rows(&shelves, &names, &asked);
    sort(&mut rows, asked.order());
    let content = if shelves.is_empty() {
        html! { section.card.narrow { h2 { (words.say("stock-nothing")) } p { (words.say("stock-nothing-how")) } } }
    } else {
        html! {
            p.lead { (words.with("stock-question", [("days", words.count(stock.report.horizon as u64).into())])) }
            (asked.form(words, "/desk/stock", &places))
            section.card aria-labelledby="map-title" {
                h2 #map-title { (words.say("stock-map")) }
                (legend(words))
                @if rows.is_empty() { p { (words.say("stock-no-match")) } } @else { (map(words, &stock, &asked, &rows)) }
            }
        }
    };
    Ok(whole(&worker, &words.say("desk-stock"), Some(&stock), &content))
}

/// The places with shelves, by what they are called.
fn places(stock: &StockAsked, shelves: &[Shelf]) -> Vec<(String, String)> {
    let all: BTreeSet<&str> = shelves.iter().map(|shelf| shelf.place.as_str()).collect();
    let mut named: Vec<(String, String)> =
        all.into_iter().take(PLACES_MAX).map(|place| (place.to_owned(), name::place(&stock.node, place))).collect();
    named.sort_by(|a, b| a.1.cmp(&b.1));
    named
}

fn rows<'a>(shelves: &'a [Shelf], names: &'a BTreeMap<String, String>, asked: &Asked) -> Vec<Row<'a>> {
    let mut rows: BTreeMap<&str, Row<'a>> = BTreeMap::new();
    for shelf in shelves {
        let name = names.get(&shelf.gtin).map_or(shelf.gtin.as_str(), String::as_str);
        let is_wanted = asked.wants(&shelf.gtin, name)
            && (asked.place.is_empty() || asked.place == shelf.place)
            && asked.risk_min().is_none_or(|least| risk(shelf) >= least);
        if is_wanted {
            let row =
                rows.entry(&shelf.gtin).or_insert_with(|| Row { gtin: &shelf.gtin, name, shelves: BTreeMap::new() });
            row.shelves.insert(&shelf.place, shelf);
        }
    }
    rows.into_values().collect()
}

fn sort(rows: &mut [Row<'_>], order: Order) {
    rows.sort_by(|a, b| {
        let by = match order {
            Order::Urgency => b.urgency().total_cmp(&a.urgency()),
            Order::Cover => a.cover().total_cmp(&b.cover()),
            Order::Product => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
        };
        by.then_with(|| a.gtin.cmp(b.gtin))
    });
}

fn map(words: &Words, stock: &StockAsked, asked: &Asked, rows: &[Row<'_>]) -> Markup {
    let from = asked.from().min(rows.len().saturating_sub(1) / ROWS * ROWS);
    let page = &rows[from..rows.len().min(from + ROWS)];
    let columns = columns(page);
    let begin = asked.column().min(columns.len().saturating_sub(1) / COLUMNS * COLUMNS);
    let shown = &columns[begin..columns.len().min(begin + COLUMNS)];
    let is_single = columns.len() == 1;
    html! {
        @if columns.len() > shown.len() {
            p.quiet { (words.say("stock-places")) ": " (span(words, begin, shown.len(), columns.len())) }
        }
        div.wide tabindex="0" role="region" aria-labelledby="map-title" {
            table.heat {
                thead { tr {
                    th scope="col" { (words.say("stock-product")) }
                    @for place in shown { th scope="col" { (name::place(&stock.node, place)) } }
                    @if is_single { @for key in single(words) { th.number scope="col" { (key) } } }
                } }
                tbody { @for row in page { tr {
                    th scope="row" { (row.name) @if row.name != row.gtin { " " span.quiet { (row.gtin) } } }
                    @for place in shown { (cell(words, row, place)) }
                    @if is_single { @for shelf in row.shelves.values() { (beside(words, shelf)) } }
                } } }
            }
        }
        (turns(words, begin, shown.len(), columns.len(), COLUMNS, |column| asked.address("/desk/stock", from, column)))
        (turns(words, from, page.len(), rows.len(), ROWS, |from| asked.address("/desk/stock", from, 0)))
    }
}

/// The places of the page's products, those at the greatest risk first.
fn columns<'a>(page: &[Row<'a>]) -> Vec<&'a str> {
    let mut urgencies: BTreeMap<&str, f64> = BTreeMap::new();
    for (place, shelf) in page.iter().flat_map(|row| &row.shelves) {
        let most = urgencies.entry(place).or_default();
        *most = most.max(urgency(shelf));
    }
    let mut columns: Vec<(&str, f64)> = urgencies.into_iter().collect();
    columns.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    columns.into_iter().map(|(place, _)| place).collect()
}

fn cell(words: &Words, row: &Row<'_>, place: &str) -> Markup {
    let Some(shelf) = row.shelves.get(place) else {
        return html! { td.none { span aria-hidden="true" { "–" } span.unseen { (words.say("stock-not-here")) } } };
    };
    let level = Level::of(shelf.on_hand.into(), risk(shelf));
    html! {
        td.(level.class()) {
            a href=(address(row.gtin, place)) {
                (risk_shown(words, shelf.on_hand.into(), risk(shelf)))
                span.cover { (cover_shown(words, shelf.on_hand, shelf.demand_a_day)) }
            }
        }
    }
}

/// What else is told of a shelf where there is one place only.
fn single(words: &Words) -> [String; 3] {
    [words.say("stock-on-hand"), words.say("stock-incoming"), words.say("stock-demand")]
}

fn beside(words: &Words, shelf: &Shelf) -> Markup {
    html! {
        td.number { (words.count(shelf.on_hand)) }
        td.number { (words.count(shelf.incoming)) }
        td.number { (words.number(shelf.demand_a_day, 1)) }
    }
}
