//! What models said of cases, each recorded once on the ledger.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, CaseId, Decision, ModelId};
use veridose_store::Payload;
use veridose_store::payload::DecisionDocument;

use super::lists::viewer_of;
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders};
use crate::problem::Problem;
use crate::watch::millionths;

/// Features that one decision may name.
const FEATURES_MAX: usize = 1_000;

/// What a model said of a case.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDecision {
    /// The model; one of the caller's party that was put to use.
    #[schema(value_type = String)]
    model: ModelId,
    /// The probability that it gave.
    #[schema(minimum = 0, maximum = 1)]
    score: f64,
    /// What it looked at, by name.
    features: BTreeMap<String, f64>,
    /// What each feature added.
    #[serde(default)]
    contributions: BTreeMap<String, f64>,
}

/// Records what a model said of a case. The ledger holds the score and the features' hash; the outcome is the case's own.
#[utoipa::path(
    tag = "models",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 201, description = "Recorded", body = Committed), Refusals)
)]
#[post("/cases/{case}/decisions")]
pub(super) async fn record(
    write: Write,
    path: web::Path<String>,
    body: web::Json<NewDecision>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("case");
    let case = CaseId::parse(&path).map_err(|_| missing())?;
    if !(0.0..=1.0).contains(&body.score) {
        return Err(Problem::field("score", "a probability lies between 0 and 1"));
    }
    if body.features.len().max(body.contributions.len()) > FEATURES_MAX {
        return Err(Problem::field("features", format!("a decision names at most {FEATURES_MAX} features")));
    }
    write.node().caught_up().await;
    let row = write.node().store().queries.case(&viewer_of(&write.actor), &case).await?.ok_or_else(missing)?;
    let document = DecisionDocument { features: body.features.clone(), contributions: body.contributions.clone() };
    let decision = Decision {
        model: body.model,
        case: row.commitment,
        features: document.features_sha256(),
        score_millionths: millionths(body.score),
    };
    let happened = write.happened(None);
    let plan = write.plan(Action::RecordDecision(decision), Vec::new(), happened, Payload::Decision(document));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}
