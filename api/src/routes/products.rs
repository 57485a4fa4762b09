//! Products and their lots.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;
use veridose_contract::{Action, Day};
use veridose_gs1::{Lot, lot_name};
use veridose_store::{LotRow, Payload, ProductRow, payload};

use super::items::gtin;
use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// A product to be registered by its manufacturer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProduct {
    /// GTIN-8, 12, 13 or 14.
    #[schema(example = "09506000134352")]
    gtin: String,
    /// Name, for people.
    name: String,
    /// National Drug Code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ndc: Option<String>,
    /// Strength, for instance `50 mg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strength: Option<String>,
    /// Dosage form, for instance `tablet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dosage_form: Option<String>,
    /// Packs or units in a package, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<String>,
}

/// Registers a product.
#[utoipa::path(
    tag = "products",
    params(WriteHeaders),
    responses((status = 201, description = "Registered", body = Committed), Refusals)
)]
#[post("/products")]
pub(super) async fn register(write: Write, body: web::Json<NewProduct>) -> Result<HttpResponse, Problem> {
    let gtin = gtin("gtin", &body.gtin)?;
    let details = payload::Product {
        gtin: gtin.to_string(),
        name: body.name.clone(),
        ndc: body.ndc.clone(),
        strength: body.strength.clone(),
        dosage_form: body.dosage_form.clone(),
        package: body.package.clone(),
    };
    let action = Action::RegisterProduct(write.node().network_key().product(&gtin.name()));
    let plan = write.plan(action, Vec::new(), write.happened(None), Payload::Product(details));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// A lot to be registered by the product's manufacturer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLot {
    /// The lot number.
    #[schema(example = "ABC123")]
    lot: String,
    /// Last day of use.
    #[serde(with = "crate::iso_date")]
    #[schema(value_type = String, format = Date)]
    expiry: Date,
}

/// Registers a lot.
#[utoipa::path(
    tag = "products",
    params(("gtin" = String, Path, description = "The product"), WriteHeaders),
    responses((status = 201, description = "Registered", body = Committed), Refusals)
)]
#[post("/products/{gtin}/lots")]
pub(super) async fn register_lot(
    write: Write,
    path: web::Path<String>,
    body: web::Json<NewLot>,
) -> Result<HttpResponse, Problem> {
    let gtin = gtin("gtin", &path)?;
    let lot = Lot::parse(&body.lot).map_err(|error| Problem::field("lot", error))?;
    let key = write.node().network_key();
    let (product, name) = (key.product(&gtin.name()), key.lot(&lot_name(&gtin, &lot)));
    let details = payload::Lot { gtin: gtin.to_string(), lot: body.lot.clone(), expiry: body.expiry };
    let action = Action::RegisterLot { lot: name, product, expiry: day(body.expiry) };
    let plan = write.plan(action, Vec::new(), write.happened(None), Payload::Lot(details));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

fn day(date: Date) -> Day {
    Day((date - time::macros::date!(1970 - 01 - 01))
        .whole_days()
        .try_into()
        .expect("a calendar date is a few million days off"))
}

/// The caller's products; a regulator's are all.
#[utoipa::path(
    tag = "products",
    params(Paging),
    responses((status = 200, description = "Products", body = List<ProductRow>), Refusals)
)]
#[get("/products")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let page = node.store().queries.products(&viewer(&node, &caller).await?, &paging.request()).await?;
    Ok(list(&request, page))
}

/// One product: who has its number may read its details.
#[utoipa::path(
    tag = "products",
    params(("gtin" = String, Path, description = "The product")),
    responses((status = 200, description = "The product", body = ProductRow), Refusals)
)]
#[get("/products/{gtin}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    viewer(&node, &caller).await?;
    let product = node.network_key().product(&gtin("gtin", &path)?.name());
    let found = node.store().queries.product(&product).await?;
    found.map(|row| HttpResponse::Ok().json(row)).ok_or_else(|| Problem::not_found("product"))
}

/// The caller's lots of a product; a regulator's are all.
#[utoipa::path(
    tag = "products",
    params(("gtin" = String, Path, description = "The product"), Paging),
    responses((status = 200, description = "Lots", body = List<LotRow>), Refusals)
)]
#[get("/products/{gtin}/lots")]
pub(super) async fn lots(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let product = node.network_key().product(&gtin("gtin", &path)?.name());
    let page = node.store().queries.lots(&viewer(&node, &caller).await?, Some(&product), &paging.request()).await?;
    Ok(list(&request, page))
}
