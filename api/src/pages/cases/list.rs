//! The ranked list of cases.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use veridose_ml::rules::CATALOGUE;
use veridose_store::SavedView;

use super::search::Fields;
use super::{Tab, check, said, tabs, views};
use crate::node::Node;
use crate::pages::chart;
use crate::pages::frame::{self, Page};
use crate::pages::live;
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::cases::{CASES_MAX, Ranked, Ranking, ranked, table_of};

/// Cases of a page.
const ROWS: usize = 25;
/// Packs and products that a row names.
const NAMED_MAX: usize = 2;

#[get("/cases")]
pub(super) async fn index(
    worker: Worker,
    node: web::Data<Node>,
    fields: web::Query<Fields>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let search = fields.search(worker.caller())?;
    let ranking = ranked(&node, worker.caller(), &search).await?;
    let saved = node.store().views.of(views::person(&worker)).await?;
    Ok(html_page(&whole(&worker, &fields, &ranking, &saved)))
}

/// The list as the API's table, all of its pages.
#[get("/cases.csv")]
pub(super) async fn table(
    worker: Worker,
    node: web::Data<Node>,
    fields: web::Query<Fields>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let ranking = ranked(&node, worker.caller(), &fields.search(worker.caller())?).await?;
    table_of(ranking.cases.iter().map(|case| (&case.row, case.about.as_ref())))
}

fn whole(worker: &Worker, fields: &Fields, ranking: &Ranking, saved: &[SavedView]) -> Markup {
    let words = worker.words;
    let title = words.say("desk-cases");
    let page = Page::new(words, &title).with_script("cases.js").with_style("cases.css");
    let pages = ranking.cases.len().div_ceil(ROWS).max(1);
    let here = fields.page().min(pages);
    let query = fields.query();
    let content = html! {
        h1.unseen { (title) }
        (tabs(worker, Tab::List))
        @if let Some(done) = words.find(&format!("views-{}", fields.done), []) { p.notice.done role="status" { (done) } }
        div.cases {
            section.found {
                (live::notice(words, "case", "live-cases", Some(&format!("/desk/cases?{query}"))))
                (filters(worker, fields))
                div.heading {
                    h2 #found { (words.with("cases-found", [("count", ranking.cases.len().into())])) }
                    a.button href=(format!("/desk/cases.csv?{query}")) download="cases.csv" { (words.say("cases-csv")) }
                }
                @if ranking.is_cut { p.notice { (words.with("cases-cut", [("count", CASES_MAX.into())])) } }
                @if ranking.cases.is_empty() { p.card.quiet { (words.say("cases-none")) } }
                @let first = (here - 1) * ROWS;
                ol.ranked start=(first + 1) aria-labelledby="found" {
                    @for case in ranking.cases.iter().skip(first).take(ROWS) { (row(worker, case)) }
                }
                (pager(words, &query, here, pages))
            }
            aside.side { (views::list(worker, &query, saved)) }
        }
    };
    frame::show(&page, Some(worker), &content)
}

fn row(worker: &Worker, case: &Ranked) -> Markup {
    let (words, node) = (worker.words, worker.node());
    let about = case.about.as_ref();
    let items = about.map_or(&[][..], |about| &about.items);
    let total = case.evidence.items_total.unwrap_or(items.len());
    html! {
        li.card {
            div.score {
                @if let Some(score) = case.evidence.score {
                    strong { (said::percent(score)) " %" } (chart::bar(score)) span.quiet { (words.say("case-sure")) }
                } @else { strong aria-hidden="true" { "–" } span.quiet { (words.say("case-reported")) } }
            }
            div.about {
                h3 { a href=(format!("/desk/cases/{}", case.row.case)) { (said::title(words, about)) } }
                p {
                    (said::badge(words, &case.row))
                    @if let Some(said) = said::severity(words, &case.evidence.severity) { " " span.badge.(case.evidence.severity) { (said) } }
                }
                @if let Some(until) = case.notify_by { (said::clock(words, node.clock().now(), until)) }
                p.quiet {
                    (words.with("case-packs", [("count", total.into())]))
                    @for item in items.iter().take(NAMED_MAX) { " · " code { (item) } }
                    @if total > NAMED_MAX { " …" }
                }
                p.quiet { (words.with("case-raised-by", [("party", said::party(node, &case.row.party).into())])) " · " (said::time(case.row.raised_at))
                    @if let Some(assignee) = &case.row.assignee { " · " (words.with("case-with", [("party", said::party(node, assignee).into())])) }
                }
            }
        }
    }
}

