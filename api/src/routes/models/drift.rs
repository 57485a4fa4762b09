//! How far the trade of late is from what a model learnt from.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use veridose_contract::Role;
use veridose_ml::drift::{DAYS_MAX, Drift, drift};
use veridose_ml::model;

use super::{Found, Owner, found};
use crate::analysis::{Analyses, read};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::routes::refusals::Refusals;
use crate::routes::write::actor;

/// The window.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct Window {
    /// Days back from the last event, 28 where nothing is said.
    #[param(minimum = 1, maximum = 3660)]
    days: Option<u32>,
}

/// Population stability index by feature between the packs that a detector learnt from and those of the last days (below 0.1 no
/// change, up to 0.25 some, above much), and the rate of cases against that of its training. For regulators: it is of all the trade.
#[utoipa::path(
    tag = "models",
    params(("model" = String, Path, description = "Name of the model"), Owner, Window),
    responses((status = 200, description = "How far they differ", body = Object), Refusals)
)]
#[get("/models/{model}/drift")]
pub(in crate::routes) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    owner: web::Query<Owner>,
    window: web::Query<Window>,
    analyses: web::Data<Analyses>,
) -> Result<HttpResponse, Problem> {
    let told = measured(&node, &caller, &path, &owner, window.days, &analyses).await?;
    Ok(HttpResponse::Ok().json(told))
}

/// How far the trade of the last days is from what a model learnt from.
pub(crate) async fn measured(
    node: &Node,
    caller: &Caller,
    name: &str,
    owner: &Owner,
    days: Option<u32>,
    analyses: &Analyses,
) -> Result<Drift, Problem> {
    if actor(node, caller)?.role != Role::Regulator {
        let detail =
            "drift is told of all the trade, to regulators; `veridose model drift` tells it of one's own events";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    let days = days.unwrap_or(28);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::field("days", format!("give 1 to {DAYS_MAX}")));
    }
    let Found { file, .. } = found(node, caller, name, owner).await?;
    let file = file.ok_or_else(|| Problem::not_found("file of the model"))?;
    let (card, detector) = model::read(&file).map_err(|error| Problem::field("model", error))?;
    analyses
        .of(move |lake| drift(&read(lake)?, &card, &detector, days).map_err(|error| Problem::field("model", error)))
        .await
}
