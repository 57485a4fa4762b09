//! Webhooks: a party's subscriptions to the cases that it may see.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;
use veridose_store::{Delivery, Webhook};

use super::lists::{List, Paging, list};
use super::refusals::Refusals;
use super::write::{actor, given_key, node};
use crate::auth::Caller;
use crate::name::first_half;
use crate::node::Node;
use crate::problem::Problem;
use crate::webhooks::{Target, written};

/// A subscription to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WebhookWish)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// Where messages go: an https URL of the open internet.
    #[schema(example = "https://agency.example/veridose")]
    url: String,
}

/// A subscription and its secret, which is told here and never again.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscribed {
    #[serde(flatten)]
    webhook: Webhook,
    /// What messages are signed with: `whsec_` and 32 bytes in base64.
    secret: String,
}

/// Subscribes: each case that the caller may see is told when it is raised, assigned, escalated, closed and reopened.
#[utoipa::path(
    tag = "webhooks",
    params(("Idempotency-Key" = Option<String>, Header, description = "The client's own name for the request: sent again, it gets the first answer")),
    responses((status = 201, description = "Subscribed", body = Subscribed), Refusals)
)]
#[post("/webhooks")]
pub(super) async fn create(
    request: HttpRequest,
    caller: Caller,
    body: web::Json<Wish>,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let party = actor(node, &caller)?.party;
    Target::parse(&body.url, node.webhooks().private_addresses).map_err(|error| Problem::field("url", error))?;
    let id = match given_key(&request)? {
        Some(key) => {
            let name = Sha256::new().chain_update("webhook").chain_update(party.as_str()).chain_update(key.0);
            Uuid::from_bytes(first_half(name.finalize()))
        }
        None => Uuid::new_v4(),
    };
    let (webhook, secret) = node.store().webhooks.subscribe(id, &party, &body.url).await?;
    Ok(HttpResponse::Created().json(Subscribed { webhook, secret: written(&secret) }))
}

/// The caller's subscriptions, the latest first.
#[utoipa::path(
    tag = "webhooks",
    params(Paging),
    responses((status = 200, description = "Subscriptions", body = List<Webhook>), Refusals)
)]
#[get("/webhooks")]
pub(super) async fn index(request: HttpRequest, caller: Caller, paging: Paging) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let party = actor(node, &caller)?.party;
    Ok(list(&request, node.store().webhooks.webhooks(&party, &paging.request()).await?))
}

/// One subscription.
#[utoipa::path(
    tag = "webhooks",
    params(("webhook" = Uuid, Path, description = "Name of the subscription")),
    responses((status = 200, description = "The subscription", body = Webhook), Refusals)
)]
#[get("/webhooks/{webhook}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    let webhook = node.store().webhooks.webhook(&party, *path).await?;
    Ok(HttpResponse::Ok().json(webhook.ok_or_else(|| Problem::not_found("webhook"))?))
}

/// Ends a subscription; its log goes with it.
#[utoipa::path(
    tag = "webhooks",
    params(("webhook" = Uuid, Path, description = "Name of the subscription")),
    responses((status = 204, description = "Ended"), Refusals)
)]
#[delete("/webhooks/{webhook}")]
pub(super) async fn end(caller: Caller, node: web::Data<Node>, path: web::Path<Uuid>) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    node.store().webhooks.unsubscribe(&party, *path).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new secret. The one before signs too for a day.
#[utoipa::path(
    tag = "webhooks",
    params(("webhook" = Uuid, Path, description = "Name of the subscription")),
    responses((status = 200, description = "The new secret", body = Subscribed), Refusals)
)]
#[post("/webhooks/{webhook}/rotate")]
pub(super) async fn rotate(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    let (webhook, secret) = node.store().webhooks.rotate(&party, *path).await?;
    Ok(HttpResponse::Ok().json(Subscribed { webhook, secret: written(&secret) }))
}

/// Serves a subscription again that was disabled because its receiver did not answer. What was given up stays so.
#[utoipa::path(
    tag = "webhooks",
    params(("webhook" = Uuid, Path, description = "Name of the subscription")),
    responses((status = 200, description = "Served again", body = Webhook), Refusals)
)]
#[post("/webhooks/{webhook}/enable")]
pub(super) async fn enable(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let party = actor(&node, &caller)?.party;
    Ok(HttpResponse::Ok().json(node.store().webhooks.enable(&party, *path).await?))
}

/// What was told to a subscription and what became of it, the latest first; for 30 days.
#[utoipa::path(
    tag = "webhooks",
    params(("webhook" = Uuid, Path, description = "Name of the subscription"), Paging),
    responses((status = 200, description = "Messages", body = List<Delivery>), Refusals)
)]
#[get("/webhooks/{webhook}/deliveries")]
pub(super) async fn deliveries(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<Uuid>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let party = actor(node, &caller)?.party;
    Ok(list(&request, node.store().webhooks.deliveries(&party, *path, &paging.request()).await?))
}
