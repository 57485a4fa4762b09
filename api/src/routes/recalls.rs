//! Recalls and quarantines of packs, lots and products.

pub(crate) mod reach;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, ItemKey, QuarantineTarget, RecallTarget};
use veridose_store::payload::{Note, Recall};
use veridose_store::{Payload, RecallRow};

use super::items::{LotName, gtin, items, split};
use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// What a recall or quarantine covers: exactly one of the three.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Target {
    /// Packs or containers, in any form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Vec<String>>,
    /// Every pack of a lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lot: Option<LotName>,
    /// Every pack of a product, by its GTIN (recalls only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<String>,
}

impl Target {
    fn recall(&self, node: &Node) -> Result<(RecallTarget, Vec<ItemKey>), Problem> {
        let key = node.network_key();
        match (&self.items, &self.lot, &self.product) {
            (Some(texts), None, None) => Ok((RecallTarget::Items, split(items(key, texts)?).0)),
            (None, Some(lot), None) => Ok((RecallTarget::Lot(key.lot(&lot.name()?)), Vec::new())),
            (None, None, Some(text)) => {
                Ok((RecallTarget::Product(key.product(&gtin("product", text)?.name())), Vec::new()))
            }
            (None, None, None) | (Some(_), _, _) | (None, Some(_), Some(_)) => {
                Err(Problem::field("items", "give exactly one of items, lot and product"))
            }
        }
    }

    fn quarantine(&self, node: &Node) -> Result<(QuarantineTarget, Vec<ItemKey>), Problem> {
        match self.recall(node)? {
            (RecallTarget::Items, keys) => Ok((QuarantineTarget::Items, keys)),
            (RecallTarget::Lot(lot), keys) => Ok((QuarantineTarget::Lot(lot), keys)),
            (RecallTarget::Product(_), _) => Err(Problem::field("product", "a quarantine covers items or a lot")),
        }
    }
}

/// A recall to be called.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct NewRecall {
    #[serde(flatten)]
    target: Target,
    /// Depth, 1 (most severe) to 3.
    #[schema(minimum = 1, maximum = 3)]
    class: u8,
    /// Why, for people; every member reads it.
    reason: String,
    /// What holders shall do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
}

/// Recalls packs, a lot or a product.
#[utoipa::path(
    tag = "recalls",
    params(WriteHeaders),
    responses((status = 201, description = "Recalled", body = Committed), Refusals)
)]
#[post("/recalls")]
pub(super) async fn call(write: Write, body: web::Json<NewRecall>) -> Result<HttpResponse, Problem> {
    let (target, keys) = body.target.recall(write.node())?;
    let why = Recall { reason: body.reason.clone(), instructions: body.instructions.clone() };
    let (action, now) = (Action::Recall { target, class: body.class }, write.happened(None));
    let plan = write.plan(action, keys, now, Payload::Recall(why));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// A recall, quarantine or release with words for people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Noted {
    #[serde(flatten)]
    target: Target,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Noted {
    fn document(&self) -> Payload {
        Payload::Note(Note::new(self.note.clone().unwrap_or_default()))
    }
}

/// Ends a recall that was called in error.
#[utoipa::path(
    tag = "recalls",
    params(WriteHeaders),
    responses((status = 200, description = "No longer recalled", body = Committed), Refusals)
)]
#[post("/recalls/end")]
pub(super) async fn end(write: Write, body: web::Json<Noted>) -> Result<HttpResponse, Problem> {
    let (target, keys) = body.target.recall(write.node())?;
    let plan = write.plan(Action::EndRecall { target }, keys, write.happened(None), body.document());
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}

/// Every recall, latest first: each member must know of each.
#[utoipa::path(
    tag = "recalls",
    params(Paging),
    responses((status = 200, description = "Recalls", body = List<RecallRow>), Refusals)
)]
#[get("/recalls")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    viewer(&node, &caller).await?;
    Ok(list(&request, node.store().queries.recalls(&paging.request()).await?))
}

/// Sets packs or a lot apart until released.
#[utoipa::path(
    tag = "recalls",
    params(WriteHeaders),
    responses((status = 201, description = "Set apart", body = Committed), Refusals)
)]
#[post("/quarantines")]
pub(super) async fn quarantine(write: Write, body: web::Json<Noted>) -> Result<HttpResponse, Problem> {
    let (target, keys) = body.target.quarantine(write.node())?;
    let plan = write.plan(Action::Quarantine(target), keys, write.happened(None), body.document());
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// Ends a quarantine.
#[utoipa::path(
    tag = "recalls",
    params(WriteHeaders),
    responses((status = 200, description = "No longer set apart", body = Committed), Refusals)
)]
#[post("/quarantines/release")]
pub(super) async fn release(write: Write, body: web::Json<Noted>) -> Result<HttpResponse, Problem> {
    let (target, keys) = body.target.quarantine(write.node())?;
    let plan = write.plan(Action::Release(target), keys, write.happened(None), body.document());
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}
