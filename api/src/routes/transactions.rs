//! Transactions that an organisation signed on its own side, and receipts of what is on the ledger.

use actix_web::{HttpRequest, HttpResponse, get, http::header::CONTENT_TYPE, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use utoipa::IntoParams;
use veridose_contract::{ItemKey, PartyId, Transaction, TxId, read, resolve};
use veridose_ledger::{LedgerError, Receipt};
use veridose_store::Viewer;

use super::items::{Item, item};
use super::lists::viewer;
use super::refusals::Refusals;
use super::write::{Committed, actor};
use crate::auth::Caller;
use crate::body::Whole;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::trade::trail;

/// Submits a transaction that its organisation signed: the canonical bytes, or their base64 as text.
#[utoipa::path(
    tag = "ledger",
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, description = "On the ledger", body = Committed), Refusals)
)]
#[post("/transactions")]
pub(super) async fn submit(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    Whole(body): Whole,
) -> Result<HttpResponse, Problem> {
    let actor = actor(&node, &caller)?;
    let transaction = decode(&request, &body)?;
    let creator = read::certificate(&node.ledger().state(), &transaction.header.creator)?;
    if creator.is_some_and(|creator| creator.certificate.party != actor.party) {
        return Err(Problem::new(Kind::Forbidden, "the transaction is signed by another party than the token's"));
    }
    let committed = node.ledger().submit(transaction).await?;
    let answer = Committed { tx: committed.id, index: committed.index, repeated: committed.repeated };
    Ok(HttpResponse::Created().json(answer))
}

fn decode(request: &HttpRequest, body: &[u8]) -> Result<Transaction, Problem> {
    let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    let bytes = match media {
        "application/octet-stream" => body.to_vec(),
        "text/plain" => BASE64
            .decode(body.trim_ascii())
            .map_err(|_| Problem::new(Kind::BadRequest, "the body is not the base64 of a transaction"))?,
        _ => {
            let detail = "send the transaction as application/octet-stream, or its base64 as text/plain";
            return Err(Problem::new(Kind::UnsupportedMedia, detail));
        }
    };
    borsh::from_slice(&bytes).map_err(|_| Problem::new(Kind::BadRequest, "the body is not a transaction"))
}

/// For what the receipt is asked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct For {
    /// A pack or container of the transaction, in any form; its blinding value is disclosed in the receipt. For one that the
    /// transaction does not list, and that lay in a container which it lists, the receipt is for that container.
    pub(crate) item: Option<String>,
    /// The container that the item lay in, as the item's history names it, where the receipt shall be for that container.
    #[param(value_type = Option<String>)]
    pub(crate) through: Option<ItemKey>,
    /// Whether peers of several organisations shall sign that the transaction stands; for a ledger that several run.
    #[serde(default)]
    pub(crate) attested: bool,
}

/// The receipt of a transaction, to be checked offline with the log's public key.
#[utoipa::path(
    tag = "ledger",
    params(("tx" = String, Path, description = "The transaction"), For),
    responses((status = 200, description = "The receipt", body = Object), Refusals)
)]
#[get("/receipts/{tx}")]
pub(super) async fn show_receipt(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    query: web::Query<For>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(receipt(&node, &caller, &path, query.into_inner()).await?))
}

/// The receipt of a transaction, as far as the caller may have it.
pub(crate) async fn receipt(node: &web::Data<Node>, caller: &Caller, tx: &str, asked: For) -> Result<Receipt, Problem> {
    let missing = || Problem::not_found("transaction");
    let tx = TxId::parse(tx).map_err(|_| missing())?;
    let index = node.ledger().index_of(&tx)?.ok_or_else(missing)?;
    let attested = asked.attested;
    let mut receipt = found(node, caller, index, asked).await?;
    if attested {
        receipt.attestations = node.ledger().attest(index).await?;
    }
    Ok(receipt)
}

