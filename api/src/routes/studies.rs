//! Clinical studies: which version of which document held when, who anchored it, and who signed it with what meaning.
//!
//! The documents themselves stay where they are: the ledger holds a blinded hash of each version, for good.

mod versions;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, PartyId, StudyId, StudyKind, StudyStep};
use veridose_store::payload::{Note, Study};
use veridose_store::{Opened, Page, Payload, StudyRow, Viewer};

use super::lists::{List, Paging, list, viewer_of};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, actor, node};
use crate::auth::Caller;
use crate::node::{Actor, Node};
use crate::problem::Problem;

pub(super) use versions::{anchor, documents, find, sign};

/// Longest title, in characters.
const TITLE_MAX: usize = 500;

/// A study to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStudy {
    /// Its number in a registry: `NCT…`, an EU CT number. 1 to 40 letters, digits, `-`, `.` and `/`.
    #[schema(example = "NCT05000000")]
    number: String,
    /// Its title.
    title: String,
    /// What kind of study it is: `interventional`, `observational` or `expanded_access`.
    #[schema(value_type = String, example = "interventional")]
    kind: StudyKind,
    /// Members that anchor and sign besides the sponsor.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    sites: Vec<PartyId>,
}

/// A study that was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = StudyRegistered)]
pub(super) struct Registered {
    /// Its name on the ledger.
    #[schema(value_type = String)]
    study: StudyId,
    #[serde(flatten)]
    committed: Committed,
}

/// A study with its words.
#[derive(Serialize, ToSchema)]
#[schema(as = StudyShown)]
pub(super) struct Shown {
    #[serde(flatten)]
    row: StudyRow,
    /// What it is called; nothing for who became a site after it was registered.
    #[serde(flatten)]
    words: Option<Study>,
}

/// Registers a study; the caller's party is its sponsor.
#[utoipa::path(
    tag = "studies",
    params(WriteHeaders),
    responses((status = 201, description = "Registered", body = Registered), Refusals)
)]
#[post("/studies")]
pub(super) async fn register(write: Write, body: web::Json<NewStudy>) -> Result<HttpResponse, Problem> {
    let study = StudyId::of(&body.number).ok_or_else(|| {
        Problem::field("number", "a registry's number has 1 to 40 ASCII letters, digits, hyphens, dots and slashes")
    })?;
    Problem::check_length("title", &body.title, 1..=TITLE_MAX)?;
    let sites = in_order(&body.sites);
    let words = Study { number: body.number.to_ascii_uppercase(), title: body.title.clone() };
    let step = StudyStep::Register { kind: body.kind, sites: sites.clone() };
    let action = Action::MoveStudy { study, step };
    let mut plan = write.plan(action, Vec::new(), write.happened(None), Payload::Study(words));
    plan.readers.extend(sites);
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| Registered { study, committed }).await
}

/// Who is part of a study.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sites {
    /// Members that anchor and sign besides the sponsor.
    #[schema(value_type = Vec<String>)]
    sites: Vec<PartyId>,
}

/// Says anew who besides the sponsor anchors and signs.
#[utoipa::path(
    tag = "studies",
    params(("study" = String, Path, description = "Name or number of the study"), WriteHeaders),
    responses((status = 200, description = "Changed", body = Committed), Refusals)
)]
#[put("/studies/{study}/sites")]
pub(super) async fn set_sites(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Sites>,
) -> Result<HttpResponse, Problem> {
    let (study, sites) = (named(&path)?, in_order(&body.sites));
    let action = Action::MoveStudy { study, step: StudyStep::SetSites(sites.clone()) };
    let note = Payload::Note(Note::new("sites changed".to_owned()));
    let mut plan = write.plan(action, Vec::new(), write.happened(None), note);
    plan.readers.extend(sites);
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}

/// Studies that the caller's party sponsors or is a site of; all of them for a regulator. Latest first.
#[utoipa::path(
    tag = "studies",
    params(Paging),
    responses((status = 200, description = "Studies", body = List<Shown>), Refusals)
)]
#[get("/studies")]
pub(super) async fn index(request: HttpRequest, caller: Caller, paging: Paging) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let (actor, viewer) = looking(node, &caller).await?;
    let page = node.store().queries.studies(&viewer, &paging.request()).await?;
    let items = with_words(node, &actor, page.items).await?;
    Ok(list(&request, Page { items, next: page.next }))
}

/// One study.
#[utoipa::path(
    tag = "studies",
    params(("study" = String, Path, description = "Name or number of the study")),
    responses((status = 200, description = "The study", body = Shown), Refusals)
)]
#[get("/studies/{study}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (actor, row) = mine(&node, &caller, &path).await?;
    let shown = with_words(&node, &actor, vec![row]).await?.pop().ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(shown))
}

async fn with_words(node: &Node, actor: &Actor, rows: Vec<StudyRow>) -> Result<Vec<Shown>, Problem> {
    let commitments: Vec<_> = rows.iter().map(|row| row.commitment).collect();
    let opened = node.store().vault.open_many(&commitments, &actor.party).await?;
    let words = opened.into_iter().map(|opened| match opened {
        Opened::Document(Payload::Study(study)) => Some(study),
        Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    });
    Ok(rows.into_iter().zip(words).map(|(row, words)| Shown { row, words }).collect())
}

async fn looking(node: &Node, caller: &Caller) -> Result<(Actor, Viewer), Problem> {
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let viewer = viewer_of(&actor);
    Ok((actor, viewer))
}

/// A study that the caller's party is part of.
async fn mine(node: &Node, caller: &Caller, path: &str) -> Result<(Actor, StudyRow), Problem> {
    let study = named(path)?;
    let (actor, viewer) = looking(node, caller).await?;
    let row = node.store().queries.study(&viewer, &study).await?.ok_or_else(missing)?;
    Ok((actor, row))
}

/// The study of a name on the ledger or of a number in a registry.
fn named(text: &str) -> Result<StudyId, Problem> {
    StudyId::parse(text).ok().or_else(|| StudyId::of(text)).ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::not_found("study")
}

fn in_order(sites: &[PartyId]) -> Vec<PartyId> {
    let sites: std::collections::BTreeSet<_> = sites.iter().cloned().collect();
    sites.into_iter().collect()
}
