//! Cases: suspicions raised by a member or a detector, and what regulators make of them.

pub(super) mod export;
pub(super) mod form;
pub(super) mod measures;
mod ranked;
pub(crate) mod statistics;
mod way;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, CaseId, CaseOutcome, CaseStep as Step, PartyId, Timestamp};
use veridose_store::payload::{Case, Note};
use veridose_store::{
    CaseFilter, CaseRow, CaseState, CaseStepRow, DecisionRow, Opened, Payload, QuarantineRow, Viewer,
};

use super::items::item;
use super::lists::{List, Paging, list, viewer, viewer_of};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, actor, node};
pub(crate) use export::table_of;
pub(crate) use form::lots;
pub(crate) use measures::SetApart;
pub(crate) use ranked::{CASES_MAX, Evidence, Mark, Ranked, Ranking, Search, Similar, ranked, similar};
pub(crate) use way::{Stop, Way, way};

use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;

/// Packs and containers that one case may name.
const ITEMS_MAX: usize = 1_000;
/// Bytes of a case's document.
const DOCUMENT_BYTES_MAX: usize = 256 << 10;
/// Within what time trading partners and the authority are told of an illegitimate product: 24 hours (21 U.S.C. 360eee-1,
/// (b)(4)(B)(ii), (c)(4)(B)(ii) and (d)(4)(B)(ii)).
const NOTIFY_WITHIN_MS: i64 = 24 * 3_600 * 1_000;

/// A case that was raised.
#[derive(Serialize, ToSchema)]
pub(super) struct Raised {
    /// Its name.
    #[schema(value_type = String)]
    case: CaseId,
    #[serde(flatten)]
    committed: Committed,
}

/// Raises a case. Any member may; only that member and the regulators see it.
#[utoipa::path(
    tag = "cases",
    params(WriteHeaders),
    responses((status = 201, description = "Raised", body = Raised), Refusals)
)]
#[post("/cases")]
pub(super) async fn raise(write: Write, body: web::Json<Case>) -> Result<HttpResponse, Problem> {
    let mut document = body.clone();
    document.items = named(write.node(), &body)?;
    let case = CaseId(write.name("case"));
    let plan = write.plan(Action::RaiseCase(case), Vec::new(), write.happened(None), Payload::Case(document));
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| Raised { case, committed }).await
}

/// The case's items by their canonical names; refuses a case that says nothing or too much.
fn named(node: &Node, case: &Case) -> Result<Vec<String>, Problem> {
    if case.title.trim().is_empty() {
        return Err(Problem::field("title", "say in a line what is suspected"));
    }
    if case.items.len() > ITEMS_MAX {
        return Err(Problem::field("items", format!("a case names at most {ITEMS_MAX} packs and containers")));
    }
    let bytes = serde_json::to_vec(case).map_or(usize::MAX, |json| json.len());
    if bytes > DOCUMENT_BYTES_MAX {
        let detail =
            format!("a case has at most {DOCUMENT_BYTES_MAX} bytes, this one {bytes}; give references instead");
        return Err(Problem::field("evidence", detail));
    }
    let name = |(at, text): (usize, &String)| Ok(item(node.network_key(), &format!("items[{at}]"), text)?.name);
    case.items.iter().enumerate().map(name).collect()
}

/// What a regulator does with a case.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assignment {
    /// The regulator that takes it; the caller's own where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) to: Option<PartyId>,
    /// Which person there, and what is to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// Gives a case to a regulator, who investigates.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 200, description = "Assigned", body = Committed), Refusals)
)]
#[post("/cases/{case}/assign")]
pub(super) async fn assign(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Assignment>,
) -> Result<HttpResponse, Problem> {
    let to = body.to.clone().unwrap_or_else(|| write.actor.party.clone());
    take(write, &path, Step::Assign(to), &body.note, &*body).await
}

/// Words on a step.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remark {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// Raises a case to a higher authority.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 200, description = "Escalated", body = Committed), Refusals)
)]
#[post("/cases/{case}/escalate")]
pub(super) async fn escalate(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Remark>,
) -> Result<HttpResponse, Problem> {
    take(write, &path, Step::Escalate, &body.note, &*body).await
}

/// How a case ends.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    /// `technical`, `process`, `falsified`, `diverted` or `stolen`.
    #[schema(value_type = String, example = "process")]
    pub(crate) outcome: CaseOutcome,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// Closes a case with what it turned out to be.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 200, description = "Closed", body = Committed), Refusals)
)]
#[post("/cases/{case}/close")]
pub(super) async fn close(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Closing>,
) -> Result<HttpResponse, Problem> {
    take(write, &path, Step::Close(body.outcome), &body.note, &*body).await
}

/// Takes a closed case up again.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case"), WriteHeaders),
    responses((status = 200, description = "Open again", body = Committed), Refusals)
)]
#[post("/cases/{case}/reopen")]
pub(super) async fn reopen(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Remark>,
) -> Result<HttpResponse, Problem> {
    take(write, &path, Step::Reopen, &body.note, &*body).await
}

/// What a form of the pages asks to be done with a case.
pub(crate) enum Act {
    /// Take it over, or give it to another regulator.
    Assign(Assignment),
    /// Raise it to a higher authority.
    Escalate(Remark),
    /// Close it.
    Close(Closing),
    /// Take it up again.
    Reopen(Remark),
    /// Set packs or a lot apart.
    Quarantine(measures::SetApart),
}

