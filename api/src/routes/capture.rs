//! EPCIS capture: a document in, a job that works it through, its outcome event by event.

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use veridose_store::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour};

use super::lists::{Paging, list};
use super::refusals::Refusals;
use super::write::actor;
use crate::auth::Caller;
use crate::body::Body;
use crate::config::Limits;
use crate::node::{Node, date_time};
use crate::problem::{Kind, Problem};

/// A capture job, in the words of EPCIS 2.0.
#[derive(Serialize, ToSchema)]
pub(super) struct Job {
    /// Its name.
    #[serde(rename = "captureID")]
    capture_id: Uuid,
    /// When the document was received.
    #[serde(rename = "createdAt", with = "time::serde::rfc3339")]
    created_at: time::OffsetDateTime,
    /// When it was worked through.
    #[serde(rename = "finishedAt", with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    finished_at: Option<time::OffsetDateTime>,
    /// `receiving`, `queued`, `running`, `succeeded` or `failed`.
    #[schema(value_type = String)]
    state: CaptureState,
    /// Whether it waits or runs.
    running: bool,
    /// Whether all of it was captured; not known while it runs.
    success: bool,
    /// `rollback` or `proceed`.
    #[serde(rename = "captureErrorBehaviour")]
    #[schema(value_type = String)]
    behaviour: ErrorBehaviour,
    /// Events read so far.
    events: u64,
    /// Events captured so far.
    captured: u64,
    /// How many errors there are.
    #[serde(rename = "errorCount")]
    error_count: u64,
    /// The first errors, in the document's order.
    errors: Vec<Fault>,
}

/// An error of one event, or of the document.
#[derive(Serialize, ToSchema)]
pub(super) struct Fault {
    /// The code as a URN.
    r#type: String,
    /// Stable code.
    code: String,
    /// What is wrong and how to mend it.
    title: String,
    /// Number of the event in the document, from 1; 0 where the document itself is bad.
    event: u64,
    /// Line or path in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

impl Fault {
    fn of(error: CaptureError) -> Self {
        let r#type = format!("urn:veridose:problem:{}", error.code);
        Self { r#type, code: error.code, title: error.detail, event: error.event, place: error.place }
    }
}

impl Job {
    fn of(job: &CaptureJob, errors: Vec<CaptureError>) -> Self {
        let running = match job.state {
            CaptureState::Receiving | CaptureState::Queued | CaptureState::Running => true,
            CaptureState::Succeeded | CaptureState::Failed => false,
        };
        Self {
            capture_id: job.id,
            created_at: date_time(job.created_at),
            finished_at: job.finished_at.map(date_time),
            state: job.state,
            running,
            success: job.state == CaptureState::Succeeded,
            behaviour: job.behaviour,
            events: job.events,
            captured: job.captured,
            error_count: job.errors,
            errors: errors.into_iter().map(Fault::of).collect(),
        }
    }
}

/// The headers of a capture.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // It only describes.
pub(super) struct CaptureHeaders {
    /// `rollback` (nothing of the document if any event is bad, the default) or `proceed`.
    #[param(rename = "GS1-Capture-Error-Behaviour")]
    behaviour: Option<String>,
}

/// Hands in an EPCIS document: 1.2 or 2.0 XML, or 2.0 JSON-LD, gzip-compressed or not.
#[utoipa::path(
    tag = "epcis",
    params(CaptureHeaders),
    request_body(
        content(
            (Object = "application/json"),
            (Object = "application/ld+json"),
            (String = "application/xml"),
            (String = "text/xml"),
        )
    ),
    responses((status = 202, description = "Received; the Location names the job", body = Job), Refusals)
)]
#[post("/capture")]
pub(super) async fn create(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    limits: web::Data<Limits>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    let (behaviour, media) = (behaviour(&request)?, media(&request)?);
    let mut body = Body::new(&request, payload, **limits)?;
    let mut upload = node.store().captures.receive(&party, behaviour, media, node.clock().now()).await?;
    while let Some(bytes) = body.next().await? {
        upload.write(&bytes).await?;
    }
    let job = upload.finish().await?;
    node.captures().notify_one();
    let mut response = HttpResponse::Accepted();
    response.insert_header((LOCATION, format!("/capture/{}", job.id)));
    Ok(versions(&mut response).json(Job::of(&job, Vec::new())))
}

/// The headers by which an EPCIS service says what it speaks.
pub(super) fn versions(response: &mut actix_web::HttpResponseBuilder) -> &mut actix_web::HttpResponseBuilder {
    for (name, value) in [
        ("GS1-EPCIS-Version", "2.0.0"),
        ("GS1-EPCIS-Min", "1.2.0"),
        ("GS1-EPCIS-Max", "2.0.0"),
        ("GS1-CBV-Version", "2.0.0"),
        ("GS1-EPC-Format", "No_Preference"),
    ] {
        response.insert_header((name, value));
    }
    response
}

fn behaviour(request: &HttpRequest) -> Result<ErrorBehaviour, Problem> {
    match request.headers().get("gs1-capture-error-behaviour").map(|value| value.to_str().unwrap_or("?")) {
        None | Some("rollback") => Ok(ErrorBehaviour::Rollback),
        Some("proceed") => Ok(ErrorBehaviour::Proceed),
        Some(_) => Err(Problem::new(Kind::BadRequest, "GS1-Capture-Error-Behaviour is rollback or proceed")),
    }
}

fn media(request: &HttpRequest) -> Result<&'static str, Problem> {
    let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" | "application/ld+json" => Ok("application/ld+json"),
        "application/xml" | "text/xml" => Ok("application/xml"),
        _ => {
            let detail = "send the document as application/ld+json, application/json, application/xml or text/xml";
            Err(Problem::new(Kind::UnsupportedMedia, detail))
        }
    }
}

/// The caller's capture jobs, latest first.
#[utoipa::path(
    tag = "epcis",
    params(Paging),
    responses((status = 200, description = "Jobs", body = Object), Refusals)
)]
#[get("/capture")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    let page = node.store().captures.jobs(&party, &paging.request()).await?;
    Ok(list(&request, page.map(|job| Job::of(&job, Vec::new()))))
}

/// A capture job and its errors.
#[utoipa::path(
    tag = "epcis",
    params(("id" = Uuid, Path, description = "Name of the job"), Paging),
    responses((status = 200, description = "The job", body = Job), Refusals)
)]
#[get("/capture/{id}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<Uuid>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    let job = node.store().captures.job(&party, *path).await?.ok_or_else(|| Problem::not_found("capture job"))?;
    let errors = node.store().captures.errors(&party, *path, &paging.request()).await?;
    Ok(HttpResponse::Ok().json(Job::of(&job, errors.items)))
}
