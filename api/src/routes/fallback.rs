//! The answer to a path or method that no route has: 404, or 405 with the methods that the path does have.

use actix_web::dev::ResourceDef;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::{OpenApi, PathItem};

use crate::problem::Problem;

/// The documented paths and their methods.
pub(super) struct Paths(Vec<(ResourceDef, String)>);

impl Paths {
    pub(super) fn of(document: &OpenApi) -> Self {
        Self(document.paths.paths.iter().map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }
}

fn methods(item: &PathItem) -> String {
    let methods = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("PATCH", item.patch.is_some()),
    ];
    methods.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

pub(super) async fn fallback(
    request: HttpRequest,
    paths: actix_web::web::Data<Paths>,
) -> Result<HttpResponse, Problem> {
    match paths.0.iter().find(|(path, _)| path.is_match(request.path())) {
        Some((_, methods)) => Err(Problem::method_not_allowed(methods.clone())),
        None => Err(Problem::not_found("path")),
    }
}
