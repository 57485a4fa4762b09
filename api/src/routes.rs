//! Every route, on one page.

mod fallback;
mod health;
mod issuer;
#[cfg(test)]
mod tests;

use actix_web::web::{self, JsonConfig, PathConfig, QueryConfig};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig as Documented;
use utoipa_swagger_ui::SwaggerUi;

use crate::config::Limits;
use crate::problem::{Problem, ProblemBody};

/// The routes that the `OpenAPI` document describes.
pub fn documented(service: &mut Documented<'_>) {
    service
        // The node itself
        .service(health::healthz)
        .service(health::readyz)
        .service(health::metrics)
        .service(issuer::discovery)
        .service(issuer::jwks);
}

/// What stands around the documented routes: the document itself, its pages, the limits of bodies, and the answer to all
/// other paths.
pub fn surroundings(service: &mut web::ServiceConfig, limits: Limits) {
    let document = openapi();
    let fallback = web::Data::new(fallback::Paths::of(&document));
    service
        .app_data(JsonConfig::default().limit(limits.body_bytes_max).error_handler(|e, _| Problem::from(e).into()))
        .app_data(QueryConfig::default().error_handler(|e, _| Problem::from(e).into()))
        .app_data(PathConfig::default().error_handler(|e, _| Problem::from(e).into()))
        .app_data(web::Data::new(limits))
        .app_data(fallback)
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
    actix_web::App::new().into_utoipa_app().openapi(Description::openapi()).configure(documented).split_for_parts().1
}