/// The receipt for what is asked, as far as the caller may have it.
async fn found(node: &web::Data<Node>, caller: &Caller, index: u64, asked: For) -> Result<Receipt, Problem> {
    let missing = || Problem::not_found("transaction");
    let named = asked.item.as_deref().map(|text| item(node.network_key(), "item", text)).transpose()?;
    let sight = sight(node, caller, index, named.as_ref().map(|item| &item.key)).await?;
    let Some(item) = named else {
        return if sight.of_transaction { of_commands(node, index) } else { Err(missing()) };
    };
    if !sight.of_transaction && !sight.of_item {
        return Err(missing());
    }
    let listed = if asked.through.is_none() { Some(receipt_of(node, index, &item)) } else { None };
    match listed {
        Some(Ok(receipt)) => Ok(receipt),
        None | Some(Err(LedgerError::NotFound(_))) => {
            along_the_trail(node, index, (item.key, asked.through), sight).await
        }
        Some(Err(other)) => Err(other.into()),
    }
}

/// The receipt where the transaction does not list the item: for the container that it lay in then. Where the transaction
/// lists that neither, because it emptied it or answers an offer by name, the heads of its commands prove what was done; they
/// tell of other items too, so they are for who was party to it.
async fn along_the_trail(
    node: &web::Data<Node>,
    index: u64,
    (item, through): (ItemKey, Option<ItemKey>),
    sight: Sight,
) -> Result<Receipt, Problem> {
    let missing = || Problem::not_found("item in this transaction");
    let ledger = node.clone();
    let walked = web::block(move || trail(ledger.ledger(), &item)).await.map_err(Problem::internal)?;
    let steps = walked.map_err(Problem::internal)?.steps;
    let here = steps.range((index, 0)..=(index, u32::MAX)).map(|(_, through)| *through);
    let mut here = here.filter(|step| through.is_none() || *step == through).peekable();
    here.peek().ok_or_else(missing)?;
    let of_container = here.flatten().next().map(|container| node.ledger().receipt(index, &[container]));
    match of_container {
        Some(Ok(receipt)) => Ok(receipt),
        None | Some(Err(LedgerError::NotFound(_))) if sight.of_transaction => of_commands(node, index),
        None | Some(Err(LedgerError::NotFound(_))) => Err(missing()),
        Some(Err(other)) => Err(other.into()),
    }
}

fn of_commands(node: &Node, index: u64) -> Result<Receipt, Problem> {
    Ok(node.ledger().receipt(index, &[])?)
}

/// A receipt with the item's blinding value in it: who asks has the item's name.
pub(super) fn receipt_of(node: &Node, index: u64, item: &Item) -> Result<Receipt, LedgerError> {
    let mut receipt = node.ledger().receipt(index, &[item.key])?;
    receipt.disclose(&item.key, &node.network_key().blind(&item.name));
    Ok(receipt)
}

/// What the caller may be given of a transaction.
#[derive(Debug, Clone, Copy)]
struct Sight {
    /// It made it, was party to it, or is a regulator.
    of_transaction: bool,
    /// It holds the item that it names.
    of_item: bool,
}

async fn sight(node: &Node, caller: &Caller, index: u64, item: Option<&ItemKey>) -> Result<Sight, Problem> {
    let viewer = viewer(node, caller).await?;
    let Viewer::Party(party) = &viewer else { return Ok(Sight { of_transaction: true, of_item: true }) };
    let of_transaction =
        made(node, index, party)? || !node.store().queries.events_at(&viewer, &[index]).await?.is_empty();
    Ok(Sight { of_transaction, of_item: held(node, item, party)? })
}

fn made(node: &Node, index: u64, party: &PartyId) -> Result<bool, Problem> {
    let header = node.ledger().header(index)?;
    let creator = read::certificate(&node.ledger().state(), &header.creator)?;
    Ok(creator.is_some_and(|creator| creator.certificate.party == *party))
}

fn held(node: &Node, item: Option<&ItemKey>, party: &PartyId) -> Result<bool, Problem> {
    let Some(item) = item else { return Ok(false) };
    Ok(resolve(&node.ledger().state(), item)?.is_some_and(|standing| standing.holder == *party))
}
