//! The queue: what waits, runs or was given up, to be put back or called off.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_store::{Job, JobFilter, JobKind, JobState, PageRequest};

use super::check;
use crate::node::Node;
use crate::pages::frame::{self, Page};
use crate::pages::parts::{pager, time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::oversees;

/// Rows of a page.
const ROWS: u32 = 30;
/// In the order of their urgency.
const STATES: [JobState; 5] =
    [JobState::Dead, JobState::Running, JobState::Queued, JobState::Succeeded, JobState::Cancelled];

/// How many there are, and the way to them.
pub(super) async fn summary(worker: &Worker, node: &Node) -> Result<Markup, Problem> {
    let words = worker.words;
    oversees(node, worker.caller())?;
    let mut counts = Vec::with_capacity(3);
    for state in [JobState::Dead, JobState::Running, JobState::Queued] {
        counts.push((state, node.store().jobs.count(state).await?));
    }
    Ok(html! {
        section.card aria-labelledby="queue" {
            h2 #queue { (words.say("operator-queue")) }
            ul.entries {
                @for (found, count) in counts {
                    li {
                        @if found == JobState::Dead && count > 0 { span.mark-stop { "✕ " } } @else { span.mark-may { "✓ " } }
                        a href={ "/desk/operator/jobs?state=" (word(found)) } { (state(words, found)) ": " (count) }
                    }
                }
            }
            p.quiet { (words.say("operator-queue-how")) }
        }
    })
}

/// Which jobs.
#[derive(Deserialize)]
pub(in crate::pages) struct Wanted {
    state: Option<JobState>,
    page: Option<String>,
}

#[get("/operator/jobs")]
pub(in crate::pages) async fn list(
    worker: Worker,
    node: web::Data<Node>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    oversees(&node, worker.caller())?;
    let words = worker.words;
    let filter = JobFilter { kind: None, state: wanted.state };
    let page = PageRequest { limit: Some(ROWS), token: wanted.page.clone() };
    let jobs = node.store().jobs.jobs(filter, &page).await?;
    let title = words.say("operator-queue");
    let here = wanted.state.map(|state| format!("?state={}", word(state))).unwrap_or_default();
    let content = html! {
        p { a href="/desk/operator" { (words.say("operator-back")) } }
        h1 { (title) }
        nav.pager aria-label=(words.say("operator-states")) {
            a.button href="/desk/operator/jobs" aria-current=[wanted.state.is_none().then_some("page")] { (words.say("operator-all")) }
            @for other in STATES {
                a.button href={ "/desk/operator/jobs?state=" (word(other)) } aria-current=[(wanted.state == Some(other)).then_some("page")] { (state(words, other)) }
            }
        }
        section.card {
            @if jobs.items.is_empty() { p.quiet { (words.say("operator-no-jobs")) } }
            @else {
                div.wide tabindex="0" role="region" aria-label=(title) {
                    table {
                        thead { tr {
                            th scope="col" { (words.say("operator-job")) }
                            th scope="col" { (words.say("operator-state")) }
                            th scope="col" { (words.say("operator-since")) }
                            th.number scope="col" { (words.say("operator-tries")) }
                            th scope="col" { (words.say("operator-error")) }
                            th scope="col" { (words.say("operator-do")) }
                        } }
                        tbody { @for job in &jobs.items { (row(&worker, job, &here)) } }
                    }
                }
                (pager(words, &format!("/desk/operator/jobs{here}"), wanted.page.is_none(), jobs.next.as_deref()))
            }
        }
    };
    let page = Page::new(words, &title).with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}

fn row(worker: &Worker, job: &Job, here: &str) -> Markup {
    let words = worker.words;
    let does = match job.state {
        JobState::Queued | JobState::Running => ("cancel", "operator-cancel"),
        JobState::Dead | JobState::Cancelled => ("retry", "operator-retry"),
        JobState::Succeeded => ("", ""),
    };
    html! {
        tr {
            th scope="row" { (kind(words, job.kind)) }
            td { (state(words, job.state)) @if job.total > 0 { " " (job.done) "/" (job.total) } }
            td { (time(job.finished_at.unwrap_or(job.created_at))) }
            td.number { (job.attempts) @if job.every_ms.is_none() { "/" (job.attempts_max) } }
            td lang="en" { (job.error.as_deref().unwrap_or_default()) }
            td {
                @if !does.0.is_empty() {
                    form method="post" action={ "/desk/operator/jobs/" (crate::routes::encoded(&job.id)) } {
                        (frame::csrf(worker))
                        input type="hidden" name="back" value=(here);
                        button name="act" value=(does.0) { (words.say(does.1)) }
                    }
                }
            }
        }
    }
}

/// What is done with a job.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Cancel,
    Retry,
}

/// A form of the list.
#[derive(Deserialize)]
pub(in crate::pages) struct Form {
    csrf: String,
    act: Act,
    #[serde(default)]
    back: String,
}

#[post("/operator/jobs/{job}")]
pub(in crate::pages) async fn act(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    form: web::Form<Form>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check(&form.csrf)?;
    oversees(&node, worker.caller())?;
    match form.act {
        Act::Cancel => drop(node.store().jobs.cancel(&path).await?),
        Act::Retry => {
            node.store().jobs.retry(&path).await?;
            node.jobs().notify_one();
        }
    }
    // Only what the list itself sends: nobody is led elsewhere.
    let back = STATES.into_iter().map(|state| format!("?state={}", word(state))).find(|known| *known == form.back);
    let to = format!("/desk/operator/jobs{}", back.unwrap_or_default());
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}

/// Its name in addresses.
fn word(state: JobState) -> String {
    veridose_store::word(&state)
}

pub(super) fn state(words: &Words, state: JobState) -> String {
    words.say(&format!("operator-state-{}", word(state)))
}

fn kind(words: &Words, kind: JobKind) -> String {
    words.say(&format!("operator-job-{}", veridose_store::word(&kind)))
}
