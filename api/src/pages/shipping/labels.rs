//! Labels: of what a transaction made or packed, and of container numbers to come; on the page as SVG and on paper as PDF.

use std::collections::BTreeSet;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_epcis::model::{Event, EventKind};
use veridose_gs1::{Expiry, Gtin, Lot, Sscc, with_check_digit};
use veridose_store::{Opened, Payload};

use super::make::PACKS_MAX;
use super::{Part, check, page};
use crate::label::{self, BAR_QUIET, Label, MATRIX_QUIET, Run, Symbol};
use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::problem::{Kind, Problem};
use crate::routes::viewer;

/// Labels on one page of the desk.
const ON_PAGE: usize = 42;
/// Height of a bar on the page, in modules.
const BAR_MODULES: usize = 60;

/// Which labels of many.
#[derive(Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: usize,
}

/// Numbers of containers to come.
#[derive(Deserialize)]
pub(super) struct Numbers {
    prefix: String,
    from: u64,
    number: u16,
}

#[get("/shipping/labels/{index:\\d+}")]
pub(super) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<u64>,
    query: web::Query<From>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let labels = of_transaction(&worker, &node, *path).await?;
    let at = format!("/desk/shipping/labels/{path}");
    let next = query.from.saturating_add(ON_PAGE);
    let next = (next < labels.len()).then(|| format!("{at}?from={next}"));
    Ok(shown(&worker, &labels, query.from, &format!("{at}/sheet.pdf"), next.as_deref()))
}

#[get("/shipping/labels/{index:\\d+}/sheet.pdf")]
pub(super) async fn print(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<u64>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let labels = of_transaction(&worker, &node, *path).await?;
    printed(&worker, labels, &format!("labels-{path}.pdf")).await
}

#[get("/shipping/containers")]
pub(super) async fn containers(worker: Worker, query: web::Query<Numbers>) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let labels = of_numbers(&query)?;
    let sheet = format!("/desk/shipping/containers.pdf?{}", worker.request.query_string());
    Ok(shown(&worker, &labels, 0, &sheet, None))
}

#[get("/shipping/containers.pdf")]
pub(super) async fn print_containers(worker: Worker, query: web::Query<Numbers>) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let labels = of_numbers(&query)?;
    printed(&worker, labels, "containers.pdf").await
}

async fn printed(worker: &Worker, labels: Vec<Label>, name: &str) -> Result<HttpResponse, Problem> {
    let (title, language) = (worker.words.say("label-title"), worker.words.language.code());
    let bytes = web::block(move || label::document(&title, language, &labels)).await.map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")))
        .body(bytes))
}

/// What the transaction made, or the containers that it packed, as the caller may see it.
async fn of_transaction(worker: &Worker, node: &Node, index: u64) -> Result<Vec<Label>, Problem> {
    let (viewer, party) = (viewer(node, worker.caller()).await?, worker.caller().party()?);
    let rows = node.store().queries.events_at(&viewer, &[index]).await?;
    let commitments: Vec<_> = rows.iter().map(|row| row.commitment).collect();
    let (mut labels, mut seen) = (Vec::new(), BTreeSet::new());
    for opened in node.store().vault.open_many(&commitments, party).await? {
        let Opened::Document(Payload::Event(json)) = opened else { continue };
        let event = veridose_epcis::from_json(json.get().as_bytes()).map_err(Problem::internal)?;
        let new = of_event(node, &event).await?.into_iter().filter(|label| seen.insert(label.readable().concat()));
        labels.extend(new);
    }
    labels.truncate(usize::try_from(PACKS_MAX).unwrap_or(usize::MAX));
    if labels.is_empty() {
        return Err(Problem::not_found("transaction with something to label"));
    }
    Ok(labels)
}

