//! Jobs of the node: what waits, runs, or was given up. For regulators and for whoever runs the node.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use veridose_contract::Role as Trade;
use veridose_store::{Job, JobFilter, JobKind, JobState};

use super::lists::{List, Paging, list};
use super::refusals::Refusals;
use super::write::{actor, node};
use crate::auth::{Caller, Role};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Which jobs are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those that stand so.
    state: Option<JobState>,
    /// Only those of this kind.
    kind: Option<JobKind>,
}

/// The jobs, latest first.
#[utoipa::path(
    tag = "jobs",
    params(Wanted, Paging),
    responses((status = 200, description = "Jobs", body = List<Job>), Refusals)
)]
#[get("/jobs")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    oversees(node, &caller)?;
    let filter = JobFilter { kind: wanted.kind, state: wanted.state };
    Ok(list(&request, node.store().jobs.jobs(filter, &paging.request()).await?))
}

/// One job.
#[utoipa::path(
    tag = "jobs",
    params(("job" = String, Path, description = "Name of the job")),
    responses((status = 200, description = "The job", body = Job), Refusals)
)]
#[get("/jobs/{job}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    oversees(&node, &caller)?;
    let job = node.store().jobs.job(&path).await?.ok_or_else(|| Problem::not_found("job"))?;
    Ok(HttpResponse::Ok().json(job))
}

/// Calls a job off: one that waits at once, one that runs within seconds.
#[utoipa::path(
    tag = "jobs",
    params(("job" = String, Path, description = "Name of the job")),
    responses((status = 200, description = "The job", body = Job), Refusals)
)]
#[post("/jobs/{job}/cancel")]
pub(super) async fn cancel(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    oversees(&node, &caller)?;
    Ok(HttpResponse::Ok().json(node.store().jobs.cancel(&path).await?))
}

/// Puts a job that was given up or called off back into the queue, with all its tries.
#[utoipa::path(
    tag = "jobs",
    params(("job" = String, Path, description = "Name of the job")),
    responses((status = 200, description = "The job", body = Job), Refusals)
)]
#[post("/jobs/{job}/retry")]
pub(super) async fn retry(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    oversees(&node, &caller)?;
    let job = node.store().jobs.retry(&path).await?;
    node.jobs().notify_one();
    Ok(HttpResponse::Ok().json(job))
}

/// Whoever runs the node may, and a regulator by the ledger's own record.
pub(crate) fn oversees(node: &Node, caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Operator || actor(node, caller)?.role == Trade::Regulator {
        return Ok(());
    }
    Err(Problem::new(Kind::Forbidden, "jobs are for regulators and for whoever runs the node"))
}