fn filters(worker: &Worker, fields: &Fields) -> Markup {
    let words = worker.words;
    let option =
        |value: &str, said: &str, chosen: &str| html! { option value=(value) selected[value == chosen] { (said) } };
    let states = ["open", "new", "investigating", "escalated", "closed", "all"];
    let input = |name: &'static str, kind: &str, value: &str, label: String| {
        html! { div { label for=(format!("by-{name}")) { (label) } input id=(format!("by-{name}")) name=(name) type=(kind) value=(value) maxlength="200"; } }
    };
    html! {
        form.card.filters method="get" action="/desk/cases" role="search" aria-label=(words.say("cases-filter")) {
            div.row {
                (input("text", "search", &fields.text, words.say("filter-text")))
                div {
                    label for="by-state" { (words.say("filter-state")) }
                    select #by-state name="state" {
                        @for state in states {
                            (option(state, &words.say(&format!("case-state-{state}")), if fields.state.is_empty() { "open" } else { &fields.state }))
                        }
                    }
                }
                button.primary { (words.say("filter-now")) }
            }
            details open[fields.is_narrow()] {
                summary { (words.say("filter-more")) }
                div.row {
                    div {
                        label for="by-code" { (words.say("filter-code")) }
                        select #by-code name="code" {
                            (option("", &words.say("filter-any"), &fields.code))
                            @for entry in CATALOGUE { (option(entry.name, &said::code(words, entry.name), &fields.code)) }
                        }
                    }
                    div {
                        label for="by-severity" { (words.say("filter-severity")) }
                        select #by-severity name="severity" {
                            (option("", &words.say("filter-any"), &fields.severity))
                            @for severity in ["alert", "warning", "notice"] {
                                (option(severity, &words.say(&format!("case-severity-{severity}")), &fields.severity))
                            }
                        }
                    }
                    div {
                        label for="by-party" { (words.say("filter-party")) }
                        select #by-party name="party" {
                            (option("", &words.say("filter-any"), &fields.party))
                            @for member in worker.node().directory().members() {
                                (option(member.id.as_str(), &member.name, &fields.party))
                            }
                        }
                    }
                    (input("product", "text", &fields.product, words.say("filter-product")))
                    (input("lot", "text", &fields.lot, words.say("filter-lot")))
                    (input("from", "date", &fields.from, words.say("filter-from")))
                    (input("to", "date", &fields.to, words.say("filter-to")))
                }
                label.check { input name="mine" type="checkbox" value="1" checked[fields.mine == "1"]; " " (words.say("filter-mine")) }
                p { a href="/desk/cases" { (words.say("filter-none")) } }
            }
        }
    }
}

fn pager(words: &Words, query: &str, here: usize, pages: usize) -> Markup {
    let address = |page: usize| format!("/desk/cases?{query}&page={page}");
    html! {
        @if pages > 1 {
            nav.pager aria-label=(words.say("pages")) {
                @if here > 1 { a.button rel="prev" href=(address(here - 1)) { (words.say("page-before")) } }
                span { (words.with("page-of", [("page", here.into()), ("pages", pages.into())])) }
                @if here < pages { a.button rel="next" href=(address(here + 1)) { (words.say("page-next")) } }
            }
        }
    }
}
