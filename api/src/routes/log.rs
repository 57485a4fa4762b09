//! The log as C2SP tlog-tiles, read-only. Hashes are public; entries name keys, times and parties, and are for members.

use std::io::ErrorKind;
use std::path::Path;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::refusals::Refusals;
use super::write::actor;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// The newest signed checkpoint (C2SP tlog-checkpoint).
#[utoipa::path(
    tag = "ledger",
    security(()),
    responses((status = 200, description = "The checkpoint", body = String, content_type = "text/plain"), Refusals)
)]
#[get("/log/checkpoint")]
pub(super) async fn checkpoint(node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(node.ledger().checkpoint()?.text))
}

/// The log's public key, as a signed-note verifier key.
#[utoipa::path(
    tag = "ledger",
    security(()),
    responses((status = 200, description = "The key", body = String, content_type = "text/plain"), Refusals)
)]
#[get("/log/key")]
pub(super) async fn key(node: web::Data<Node>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(node.ledger().verifier().text().to_owned())
}

/// A tile of hashes, or a bundle of entries (`entries/…`, with a member's token).
#[utoipa::path(
    tag = "ledger",
    params(("path" = String, Path, description = "Level and number, for instance `0/000` or `entries/000.p/7`")),
    responses(
        (status = 200, description = "The tile", body = String, content_type = "application/octet-stream"),
        Refusals
    )
)]
#[get("/log/tile/{path:.*}")]
pub(super) async fn tile(
    request: HttpRequest,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let parts: Vec<_> = path.split('/').collect();
    if !parts.iter().all(|part| is_part(part)) {
        return Err(Problem::not_found("tile"));
    }
    if parts.first() == Some(&"entries") {
        let caller = <Caller as actix_web::FromRequest>::extract(&request).await?;
        actor(&node, &caller)?;
    }
    let file = node.ledger().replica().tiles_folder().join("tile").join(Path::new(path.as_str()));
    let read = web::block(move || std::fs::read(file)).await.map_err(Problem::internal)?;
    match read {
        Ok(bytes) => Ok(HttpResponse::Ok()
            .content_type("application/octet-stream")
            .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
            .body(bytes)),
        Err(error) if names_no_tile(error.kind()) => Err(Problem::not_found("tile")),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// Whether the path leads to no file: to nothing, to a folder of tiles, or on from a tile.
const fn names_no_tile(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}

/// `entries`, a level, three digits, `x` and three digits, three digits and `.p`, or a width: nothing that leaves the folder.
fn is_part(part: &str) -> bool {
    let number = part.strip_prefix('x').unwrap_or(part);
    let number = number.strip_suffix(".p").unwrap_or(number);
    part == "entries" || (!number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}
