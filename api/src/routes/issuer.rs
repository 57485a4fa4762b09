//! The embedded issuer's discovery document and public keys.

use actix_web::{HttpResponse, get, web};

use crate::auth::{Authority, Embedded};
use crate::problem::{Problem, ProblemBody};

fn embedded(authority: &Authority) -> Result<&Embedded, Problem> {
    authority.embedded().ok_or_else(|| Problem::not_found("issuer on this node"))
}

/// The embedded issuer's discovery document.
#[utoipa::path(
    tag = "node",
    security(()),
    responses(
        (status = 200, description = "Discovery document", body = serde_json::Value),
        (status = 404, description = "The embedded issuer is off", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/.well-known/openid-configuration")]
pub(super) async fn discovery(authority: web::Data<Authority>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(embedded(&authority)?.discovery()))
}

/// The embedded issuer's public keys.
#[utoipa::path(
    tag = "node",
    security(()),
    responses(
        (status = 200, description = "JSON Web Key Set", body = serde_json::Value),
        (status = 404, description = "The embedded issuer is off", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn jwks(authority: web::Data<Authority>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(embedded(&authority)?.jwks()))
}
