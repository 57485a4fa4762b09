//! Files that were handed in: EPCIS documents and tables, and what came of each.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use uuid::Uuid;
use veridose_epcis::Column;
use veridose_store::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour};

use super::{Part, check, moment, more, page};
use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::Paging;

/// A table that shows how one is written.
const EXAMPLE: &str = "\
event,time,item,container,lot,expiry,partner,place\r
commission,2026-11-22T08:00:00+01:00,(01)09506000134352(21)EXAMPLE1,,L1,2028-02-29,,9506000100012\r
commission,2026-11-22T08:00:00+01:00,(01)09506000134352(21)EXAMPLE2,,L1,2028-02-29,,9506000100012\r
pack,2026-11-22T08:10:00+01:00,(01)09506000134352(21)EXAMPLE1,(00)095060000000000015,,,,9506000100012\r
pack,2026-11-22T08:10:00+01:00,(01)09506000134352(21)EXAMPLE2,(00)095060000000000015,,,,9506000100012\r
ship,2026-11-22T09:00:00+01:00,(00)095060000000000015,,,,9506000200019,9506000100012\r
";

#[get("/shipping/files")]
pub(super) async fn list(worker: Worker, node: web::Data<Node>, paging: Paging) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let found = node.store().captures.jobs(worker.caller().party()?, &paging.request()).await?;
    let content = html! {
        div.desk {
            div.work {
                (drop(&worker))
                section.card {
                    h2 { (words.say("ship-files-done")) }
                    (jobs(&worker, &found.items))
                    (more(&worker, found.next.as_deref()))
                }
            }
            div.side { (columns(words)) }
        }
    };
    Ok(page(&worker, Part::Files, &words.say("ship-files"), &content))
}

/// The table, to be filled in.
#[get("/shipping/example.csv")]
pub(super) async fn example(worker: Worker) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"veridose-example.csv\""))
        .body(EXAMPLE))
}

/// Where a file is dropped or chosen.
pub(super) fn drop(worker: &Worker) -> Markup {
    let words = worker.words;
    html! {
        form #file-form.card {
            h2 { (words.say("ship-drop")) }
            label.drop for="file" {
                span { (words.say("ship-drop-here")) }
                input #file name="file" type="file" accept=".json,.jsonld,.xml,.csv,.gz,application/json,application/xml,text/csv";
            }
            fieldset {
                legend { (words.say("ship-behaviour")) }
                label.check { input type="radio" name="behaviour" value="rollback" checked; " " (words.say("ship-rollback")) }
                label.check { input type="radio" name="behaviour" value="proceed"; " " (words.say("ship-proceed")) }
            }
            progress #sent max="1" value="0" hidden aria-label=(words.say("ship-uploading")) {}
            div.acts { button.primary { (words.say("ship-hand-in")) } }
            p.quiet { (words.say("ship-drop-how")) }
        }
    }
}

/// How a table is written.
fn columns(words: &Words) -> Markup {
    let said = |column| match column {
        Column::Event => words.say("column-event"),
        Column::Time => words.say("column-time"),
        Column::Item => words.say("column-item"),
        Column::Container => words.say("column-container"),
        Column::Lot => words.say("column-lot"),
        Column::Expiry => words.say("column-expiry"),
        Column::Partner => words.say("column-partner"),
        Column::Place => words.say("column-place"),
    };
    html! {
        section.card {
            h2 { (words.say("ship-table")) }
            p { (words.say("ship-table-how")) }
            dl.columns { @for column in Column::ALL { div { dt { code { (column.name()) } } dd { (said(column)) } } } }
            p { a href="/desk/shipping/example.csv" download { (words.say("ship-table-example")) } }
        }
    }
}

fn state(words: &Words, job: &CaptureJob) -> (&'static str, &'static str, String) {
    match job.state {
        CaptureState::Receiving | CaptureState::Queued => ("mark-ask", "⋯", words.say("job-queued")),
        CaptureState::Running => ("mark-ask", "⋯", words.say("job-running")),
        CaptureState::Succeeded => ("mark-may", "✓", words.say("job-succeeded")),
        CaptureState::Failed if job.captured > 0 => ("mark-ask", "≠", words.say("job-in-part")),
        CaptureState::Failed => ("mark-stop", "✕", words.say("job-failed")),
    }
}

