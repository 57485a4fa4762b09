//! Handoffs: offered by one member, answered by another.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use veridose_contract::record::OfferRecord;
use veridose_contract::{Action, Discrepancy, DiscrepancyKind, HandoffKind, ItemKey, OfferId, PartyId, Site, read};
use veridose_epcis::model::Uri;
use veridose_store::{HandoffRow, HandoffSide, HandoffState, Opened, Payload};

use super::items::{item, items, split};
use super::lists::{List, Paging, list, viewer, viewer_of};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, document};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::trade::{Thing, record};

/// An offer to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHandoff {
    /// Who shall receive.
    #[schema(value_type = String, example = "north-wholesale")]
    to: PartyId,
    /// `shipment` forward, or `return` back.
    #[serde(default = "shipment")]
    #[schema(value_type = String, example = "shipment")]
    kind: HandoffKind,
    /// Packs or containers in any form, each of them not in another container.
    items: Vec<String>,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

const fn shipment() -> HandoffKind {
    HandoffKind::Shipment
}

/// An offer that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Offered {
    /// Its name.
    #[schema(value_type = String)]
    offer: OfferId,
    #[serde(flatten)]
    committed: Committed,
}

/// Offers packs or containers to another member.
#[utoipa::path(
    tag = "handoffs",
    params(WriteHeaders),
    responses((status = 201, description = "Offered", body = Offered), Refusals)
)]
#[post("/handoffs")]
pub(super) async fn create(write: Write, body: web::Json<NewHandoff>) -> Result<HttpResponse, Problem> {
    let named = items(write.node().network_key(), &body.items)?;
    let (keys, uris) = split(named);
    let words = match body.kind {
        HandoffKind::Shipment => record::SHIPPING,
        HandoffKind::Return => record::RETURNING,
    };
    let (happened, offer) = (write.happened(body.happened), OfferId(write.name("offer")));
    let event = record::object(words, happened, write.actor.site, &uris);
    let to = main_site(write.node(), &body.to)?;
    let event = record::between(event, write.actor.site, to);
    let action = Action::Offer { offer, to: body.to.clone(), kind: body.kind };
    let mut plan = write.plan(action, keys, happened, document(&event));
    plan.readers.insert(body.to.clone());
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| Offered { offer, committed }).await
}

fn main_site(node: &Node, party: &PartyId) -> Result<Option<Site>, Problem> {
    Ok(read::party(&node.ledger().state(), party)?.and_then(|record| record.party.sites.first().copied()))
}

/// The answer to an offer.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// What is accepted; all that is still open and no discrepancy, where nothing is said.
    #[serde(default)]
    items: Option<Vec<String>>,
    /// What was not as offered.
    #[serde(default)]
    discrepancies: Vec<Deviation>,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// Something that was not as offered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Deviation {
    /// The pack or container.
    item: String,
    /// `missing`, `damaged`, `refused` or `surplus`.
    #[schema(value_type = String, example = "damaged")]
    kind: DiscrepancyKind,
}

/// Accepts an offer, whole or in part.
#[utoipa::path(
    tag = "handoffs",
    params(("offer" = String, Path, description = "Name of the offer"), WriteHeaders),
    responses((status = 200, description = "Accepted", body = Committed), Refusals)
)]
#[post("/handoffs/{offer}/accept")]
pub(super) async fn accept(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Answer>,
) -> Result<HttpResponse, Problem> {
    let (offer, known) = find(&write, &path)?;
    let discrepancies = deviations(write.node(), &body.discrepancies)?;
    let (keys, uris) = if let Some(texts) = &body.items {
        split(items(write.node().network_key(), texts)?)
    } else {
        let keys = still_open(&known, &discrepancies);
        let uris = offered(&write, &offer, &keys).await?;
        (keys, uris)
    };
    let happened = write.happened(body.happened);
    let event = record::object(record::RECEIVING, happened, write.actor.site, &uris);
    let event = record::between(event, main_site(write.node(), &known.from)?, write.actor.site);
    let mut plan = write.plan(Action::Accept { offer, discrepancies }, keys, happened, document(&event));
    plan.readers.insert(known.from);
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}

/// The items by the names that the offer's own event gives them; none where this node cannot read that event.
async fn offered(write: &Write, offer: &OfferId, keys: &[ItemKey]) -> Result<Vec<Uri>, Problem> {
    let (node, party) = (write.node(), &write.actor.party);
    node.caught_up().await;
    let Some(row) = node.store().queries.handoff(&viewer_of(&write.actor), offer).await? else { return Ok(Vec::new()) };
    let named = named(node, party, &row).await?;
    // A list that names only some of them would say something else than the transaction.
    let uris: Option<Vec<Uri>> = keys.iter().map(|key| named.get(key).cloned()).collect();
    Ok(uris.unwrap_or_default())
}

/// The items of an offer by the names that its own event gives them, as far as this node can read that event.
pub(crate) async fn named(node: &Node, party: &PartyId, row: &HandoffRow) -> Result<BTreeMap<ItemKey, Uri>, Problem> {
    let Opened::Document(Payload::Event(json)) = node.store().vault.open(&row.offered, party).await? else {
        return Ok(BTreeMap::new());
    };
    let event = veridose_epcis::from_json(json.get().as_bytes()).map_err(Problem::internal)?;
    let key = |epc: &Uri| Some((Thing::of(epc.as_str()).key(node.network_key())?, epc.clone()));
    Ok(event.epcs().filter_map(key).collect())
}

