//! The counter: one field, a verdict in large words, and what can be done with the pack.
//!
//! The page is whole without its script: a scan is a form, its verdict a page. With it nothing is loaded anew, what was done without
//! a network waits in the browser, and the pages' API does the rest.

mod consents;
mod diagnosis;
mod dialogs;
mod today;
mod verdict;

use actix_web::{HttpResponse, get, post, web};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

use super::frame::{self, Page};
use super::live;
use super::sign_in::html_page;
use super::visitor::Worker;
use crate::auth::Role;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::judge;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(desk).service(scanned).service(verdict_of).service(consents::of_patient).service(today::list);
}

/// A scan, in a form of the page.
#[derive(Deserialize)]
pub(super) struct Scanned {
    scan: String,
    csrf: String,
}

/// A scan, from the page's script.
#[derive(Deserialize)]
pub(super) struct Asked {
    scan: String,
}

#[get("/counter")]
pub(super) async fn desk(worker: Worker) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    Ok(html_page(&whole(&worker, None, "")))
}

/// Without a script: the page with the verdict.
#[post("/counter")]
pub(super) async fn scanned(
    worker: Worker,
    node: web::Data<Node>,
    form: web::Form<Scanned>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check(&form.csrf)?;
    let judged = judge(&node, worker.caller(), &form.scan, false).await?;
    let shown = verdict::show(worker.words, &node, &judged, &form.scan).await;
    let meant = judged.verdict.suggestion.as_deref().unwrap_or_default();
    Ok(html_page(&whole(&worker, Some(&shown), meant)))
}

/// For the script: the verdict alone.
#[post("/counter/verdict")]
pub(super) async fn verdict_of(
    worker: Worker,
    node: web::Data<Node>,
    asked: web::Json<Asked>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check_script()?;
    let judged = judge(&node, worker.caller(), &asked.scan, false).await?;
    Ok(html_page(&verdict::show(worker.words, &node, &judged, &asked.scan).await))
}

/// The desk is a pharmacy's.
fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&[Role::Pharmacy], "the counter is for pharmacies and hospitals")
}

fn whole(worker: &Worker, verdict: Option<&Markup>, meant: &str) -> Markup {
    let words = worker.words;
    let title = words.say("desk-counter");
    let page = Page::new(words, &title).with_script("counter.js");
    let nothing = html! {
        article.verdict.empty { p.sign aria-hidden="true" { "⋯" } div.said { h2 { (words.say("counter-ready")) } p { (words.say("counter-ready-how")) } } }
    };
    let content = html! {
        h1.unseen { (title) }
        div.counter {
            section.work {
                form #scan-form.scan method="post" action="/desk/counter" {
                    (frame::csrf(worker))
                    label for="scan" { (words.say("counter-scan")) }
                    div.field {
                        input #scan name="scan" type="text" value=(meant) required autofocus autocomplete="off" autocapitalize="off"
                            autocorrect="off" spellcheck="false" maxlength="8192" enterkeyhint="go" aria-describedby="scan-how";
                        button.primary { (words.say("counter-verify")) }
                        button #camera type="button" hidden { (words.say("counter-camera")) }
                    }
                    p #scan-how.quiet { (words.say("counter-scan-how")) }
                }
                p #network.notice hidden role="status" { (words.say("counter-offline")) }
                div #session.notice hidden role="alert" {
                    p { (words.say("session-over")) }
                    a.button href="/signin?next=/signin/done" target="_blank" { (words.say("sign-in-again")) }
                }
                div #verdict aria-live="assertive" aria-atomic="true" { (verdict.unwrap_or(&nothing)) }
                p #done role="status" aria-live="polite" {}
                (keys(worker))
            }
            aside.side {
                (live::notice(words, "arrival", "live-arrivals", Some("/desk/shipping")))
                section #waiting.card hidden aria-labelledby="waiting-title" {
                    h2 #waiting-title { (words.say("counter-waiting")) }
                    p.quiet { (words.say("counter-waiting-how")) }
                    ol #waiting-list.entries {}
                }
                section.card aria-labelledby="last-title" {
                    h2 #last-title { (words.say("counter-last")) }
                    p #last-none.quiet { (words.say("counter-last-none")) }
                    ol #last.entries {}
                }
                section #today.card data-source="/desk/counter/today" aria-labelledby="today-title" {
                    h2 #today-title { (words.say("counter-today")) }
                    div #today-list { p.quiet { (words.say("counter-today-none")) } }
                }
            }
        }
        (dialogs::show(worker))
        template #without-network { (verdict::unjudged(words)) }
    };
    frame::show(&page, Some(worker), &content)
}

/// The keys, told on the page.
fn keys(worker: &Worker) -> Markup {
    let words = worker.words;
    let keys = [
        ("F2", words.say("act-supply")),
        ("F4", words.say("act-dispense")),
        ("F9", words.say("act-undo")),
        ("⇧F2", words.say("act-remove")),
        ("⇧F4", words.say("act-return")),
        ("⇧F9", words.say("act-report")),
        ("Esc", words.say("key-escape")),
    ];
    html! {
        details.keys {
            summary { (words.say("counter-keys")) }
            dl { @for (key, said) in keys { div { dt { kbd { (key) } } dd { (said) } } } }
        }
    }
}

/// A key beside what it does.
fn key(name: &str) -> Markup {
    html! { " " kbd { (PreEscaped(name)) } }
}
