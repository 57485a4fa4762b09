//! Transactions that an organisation signed on its own side, and receipts of what is on the ledger.

use actix_web::{HttpRequest, HttpResponse, get, http::header::CONTENT_TYPE, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use utoipa::IntoParams;
use veridose_contract::{ItemKey, PartyId, Transaction, TxId, read, resolve};
use veridose_store::Viewer;

use super::items::{Item, item};
use super::lists::viewer;
use super::refusals::Refusals;
use super::write::{Committed, actor};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::{Kind, Problem};

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
    body: web::Bytes,
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
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct For {
    /// A pack or container of the transaction, in any form; its blinding value is disclosed in the receipt.
    item: Option<String>,
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
    let missing = || Problem::not_found("transaction");
    let tx = TxId::parse(&path).map_err(|_| missing())?;
    let named = query.item.as_deref().map(|text| item(node.network_key(), "item", text)).transpose()?;
    let index = node.ledger().index_of(&tx)?.ok_or_else(missing)?;
    if !may_see(&node, &caller, index, named.as_ref().map(|item| &item.key)).await? {
        return Err(missing());
    }
    Ok(HttpResponse::Ok().json(receipt_of(&node, index, named.as_ref())?))
}

/// A receipt with the item's blinding value in it: who asks has the item's name.
pub(super) fn receipt_of(node: &Node, index: u64, item: Option<&Item>) -> Result<veridose_ledger::Receipt, Problem> {
    let keys: Vec<_> = item.iter().map(|item| item.key).collect();
    let mut receipt = node.ledger().receipt(index, &keys)?;
    if let Some(item) = item {
        receipt.disclose(&item.key, &node.network_key().blind(&item.name));
    }
    Ok(receipt)
}

/// Whoever made the transaction, was party to it, holds the item it is about, or is a regulator.
async fn may_see(node: &Node, caller: &Caller, index: u64, item: Option<&ItemKey>) -> Result<bool, Problem> {
    let viewer = viewer(node, caller).await?;
    let Viewer::Party(party) = &viewer else { return Ok(true) };
    Ok(made(node, index, party)?
        || held(node, item, party)?
        || !node.store().queries.events_at(&viewer, &[index]).await?.is_empty())
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
