//! FHIR R4: consents and records of patients. Errors are `OperationOutcome`s that name the element.
//!
//! A record lies sealed under its patient's key and its keeper's; the ledger has the salted commitment, which is the record's id.
//! A patient's id here is a name that nobody without this node's key can tell the patient from, so it may stand in a URL.

mod access;
pub(super) mod answer;
pub(super) mod claims;
pub(super) mod consents;
pub(super) mod counts;
pub(super) mod export;
pub(super) mod metadata;
pub(super) mod own;
pub(super) mod provenance;
pub(super) mod records;
mod research;
mod search;
pub(super) mod versions;
mod whose;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use serde_json::Value;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use veridose_fhir::{Issue, Release, outcome};

use crate::body::Whole;
use crate::problem::{Kind, Problem};

pub(super) use answer::Wrong;

/// Largest resource that is taken in, in bytes.
pub(super) const RESOURCE_BYTES_MAX: usize = 512 * 1_024;
const MEDIA: &str = "application/fhir+json";

/// An extractor whose refusal is told in FHIR's words.
pub(super) struct Asked<T>(pub(super) T);

impl<T: FromRequest<Error = Problem> + 'static> FromRequest for Asked<T> {
    type Error = Wrong;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Wrong>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let asked = T::from_request(request, stream);
        Box::pin(async move { asked.await.map(Self).map_err(Wrong::from) })
    }
}

/// A resource's text as it came.
pub(super) struct Sent(pub(super) Vec<u8>);

impl FromRequest for Sent {
    type Error = Wrong;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Wrong>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let whole = Whole::from_request(request, stream);
        Box::pin(async move {
            if ![MEDIA, "application/json"].contains(&media.as_str()) {
                return Err(Problem::new(Kind::UnsupportedMedia, format!("send the resource as {MEDIA}")).into());
            }
            let Whole(bytes) = whole.await?;
            if bytes.len() > RESOURCE_BYTES_MAX {
                let detail = format!("a resource has {RESOURCE_BYTES_MAX} bytes at most");
                return Err(Problem::new(Kind::TooLarge, detail).into());
            }
            Ok(Self(bytes.to_vec()))
        })
    }
}

/// The release that a header's media type names, if it names one.
fn named_release(request: &HttpRequest, sent: bool) -> Result<Option<Release>, Problem> {
    let name = if sent { CONTENT_TYPE } else { ACCEPT };
    let value = request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = value.split([';', ',']).find_map(|part| part.trim().strip_prefix("fhirVersion="));
    match named.map(|version| version.trim_matches('"')) {
        None => Ok(None),
        Some("4.0" | "4.0.1") => Ok(Some(Release::R4)),
        Some("5.0" | "5.0.0") => Ok(Some(Release::R5)),
        Some(_) => Err(Problem::new(Kind::UnsupportedMedia, "fhirVersion is 4.0, for Consent also 5.0")),
    }
}

/// Where the resources of this service lie, as the client sees it.
fn base(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}/fhir", connection.scheme(), connection.host())
}

fn media(release: Release) -> String {
    format!("{MEDIA}; fhirVersion={}", release.version())
}

fn resource(release: Release, resource: &Value) -> HttpResponse {
    HttpResponse::Ok().content_type(media(release)).body(resource.to_string())
}

/// The refusals of every FHIR route, for the `OpenAPI` document.
pub(super) struct Outcomes;

const CODES: [(&str, &str); 14] = [
    ("400", "The request or the resource cannot be understood"),
    ("401", "A valid access token is needed"),
    ("403", "The caller may not do this"),
    ("404", "There is no such resource, or it is not the caller's to see"),
    ("406", "No accepted form can be produced"),
    ("409", "The state of things forbids it"),
    ("410", "The resource was deleted"),
    ("412", "The resource has changed meanwhile"),
    ("413", "The resource is too large"),
    ("415", "The body's form is not read here"),
    ("422", "The resource says what is not kept here"),
    ("429", "Too many requests"),
    ("500", "The node failed"),
    ("503", "The node cannot do this now"),
];

impl IntoResponses for Outcomes {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = |said: &str| {
            let content = || ContentBuilder::new().build();
            let response = ResponseBuilder::new().description(said).content(MEDIA, content());
            response.content("application/problem+json", content()).build()
        };
        CODES.iter().map(|(code, said)| ((*code).to_owned(), RefOr::T(response(said)))).collect()
    }
}

fn refused(wrong: &Wrong) -> HttpResponse {
    HttpResponse::build(wrong.status_code()).content_type(media(Release::R4)).body(outcome(&wrong.issues()).to_string())
}

/// Several things that are wrong with a resource.
fn wrong(issues: Vec<Issue>) -> Wrong {
    Wrong::Resource(issues)
}
