//! What is set apart because of a case.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, QuarantineTarget};
use veridose_store::Payload;
use veridose_store::payload::Note;

use super::found;
use crate::problem::Problem;
use crate::routes::items::{LotName, items, split};
use crate::routes::refusals::Refusals;
use crate::routes::write::{Committed, Write, WriteHeaders};

/// What is set apart: the named packs and containers, or a lot; without either, all that the case names.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetApart {
    /// Packs or containers, in any form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<Vec<String>>,
    /// Every pack of a lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lot: Option<LotName>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// Sets packs or a lot apart because of a case, which names the quarantine from then on. It is released like any other
/// (`POST /quarantines/release`).
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 201, description = "Set apart", body = Committed), Refusals)
)]
#[post("/cases/{case}/quarantine")]
pub(in crate::routes) async fn quarantine(
    write: Write,
    path: web::Path<String>,
    body: web::Json<SetApart>,
) -> Result<HttpResponse, Problem> {
    set_apart(write, &path, &body).await
}

pub(super) async fn set_apart(write: Write, case: &str, body: &SetApart) -> Result<HttpResponse, Problem> {
    let (_, row, about) = found(write.node(), &write.caller, case).await?;
    let key = write.node().network_key();
    let (target, keys) = match (&body.items, &body.lot) {
        (Some(_), Some(_)) => return Err(Problem::field("lot", "give items or a lot, not both")),
        (None, Some(lot)) => (QuarantineTarget::Lot(key.lot(&lot.name()?)), Vec::new()),
        (Some(texts), None) => (QuarantineTarget::Items, split(items(key, texts)?).0),
        (None, None) => {
            let named = about.map(|about| about.items).unwrap_or_default();
            (QuarantineTarget::Items, split(items(key, &named)?).0)
        }
    };
    if target == QuarantineTarget::Items && keys.is_empty() {
        return Err(Problem::field("items", "the case names no packs: name them, or a lot"));
    }
    let note = Payload::Note(Note { text: body.note.clone(), case: Some(row.case) });
    let mut plan = write.plan(Action::Quarantine(target), keys, write.happened(None), note);
    plan.readers.insert(row.party);
    write.carry_out(body, plan, StatusCode::CREATED, |committed| committed).await
}
