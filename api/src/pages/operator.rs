//! The operator's desk: whether the node is well, what waits, what ends soon, and who may sign in. It shows nothing of the trade.

mod certificates;
mod health;
mod jobs;
mod people;

use actix_web::{HttpResponse, get, web};
use maud::html;

use super::frame::{self, Page};
use super::sign_in::html_page;
use super::trial::Trial;
use super::visitor::Worker;
use crate::auth::{Authority, Role};
use crate::node::Node;
use crate::problem::Problem;

/// The routes of the desk.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(desk).service(jobs::list).service(jobs::act);
}

fn check(worker: &Worker) -> Result<(), Problem> {
    worker.check_role(&[Role::Operator], "this is for whoever runs the node")
}

#[get("/operator")]
pub(super) async fn desk(
    worker: Worker,
    node: web::Data<Node>,
    authority: web::Data<Authority>,
    trial: web::Data<Trial>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let title = worker.words.say("desk-operator");
    let queue = jobs::summary(&worker, &node).await?;
    let (members, certificates) =
        (people::members(&worker, &node).await?, certificates::section(&worker, &node).await?);
    let content = html! {
        h1 { (worker.words.say("operator-title")) }
        div.sheets {
            (health::section(&worker, &node))
            (queue)
            (health::backups(&worker, &node).await?)
            (people::sign_in(&worker, &authority, trial.people(&worker.request)))
        }
        (certificates)
        (members)
    };
    let page = Page::new(worker.words, &title).with_style("ledger.css");
    Ok(html_page(&frame::show(&page, Some(&worker), &content)))
}
