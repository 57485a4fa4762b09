//! Events by the EPCIS 2.0 query interface.

mod query;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde_json::{Map, Value, json};
use veridose_store::{EventRow, Opened, Payload, Viewer};

use super::epcis::{self, AnswerHeaders, versions};
use super::lists::{Paging, next_link, viewer};
use super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::{Node, date_time};
use crate::problem::Problem;

/// The events that meet the query and that the caller may see, as an EPCIS query document.
///
/// Parameters: `eventType`, `GE_eventTime`, `LT_eventTime`, `GE_recordTime`, `LT_recordTime`, `EQ_action`, `EQ_bizStep`,
/// `EQ_disposition`, `EQ_readPoint`, `EQ_bizLocation`, `EQ_bizTransaction_*`, `EQ_eventID`, `MATCH_epc`, `MATCH_anyEPC`, `orderBy`,
/// `orderDirection`; several values of one parameter are separated by `|`. Any other parameter is refused.
#[utoipa::path(
    tag = "epcis",
    params(query::Described, Paging, AnswerHeaders),
    responses(
        (
            status = 200,
            description = "EPCISQueryDocument",
            body = Object,
            content_type = "application/ld+json",
            headers(
                ("Link" = String, description = "The next page as rel=\"next\", where there is one"),
                ("nextPageToken" = String, description = "Token of the next page"),
                ("GS1-EPCIS-Version" = String, description = "Version of the document"),
            )
        ),
        Refusals
    )
)]
#[get("/events")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    epcis::check_answer(&request)?;
    let viewer = viewer(&node, &caller).await?;
    let filter = query::parse(&node, request.query_string())?;
    let page = node.store().queries.events(&viewer, &filter, &paging.request()).await?;
    let events = documents(&node, &viewer, &page.items).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &page.next {
        response.insert_header(("Link", next_link(&request, next)));
        response.insert_header(("nextPageToken", next.as_str()));
    }
    versions(&mut response).content_type("application/ld+json");
    Ok(response.body(query_document(&node, &events).to_string()))
}

/// One event by its `eventID`, or by its hash where it has none.
#[utoipa::path(
    tag = "epcis",
    params(("id" = String, Path, description = "eventID, percent-encoded"), AnswerHeaders),
    responses(
        (status = 200, description = "The event", body = Object, content_type = "application/ld+json"),
        Refusals
    )
)]
#[get("/events/{id:.+}")]
pub(super) async fn show(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    epcis::check_answer(&request)?;
    let missing = || Problem::not_found("event");
    let viewer = viewer(&node, &caller).await?;
    let row = node.store().queries.event(&viewer, &path).await?.ok_or_else(missing)?;
    let event = documents(&node, &viewer, std::slice::from_ref(&row)).await?.pop().ok_or_else(missing)?;
    let mut response = HttpResponse::Ok();
    versions(&mut response).content_type("application/ld+json");
    Ok(response.body(event.to_string()))
}

/// The events' documents, as the caller may open them, each with the time at which it was recorded. An erased document is
/// gone, and so is its event.
async fn documents(node: &Node, viewer: &Viewer, rows: &[EventRow]) -> Result<Vec<Value>, Problem> {
    let (Viewer::Party(party) | Viewer::Regulator(party)) = viewer;
    let commitments: Vec<_> = rows.iter().map(|row| row.commitment).collect();
    let opened = node.store().vault.open_many(&commitments, party).await?;
    rows.iter().zip(opened).filter_map(|(row, opened)| event(row, opened).transpose()).collect()
}

fn event(row: &EventRow, opened: Opened) -> Result<Option<Value>, Problem> {
    let raw = match opened {
        Opened::Document(Payload::Event(raw)) => raw,
        Opened::Document(
            Payload::Product(_) | Payload::Lot(_) | Payload::Consent(_) | Payload::Recall(_) | Payload::Note(_),
        )
        | Opened::Erased
        | Opened::NotYours
        | Opened::NotFound => return Ok(None),
    };
    let mut event: Map<String, Value> = serde_json::from_str(raw.get()).map_err(Problem::internal)?;
    let recorded = date_time(row.recorded).format(&time::format_description::well_known::Rfc3339);
    event.insert("recordTime".into(), Value::String(recorded.map_err(Problem::internal)?));
    Ok(Some(Value::Object(event)))
}

fn query_document(node: &Node, events: &[Value]) -> Value {
    let created = node.clock().date_time().format(&time::format_description::well_known::Rfc3339);
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": created.unwrap_or_default(),
        "epcisBody": { "queryResults": { "queryName": "SimpleEventQuery", "resultsBody": { "eventList": events } } },
    })
}
