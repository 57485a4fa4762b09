//! EPCIS capture: a document in, a job that works it through, its outcome event by event.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use veridose_contract::limits::COMMANDS_PER_TRANSACTION_MAX;
use veridose_contract::{IdempotencyKey, PartyId};
use veridose_store::{CaptureError, CaptureFinding, CaptureJob, CaptureState, Clock, ErrorBehaviour, Received};

use super::epcis::{self, versions};
use super::lists::{List, Paging, list};
use super::refusals::Refusals;
use super::write::{actor, given_key};
use crate::auth::Caller;
use crate::body::Body;
use crate::config::Limits;
use crate::name::first_half;
use crate::node::{Node, date_time};
use crate::problem::{Kind, Problem};
use crate::watch::{Found, told};

/// A capture job, in the words of EPCIS 2.0.
#[derive(Serialize, ToSchema)]
#[schema(as = CaptureJob)]
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
    /// What the rules find in the past of packs and containers that the document names; of those of each chunk, the first ones. Cases
    /// come of it as of everything else.
    findings: Vec<Told>,
}

/// What a rule found about something that an event names.
#[derive(Serialize, ToSchema)]
#[schema(as = CaptureTold)]
pub(super) struct Told {
    /// Number of the event in the document, from 1.
    event: u64,
    /// The pack or container, as the event names it.
    item: String,
    #[serde(flatten)]
    found: Found,
}

impl Told {
    fn of(finding: CaptureFinding) -> Option<Self> {
        let found = told(&finding.code)?;
        Some(Self { event: finding.event, item: finding.item, found })
    }
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
    fn of(job: &CaptureJob, errors: Vec<CaptureError>, findings: Vec<CaptureFinding>) -> Self {
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
            findings: findings.into_iter().filter_map(Told::of).collect(),
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
    /// The client's own name for the document: sent again, it gets the first job and nothing is captured twice.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    idempotency_key: Option<String>,
    /// Version of the document, 1.2 to 2.0.
    #[param(rename = "GS1-EPCIS-Version")]
    version: Option<String>,
}

/// Hands in an EPCIS document: 1.2 or 2.0 XML, or 2.0 JSON-LD, gzip-compressed or not; or a table (CSV).
///
/// A table's first row names its columns: `event` (`commission`, `pack`, `unpack`, `ship`, `return`, `receive` or `destroy`), `time` (with
/// the offset from UTC) and `item` (in any form that is scanned), and, where the event needs them, `container` (SSCC), `lot`,
/// `expiry` (YYYY-MM-DD), `partner` and `place` (GLN). Each row below names one item; rows below each other that say the same of
/// several are one event.
#[utoipa::path(
    tag = "epcis",
    params(CaptureHeaders),
    request_body(
        content(
            (Object = "application/json"),
            (Object = "application/ld+json"),
            (String = "application/xml"),
            (String = "text/xml"),
            (String = "text/csv"),
        )
    ),
    responses(
        (
            status = 202,
            description = "Received, now or before under the same key; the Location names the job",
            body = Job,
            headers(
                ("Location" = String, description = "The job"),
                ("GS1-EPCIS-Version" = String, description = "Version that is spoken here"),
                ("GS1-EPCIS-Capture-Limit" = u64, description = "Events of a document under rollback, at most"),
                ("GS1-EPCIS-Capture-File-Size-Limit" = u64, description = "Bytes of a document, at most"),
            )
        ),
        Refusals
    )
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
    epcis::check_document(&request)?;
    let (behaviour, media, key) = (behaviour(&request)?, media(&request)?, given_key(&request)?);
    let (captures, clock) = (&node.store().captures, node.clock());
    let clock: Clock = Arc::new(move || clock.now());
    let mut body = Body::new(&request, payload, **limits)?;
    let received = match key {
        None => Received::New(Box::new(captures.receive(&party, behaviour, media, clock).await?)),
        Some(key) => captures.receive_as(&party, job_name(&party, &key), behaviour, media, clock).await?,
    };
    let job = match received {
        Received::New(mut upload) => {
            while let Some(bytes) = body.next().await? {
                upload.write(&bytes).await?;
            }
            let job = upload.finish().await?;
            node.captures().notify_one();
            job
        }
        Received::Known(job) => {
            compare(&job, behaviour, media, digest(&mut body).await?)?;
            job
        }
    };
    let mut response = HttpResponse::Accepted();
    response.insert_header((LOCATION, format!("/capture/{}", job.id)));
    response.insert_header(("GS1-EPCIS-Capture-File-Size-Limit", limits.capture_bytes_max));
    if behaviour == ErrorBehaviour::Rollback {
        response.insert_header(("GS1-EPCIS-Capture-Limit", COMMANDS_PER_TRANSACTION_MAX));
    }
    Ok(versions(&mut response).json(Job::of(&job, Vec::new(), Vec::new())))
}

/// The name of the job that a party's key makes: the same key makes the same name.
fn job_name(party: &PartyId, key: &IdempotencyKey) -> Uuid {
    let hash = Sha256::new()
        .chain_update("veridose capture job 1\n")
        .chain_update(party.as_str())
        .chain_update([0])
        .chain_update(key.0)
        .finalize();
    uuid::Builder::from_custom_bytes(first_half(hash)).into_uuid()
}

/// SHA-256 of a body that is not kept.
async fn digest(body: &mut Body) -> Result<[u8; 32], Problem> {
    let mut hash = Sha256::new();
    while let Some(bytes) = body.next().await? {
        hash.update(&bytes);
    }
    Ok(hash.finalize().into())
}

/// What is sent again must be what was sent first. The first document is gone once it was worked through; its hash stays.
fn compare(job: &CaptureJob, behaviour: ErrorBehaviour, media: &str, sha256: [u8; 32]) -> Result<(), Problem> {
    if job.behaviour == behaviour && job.media_type == media && job.sha256 == Some(sha256) {
        return Ok(());
    }
    let detail = "the Idempotency-Key was used before with another document";
    Err(Problem::new(Kind::IdempotencyConflict, detail))
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
        "text/csv" => Ok("text/csv"),
        _ => {
            let detail =
                "send the document as application/ld+json, application/json, application/xml, text/xml or text/csv";
            Err(Problem::new(Kind::UnsupportedMedia, detail))
        }
    }
}

/// The caller's capture jobs, latest first.
#[utoipa::path(
    tag = "epcis",
    params(Paging),
    responses((status = 200, description = "Jobs", body = List<Job>), Refusals)
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
    Ok(list(&request, page.map(|job| Job::of(&job, Vec::new(), Vec::new()))))
}

/// A capture job, its errors, and what the rules find about what it names.
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
    let findings = node.store().captures.findings(&party, *path).await?;
    Ok(HttpResponse::Ok().json(Job::of(&job, errors.items, findings)))
}