fn still_open(offer: &OfferRecord, discrepancies: &[Discrepancy]) -> Vec<ItemKey> {
    let named = |item: &ItemKey| discrepancies.iter().any(|discrepancy| discrepancy.item == *item);
    offer.remaining.iter().filter(|item| !named(item)).copied().collect()
}

fn deviations(node: &Node, given: &[Deviation]) -> Result<Vec<Discrepancy>, Problem> {
    let one = |(at, given): (usize, &Deviation)| {
        let item = item(node.network_key(), &format!("discrepancies[{at}].item"), &given.item)?;
        Ok(Discrepancy { item: item.key, kind: given.kind })
    };
    given.iter().enumerate().map(one).collect()
}

/// The offer, for its two sides only.
fn find(write: &Write, text: &str) -> Result<(OfferId, OfferRecord), Problem> {
    let id = OfferId::parse(text).map_err(|_| Problem::not_found("offer"))?;
    let known = read::offer(&write.node().ledger().state(), &id)?;
    let party = &write.actor.party;
    let known = known.filter(|known| known.from == *party || known.to == *party);
    Ok((id, known.ok_or_else(|| Problem::not_found("offer"))?))
}

/// When something happened.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// Rejects what of an offer is still open: custody stays with the sender.
#[utoipa::path(
    tag = "handoffs",
    params(("offer" = String, Path, description = "Name of the offer"), WriteHeaders),
    responses((status = 200, description = "Rejected", body = Committed), Refusals)
)]
#[post("/handoffs/{offer}/reject")]
pub(super) async fn reject(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Moment>,
) -> Result<HttpResponse, Problem> {
    close(write, &path, &body, Side::Incoming).await
}

/// Takes back what of the caller's own offer is still open.
#[utoipa::path(
    tag = "handoffs",
    params(("offer" = String, Path, description = "Name of the offer"), WriteHeaders),
    responses((status = 200, description = "Withdrawn", body = Committed), Refusals)
)]
#[post("/handoffs/{offer}/withdraw")]
pub(super) async fn withdraw(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Moment>,
) -> Result<HttpResponse, Problem> {
    close(write, &path, &body, Side::Outgoing).await
}

/// Ends what of an offer is still open, from the side of the receiver or of the sender.
async fn close(write: Write, path: &str, body: &Moment, side: Side) -> Result<HttpResponse, Problem> {
    let (offer, known) = find(&write, path)?;
    let (words, action, other) = match side {
        Side::Incoming => (record::REJECTING, Action::Reject { offer }, known.from),
        Side::Outgoing => (record::VOID_SHIPPING, Action::Withdraw { offer }, known.to),
    };
    let happened = write.happened(body.happened);
    let uris = offered(&write, &offer, &known.remaining).await?;
    let event = record::object(words, happened, write.actor.site, &uris);
    let (own, others) = (write.actor.site, main_site(write.node(), &other)?);
    let event = match side {
        Side::Incoming => record::between(event, others, own),
        Side::Outgoing => record::between(event, own, others),
    };
    let mut plan = write.plan(action, Vec::new(), happened, document(&event));
    plan.readers.insert(other);
    write.carry_out(body, plan, StatusCode::OK, |committed| committed).await
}

/// Which handoffs are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `incoming`, `outgoing`, or both where nothing is said.
    #[param(value_type = Option<String>)]
    side: Option<Side>,
    /// `offered`, `accepted`, `accepted_in_part`, `rejected` or `withdrawn`.
    #[param(value_type = Option<String>)]
    state: Option<HandoffState>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Incoming,
    Outgoing,
}

/// The caller's handoffs, latest first.
#[utoipa::path(
    tag = "handoffs",
    params(Which, Paging),
    responses((status = 200, description = "Handoffs", body = List<HandoffRow>), Refusals)
)]
#[get("/handoffs")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    which: web::Query<Which>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let side = match which.side {
        Some(Side::Incoming) => HandoffSide::Incoming,
        Some(Side::Outgoing) => HandoffSide::Outgoing,
        None => HandoffSide::Both,
    };
    let (viewer, states) = (viewer(&node, &caller).await?, Vec::from_iter(which.state));
    let page = node.store().queries.handoffs(&viewer, side, &states, &paging.request()).await?;
    Ok(list(&request, page))
}

/// One handoff.
#[utoipa::path(
    tag = "handoffs",
    params(("offer" = String, Path, description = "Name of the offer")),
    responses((status = 200, description = "The handoff", body = HandoffRow), Refusals)
)]
#[get("/handoffs/{offer}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let offer = OfferId::parse(&path).map_err(|_| Problem::not_found("offer"))?;
    let found = node.store().queries.handoff(&viewer(&node, &caller).await?, &offer).await?;
    found.map(|row| HttpResponse::Ok().json(row)).ok_or_else(|| Problem::not_found("offer"))
}
