//! Whether the node lives, whether it can serve, and what it has done.

use actix_web::{HttpResponse, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::Metrics;
use crate::node::Node;
use crate::problem::{Kind, Problem, ProblemBody};

/// The state of the node.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
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
#[utoipa::path(
    tag = "node",
    security(()),
    responses(
        (status = 200, description = "It can serve", body = Health),
        (status = 503, description = "It cannot write", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/readyz")]
pub(super) async fn readyz(node: web::Data<Node>) -> Result<web::Json<Health>, Problem> {
    match node.ledger().read_only() {
        None => Ok(web::Json(OK)),
        Some(_) => Err(Problem::new(Kind::Unavailable, "the ledger is read-only; reads go on")),
    }
}

/// Counters in Prometheus' text form.
#[utoipa::path(
    tag = "node",
    security(()),
    responses((status = 200, description = "Counters", body = String, content_type = "text/plain"))
)]
#[get("/metrics")]
pub(super) async fn metrics(metrics: web::Data<Metrics>, node: web::Data<Node>) -> HttpResponse {
    let gauges = [
        ("veridose_ledger_transactions", "Transactions on the ledger.", node.ledger().size()),
        ("veridose_view_transactions", "Transactions that the SQL view holds.", node.projected()),
        (
            "veridose_ledger_read_only",
            "1 when nothing is written any more.",
            u64::from(node.ledger().read_only().is_some()),
        ),
    ];
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render(&gauges))
}
