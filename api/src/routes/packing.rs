//! Packs begin, and go into containers and out of them: what a packing line reports as EPCIS events, for who has no such line.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;
use veridose_contract::Role;
use veridose_contract::limits::ITEMS_PER_TRANSACTION_MAX;
use veridose_epcis::model::{CBVMDA_NAMESPACE, Event, EventKind, Name, Namespace, Uri, Value};
use veridose_gs1::{Epc, Gtin, Lot, Serial, Sgtin};

use super::items::{gtin, item, items, split};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, document};
use crate::problem::{Kind, Problem};
use crate::trade::{Desk, Plan, PlanError, plan, record};

/// Characters of serial numbers that are made here: none that is taken for another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of serial numbers that are made here: 60 bits, of which nobody guesses one of a million in ten thousand tries
/// (Delegated Regulation (EU) 2016/161, Article 4(b)(ii)).
const SERIAL_CHARACTERS: usize = 12;

/// Packs that begin.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPacks {
    /// The product.
    #[schema(example = "09506000134352")]
    gtin: String,
    /// Their lot; registered with the product where the ledger does not know them yet.
    #[schema(example = "ABC123")]
    lot: String,
    /// Last day of use; of a lot that is known it may be left out.
    #[serde(default, with = "crate::iso_date::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    expiry: Option<Date>,
    /// Their serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    serials: Vec<String>,
    /// How many packs, where the serial numbers are to be made here; the same request gets the same ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    count: Option<u32>,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// What began.
#[derive(Serialize, ToSchema)]
pub(super) struct Begun {
    /// The packs' Digital Links.
    packs: Vec<String>,
    #[serde(flatten)]
    committed: Committed,
}

/// Commissions packs of a lot.
#[utoipa::path(
    tag = "packs",
    params(WriteHeaders),
    responses((status = 201, description = "Commissioned", body = Begun), Refusals)
)]
#[post("/commissions")]
pub(super) async fn commission(write: Write, body: web::Json<NewPacks>) -> Result<HttpResponse, Problem> {
    if write.actor.role != Role::Manufacturer {
        return Err(Problem::new(Kind::Forbidden, "packs are commissioned by manufacturers"));
    }
    let product = gtin("gtin", &body.gtin)?;
    let lot = Lot::parse(&body.lot).map_err(|error| Problem::field("lot", error))?;
    let serials = serials(&write, product, &body)?;
    let link = |serial| Epc::Sgtin(Sgtin { gtin: product, serial }).digital_link();
    let packs: Vec<String> = serials.into_iter().map(link).collect();
    let mut event =
        record::object(record::COMMISSIONING, write.happened(body.happened), write.actor.site, &uris(&packs)?);
    let vocabulary = Namespace::new("cbvmda", CBVMDA_NAMESPACE);
    let expiry = body.expiry.map(|day| day.to_string());
    for (name, value) in [("lotNumber", Some(lot.as_str())), ("itemExpirationDate", expiry.as_deref())] {
        if let Some(value) = value {
            event.ilmd.add(Name::new(Some(vocabulary.clone()), name), Value::Text(value.into()));
        }
    }
    let plan = planned(&write, &event)?;
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| Begun { packs, committed }).await
}

/// The serial numbers that the request gives, or as many new ones as it asks for.
fn serials(write: &Write, product: Gtin, body: &NewPacks) -> Result<Vec<Serial>, Problem> {
    match (body.serials.as_slice(), body.count) {
        ([], Some(count)) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            if !(1..=ITEMS_PER_TRANSACTION_MAX).contains(&count) {
                return Err(Problem::field("count", format!("give 1 to {ITEMS_PER_TRANSACTION_MAX}")));
            }
            let request = hex::encode(write.name("serial numbers"));
            let network = write.node().network_key();
            Ok((0..count).map(|number| made(&network.blind(&format!("{product} {request} {number}")))).collect())
        }
        ([], None) | ([_, ..], Some(_)) => Err(Problem::field("serials", "give serials, or a count of new ones")),
        (given, None) => {
            let parse = |(at, text): (usize, &String)| {
                Serial::parse(text.trim()).map_err(|error| Problem::field(format!("serials[{at}]"), error))
            };
            given.iter().enumerate().map(parse).collect()
        }
    }
}

/// A serial number from a keyed hash: without the key nobody tells the next one from the last.
fn made(hash: &[u8; 32]) -> Serial {
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let text: String = hash.iter().take(SERIAL_CHARACTERS).map(letter).collect();
    Serial::parse(&text).expect("letters and digits make a serial number")
}

fn uris(links: &[String]) -> Result<Vec<Uri>, Problem> {
    links.iter().map(|link| Uri::parse(link).map_err(|error| Problem::field("serials", error.reason))).collect()
}

/// The plan of an event, as the capture of it would have it.
fn planned(write: &Write, event: &Event) -> Result<Plan, Problem> {
    let (node, actor) = (write.node(), &write.actor);
    let (state, directory) = (node.ledger().state(), node.directory());
    let desk = Desk {
        state: &state,
        network_key: node.network_key(),
        directory: &directory,
        caller: &actor.party,
        role: actor.role,
        header: None,
        original: None,
        now: node.clock().now(),
    };
    let plan = plan(&desk, event, document(event)).map_err(|error| match error {
        PlanError::Refused(refusal) => Problem::field(refusal.field, format!("{}; {}", refusal.detail, refusal.fix)),
        PlanError::State(state) => state.into(),
    })?;
    match plan.warnings.first() {
        Some(warning) => Err(Problem::new(Kind::Unprocessable, warning.clone())),
        None => Ok(plan),
    }
}

/// Goods into a container, or out of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Packing {
    /// The container, in any form; an SSCC that is new begins with the first packing.
    container: String,
    /// What goes into it or comes out of it, in any form; to unpack all, nothing.
    #[serde(default)]
    items: Vec<String>,
    /// When it happened; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    happened: Option<OffsetDateTime>,
}

/// Packs items into a container.
#[utoipa::path(
    tag = "packs",
    params(WriteHeaders),
    responses((status = 201, description = "Packed", body = Committed), Refusals)
)]
#[post("/packings")]
pub(super) async fn pack(write: Write, body: web::Json<Packing>) -> Result<HttpResponse, Problem> {
    if body.items.is_empty() {
        return Err(Problem::field("items", "name at least one item that goes into the container"));
    }
    aggregate(write, &body, record::PACKING).await
}

/// Takes items out of a container: those that are named, or all.
#[utoipa::path(
    tag = "packs",
    params(WriteHeaders),
    responses((status = 201, description = "Unpacked", body = Committed), Refusals)
)]
#[post("/unpackings")]
pub(super) async fn unpack(write: Write, body: web::Json<Packing>) -> Result<HttpResponse, Problem> {
    aggregate(write, &body, record::UNPACKING).await
}

async fn aggregate(write: Write, body: &Packing, words: record::Words) -> Result<HttpResponse, Problem> {
    let key = write.node().network_key();
    let container = item(key, "container", &body.container)?;
    let (_, children) = split(items(key, &body.items)?);
    let mut event = record::object(words, write.happened(body.happened), write.actor.site, &[]);
    event.kind = EventKind::Aggregation;
    event.parent_id = Some(container.uri);
    event.child_epcs = children;
    let plan = planned(&write, &event)?;
    write.carry_out(body, plan, StatusCode::CREATED, |committed| committed).await
}
