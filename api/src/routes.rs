//! Every route, on one page.

mod access;
mod capture;
pub(crate) mod cases;
mod claims;
mod consents;
mod decisions;
mod dispenses;
mod emergencies;
mod epcis;
mod erasure;
mod events;
mod fallback;
mod fhir;
mod handoffs;
mod health;
mod issuer;
mod items;
mod jobs;
mod lists;
mod log;
mod models;
pub(crate) mod own;
mod packing;
mod packs;
mod parties;
mod passkeys;
mod products;
mod recalls;
mod refusals;
mod signatures;
mod stock;
mod studies;
mod table;
#[cfg(test)]
mod tests;
mod traces;
mod transactions;
mod verifications;
mod webhooks;
mod write;

use actix_web::web::{self, FormConfig, JsonConfig, PathConfig, PayloadConfig, QueryConfig};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig as Documented;
use utoipa_swagger_ui::SwaggerUi;

pub(crate) use handoffs::named;
pub(crate) use items::{LotName, encoded, item};
pub(crate) use jobs::oversees;
pub(crate) use lists::{Paging, viewer};
pub(crate) use models::drift::measured;
pub(crate) use models::{ModelState, Owner as ModelOwner, Shown, listed, shown};
pub(crate) use packs::{Happening, history_of};
pub(crate) use recalls::reach::{Reach, reach};
pub(crate) use stock::{Asked as StockAsked, DraftOrder, ProductOutlook, Shelf, Wanted as StockWanted, order, shelf};
pub(crate) use table::table;
pub(crate) use traces::{Owner, Trace, trace};
pub(crate) use transactions::{For, receipt};
pub(crate) use verifications::{Judged, judge};
pub(crate) use write::actor;

use crate::config::{Limits, NodeRole};
use crate::pages;
use crate::problem::{Problem, ProblemBody};

/// Size of a form of the pages: a scan at its longest, with each byte written as three.
const FORM_BYTES_MAX: usize = 32 << 10;

/// The routes of a process with this part of the work.
pub fn of(role: NodeRole, service: &mut Documented<'_>) {
    match role {
        NodeRole::All | NodeRole::Serve => documented(service),
        NodeRole::Work => {
            service.service(health::healthz).service(health::readyz).service(health::metrics);
        }
    }
}

/// The routes that the `OpenAPI` document describes.
pub fn documented(service: &mut Documented<'_>) {
    service
        // The node itself
        .service(health::healthz)
        .service(health::readyz)
        .service(health::metrics)
        .service(jobs::index)
        .service(jobs::show)
        .service(jobs::cancel)
        .service(jobs::retry)
        .service(issuer::discovery)
        .service(issuer::jwks)
        // EPCIS
        .service(capture::create)
        .service(capture::index)
        .service(capture::show)
        .service(events::index)
        .service(events::show)
        // The trade
        .service(verifications::create)
        .service(packs::show)
        .service(traces::show)
        .service(packing::commission)
        .service(packing::pack)
        .service(packing::unpack)
        .service(handoffs::create)
        .service(handoffs::index)
        .service(handoffs::show)
        .service(handoffs::accept)
        .service(handoffs::reject)
        .service(handoffs::withdraw)
        .service(dispenses::dispense)
        .service(dispenses::undo)
        .service(dispenses::decommission)
        .service(recalls::call)
        .service(recalls::index)
        .service(recalls::reach::show)
        .service(recalls::end)
        .service(recalls::quarantine)
        .service(recalls::release)
        .configure(suspicions)
        .configure(research)
        // Stock
        .service(stock::outlook)
        .service(stock::outlook_table)
        .service(stock::orders)
        .service(stock::orders_table)
        .service(stock::shortages)
        // Patients
        .service(consents::register)
        .service(consents::index)
        .service(consents::show)
        .service(consents::revoke)
        .service(consents::amend)
        .service(consents::proof)
        .configure(patients)
        .configure(payments)
        // Members and their goods
        .service(parties::admit)
        .service(parties::index)
        .service(parties::show)
        .service(parties::prepare_certificate)
        .service(products::register)
        .service(products::index)
        .service(products::show)
        .service(products::register_lot)
        .service(products::lots)
        // The ledger
        .service(transactions::submit)
        .service(transactions::show_receipt)
        .service(log::checkpoint)
        .service(log::key)
        .service(log::tile);
}