fn form(words: &Words, job: &CaptureJob) -> String {
    match job.media_type.as_str() {
        "text/csv" => words.say("form-table"),
        "application/xml" => "EPCIS XML".to_owned(),
        _ => "EPCIS JSON-LD".to_owned(),
    }
}

/// Files in a list.
pub(super) fn jobs(worker: &Worker, jobs: &[CaptureJob]) -> Markup {
    let words = worker.words;
    html! {
        @if jobs.is_empty() { p.quiet { (words.say("ship-files-none")) } }
        @else {
            ul.rows {
                @for job in jobs {
                    @let (class, sign, said) = state(words, job);
                    li {
                        span.(class) aria-hidden="true" { (sign) }
                        div {
                            a href=(format!("/desk/shipping/files/{}", job.id)) { (form(words, job)) ", " (moment(job.created_at)) }
                            p.quiet { (said) " · " (words.with("job-captured", [("count", job.captured.into())])) }
                        }
                    }
                }
            }
        }
    }
}

#[get("/shipping/files/{id}")]
pub(super) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<Uuid>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let (words, party, captures) = (worker.words, worker.caller().party()?, &node.store().captures);
    let job = captures.job(party, *path).await?.ok_or_else(|| Problem::not_found("capture job"))?;
    let errors = captures.errors(party, *path, &paging.request()).await?;
    let is_running = matches!(job.state, CaptureState::Receiving | CaptureState::Queued | CaptureState::Running);
    let (class, sign, said) = state(words, &job);
    let content = html! {
        section #job.card data-running[is_running] aria-live="polite" {
            p.outcome.(class) { span aria-hidden="true" { (sign) " " } (said) }
            @if is_running { progress aria-label=(said) {} }
            dl.facts {
                div { dt { (words.say("job-form")) } dd { (form(words, &job)) } }
                div { dt { (words.say("job-received")) } dd { (moment(job.created_at)) } }
                div { dt { (words.say("job-events")) } dd { (job.events) } }
                div { dt { (words.say("job-kept")) } dd { (job.captured) } }
                div { dt { (words.say("job-errors")) } dd { (job.errors) } }
                div { dt { (words.say("ship-behaviour")) } dd {
                    @match job.behaviour {
                        ErrorBehaviour::Rollback => (words.say("ship-rollback")),
                        ErrorBehaviour::Proceed => (words.say("ship-proceed")),
                    }
                } }
            }
            @if is_running { p { a href=(worker.request.path()) { (words.say("job-reload")) } } }
            @if !errors.items.is_empty() {
                h2 { (words.say("job-what-is-wrong")) }
                ol.faults { @for error in &errors.items { (fault(words, error)) } }
                (more(&worker, errors.next.as_deref()))
            }
            @if job.state == CaptureState::Failed { p { (words.say("job-again")) } }
        }
    };
    Ok(page(&worker, Part::Files, &words.say("job-title"), &content))
}

/// An error: where, what, what to do; and the node's own words, which may name a value.
fn fault(words: &Words, error: &CaptureError) -> Markup {
    let said = ["fault-", "problem-"].iter().find_map(|kind| words.find(&format!("{kind}{}", error.code), []));
    html! {
        li {
            strong {
                @if error.event > 0 { (words.with("job-event", [("number", error.event.into())])) }
                @else { (words.say("job-document")) }
                @if let Some(place) = &error.place { (placed(words, place)) }
            }
            p { (said.as_deref().unwrap_or(&error.detail)) }
            @if said.is_some() && has_more(&error.code) { p.quiet { code lang="en" { (error.detail) } } }
        }
    }
}

/// Whether the node's own words say more than those of the code: most faults of a cell have nothing to add.
fn has_more(code: &str) -> bool {
    code == "table_item" || !code.starts_with("table_")
}

/// Where the fault is: a line and column of a table, or a field of the event.
fn placed(words: &Words, place: &str) -> Markup {
    let Some((line, rest)) = place.strip_prefix("line ").map(|rest| rest.split_once(", ").unwrap_or((rest, ""))) else {
        return html! { " · " code { (place) } };
    };
    html! {
        " · " (words.with("job-line", [("number", line.into())]))
        @if let Some(column) = rest.strip_prefix("column ") { ", " (words.say("job-column")) " " code { (column) } }
        @else if !rest.is_empty() { ", " code { (rest) } }
    }
}