/// Does what a form asks, as the routes above do; once for each `key`, the form's own name for what it asks.
pub(crate) async fn act(
    request: &HttpRequest,
    caller: &Caller,
    (case, key): (&str, &str),
    act: Act,
) -> Result<(), Problem> {
    let actor = actor(node(request), caller)?;
    let write = Write::of(request, caller.clone(), actor)?.once(&format!("form {key} of {}", caller.subject));
    match act {
        Act::Assign(body) => {
            let to = body.to.clone().unwrap_or_else(|| write.actor.party.clone());
            take(write, case, Step::Assign(to), &body.note, &body).await
        }
        Act::Escalate(body) => take(write, case, Step::Escalate, &body.note, &body).await,
        Act::Close(body) => take(write, case, Step::Close(body.outcome), &body.note, &body).await,
        Act::Reopen(body) => take(write, case, Step::Reopen, &body.note, &body).await,
        Act::Quarantine(body) => measures::set_apart(write, case, &body).await,
    }
    .map(drop)
}

async fn take<B: Serialize>(
    write: Write,
    path: &str,
    step: Step,
    note: &str,
    body: &B,
) -> Result<HttpResponse, Problem> {
    let case = CaseId::parse(path).map_err(|_| Problem::not_found("case"))?;
    let note = Payload::Note(Note::new(note.to_owned()));
    let mut plan = write.plan(Action::MoveCase { case, step }, Vec::new(), write.happened(None), note);
    if let Some(known) = veridose_contract::read::case(&write.node().ledger().state(), &case)? {
        plan.readers.insert(known.raised.by);
    }
    write.carry_out(body, plan, StatusCode::OK, |committed| committed).await
}

/// A case and what it is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseFile {
    #[serde(flatten)]
    pub(crate) row: CaseRow,
    /// By when partners and the authority must know, if it turned out to be an illegitimate product.
    #[schema(value_type = Option<i64>)]
    pub(crate) notify_by: Option<Timestamp>,
    /// What it is about; nothing if this node cannot open the document.
    pub(crate) about: Option<Case>,
    /// What was done with it, in order.
    pub(crate) steps: Vec<CaseStep>,
    /// What models said of it, the latest first.
    pub(crate) decisions: Vec<DecisionRow>,
    /// What was set apart because of it, the latest first.
    pub(crate) quarantines: Vec<QuarantineRow>,
}

/// Something that was done with a case.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseStep {
    #[serde(flatten)]
    pub(crate) row: CaseStepRow,
    /// Why, in the words of who did it; nothing where none were given or this node cannot open them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// Which cases are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those that stand so.
    state: Option<CaseState>,
}

impl Wanted {
    fn filter(&self) -> CaseFilter {
        CaseFilter { states: self.state.into_iter().collect(), ..CaseFilter::default() }
    }
}

/// The cases that the caller raised; all of them for a regulator. Latest first.
#[utoipa::path(
    tag = "cases",
    params(Wanted, Paging),
    responses((status = 200, description = "Cases", body = List<CaseRow>), Refusals)
)]
#[get("/cases")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let viewer = viewer(node, &caller).await?;
    let page = node.store().queries.cases(&viewer, &wanted.filter(), &paging.request()).await?;
    Ok(list(&request, page))
}

/// One case.
#[utoipa::path(
    tag = "cases",
    params(("case" = String, Path, description = "Name of the case")),
    responses((status = 200, description = "The case", body = CaseFile), Refusals)
)]
#[get("/cases/{case}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(file(&node, &caller, &path).await?))
}

/// All that is known of one case, as far as the caller may see it.
pub(crate) async fn file(node: &Node, caller: &Caller, name: &str) -> Result<CaseFile, Problem> {
    let (viewer, row, about) = found(node, caller, name).await?;
    let decisions = node.store().queries.decisions(&viewer, &row.commitment).await?;
    let quarantines = node.store().queries.quarantines_of(&row.case).await?;
    let taken = node.store().queries.case_steps(&row.case).await?;
    let commitments: Vec<_> = taken.iter().map(|step| step.commitment).collect();
    let notes = node.store().vault.open_many(&commitments, caller.party()?).await?;
    let steps = taken.into_iter().zip(notes).map(|(row, note)| CaseStep { row, note: words(note) }).collect();
    Ok(CaseFile { notify_by: notify_by(&row), row, about, steps, decisions, quarantines })
}

/// The words of a note, if it could be opened and has any.
fn words(opened: Opened) -> Option<String> {
    match opened {
        Opened::Document(Payload::Note(note)) => Some(note.text).filter(|text| !text.is_empty()),
        Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    }
}

/// A case that the caller may see, and what it is about if this node can open that.
async fn found(node: &Node, caller: &Caller, name: &str) -> Result<(Viewer, CaseRow, Option<Case>), Problem> {
    let missing = || Problem::not_found("case");
    let case = CaseId::parse(name).map_err(|_| missing())?;
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let viewer = viewer_of(&actor);
    let row = node.store().queries.case(&viewer, &case).await?.ok_or_else(missing)?;
    let about = about(node.store().vault.open(&row.commitment, &actor.party).await?);
    Ok((viewer, row, about))
}

/// What a case is about, if it could be opened.
fn about(opened: Opened) -> Option<Case> {
    match opened {
        Opened::Document(Payload::Case(about)) => Some(about),
        Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    }
}

fn notify_by(row: &CaseRow) -> Option<Timestamp> {
    match row.outcome? {
        CaseOutcome::Falsified | CaseOutcome::Diverted | CaseOutcome::Stolen => {
            Some(Timestamp(row.moved_at.0.saturating_add(NOTIFY_WITHIN_MS)))
        }
        CaseOutcome::Technical | CaseOutcome::Process => None,
    }
}
