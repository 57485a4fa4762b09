//! Whether the node lives, whether it can serve, and what it has done.

use actix_web::{HttpResponse, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::Metrics;

/// The state of the node.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of this program.
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// The process lives.
#[utoipa::path(tag = "node", security(()), responses((status = 200, description = "It lives", body = Health)))]
#[get("/healthz")]
pub(super) async fn healthz() -> impl Responder {
    web::Json(OK)
}

/// The node can serve.
#[utoipa::path(tag = "node", security(()), responses((status = 200, description = "It can serve", body = Health)))]
#[get("/readyz")]
pub(super) async fn readyz() -> impl Responder {
    web::Json(OK)
}

/// Counters in Prometheus' text form.
#[utoipa::path(
    tag = "node",
    security(()),
    responses((status = 200, description = "Counters", body = String, content_type = "text/plain"))
)]
#[get("/metrics")]
pub(super) async fn metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render(&[]))
}
