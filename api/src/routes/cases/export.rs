//! Cases as a table for a spreadsheet.

use actix_web::{HttpRequest, HttpResponse, get, web};
use veridose_contract::Timestamp;
use veridose_store::payload::Case;
use veridose_store::{CaseRow, Page, word};

use super::{Wanted, about, notify_by};
use crate::auth::Caller;
use crate::node::date_time;
use crate::problem::Problem;
use crate::routes::lists::{Paging, next_link, viewer_of};
use crate::routes::refusals::Refusals;
use crate::routes::table::table;
use crate::routes::write::{actor, node};

/// Headings of the columns. Times are RFC 3339; lists are separated by a space.
const HEADINGS: [&str; 14] = [
    "case",
    "state",
    "outcome",
    "raised_by",
    "raised_at",
    "assignee",
    "moved_at",
    "notify_by",
    "title",
    "codes",
    "items",
    "packs_and_containers",
    "parties",
    "explanation",
];

/// The cases as CSV (RFC 4180, UTF-8), latest first, page by page as the list itself. A cell that a spreadsheet would take for
/// a formula begins with an apostrophe.
#[utoipa::path(
    tag = "cases",
    params(Wanted, Paging),
    responses((status = 200, description = "Cases", body = String, content_type = "text/csv"), Refusals)
)]
#[get("/cases.csv")]
pub(in crate::routes) async fn cases(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    node.caught_up().await;
    let actor = actor(node, &caller)?;
    let page = node.store().queries.cases(&viewer_of(&actor), &wanted.filter(), &paging.request()).await?;
    let commitments: Vec<_> = page.items.iter().map(|row| row.commitment).collect();
    let documents = node.store().vault.open_many(&commitments, &actor.party).await?;
    let Page { items, next } = page;
    let rows = items.iter().zip(documents).map(|(row, document)| cells(row, about(document).as_ref()));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header(("Link", next_link(&request, next)));
    }
    table(&mut response, "cases.csv", &HEADINGS, rows)
}

/// Cases as the same table, in the order given.
pub(crate) fn table_of<'c>(
    found: impl Iterator<Item = (&'c CaseRow, Option<&'c Case>)>,
) -> Result<HttpResponse, Problem> {
    table(&mut HttpResponse::Ok(), "cases.csv", &HEADINGS, found.map(|(row, about)| cells(row, about)))
}

fn cells(row: &CaseRow, about: Option<&Case>) -> [String; HEADINGS.len()] {
    let of = |part: fn(&Case) -> String| about.map(part).unwrap_or_default();
    [
        row.case.to_string(),
        word(&row.state),
        row.outcome.as_ref().map(word).unwrap_or_default(),
        row.party.to_string(),
        moment(row.raised_at),
        row.assignee.as_ref().map(ToString::to_string).unwrap_or_default(),
        moment(row.moved_at),
        notify_by(row).map(moment).unwrap_or_default(),
        of(|about| about.title.clone()),
        of(|about| about.codes.join(" ")),
        of(|about| about.items.len().to_string()),
        of(|about| about.items.join(" ")),
        of(|about| about.parties.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        of(|about| about.explanation.clone()),
    ]
}

fn moment(at: Timestamp) -> String {
    date_time(at).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
