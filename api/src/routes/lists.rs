//! What every list has in common: who looks, a page, and where the next one begins.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veridose_contract::Role;
use veridose_store::{Page, PageRequest, Viewer};

use super::write::actor;
use crate::auth::Caller;
use crate::config::Limits;
use crate::node::{Actor, Node};
use crate::problem::{Kind, Problem};

/// Which page is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Rows wanted; 30 where none is given.
    #[serde(rename = "perPage")]
    #[param(minimum = 1)]
    per_page: Option<u32>,
    /// The token of the page before, for every page but the first.
    #[serde(rename = "nextPageToken")]
    next_page_token: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The rows, in order.
    pub(super) items: Vec<T>,
    /// The token of the next page; none on the last page. The same stands in the `Link` header.
    #[serde(rename = "nextPageToken", skip_serializing_if = "Option::is_none")]
    pub(super) next_page_token: Option<String>,
}

impl FromRequest for Paging {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(paging(request))
    }
}

fn paging(request: &HttpRequest) -> Result<Paging, Problem> {
    let paging = web::Query::<Paging>::from_query(request.query_string()).map_err(Problem::from)?.into_inner();
    let limits = request.app_data::<web::Data<Limits>>().expect("the application registers it");
    match paging.per_page {
        Some(0) => Err(Problem::new(Kind::BadRequest, "perPage is at least 1")),
        Some(wanted) => Ok(Paging { per_page: Some(wanted.min(limits.page_max)), ..paging }),
        None => Ok(paging),
    }
}

impl Paging {
    pub(crate) fn request(&self) -> PageRequest {
        PageRequest { limit: self.per_page, token: self.next_page_token.clone() }
    }
}

/// Who looks: a regulator, by the ledger's own record, sees everything, everybody else what was theirs. Waits for the view.
pub(crate) async fn viewer(node: &Node, caller: &Caller) -> Result<Viewer, Problem> {
    node.caught_up().await;
    Ok(viewer_of(&actor(node, caller)?))
}

/// As [`viewer`], for a member that is known.
pub(super) fn viewer_of(actor: &Actor) -> Viewer {
    match actor.role {
        Role::Regulator => Viewer::Regulator(actor.party.clone()),
        Role::Manufacturer | Role::Distributor | Role::Pharmacy | Role::Payer => Viewer::Party(actor.party.clone()),
    }
}

/// A page as the answer.
pub(super) fn list<T: Serialize>(request: &HttpRequest, page: Page<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(next) = &page.next {
        response.insert_header(("Link", next_link(request, next)));
    }
    response.json(List { items: page.items, next_page_token: page.next })
}

/// The `Link` header of the next page: the same query with the new token.
pub(super) fn next_link(request: &HttpRequest, token: &str) -> String {
    let kept = request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("nextPageToken="));
    let query = kept.chain([format!("nextPageToken={token}").as_str()]).collect::<Vec<_>>().join("&");
    format!("<{}?{query}>; rel=\"next\"", request.path())
}
