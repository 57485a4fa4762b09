//! Style, scripts and pictures of the pages: part of the program, served under a name that changes with them, so that browsers
//! keep them for good and never show an old one.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpResponse, get, web};
use sha2::{Digest, Sha256};

use super::words::{Language, Words};
use crate::problem::Problem;

/// A file of the pages.
struct Asset {
    name: String,
    media: &'static str,
    text: String,
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// What offline pages need is fetched by the worker, which is told the folder's name.
const WORKER: &str = include_str!("assets/worker.js");

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    macro_rules! assets {
        ($($name:literal $media:ident)*) => {
            vec![$(Asset {
                name: $name.to_owned(), media: $media, text: include_str!(concat!("assets/", $name)).to_owned(),
            },)*]
        };
    }
    let mut assets = assets! {
        "style.css" STYLE
        "icon.svg" PICTURE
        "frame.js" SCRIPT
        "ledger.js" SCRIPT
        "ledger.css" STYLE
        "live.js" SCRIPT
        "models.js" SCRIPT
        "node.js" SCRIPT
        "proof.js" SCRIPT
        "counter.js" SCRIPT
        "queue.js" SCRIPT
        "safe.js" SCRIPT
        "scanner.js" SCRIPT
        "camera.js" SCRIPT
        "signed-in.js" SCRIPT
        "shipping.js" SCRIPT
        "shipping-form.js" SCRIPT
        "shipping-items.js" SCRIPT
        "shipping-file.js" SCRIPT
        "shipping.css" STYLE
        "me.js" SCRIPT
        "me.css" STYLE
        "access-proof.js" SCRIPT
        "cases.css" STYLE
        "cases.js" SCRIPT
        "stock.css" STYLE
        "stock.js" SCRIPT
    };
    assets.extend(Language::ALL.map(|language| Asset {
        name: format!("words-{}.js", language.code()),
        media: SCRIPT,
        text: Words::of(language).module(),
    }));
    assets
});

/// Of all files together, because scripts name each other by their plain names.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let hash = ASSETS.iter().fold(Sha256::new().chain_update(WORKER), |hash, asset| {
        hash.chain_update(&asset.name).chain_update([0]).chain_update(&asset.text).chain_update([0])
    });
    hex::encode(&hash.finalize()[..8])
});

/// The address of a file.
pub(super) fn address(name: &str) -> String {
    debug_assert!(ASSETS.iter().any(|asset| asset.name == name), "{name}");
    format!("/assets/{}/{name}", *VERSION)
}

/// The folder of all files, with its last stroke.
pub(super) fn folder() -> String {
    format!("/assets/{}/", *VERSION)
}

/// The files by name, for the worker.
pub(super) fn names() -> String {
    ASSETS.iter().map(|asset| asset.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[get("/assets/{version}/{name}")]
pub(super) async fn show(path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (version, name) = path.into_inner();
    let found = ASSETS.iter().find(|asset| asset.name == name && version == *VERSION);
    let asset = found.ok_or_else(|| Problem::not_found("file of the pages"))?;
    Ok(HttpResponse::Ok()
        .content_type(asset.media)
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.text.clone()))
}

/// The worker that shows pages when the network is gone. Its address stays, and browsers ask for it anew.
#[get("/worker.js")]
pub(super) async fn worker() -> HttpResponse {
    // What a worker may fetch is what its own answer says.
    HttpResponse::Ok()
        .content_type(SCRIPT)
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((HeaderName::from_static("content-security-policy"), "default-src 'none'; connect-src 'self'"))
        .body(WORKER)
}
