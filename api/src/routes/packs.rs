//! A pack or container: where it stands, and its history as the caller may see it.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::record::{ItemKind, ItemState};
use veridose_contract::{ItemKey, PartyId, Standing, resolve};
use veridose_store::{EventRow, Viewer};

use super::items::{Item, encoded, item};
use super::lists::viewer;
use super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::trade::{Position, Trail, trail};

/// Events of a history that are shown at most, the latest ones.
const HISTORY_MAX: usize = 1_000;

/// A pack or container.
#[derive(Serialize, ToSchema)]
pub(super) struct Pack {
    /// Its Digital Link.
    id: String,
    /// Its key on the ledger.
    #[schema(value_type = String)]
    item: ItemKey,
    /// `pack` or `container`.
    kind: &'static str,
    /// `active`, `decommissioned`, `dispensed` or `transformed`.
    status: &'static str,
    /// Where it stands, for its holder and for regulators.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<Standpoint>,
    /// What happened to it and to the containers while it lay in them, as far as the caller may see it, in the order of the
    /// ledger.
    history: Vec<Happening>,
    /// Whether the oldest part of the history is left out, because it is longer than the limit.
    history_is_cut: bool,
}

/// One event of a history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Happening {
    #[serde(flatten)]
    pub(crate) event: EventRow,
    /// The container that the event names, where it concerned this item only because it lay in that container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) through: Option<ItemKey>,
    /// Where its receipt is.
    pub(crate) receipt: String,
}

/// Where it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Standpoint {
    /// Who holds it.
    #[schema(value_type = String)]
    holder: PartyId,
    /// Last day of use, days since 1970-01-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_day: Option<i32>,
    /// The containers that it lies in, nearest first.
    #[schema(value_type = Vec<String>)]
    containers: Vec<ItemKey>,
    /// How many items lie directly in it.
    children: u32,
    /// Depth of the recall that it is under.
    #[serde(skip_serializing_if = "Option::is_none")]
    recall_class: Option<u8>,
    /// Whether it is set apart.
    quarantined: bool,
    /// The open offer that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<String>,
    /// Whether the receiver of an offer said that it was not as offered.
    disputed: bool,
}

/// A pack or container by its URN, Digital Link or scan (percent-encoded).
#[utoipa::path(
    tag = "packs",
    params(("id" = String, Path, description = "URN, Digital Link or scan, percent-encoded")),
    responses((status = 200, description = "The pack or container", body = Pack), Refusals)
)]
#[get("/packs/{id:.+}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let viewer = viewer(&node, &caller).await?;
    let item = item(node.network_key(), "id", &path)?;
    let missing = || Problem::not_found("pack or container");
    let standing = resolve(&node.ledger().state(), &item.key)?.ok_or_else(missing)?;
    let (history, history_is_cut) = history_of(&node, &viewer, &item).await?;
    let full = match &viewer {
        Viewer::Regulator(_) => true,
        Viewer::Party(party) => standing.holder == *party,
    };
    if !full && history.is_empty() {
        return Err(missing());
    }
    let kind = match standing.kind {
        ItemKind::Pack => "pack",
        ItemKind::Container => "container",
    };
    let status = status(&standing.state);
    let standing = full.then(|| standpoint(&standing));
    let id = item.uri.to_string();
    Ok(HttpResponse::Ok().json(Pack { id, item: item.key, kind, status, standing, history, history_is_cut }))
}

/// What happened to an item, as far as the caller may see it, and whether some was left out.
pub(crate) async fn history_of(
    node: &web::Data<Node>,
    viewer: &Viewer,
    item: &Item,
) -> Result<(Vec<Happening>, bool), Problem> {
    let (ledger, key) = (node.clone(), item.key);
    let walked = web::block(move || trail(ledger.ledger(), &key)).await.map_err(Problem::internal)?;
    history(node, viewer, item, walked.map_err(Problem::internal)?).await
}

/// The events along the trail that the caller may see, and whether some were left out.
async fn history(node: &Node, viewer: &Viewer, item: &Item, trail: Trail) -> Result<(Vec<Happening>, bool), Problem> {
    let left_out = trail.steps.len().saturating_sub(HISTORY_MAX);
    let positions: Vec<Position> = trail.steps.keys().skip(left_out).copied().collect();
    let rows = node.store().queries.events_of(viewer, &positions).await?;
    let happening = |event: EventRow| {
        let through = trail.steps.get(&(event.tx_index, event.command)).copied().flatten();
        let container = through.map(|container| format!("&through={container}")).unwrap_or_default();
        let receipt = format!("/receipts/{}?item={}{container}", event.tx, encoded(item.uri.as_str()));
        Happening { event, through, receipt }
    };
    Ok((rows.into_iter().map(happening).collect(), trail.is_cut || left_out > 0))
}

fn standpoint(standing: &Standing) -> Standpoint {
    Standpoint {
        holder: standing.holder.clone(),
        expiry_day: standing.expiry.map(|day| day.0),
        containers: standing.containers.clone(),
        children: standing.children,
        recall_class: standing.recall.as_ref().map(|recall| recall.mark.class),
        quarantined: standing.quarantine.is_some(),
        offer: standing.offer.as_ref().map(|offer| offer.id.to_string()),
        disputed: standing.disputed,
    }
}

const fn status(state: &ItemState) -> &'static str {
    match state {
        ItemState::Active => "active",
        ItemState::Decommissioned { .. } => "decommissioned",
        ItemState::Dispensed { .. } => "dispensed",
        ItemState::Transformed { .. } => "transformed",
    }
}
