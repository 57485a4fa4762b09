//! Events by the EPCIS 2.0 query interface, in JSON-LD and in XML.

mod query;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde_json::{Map, Value, json};
use veridose_epcis::{Document, EpcisError, Event, Header, Syntax, from_json, write_answer, write_document};
use veridose_store::{EventRow, Opened, Page, PageRequest, Payload, Viewer};

use super::epcis::{self, AnswerHeaders, Form, versions};
use super::lists::{Paging, next_link, viewer};
use super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::{Node, date_time};
use crate::problem::{Kind, Problem};
use crate::trade::record;

/// The events that meet the query and that the caller may see, as an EPCIS query document: JSON-LD, or XML where the client
/// accepts that rather.
///
/// Several values of one parameter are separated by `|`; every parameter given must be met. A parameter that is not answered here
/// is an error, so that nobody takes a wide answer for a narrow one.
#[utoipa::path(
    tag = "epcis",
    params(query::Described, Paging, AnswerHeaders),
    responses(
        (
            status = 200,
            description = "EPCISQueryDocument",
            content((Object = "application/ld+json"), (Object = "application/json"), (String = "application/xml")),
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
    let form = Form::wanted(&request)?;
    let viewer = viewer(&node, &caller).await?;
    let (searched, text) = (node.clone(), request.query_string().to_owned());
    let query = web::block(move || query::parse(&searched, &text)).await.map_err(Problem::internal)??;
    let page = found(&node, &viewer, &query, paging.request()).await?;
    let events = documents(&node, &viewer, &page.items).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &page.next {
        response.insert_header(("Link", next_link(&request, next)));
        response.insert_header(("nextPageToken", next.as_str()));
    }
    let body = match form {
        Form::JsonLd | Form::Json => query_document(&node, &events).to_string().into_bytes(),
        Form::Xml => {
            let (events, now) = (parsed(&events)?, record::timestamp(node.clock().date_time()));
            write_answer("SimpleEventQuery", &now, &events).map_err(unwritable)?
        }
    };
    Ok(versions(&mut response).content_type(form.media_type()).body(body))
}

/// A page of the events, within the limits that the query itself sets.
async fn found(
    node: &Node,
    viewer: &Viewer,
    query: &query::Query,
    mut wanted: PageRequest,
) -> Result<Page<EventRow>, Problem> {
    let queries = &node.store().queries;
    if let Some(max) = query.max.map(u64::from)
        && queries.count(viewer, &query.filter, max).await? > max
    {
        let detail = format!("more than maxEventCount, {max} events, meet the query");
        return Err(Problem::new(Kind::QueryTooLarge, detail));
    }
    if let Some(limit) = query.limit {
        wanted.limit = Some(wanted.limit.unwrap_or(limit).min(limit));
    }
    let mut page = queries.events(viewer, &query.filter, &wanted).await?;
    if query.limit.is_some() {
        // What lies beyond was not wanted.
        page.next = None;
    }
    Ok(page)
}

/// One event by its `eventID`, or by its hash where it has none: JSON-LD, or a document of it in XML.
#[utoipa::path(
    tag = "epcis",
    params(("id" = String, Path, description = "eventID, percent-encoded"), AnswerHeaders),
    responses(
        (
            status = 200,
            description = "The event",
            content((Object = "application/ld+json"), (Object = "application/json"), (String = "application/xml"))
        ),
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
    let form = Form::wanted(&request)?;
    let missing = || Problem::not_found("event");
    let viewer = viewer(&node, &caller).await?;
    let row = node.store().queries.event(&viewer, &path).await?.ok_or_else(missing)?;
    let event = documents(&node, &viewer, std::slice::from_ref(&row)).await?.pop().ok_or_else(missing)?;
    let body = match form {
        Form::JsonLd | Form::Json => event.to_string().into_bytes(),
        Form::Xml => {
            let creation_date = Some(record::timestamp(node.clock().date_time()));
            let header = Header { creation_date, ..Header::default() };
            let document = Document { header, events: parsed(&[event])? };
            write_document(&document, Syntax::Xml20).map_err(unwritable)?
        }
    };
    Ok(versions(&mut HttpResponse::Ok()).content_type(form.media_type()).body(body))
}

fn parsed(events: &[Value]) -> Result<Vec<Event>, Problem> {
    let one = |event: &Value| from_json(event.to_string().as_bytes()).map_err(Problem::internal);
    events.iter().map(one).collect()
}

/// JSON-LD holds more than XML can: names that are none there, for instance.
fn unwritable(error: EpcisError) -> Problem {
    match error {
        EpcisError::Unwritable { .. } => {
            Problem::new(Kind::NotAcceptable, format!("{error}; or ask for application/ld+json"))
        }
        other => Problem::internal(other),
    }
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
            Payload::Product(_)
            | Payload::Lot(_)
            | Payload::Consent(_)
            | Payload::Revocation(_)
            | Payload::Recall(_)
            | Payload::Case(_)
            | Payload::Note(_)
            | Payload::Model(_)
            | Payload::Decision(_)
            | Payload::Study(_)
            | Payload::StudyVersion(_)
            | Payload::Signature(_)
            | Payload::Fhir(_),
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
