//! How far a recall reaches: where the packs are now, and which holder has answered.
//!
//! The ledger names a lot's packs by the transactions that made them, and says of each who holds it. So the answer is as of now and
//! needs nobody's report.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::record::ItemState;
use veridose_contract::{Command, Covered, DecommissionReason, ItemKey, LotKey, PartyId, Standing, resolve};
use veridose_store::{PageRequest, RecallRow, RecallScope, Viewer};

use super::super::lists::viewer;
use super::super::refusals::Refusals;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// Packs that are looked at, at most.
const PACKS_MAX: usize = 200_000;
/// Lots of a product, and transactions of a lot, that are looked at, at most.
const BATCHES_MAX: u32 = 1_000;

/// How far a recall reaches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reach {
    /// The recall.
    pub(crate) recall: RecallRow,
    /// Each holder with what it holds, the most packs first. Who neither called the recall nor is a regulator sees itself alone.
    pub(crate) holders: Vec<Holding>,
    /// Packs and containers looked at.
    pub(crate) items: u64,
    /// Whether there are more than were looked at.
    pub(crate) is_cut: bool,
}

/// What a member holds of what is recalled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Holding {
    /// Who.
    #[schema(value_type = String)]
    pub(crate) party: PartyId,
    /// In the trade, and nothing was done about it.
    pub(crate) open: u64,
    /// Set apart by itself, or by a measure on the pack itself.
    pub(crate) set_apart: u64,
    /// On the way to another member.
    pub(crate) on_the_way: u64,
    /// Given to the public.
    pub(crate) supplied: u64,
    /// Out of the trade otherwise: destroyed, locked, a sample.
    pub(crate) removed: u64,
}

impl Holding {
    /// Whether nothing of it lies on a shelf as if nothing had been said.
    pub(crate) const fn has_answered(&self) -> bool {
        self.open == 0
    }

    /// All of it.
    pub(crate) const fn all(&self) -> u64 {
        self.open
            .saturating_add(self.set_apart)
            .saturating_add(self.on_the_way)
            .saturating_add(self.supplied)
            .saturating_add(self.removed)
    }

    fn take(&mut self, standing: &Standing) {
        let count = match &standing.state {
            ItemState::Dispensed { .. } | ItemState::Decommissioned { reason: DecommissionReason::Supplied, .. } => {
                &mut self.supplied
            }
            ItemState::Decommissioned { .. } | ItemState::Transformed { .. } => &mut self.removed,
            ItemState::Active if standing.offer.is_some() => &mut self.on_the_way,
            ItemState::Active if is_set_apart(standing) => &mut self.set_apart,
            ItemState::Active => &mut self.open,
        };
        *count = count.saturating_add(1);
    }
}

/// A measure on the lot as a whole is its maker's, and no answer of who holds the pack.
fn is_set_apart(standing: &Standing) -> bool {
    standing.quarantine.as_ref().is_some_and(|quarantine| matches!(quarantine.target, Covered::Item(_)))
}

/// Where the packs of a recall are now, and who has answered.
#[utoipa::path(
    tag = "recalls",
    params(
        ("index" = u64, Path, description = "Transaction of the recall"),
        ("command" = u32, Path, description = "Command in the transaction")
    ),
    responses((status = 200, description = "The reach", body = Reach), Refusals)
)]
#[get("/recalls/{index}/{command}/reach")]
pub(in crate::routes) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<(u64, u32)>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reach(&node, &caller, *path).await?))
}

/// How far a recall reaches, as the caller may know it.
pub(crate) async fn reach(node: &web::Data<Node>, caller: &Caller, at: (u64, u32)) -> Result<Reach, Problem> {
    let viewer = viewer(node, caller).await?;
    let recall = node.store().queries.recall(at.0, at.1).await?.ok_or_else(|| Problem::not_found("recall"))?;
    let begun = begun(node, &recall, at).await?;
    let ledger = node.clone();
    let counted = web::block(move || count(&ledger, &begun)).await.map_err(Problem::internal)??;
    let (mut holders, items, is_cut) = counted;
    if let Viewer::Party(party) = &viewer
        && *party != recall.party
    {
        holders.retain(|holding| holding.party == *party);
    }
    Ok(Reach { recall, holders, items, is_cut })
}

/// The commands that name what is recalled.
async fn begun(node: &Node, recall: &RecallRow, at: (u64, u32)) -> Result<Vec<(u64, u32)>, Problem> {
    let queries = &node.store().queries;
    let lots: Vec<LotKey> = match &recall.scope {
        RecallScope::Items(_) => return Ok(vec![at]),
        RecallScope::Lot(lot) => vec![*lot],
        RecallScope::Product(product) => {
            let all = Viewer::Regulator(recall.party.clone());
            let page = PageRequest { limit: Some(BATCHES_MAX), token: None };
            queries.lots(&all, Some(product), &page).await?.items.into_iter().map(|row| row.lot).collect()
        }
    };
    let mut begun = Vec::new();
    for lot in lots {
        begun.extend(queries.batches(&lot, BATCHES_MAX).await?);
    }
    Ok(begun)
}

type Counted = (Vec<Holding>, u64, bool);

/// Counts what the commands name by who holds it. Blocking: it reads the log and the state.
fn count(node: &Node, begun: &[(u64, u32)]) -> Result<Counted, Problem> {
    let state = node.ledger().state();
    let mut holders: BTreeMap<PartyId, Holding> = BTreeMap::new();
    let (mut items, mut is_cut) = (0_u64, false);
    for (index, number) in begun {
        for entry in node.ledger().entries(*index, 1)? {
            let command = usize::try_from(*number).ok().and_then(|number| entry.transaction.body.commands.get(number));
            for item in command.map(named).unwrap_or_default() {
                if items >= u64::try_from(PACKS_MAX).unwrap_or(u64::MAX) {
                    is_cut = true;
                    break;
                }
                items = items.saturating_add(1);
                let Some(standing) = resolve(&state, item)? else { continue };
                let empty = || Holding {
                    party: standing.holder.clone(),
                    open: 0,
                    set_apart: 0,
                    on_the_way: 0,
                    supplied: 0,
                    removed: 0,
                };
                holders.entry(standing.holder.clone()).or_insert_with(empty).take(&standing);
            }
        }
    }
    let mut holders: Vec<Holding> = holders.into_values().collect();
    holders.sort_by_key(|holding| (holding.has_answered(), std::cmp::Reverse(holding.all())));
    Ok((holders, items, is_cut))
}

fn named(command: &Command) -> &[ItemKey] {
    &command.items
}
