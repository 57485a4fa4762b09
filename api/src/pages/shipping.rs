//! The shipping desk: files in, goods out and in.
//!
//! Lists, a handoff, a file's outcome, a trace are pages that need no script. What changes something is a form that the page's script
//! sends to the API under the key that the page was made with: pressed twice, after a lost answer or in a second window it happens
//! once. What is typed or scanned and not sent yet is kept in the browser's tab.

mod files;
mod handoffs;
mod item;
mod labels;
mod make;
mod offer;
mod pack;
mod recalls;
mod start;
mod trace;

use actix_web::{HttpResponse, web};
use maud::{Markup, html};
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

use super::frame::{self, Page};
use super::sign_in::html_page;
use super::visitor::Worker;
use super::words::Words;
use crate::auth::Role;
use crate::node::{Node, date_time};
use crate::problem::Problem;

/// Who works here: whoever sends or receives goods.
const ROLES: [Role; 3] = [Role::Manufacturer, Role::Distributor, Role::Pharmacy];

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(start::show)
        .service(handoffs::list)
        .service(handoffs::show)
        .service(offer::form)
        .service(item::look)
        .service(files::list)
        .service(files::example)
        .service(files::show)
        .service(recalls::list)
        .service(recalls::form)
        .service(recalls::show)
        .service(trace::show)
        .service(make::form)
        .service(pack::form)
        .service(labels::show)
        .service(labels::print)
        .service(labels::containers)
        .service(labels::print_containers);
}

/// A part of the desk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Start,
    Handoffs,
    Offer,
    Make,
    Pack,
    Files,
    Recalls,
    Trace,
}

impl Part {
    const ALL: [Self; 8] =
        [Self::Start, Self::Handoffs, Self::Offer, Self::Make, Self::Pack, Self::Files, Self::Recalls, Self::Trace];

    /// Whether it is the caller's: who makes nothing commissions nothing, and a pharmacy hands no files in.
    fn is_for(self, role: Role) -> bool {
        match self {
            Self::Start | Self::Handoffs | Self::Offer | Self::Pack | Self::Recalls | Self::Trace => true,
            Self::Make => role == Role::Manufacturer,
            Self::Files => role != Role::Pharmacy,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Start => "/desk/shipping",
            Self::Handoffs => "/desk/shipping/handoffs",
            Self::Offer => "/desk/shipping/offer",
            Self::Make => "/desk/shipping/make",
            Self::Pack => "/desk/shipping/pack",
            Self::Files => "/desk/shipping/files",
            Self::Recalls => "/desk/shipping/recalls",
            Self::Trace => "/desk/shipping/trace",
        }
    }

    fn name(self, words: &Words) -> String {
        match self {
            Self::Start => words.say("ship-start"),
            Self::Handoffs => words.say("ship-handoffs"),
            Self::Offer => words.say("ship-offer"),
            Self::Make => words.say("ship-make"),
            Self::Pack => words.say("ship-pack"),
            Self::Files => words.say("ship-files"),
            Self::Recalls => words.say("ship-recalls"),
            Self::Trace => words.say("ship-trace"),
        }
    }
}

/// Refuses who has no goods.
fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&ROLES, "the shipping desk is for manufacturers, distributors, pharmacies and hospitals")
}

/// Refuses who makes nothing.
fn check_maker(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&[Role::Manufacturer], "packs are commissioned and recalled by manufacturers")
}

/// A page of the desk: the way to its parts, what the script tells, the content.
fn page(worker: &Worker, part: Part, title: &str, content: &Markup) -> HttpResponse {
    let words = worker.words;
    let page = Page::new(words, title).with_script("shipping.js").with_style("shipping.css");
    let content = html! {
        nav.parts aria-label=(words.say("ship-parts")) {
            ul {
                @for other in Part::ALL.into_iter().filter(|part| part.is_for(worker.caller().role)) {
                    li { a href=(other.path()) aria-current=[(other == part).then_some("page")] { (other.name(words)) } }
                }
            }
        }
        h1 { (title) }
        p #network.notice hidden role="status" { (words.say("ship-offline")) }
        div #session.notice hidden role="alert" {
            p { (words.say("session-over")) }
            a.button href="/signin?next=/signin/done" target="_blank" { (words.say("sign-in-again")) }
        }
        p #done role="status" aria-live="polite" {}
        (content)
        (said(words))
    };
    html_page(&frame::show(&page, Some(worker), &content))
}

/// What the script tells, in the page's language.
fn said(words: &Words) -> Markup {
    html! {
        template #said
            data-sending=(words.say("ship-sending")) data-failed=(words.say("ship-failed"))
            data-nothing=(words.say("ship-nothing")) data-twice=(words.say("ship-twice"))
            data-counted=(words.say("ship-counted")) data-remove=(words.say("ship-remove"))
            data-arrived=(words.say("ship-arrived")) data-surplus=(words.say("ship-surplus-noted"))
            data-kept=(words.say("ship-kept")) data-uploading=(words.say("ship-uploading"))
            data-many=(words.say("ship-one-file")) data-full=(words.say("ship-full")) {}
    }
}

/// The key under which a form of this page is sent: made with the page, so that the form happens once.
fn key() -> Markup {
    html! { input type="hidden" name="key" value=(Uuid::new_v4()); }
}

/// A moment; the script puts it into the reader's own time.
fn moment(at: Timestamp) -> Markup {
    let time = date_time(at);
    html! {
        time data-at=(at.0) { (time.date()) " " (format!("{:02}:{:02}", time.hour(), time.minute())) " UTC" }
    }
}

/// A member's name in full.
fn member(node: &Node, party: &PartyId) -> String {
    let directory = node.directory();
    let member = directory.members().iter().find(|member| member.id == *party);
    member.map_or_else(|| party.to_string(), |member| member.name.clone())
}

/// The way to the next page of a list.
fn more(worker: &Worker, next: Option<&str>) -> Markup {
    let kept = worker.request.query_string().split('&');
    let kept: Vec<&str> = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("nextPageToken=")).collect();
    html! {
        @if let Some(next) = next {
            @let query = kept.iter().copied().chain([format!("nextPageToken={next}").as_str()]).collect::<Vec<_>>().join("&");
            p { a.button href=(format!("{}?{query}", worker.request.path())) { (worker.words.say("ship-more")) } }
        }
    }
}
