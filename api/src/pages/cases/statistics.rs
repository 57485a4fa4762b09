//! Alerts for a million scans, over days, by what was found and by member.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use time::Date;
use time::macros::format_description;

use super::{Tab, check, said, tabs};
use crate::analysis::Analyses;
use crate::node::Node;
use crate::pages::chart;
use crate::pages::frame::{self, Page};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::cases::statistics::{Counted, Period, Statistics, counted};

/// Rows of a table, those with the most alerts.
const ROWS_MAX: usize = 50;

/// The form's fields; an empty one is not filled in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Days {
    from: String,
    to: String,
}

#[get("/cases/statistics")]
pub(super) async fn shown(
    worker: Worker,
    node: web::Data<Node>,
    analyses: web::Data<Analyses>,
    days: web::Query<Days>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let period = Period { from: day("from", &days.from)?, to: day("to", &days.to)? };
    let found = counted(&node, worker.caller(), &period, &analyses).await?;
    Ok(html_page(&whole(&worker, &found)))
}

fn day(field: &str, text: &str) -> Result<Option<Date>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    day.map(Some).map_err(|_| Problem::field(field, "a day is written YYYY-MM-DD"))
}

fn whole(worker: &Worker, found: &Statistics) -> Markup {
    let words = worker.words;
    let title = words.say("cases-statistics");
    let page = Page::new(words, &title).with_style("cases.css");
    let content = html! {
        h1.unseen { (title) }
        (tabs(worker, Tab::Statistics))
        form.card.filters method="get" action="/desk/cases/statistics" {
            div.row {
                div { label for="from" { (words.say("statistics-from")) } input #from name="from" type="date" value=(found.from); }
                div { label for="to" { (words.say("statistics-to")) } input #to name="to" type="date" value=(found.to); }
                button.primary { (words.say("statistics-show")) }
            }
        }
        div.numbers {
            (number(&found.all.alerts.to_string(), &words.say("statistics-alerts")))
            (number(&found.all.scans.to_string(), &words.say("statistics-scans")))
            (number(&rate(&found.all), &words.say("statistics-rate")))
        }
        p.quiet { (words.say("statistics-how")) }
        (over_days(worker, found))
        div.tables {
            (table(worker, "statistics-code", &found.by_code, |code| said::code(words, code)))
            (table(worker, "statistics-party", &found.by_party, |party| {
                veridose_contract::PartyId::parse(party).map_or_else(|_| party.to_owned(), |party| said::party(worker.node(), &party))
            }))
            (outcomes(worker, &found.by_outcome))
        }
    };
    frame::show(&page, Some(worker), &content)
}

fn number(value: &str, said: &str) -> Markup {
    html! { div.card.tile { strong { (value) } span { (said) } } }
}

/// Alerts for a million scans; a dash without scans, for which there is no such number.
fn rate(counted: &Counted) -> String {
    counted.alerts_per_million_scans.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.1}"))
}

/// A column for each day; a day without a case has none.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
fn over_days(worker: &Worker, found: &Statistics) -> Markup {
    let words = worker.words;
    let format = format_description!("[year]-[month]-[day]");
    let (Ok(from), Ok(to)) = (Date::parse(&found.from, format), Date::parse(&found.to, format)) else {
        return html! {};
    };
    let days = std::iter::successors(Some(from), |day| day.next_day()).take_while(|day| *day <= to);
    let columns: Vec<(String, f64)> = days
        .map(|day| {
            let alerts = found.by_day.get(&day.to_string()).map_or(0, |counted| counted.alerts);
            (day.to_string(), alerts as f64)
        })
        .collect();
    html! {
        section.card aria-labelledby="days-title" {
            h2 #days-title { (words.say("statistics-days")) }
            (chart::columns(&columns))
            details {
                summary { (words.say("statistics-as-table")) }
                (rows(worker, "statistics-day", found.by_day.iter().map(|(day, counted)| (day.clone(), counted))))
            }
        }
    }
}

fn table(
    worker: &Worker,
    key: &'static str,
    by: &BTreeMap<String, Counted>,
    called: impl Fn(&str) -> String,
) -> Markup {
    let mut most: Vec<(&String, &Counted)> = by.iter().collect();
    most.sort_by_key(|(_, counted)| std::cmp::Reverse(counted.alerts));
    html! {
        section.card aria-labelledby=(key) {
            h2 id=(key) { (worker.words.find(key, []).unwrap_or_default()) }
            @if most.is_empty() { p.quiet { (worker.words.say("statistics-none")) } }
            @else { (rows(worker, key, most.into_iter().take(ROWS_MAX).map(|(name, counted)| (called(name), counted)))) }
        }
    }
}

fn rows<'c>(worker: &Worker, key: &str, rows: impl Iterator<Item = (String, &'c Counted)>) -> Markup {
    let words = worker.words;
    html! {
        div.scroll tabindex="0" role="group" aria-label=(words.find(key, []).unwrap_or_default()) {
            table {
                thead {
                    tr {
                        th scope="col" { (words.find(key, []).unwrap_or_default()) }
                        th.number scope="col" { (words.say("statistics-alerts")) }
                        th.number scope="col" { (words.say("statistics-scans")) }
                        th.number scope="col" { (words.say("statistics-rate")) }
                    }
                }
                tbody {
                    @for (name, counted) in rows {
                        tr { td { (name) } td.number { (counted.alerts) } td.number { (counted.scans) } td.number { (rate(counted)) } }
                    }
                }
            }
        }
    }
}

fn outcomes(worker: &Worker, by: &BTreeMap<String, u64>) -> Markup {
    let words = worker.words;
    html! {
        section.card aria-labelledby="outcomes-title" {
            h2 #outcomes-title { (words.say("statistics-outcome")) }
            dl.facts { @for (outcome, count) in by { div { dt { (said::outcome(words, outcome)) } dd { (count) } } } }
        }
    }
}
