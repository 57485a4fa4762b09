//! What happens around every request: its id, its span, its place in the rate limit, its count, the security headers.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError as _, web};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::rate::Rate;

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

/// The id of the request that this task serves.
pub fn request_id() -> Option<Uuid> {
    REQUEST_ID.try_with(|id| *id).ok()
}

/// Gives the request its id and span, checks its rate, counts it, and sets the headers every answer has.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::now_v7();
    let method = request.method().to_string();
    let span = tracing::info_span!("request", id = %id, method);
    REQUEST_ID.scope(id, inside(id, method, request, next).instrument(span)).await
}

async fn inside(
    id: Uuid,
    method: String,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let metrics = state::<Metrics>(&request);
    let rate = state::<Rate>(&request);
    let mut response = if let Err(seconds) = rate.check(&request) {
        request.into_response(Problem::slow_down(seconds).error_response())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let took = began.elapsed();
    let route = response.request().match_pattern().unwrap_or_else(|| "none".into());
    let status = response.status().as_u16();
    metrics.observe(&route, &method, status, took);
    tracing::info!(route, status, duration_ms = took.as_secs_f64() * 1_000.0, "answered");
    secure(&mut response, id, route.starts_with("/docs"));
    Ok(response)
}

fn state<T: 'static>(request: &ServiceRequest) -> web::Data<T> {
    request.app_data::<web::Data<T>>().expect("the application registers it before any route").clone()
}

fn secure(response: &mut ServiceResponse, id: Uuid, page: bool) {
    // The documentation's pages carry their script and style; the other pages say theirs, and data need neither.
    let policy = if page {
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let unless_said =
        [("content-security-policy", policy), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")];
    for (name, value) in unless_said {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    let id = HeaderValue::from_str(&id.to_string()).expect("a UUID is ASCII");
    headers.insert(HeaderName::from_static("x-request-id"), id);
}
