//! The stock desk: what runs out where, how surely, who has some, and what to order.
//!
//! Everything is what `/stock` answers, from the report that was worked out last; no page waits for a newer one.

mod fan;
mod heat;
mod list;
mod orders;
mod products;
mod shelf;

use actix_web::{HttpResponse, web};
use maud::{Markup, html};
use time::Date;
use time::macros::format_description;

use super::frame::{self, Page};
use super::sign_in::html_page;
use super::visitor::Worker;
use super::words::Words;
use crate::auth::Role;
use crate::problem::{Kind, Problem};
use crate::routes::StockAsked;

/// Whose desk it is.
const ROLES: &[Role] = &[Role::Pharmacy, Role::Distributor, Role::Manufacturer, Role::Regulator];
/// Bytes of a form of orders, at most: each of its fields names a product and a place.
const FORM_BYTES_MAX: usize = 256 * 1_024;
/// From these probabilities on a shelf is at some and at a high risk.
const SOME_RISK: f64 = 0.2;
const HIGH_RISK: f64 = 0.5;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(
        web::scope("/stock")
            .app_data(web::FormConfig::default().limit(FORM_BYTES_MAX))
            .service(heat::overview)
            .service(shelf::show)
            .service(products::show)
            .service(orders::show)
            .service(orders::turn)
            .service(orders::download),
    );
}

/// How near a shelf is to its end. Each has a sign beside its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Empty,
    High,
    Some,
    Low,
}

impl Level {
    const ALL: [Self; 4] = [Self::Empty, Self::High, Self::Some, Self::Low];

    fn of(on_hand: u64, risk: f64) -> Self {
        if on_hand == 0 {
            Self::Empty
        } else if risk >= HIGH_RISK {
            Self::High
        } else if risk >= SOME_RISK {
            Self::Some
        } else {
            Self::Low
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::High => "high",
            Self::Some => "some",
            Self::Low => "low",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Empty => "✕",
            Self::High => "▲",
            Self::Some => "◆",
            Self::Low => "○",
        }
    }

    fn said(self, words: &Words) -> String {
        match self {
            Self::Empty => words.say("stock-level-empty"),
            Self::High => words.with("stock-level-high", [("share", words.percent(HIGH_RISK).into())]),
            Self::Some => words.with("stock-level-some", [("share", words.percent(SOME_RISK).into())]),
            Self::Low => words.with("stock-level-low", [("share", words.percent(SOME_RISK).into())]),
        }
    }
}

/// A number with the sign of its level.
fn risk_shown(words: &Words, on_hand: u64, risk: f64) -> Markup {
    let level = Level::of(on_hand, risk);
    html! { span.risk.(level.class()) { span.mark aria-hidden="true" { (level.sign()) } " " (words.percent(risk)) } }
}

fn legend(words: &Words) -> Markup {
    html! {
        ul.legend aria-label=(words.say("stock-legend")) {
            @for level in Level::ALL {
                li { span.risk.(level.class()) { span.mark aria-hidden="true" { (level.sign()) } } " " (level.said(words)) }
            }
        }
    }
}

/// Days that the packs on the shelf last at the demand of late; none without demand.
fn cover_days(on_hand: u32, demand_a_day: f64) -> Option<f64> {
    (demand_a_day > 0.0).then(|| f64::from(on_hand) / demand_a_day)
}

fn cover_shown(words: &Words, on_hand: u32, demand_a_day: f64) -> String {
    cover_days(on_hand, demand_a_day).map_or_else(
        || words.say("stock-no-demand"),
        |days| words.with("stock-days", [("count", words.number(days, usize::from(days > 0.0 && days < 10.0)).into())]),
    )
}

/// The report, or the page that stands for it.
enum Ground {
    Told(StockAsked),
    Other(HttpResponse),
}

/// What the caller may see, at once; a page that says why where there is nothing yet.
async fn ground(worker: &Worker) -> Result<Ground, Problem> {
    worker.check_role(ROLES, "stock is for those who make, trade or give out medicines, and for regulators")?;
    match StockAsked::at_once(&worker.request, worker.caller()).await {
        Ok(Some(asked)) => Ok(Ground::Told(asked)),
        Ok(None) => {
            let mut page = notice(worker, &worker.words.say("stock-working"), &worker.words.say("stock-working-how"));
            let again = actix_web::http::header::HeaderValue::from_static("2");
            page.headers_mut().insert(actix_web::http::header::HeaderName::from_static("refresh"), again);
            Ok(Ground::Other(page))
        }
        Err(problem) if problem.kind() == Kind::Unavailable => {
            let (title, how) = (worker.words.say("stock-none-kept"), worker.words.say("stock-none-kept-how"));
            Ok(Ground::Other(notice(worker, &title, &how)))
        }
        Err(problem) => Err(problem),
    }
}

fn notice(worker: &Worker, title: &str, how: &str) -> HttpResponse {
    let content = html! { section.card.narrow { h2 { (title) } p { (how) } } };
    whole(worker, &worker.words.say("desk-stock"), None, &content)
}

/// A page of the desk: its tabs, and what it shows.
fn whole(worker: &Worker, title: &str, asked: Option<&StockAsked>, content: &Markup) -> HttpResponse {
    let words = worker.words;
    let page = Page::new(words, title).with_script("stock.js").with_style("stock.css");
    let today = asked.and_then(|asked| asked.report.today.as_deref()).and_then(day);
    let mut tabs =
        vec![("/desk/stock", words.say("stock-tab-risks")), ("/desk/stock/orders", words.say("stock-tab-orders"))];
    if worker.caller().role == Role::Regulator {
        tabs.insert(1, ("/desk/stock/products", words.say("stock-tab-products")));
    }
    let here = worker.request.path().trim_end_matches(".csv");
    let content = html! {
        div.stock {
            header.head {
                h1 { (title) }
                @if let Some(today) = today { p.quiet { (words.with("stock-as-of", [("day", words.day(today).into())])) } }
            }
            ul.tabs aria-label=(words.say("desk-stock")) {
                @for (path, said) in tabs { li { a href=(path) aria-current=[(here == path).then_some("page")] { (said) } } }
            }
            (content)
        }
    };
    html_page(&frame::show(&page, Some(worker), &content))
}

/// A day of the report.
fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}