async fn of_event(node: &Node, event: &Event) -> Result<Vec<Label>, Problem> {
    let lot = event.lot_number().and_then(|text| Lot::parse(text).ok());
    let expiry = event.item_expiration_date().and_then(|text| Expiry::parse(text).ok());
    if event.kind == EventKind::Aggregation {
        let parent = event.parent_id.as_ref();
        return Ok(parent.and_then(|link| Label::of(link.as_str(), None, None, "")).into_iter().collect());
    }
    let mut product: Option<(Gtin, String)> = None;
    let mut labels = Vec::with_capacity(event.epc_list.len());
    for link in &event.epc_list {
        let Some(mut label) = Label::of(link.as_str(), lot.clone(), expiry, "") else { continue };
        if let Label::Pack { pack, product: name, .. } = &mut label {
            if product.as_ref().is_none_or(|(gtin, _)| *gtin != pack.gtin) {
                let key = node.network_key().product(&pack.gtin.name());
                let details = node.store().queries.product(&key).await?.and_then(|row| row.details);
                product = Some((pack.gtin, details.map(|details| details.name).unwrap_or_default()));
            }
            *name = product.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
        }
        labels.push(label);
    }
    Ok(labels)
}

/// Container numbers: extension digit 0, the company's prefix, a serial reference, the check digit.
fn of_numbers(wanted: &Numbers) -> Result<Vec<Label>, Problem> {
    let is_prefix = (7..=12).contains(&wanted.prefix.len()) && wanted.prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !is_prefix {
        return Err(Problem::field("prefix", "a GS1 company prefix has 7 to 12 digits"));
    }
    if !(1..=100).contains(&wanted.number) {
        return Err(Problem::field("number", "give 1 to 100"));
    }
    let width = 16 - wanted.prefix.len();
    let one = |number: u64| {
        let digits = format!("{}{number:0width$}", wanted.prefix);
        let digits = if digits.len() == 16 { digits.parse().ok() } else { None };
        let unit = digits.and_then(|digits: u64| Sscc::from_number(with_check_digit(digits)).ok());
        unit.map(Label::Container).ok_or_else(|| {
            Problem::new(Kind::Unprocessable, format!("a serial reference has {width} digits with this prefix"))
        })
    };
    (0..u64::from(wanted.number)).map(|at| one(wanted.from.saturating_add(at))).collect()
}

fn shown(worker: &Worker, labels: &[Label], from: usize, sheet: &str, next: Option<&str>) -> HttpResponse {
    let words = worker.words;
    let content = html! {
        div.acts.for-screen {
            a.button href=(sheet) target="_blank" { (words.say("label-pdf")) }
            button type="button" data-act="print" { (words.say("label-print")) }
        }
        p.quiet.for-screen { (words.with("label-count", [("count", labels.len().into())])) " " (words.say("label-how")) }
        ul.labels { @for label in labels.iter().skip(from).take(ON_PAGE) { li { (drawn(label)) } } }
        @if let Some(next) = next { p { a.button href=(next) { (words.say("ship-more")) } } }
    };
    page(worker, Part::Make, &words.say("label-title"), &content)
}

/// A label: what helps people, the symbol, and below or beside it what the symbol says.
fn drawn(label: &Label) -> Markup {
    let readable = label.readable();
    let symbol = label.symbol().map(|symbol| svg(&symbol, &readable.concat()));
    let beside = html! { @for line in label.beside() { p { (line) } } };
    let said = html! { p.hri { @for line in &readable { code { (line) } " " } } };
    html! {
        @match label {
            Label::Pack { .. } => figure.label { @if let Some(symbol) = symbol { (symbol) } figcaption { (said) (beside) } },
            Label::Container(_) => figure.label.case { (beside) @if let Some(symbol) = symbol { (symbol) } figcaption { (said) } },
        }
    }
}

/// A symbol with its empty margin.
fn svg(symbol: &Symbol, said: &str) -> Markup {
    let is_linear = symbol.height == 1;
    let (quiet, tall) = if is_linear { (BAR_QUIET, BAR_MODULES) } else { (MATRIX_QUIET, 1) };
    let (width, height) = (symbol.width + 2 * quiet, symbol.height * tall + if is_linear { 0 } else { 2 * quiet });
    let above = if is_linear { 0 } else { quiet };
    let drawn =
        |run: &Run| format!("M{} {}h{}v{tall}h-{}z", run.x + quiet, run.y * tall + above, run.length, run.length);
    let path = symbol.runs().iter().map(drawn).collect::<Vec<_>>().concat();
    html! {
        svg.symbol viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(said) shape-rendering="crispEdges" focusable="false" {
            rect.light width=(width) height=(height) {}
            path.dark d=(path) {}
        }
    }
}