/// The routes of patients' records in FHIR.
fn patients(service: &mut Documented<'_>) {
    service
        .service(access::decide)
        .service(access::log)
        .service(access::history)
        .service(access::revoke)
        .service(emergencies::declare)
        .service(emergencies::confirm)
        .service(emergencies::index)
        .service(emergencies::notices)
        .service(erasure::erase)
        .service(passkeys::options)
        .service(passkeys::register)
        .service(passkeys::index)
        .service(passkeys::remove)
        .service(signatures::prepare)
        .service(signatures::finish)
        .service(fhir::counts::count)
        .service(fhir::counts::index)
        .service(fhir::export::json)
        .service(fhir::export::pdf)
        .service(fhir::metadata::show)
        .service(fhir::consents::create)
        .service(fhir::consents::index)
        .service(fhir::consents::show)
        .service(fhir::provenance::find)
        .service(fhir::claims::submit)
        .service(fhir::claims::create)
        .service(fhir::claims::show)
        .service(fhir::claims::answer)
        .service(fhir::records::create)
        .service(fhir::records::index)
        .service(fhir::records::search_by_form)
        .service(fhir::versions::update)
        .service(fhir::versions::delete)
        .service(fhir::versions::history)
        .service(fhir::versions::show)
        .service(fhir::records::everything)
        .service(fhir::records::show);
}

/// The routes of claims.
fn payments(service: &mut Documented<'_>) {
    service
        .service(claims::submit)
        .service(claims::index)
        .service(claims::show)
        .service(claims::adjudicate)
        .service(claims::pay)
        .service(claims::reverse)
        .service(claims::withdraw);
}

/// The routes of suspicions, what models say of them, and who is told.
fn suspicions(service: &mut Documented<'_>) {
    service
        .service(cases::raise)
        .service(cases::index)
        .service(cases::statistics::statistics)
        .service(cases::show)
        .service(cases::assign)
        .service(cases::escalate)
        .service(cases::close)
        .service(cases::reopen)
        .service(cases::export::cases)
        .service(cases::measures::quarantine)
        .service(cases::form::json)
        .service(cases::form::pdf)
        .service(decisions::record)
        .service(models::register)
        .service(models::index)
        .service(models::rollback)
        .service(models::show)
        .service(models::promote)
        .service(models::download)
        .service(models::check)
        .service(models::drift::show)
        .service(webhooks::create)
        .service(webhooks::index)
        .service(webhooks::show)
        .service(webhooks::end)
        .service(webhooks::rotate)
        .service(webhooks::enable)
        .service(webhooks::deliveries);
}

/// The routes of clinical studies.
fn research(service: &mut Documented<'_>) {
    service
        .service(studies::register)
        .service(studies::index)
        .service(studies::show)
        .service(studies::set_sites)
        .service(studies::anchor)
        .service(studies::documents)
        .service(studies::sign)
        .service(studies::find);
}

/// What stands around the documented routes: the document itself, its pages, the limits of bodies, and the answer to all
/// other paths.
pub fn surroundings(service: &mut web::ServiceConfig, role: NodeRole, limits: Limits) {
    let document = described(role);
    let fallback = web::Data::new(fallback::Paths::of(&document));
    service
        .app_data(JsonConfig::default().limit(limits.body_bytes_max).error_handler(|e, _| Problem::from(e).into()))
        .app_data(PayloadConfig::new(limits.body_bytes_max))
        .app_data(FormConfig::default().limit(FORM_BYTES_MAX).error_handler(|e, _| Problem::from(e).into()))
        .app_data(QueryConfig::default().error_handler(|e, _| Problem::from(e).into()))
        .app_data(PathConfig::default().error_handler(|e, _| Problem::from(e).into()))
        .app_data(web::Data::new(limits))
        .app_data(fallback)
        .configure(|service| {
            if role != NodeRole::Work {
                pages::configure(service);
            }
        })
        .service(web::redirect("/docs", "/docs/"))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document))
        .default_service(web::to(fallback::fallback));
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Veridose",
        description = "Track and trace of medicine packs on a ledger that no member can rewrite. Errors are RFC 9457 \
                       problems with a stable `code`. Writes take an `Idempotency-Key`; lists take a cursor and a limit.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Description;

struct Bearer;
impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The `OpenAPI` 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(NodeRole::All)
}

fn described(role: NodeRole) -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Description::openapi());
    app.configure(|service| of(role, service)).split_for_parts().1
}
