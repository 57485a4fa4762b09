//! Lists of cases that somebody named, to be opened again.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_store::SavedView;

use super::check;
use super::search::Fields;
use crate::node::Node;
use crate::pages::frame;
use crate::pages::visitor::Worker;
use crate::problem::Problem;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Longest query, in bytes.
const QUERY_BYTES_MAX: usize = 2_000;

/// A list to be kept.
#[derive(Deserialize)]
pub(super) struct Named {
    csrf: String,
    name: String,
    query: String,
}

/// A list to be forgotten.
#[derive(Deserialize)]
pub(super) struct Forgotten {
    csrf: String,
    id: String,
}

#[post("/cases/views")]
pub(super) async fn save(
    worker: Worker,
    node: web::Data<Node>,
    form: web::Form<Named>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check(&form.csrf)?;
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::field("name", format!("a list's name has 1 to {NAME_CHARS_MAX} characters")));
    }
    if form.query.len() > QUERY_BYTES_MAX {
        return Err(Problem::field("query", format!("a list asks for at most {QUERY_BYTES_MAX} bytes")));
    }
    // Only what is a list of this page is kept, written as the page writes it.
    let fields = web::Query::<Fields>::from_query(&form.query).map_err(Problem::from)?.into_inner();
    fields.search(worker.caller())?;
    let query = fields.query();
    node.store().views.save(person(&worker), name, &query, node.clock().now().0).await?;
    Ok(back(&query, "saved"))
}

#[post("/cases/views/remove")]
pub(super) async fn remove(
    worker: Worker,
    node: web::Data<Node>,
    form: web::Form<Forgotten>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check(&form.csrf)?;
    // One that is gone already is as good as forgotten.
    node.store().views.remove(person(&worker), &form.id).await?;
    Ok(back("", "removed"))
}

/// Whose lists they are.
pub(super) fn person(worker: &Worker) -> (&str, &str) {
    (&worker.caller().issuer, &worker.caller().subject)
}

fn back(query: &str, done: &str) -> HttpResponse {
    let query = if query.is_empty() { String::new() } else { format!("{query}&") };
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/desk/cases?{query}done={done}"))).finish()
}

/// The person's lists, and a form to name the present one.
pub(super) fn list(worker: &Worker, query: &str, saved: &[SavedView]) -> Markup {
    let words = worker.words;
    html! {
        section.card aria-labelledby="views-title" {
            h2 #views-title { (words.say("views-title")) }
            @if saved.is_empty() { p.quiet { (words.say("views-none")) } }
            ul.entries.views {
                @for view in saved {
                    li {
                        a href=(format!("/desk/cases?{}", view.query)) aria-current=[(view.query == query).then_some("page")] { (view.name) }
                        form method="post" action="/desk/cases/views/remove" {
                            (frame::csrf(worker))
                            button.link name="id" value=(view.id) aria-label=(words.with("views-remove", [("name", view.name.as_str().into())])) { "✕" }
                        }
                    }
                }
            }
            form.named method="post" action="/desk/cases/views" {
                (frame::csrf(worker))
                input type="hidden" name="query" value=(query);
                label for="view-name" { (words.say("views-name")) }
                input #view-name name="name" type="text" required maxlength=(NAME_CHARS_MAX) autocomplete="off";
                button { (words.say("views-save")) }
            }
        }
    }
}
