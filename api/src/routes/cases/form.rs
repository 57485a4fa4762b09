//! Form FDA 3911 of a case, prefilled.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use veridose_contract::{Role, Timestamp, read, resolve};
use veridose_gs1::Epc;
use veridose_store::CaseRow;
use veridose_store::payload::Case;

use super::{CaseFile, found};
use crate::auth::Caller;
use crate::form3911::{Category, Goods, Notification, Report, Told};
use crate::node::{Actor, Node, date_time};
use crate::problem::Problem;
use crate::routes::items::{LotName, item};
use crate::routes::refusals::Refusals;
use crate::routes::write::actor;

/// What the reporter says beyond the case.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct Wanted {
    /// Which report it is; an initial notification where nothing is said.
    #[serde(default)]
    report: Report,
    /// The incident number that FDA assigned, for a follow-up or a termination.
    incident: Option<String>,
    /// Why the notification is no longer necessary, for a termination.
    reason: Option<String>,
}

/// Form FDA 3911 (Drug Notification) with what the ledger and the case know filled in; what only the reporter knows stays
/// empty. The caller's organisation is the reporter.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), Wanted),
    responses((status = 200, description = "The form's items", body = Notification), Refusals)
)]
#[get("/cases/{case}/form-3911")]
pub(in crate::routes) async fn json(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(notification(&node, &caller, &path, &wanted).await?))
}

/// The same as a PDF to be read, completed and sent.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), Wanted),
    responses(
        (status = 200, description = "The form", body = String, content_type = "application/pdf"),
        Refusals
    )
)]
#[get("/cases/{case}/form-3911.pdf")]
pub(in crate::routes) async fn pdf(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let form = notification(&node, &caller, &path, &wanted).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"form-3911-{}.pdf\"", *path)))
        .body(form.pdf()))
}

async fn notification(node: &Node, caller: &Caller, name: &str, wanted: &Wanted) -> Result<Notification, Problem> {
    let (_, row, about) = found(node, caller, name).await?;
    let actor = actor(node, caller)?;
    let party = read::party(&node.ledger().state(), &actor.party)?.ok_or_else(|| Problem::not_found("party"))?.party;
    let about = about.ok_or_else(|| Problem::not_found("document of the case"))?;
    let goods = goods(node, &actor, &about).await?;
    Ok(Notification::of(&Told {
        report: wanted.report,
        incident: wanted.incident.clone(),
        reason: wanted.reason.clone(),
        today: date_time(node.clock().now()).date(),
        determined: determined(&row).map(|at| date_time(at).date()),
        outcome: row.outcome,
        case: row.case,
        title: about.title,
        explanation: about.explanation,
        codes: about.codes,
        goods,
        company: party.name,
        sites: party.sites,
        category: Category::of(party.role),
    }))
}

/// When the product was found to be illegitimate: when the case was closed as such.
fn determined(row: &CaseRow) -> Option<Timestamp> {
    super::notify_by(row).map(|_| row.moved_at)
}

/// The lots of the case's packs, as far as the caller may know them.
pub(crate) async fn lots(node: &Node, caller: &Caller, file: &CaseFile) -> Result<Vec<LotName>, Problem> {
    let Some(about) = &file.about else { return Ok(Vec::new()) };
    let goods = goods(node, &actor(node, caller)?, about).await?;
    let named = goods.lots.into_iter().filter_map(|lot| Some(LotName { gtin: lot.gtin?, lot: lot.number? }));
    Ok(named.collect())
}

/// What the case's packs and containers are, as far as the ledger and the view know them.
async fn goods(node: &Node, actor: &Actor, about: &Case) -> Result<Goods, Problem> {
    let mut goods = Goods::default();
    let (mut products, mut lots) = (BTreeSet::new(), BTreeSet::new());
    for (at, text) in about.items.iter().enumerate() {
        let item = item(node.network_key(), &format!("items[{at}]"), text)?;
        match Epc::parse(item.uri.as_str()) {
            Ok(Epc::Sgtin(sgtin)) => {
                goods.packs += 1;
                goods.serials.push(sgtin.serial.to_string());
                products.insert(node.network_key().product(&sgtin.gtin.name()));
            }
            Ok(
                Epc::Sscc(_)
                | Epc::Lgtin(..)
                | Epc::Gtin(_)
                | Epc::Sgln(_)
                | Epc::Pgln(_)
                | Epc::Key(_)
                | Epc::Other(_),
            )
            | Err(_) => goods.containers += 1,
        }
        if let Some(standing) = resolve(&node.ledger().state(), &item.key)? {
            products.extend(standing.product);
            // Whoever names another's pack in a case does not learn its lot by that.
            let is_own = [&standing.holder, &standing.batch.party].contains(&&actor.party);
            lots.extend(standing.lot.filter(|_| is_own || actor.role == Role::Regulator));
        }
    }
    for product in products {
        let row = node.store().queries.product(&product).await?;
        goods.products.extend(row.and_then(|row| row.details));
    }
    for lot in lots {
        goods.lots.extend(node.store().queries.lot(&lot).await?);
    }
    Ok(goods)
}
