//! The regulator's cases: a ranked list, one case with all that is known of it, and what to do about it.
//!
//! The pages are whole without their script: filters and steps are forms. With it a step's form stays until the node has answered,
//! whatever becomes of network and session, and proofs are checked in the browser.

mod acts;
mod evidence;
mod list;
mod map;
mod path;
mod said;
mod search;
mod show;
mod statistics;
mod views;
mod why;
mod world;

use actix_web::web;
use maud::{Markup, html};

use super::visitor::Worker;
use crate::auth::Role;
use crate::problem::Problem;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(list::index)
        .service(list::table)
        .service(views::save)
        .service(views::remove)
        .service(statistics::shown)
        .service(show::case)
        .service(acts::act);
}

/// The desk is a regulator's.
fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&[Role::Regulator], "cases are worked on by regulators")
}

/// The pages of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    List,
    Statistics,
}

fn tabs(worker: &Worker, here: Tab) -> Markup {
    let words = worker.words;
    let all = [
        (Tab::List, "/desk/cases", words.say("cases-ranked")),
        (Tab::Statistics, "/desk/cases/statistics", words.say("cases-statistics")),
    ];
    html! {
        nav.tabs aria-label=(words.say("desk-cases")) {
            ul { @for (tab, path, said) in all { li { a href=(path) aria-current=[(tab == here).then_some("page")] { (said) } } } }
        }
    }
}
