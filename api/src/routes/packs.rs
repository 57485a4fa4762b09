//! A pack or container: where it stands, and its history as the caller may see it.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::record::{ItemKind, ItemState};
use veridose_contract::{ItemKey, PartyId, Standing, resolve};
use veridose_store::{EventRow, Viewer};

use super::items::item;
use super::lists::viewer;
use super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// Events of a history that are shown at most.
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
    /// What happened to it, as far as the caller may see it, in the order of the ledger.
    #[schema(value_type = Vec<Object>)]
    history: Vec<EventRow>,
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
    let indexes = history(&node, &item.key, &standing)?;
    let history = node.store().queries.events_at(&viewer, &indexes).await?;
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
    Ok(HttpResponse::Ok().json(Pack { id: item.uri.to_string(), item: item.key, kind, status, standing, history }))
}

/// The transactions that concern the item: what made it, what changed it, and what was done with a container since the item
/// was put into it.
fn history(node: &Node, item: &ItemKey, standing: &Standing) -> Result<Vec<u64>, Problem> {
    let mut indexes = node.ledger().history(item, HISTORY_MAX)?;
    let inside_since = indexes.first().copied();
    for container in &standing.containers {
        let above = node.ledger().history(container, HISTORY_MAX)?;
        indexes.extend(above.into_iter().filter(|index| inside_since.is_none_or(|since| *index > since)));
    }
    indexes.extend(node.ledger().index_of(&standing.batch.tx)?);
    indexes.sort_unstable();
    indexes.dedup();
    indexes.truncate(HISTORY_MAX);
    Ok(indexes)
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
