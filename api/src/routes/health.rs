//! Whether the node lives, whether it can serve, and what it has done.

use actix_web::{HttpResponse, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_store::JobState;

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

/// Failures in a row of the view after which the node is not ready: what it would answer is old.
const VIEW_FAILURES_MAX: u32 = 3;

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// The process lives.
#[utoipa::path(tag = "node", security(()), responses((status = 200, description = "It lives", body = Health)))]
#[get("/healthz")]
pub(super) async fn healthz() -> impl Responder {
    web::Json(OK)
}

/// The state of the node and of its SQL view.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    #[serde(flatten)]
    health: Health,
    /// Transactions on the ledger that the view does not hold yet.
    view_lag: u64,
}

/// The node can serve.
#[utoipa::path(
    tag = "node",
    security(()),
    responses(
        (status = 200, description = "It can serve", body = Readiness),
        (status = 503, description = "It cannot write, or what it would answer is old", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/readyz")]
pub(super) async fn readyz(node: web::Data<Node>) -> Result<web::Json<Readiness>, Problem> {
    if node.ledger().read_only().is_some() {
        return Err(Problem::new(Kind::Unavailable, "the ledger is read-only; reads go on"));
    }
    node.ledger().check_fresh()?;
    let progress = node.projector().progress();
    if progress.failures >= VIEW_FAILURES_MAX {
        let (failures, lag) = (progress.failures, progress.lag());
        let detail =
            format!("the view failed {failures} times in a row to follow the ledger and is {lag} transactions behind");
        return Err(Problem::new(Kind::Unavailable, detail));
    }
    Ok(web::Json(Readiness { health: OK, view_lag: progress.lag() }))
}

/// Counters in Prometheus' text form.
#[utoipa::path(
    tag = "node",
    security(()),
    responses((status = 200, description = "Counters", body = String, content_type = "text/plain"))
)]
#[get("/metrics")]
pub(super) async fn metrics(metrics: web::Data<Metrics>, node: web::Data<Node>) -> HttpResponse {
    let progress = node.projector().progress();
    let mut gauges = vec![
        ("veridose_ledger_transactions", "Transactions on the ledger.", progress.ledger),
        ("veridose_view_transactions", "Transactions that the SQL view holds.", progress.projected),
        ("veridose_view_lag", "Transactions that the SQL view does not hold yet.", progress.lag()),
        ("veridose_view_failures", "Failures of the SQL view in a row.", progress.failures.into()),
        ("veridose_view_owner", "1 when this process writes the SQL view.", u64::from(node.projector().is_owner())),
        (
            "veridose_ledger_read_only",
            "1 when nothing is written any more.",
            u64::from(node.ledger().read_only().is_some()),
        ),
    ];
    gauges.push(("veridose_scans_dropped", "Verifications that were not kept for detection.", node.scans().dropped()));
    let jobs = [
        ("veridose_jobs_queued", "Jobs that wait.", JobState::Queued),
        ("veridose_jobs_running", "Jobs that run, in all processes.", JobState::Running),
        ("veridose_jobs_dead", "Jobs that were given up.", JobState::Dead),
    ];
    for (name, help, state) in jobs {
        // The other counters are told also while the database is away.
        if let Ok(count) = node.store().jobs.count(state).await {
            gauges.push((name, help, count));
        }
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render(&gauges))
}
