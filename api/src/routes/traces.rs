//! Transaction information, history and statements of a pack, as the Drug Supply Chain Security Act has them (section 581(25) to (27)
//! of the Federal Food, Drug, and Cosmetic Act): each change of ownership that the caller may see, from the ledger.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veridose_contract::{Action, HandoffKind, ItemKey, OfferId, Party, PartyId, Site, Timestamp, TxId, read, resolve};
use veridose_store::{EventRow, Viewer, payload};

use super::items::item;
use super::lists::viewer;
use super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::trade::{Position, trail};

/// Of which pack.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// The pack or container, in any form that is scanned.
    item: String,
}

/// What the law asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trace {
    /// Digital Link of the pack or container.
    pub(crate) id: String,
    /// The product: name, strength, dosage form, National Drug Code, size of the package.
    pub(crate) product: Option<payload::Product>,
    /// The lot.
    pub(crate) lot: Option<String>,
    /// Last day of use, days since 1970-01-01.
    pub(crate) expiry_day: Option<i32>,
    /// Who made it.
    #[schema(value_type = Object)]
    pub(crate) maker: Owner,
    /// When it was made.
    #[schema(value_type = i64)]
    pub(crate) made: Timestamp,
    /// Each change of ownership, oldest first.
    pub(crate) transfers: Vec<Transfer>,
    /// Whether the oldest part is left out, because the history is longer than the limit.
    pub(crate) is_cut: bool,
}

/// A change of ownership.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Transfer {
    /// Who owned it before, and makes the transaction statement.
    #[schema(value_type = Object)]
    pub(crate) from: Owner,
    /// Who owned it from then on.
    #[schema(value_type = Object)]
    pub(crate) to: Owner,
    /// Forward or back.
    #[schema(value_type = String)]
    pub(crate) kind: HandoffKind,
    /// When it was shipped.
    #[schema(value_type = i64)]
    pub(crate) shipped: Timestamp,
    /// When ownership changed.
    #[schema(value_type = i64)]
    pub(crate) transferred: Timestamp,
    /// The offer.
    #[schema(value_type = String)]
    pub(crate) offer: OfferId,
    /// The transaction of the ledger.
    #[schema(value_type = String)]
    pub(crate) tx: TxId,
    /// Its place in the log.
    pub(crate) tx_index: u64,
}

/// A trading partner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Owner {
    /// Short name.
    #[schema(value_type = String)]
    pub(crate) party: PartyId,
    /// Business name.
    pub(crate) name: String,
    /// Its main place, a GLN.
    #[schema(value_type = Option<u64>)]
    pub(crate) site: Option<Site>,
}

/// The transaction information, history and statements of a pack.
#[utoipa::path(
    tag = "packs",
    params(Of),
    responses((status = 200, description = "What the caller may see of it", body = Trace), Refusals)
)]
#[get("/traces")]
pub(super) async fn show(caller: Caller, node: web::Data<Node>, of: web::Query<Of>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(trace(&node, &caller, &of.item).await?))
}

/// The trace of a pack, for who holds it or was party to a transfer of it, and for regulators.
pub(crate) async fn trace(node: &web::Data<Node>, caller: &Caller, text: &str) -> Result<Trace, Problem> {
    let missing = || Problem::not_found("pack or container");
    let viewer = viewer(node, caller).await?;
    let item = item(node.network_key(), "item", text)?;
    let standing = resolve(&node.ledger().state(), &item.key)?.ok_or_else(missing)?;
    let (ledger, key) = (node.clone(), item.key);
    let walked = web::block(move || trail(ledger.ledger(), &key)).await.map_err(Problem::internal)?;
    let trail = walked.map_err(Problem::internal)?;
    let positions: Vec<Position> = trail.steps.keys().copied().collect();
    let mut rows = Vec::new();
    for some in positions.chunks(1_000) {
        rows.extend(node.store().queries.events_of(&viewer, some).await?);
    }
    let is_party = match &viewer {
        Viewer::Regulator(_) => true,
        Viewer::Party(party) => standing.holder == *party || !rows.is_empty(),
    };
    if !is_party {
        return Err(missing());
    }
    let mut transfers = Vec::new();
    for row in rows.iter().filter(|row| row.kind == "accept") {
        let through = trail.steps.get(&(row.tx_index, row.command)).copied().flatten();
        transfers.extend(transfer(node, row, through.unwrap_or(item.key))?);
    }
    let queries = &node.store().queries;
    let product = match &standing.product {
        Some(product) => queries.product(product).await?.and_then(|row| row.details),
        None => None,
    };
    let lot = match &standing.lot {
        Some(lot) => queries.lot(lot).await?.and_then(|row| row.number),
        None => None,
    };
    Ok(Trace {
        id: item.uri.to_string(),
        product,
        lot,
        expiry_day: standing.expiry.map(|day| day.0),
        maker: owner(node, &standing.batch.party)?,
        made: standing.batch.happened,
        transfers,
        is_cut: trail.is_cut,
    })
}

/// The change of ownership that an answer to an offer was for the item; none where it was not taken.
fn transfer(node: &Node, row: &EventRow, item: ItemKey) -> Result<Option<Transfer>, Problem> {
    let entries = node.ledger().entries(row.tx_index, 1)?;
    let commands = entries.first().map(|entry| entry.transaction.body.commands.as_slice()).unwrap_or_default();
    let command = usize::try_from(row.command).ok().and_then(|number| commands.get(number));
    let Some(command) = command.filter(|command| command.items.contains(&item)) else { return Ok(None) };
    let Action::Accept { offer, .. } = &command.action else { return Ok(None) };
    let Some(known) = read::offer(&node.ledger().state(), offer)? else { return Ok(None) };
    Ok(Some(Transfer {
        from: owner(node, &known.from)?,
        to: owner(node, &known.to)?,
        kind: known.kind,
        shipped: known.happened,
        transferred: row.happened,
        offer: *offer,
        tx: row.tx,
        tx_index: row.tx_index,
    }))
}

fn owner(node: &Node, party: &PartyId) -> Result<Owner, Problem> {
    let found: Option<Party> = read::party(&node.ledger().state(), party)?.map(|record| record.party);
    let site = found.as_ref().and_then(|found| found.sites.first().copied());
    let name = found.map_or_else(|| party.to_string(), |found| found.name);
    Ok(Owner { party: party.clone(), name, site })
}
