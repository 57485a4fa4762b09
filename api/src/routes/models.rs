//! Models: frozen files that one person registers, a second one puts to use, and anybody entitled can check.

pub(super) mod drift;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::record::ModelRecord;
use veridose_contract::{Action, Fingerprint, Model, ModelId, PartyId, Timestamp, read};
use veridose_ml::model::{self, Card};
use veridose_store::payload::{ModelFile, Note};
use veridose_store::{ModelRow, Opened, Page, PageRequest, Payload};

use super::lists::{List, Paging, list, viewer, viewer_of};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, actor, node};
use crate::auth::Caller;
use crate::body::Whole;
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Bytes of a model file that is registered.
const FILE_BYTES_MAX: usize = 3_000_000;

/// How a model stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModelState {
    /// Registered; a second person has not put it to use.
    Registered,
    /// In use.
    InUse,
    /// It was in use before.
    Retired,
}

/// A model as a list shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelListed)]
pub(crate) struct Listed {
    #[serde(flatten)]
    pub(crate) row: ModelRow,
    pub(crate) state: ModelState,
}

/// A model with its card.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelShown)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) listed: Listed,
    /// From what it was made, as the ledger says.
    pub(crate) ledger: OnLedger,
    /// From what it was made and how good it was, as its file says; nothing if this node cannot open the document.
    #[schema(value_type = Option<Object>)]
    pub(crate) card: Option<Card>,
    /// Size of the file.
    pub(crate) size_bytes: Option<usize>,
    /// Where file, card and ledger do not agree; nothing without the file.
    pub(crate) differences: Option<Vec<String>>,
}

/// What the ledger says of a model.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnLedger {
    /// Root of the data that it learnt from, in hexadecimal.
    pub(crate) snapshot: String,
    /// The commit of the code that made it.
    pub(crate) code: String,
    /// SHA-256 of that code's lock file, in hexadecimal.
    pub(crate) lock: String,
    /// What chance was drawn from.
    pub(crate) seed: u64,
    /// The model that it shall replace.
    #[schema(value_type = Option<String>)]
    pub(crate) parent: Option<ModelId>,
    /// The certificate that registered it.
    #[schema(value_type = String)]
    pub(crate) registered_by: Fingerprint,
    /// The other certificate that last put it to use.
    #[schema(value_type = Option<String>)]
    pub(crate) promoted_by: Option<Fingerprint>,
    /// When.
    #[schema(value_type = Option<i64>)]
    pub(crate) promoted_at: Option<Timestamp>,
    /// The model that was in use before: a rollback puts it to use again.
    #[schema(value_type = Option<String>)]
    pub(crate) replaced: Option<ModelId>,
}

/// A model that was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelRegistered)]
pub(super) struct Registered {
    /// Its name: the SHA-256 of its file.
    #[schema(value_type = String)]
    model: ModelId,
    #[serde(flatten)]
    committed: Committed,
}

/// Registers a model of the caller's party: the file as `veridose model retrain` writes it. It is not in use yet.
#[utoipa::path(
    tag = "models",
    params(WriteHeaders),
    request_body(content = String, content_type = "application/octet-stream", description = "The model file"),
    responses((status = 201, description = "Registered", body = Registered), Refusals)
)]
#[post("/models")]
pub(super) async fn register(write: Write, Whole(file): Whole) -> Result<HttpResponse, Problem> {
    if file.len() > FILE_BYTES_MAX {
        let detail = format!("a model file has at most {FILE_BYTES_MAX} bytes, this one {}", file.len());
        return Err(Problem::field("file", detail));
    }
    let registered = described(&file)?;
    let model = registered.id;
    let document = Payload::Model(ModelFile { file: BASE64.encode(&file) });
    let plan = write.plan(Action::RegisterModel(registered), Vec::new(), write.happened(None), document);
    write.carry_out(&model, plan, StatusCode::CREATED, |committed| Registered { model, committed }).await
}

/// The model as the ledger names it, from the file's own card.
fn described(file: &[u8]) -> Result<Model, Problem> {
    let wrong = |what: &str| {
        let detail = format!("the card in the file names no {what}: make the file with `veridose model retrain`");
        Problem::field("file", detail)
    };
    let card = model::card(file).map_err(|error| Problem::field("file", error))?;
    let hash = |text: &str, what: &str| -> Result<[u8; 32], Problem> {
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| wrong(what))
    };
    Ok(Model {
        id: ModelId(model::hash(file)),
        snapshot: hash(&card.snapshot, "root of the data")?,
        lock: hash(&card.lock, "hash of the lock file")?,
        parent: card.parent.as_deref().map(|parent| hash(parent, "parent by its hash").map(ModelId)).transpose()?,
        kind: card.kind,
        code: card.code,
        seed: card.seed,
    })
}

/// Why a model is put to use, or taken out of it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// Puts a model to use, in the place of the one of its kind that is. Another certificate signs than the one that registered it:
/// with `Prefer: return=unsigned` and the second person's `Veridose-Certificate` the transaction comes back to be signed.
#[utoipa::path(
    tag = "models",
    params(("model" = String, Path, description = "Name of the model"), WriteHeaders),
    responses((status = 200, description = "In use", body = Committed), Refusals)
)]
#[post("/models/{model}/promote")]
pub(super) async fn promote(
    write: Write,
    path: web::Path<String>,
    body: web::Json<Reason>,
) -> Result<HttpResponse, Problem> {
    let model = ModelId::parse(&path).map_err(|_| Problem::not_found("model"))?;
    decide(write, Action::PromoteModel { model }, &body.note, &*body).await
}

/// Which kind of model goes back to the one before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollingBack {
    /// What the model is for.
    #[schema(example = "detector")]
    kind: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// Puts the model to use again that was in use before the current one of the kind. One signature is enough.
#[utoipa::path(
    tag = "models",
    params(WriteHeaders),
    responses((status = 200, description = "The earlier model is in use", body = Committed), Refusals)
)]
#[post("/models/rollback")]
pub(super) async fn rollback(write: Write, body: web::Json<RollingBack>) -> Result<HttpResponse, Problem> {
    decide(write, Action::RollBackModel { kind: body.kind.clone() }, &body.note, &*body).await
}

async fn decide<B: Serialize>(write: Write, action: Action, note: &str, body: &B) -> Result<HttpResponse, Problem> {
    let note = Payload::Note(Note::new(note.to_owned()));
    let plan = write.plan(action, Vec::new(), write.happened(None), note);
    write.carry_out(body, plan, StatusCode::OK, |committed| committed).await
}

/// Which models are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those of this kind.
    kind: Option<String>,
}

/// The caller's models; those of all parties for a regulator. Latest first.
#[utoipa::path(
    tag = "models",
    params(Wanted, Paging),
    responses((status = 200, description = "Models", body = List<Listed>), Refusals)
)]
#[get("/models")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    Ok(list(&request, listed(node, &caller, wanted.kind.as_deref(), &paging.request()).await?))
}

/// A page of the models that the caller may see, latest first.
pub(crate) async fn listed(
    node: &Node,
    caller: &Caller,
    kind: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Listed>, Problem> {
    let viewer = viewer(node, caller).await?;
    let page = node.store().queries.models(&viewer, kind, page).await?;
    let listed = |row: ModelRow| Ok(Listed { state: state(node, &row, &on_ledger(node, &row)?)?, row });
    Ok(Page { items: page.items.into_iter().map(listed).collect::<Result<_, Problem>>()?, next: page.next })
}

/// Whose model is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Owner {
    /// The party that registered it, where several have registered the same file.
    #[param(value_type = Option<String>)]
    pub(crate) party: Option<PartyId>,
}

/// One model with its card.
#[utoipa::path(
    tag = "models",
    params(("model" = String, Path, description = "Name of the model"), Owner),
    responses((status = 200, description = "The model", body = Shown), Refusals)
)]
#[get("/models/{model}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    owner: web::Query<Owner>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(shown(&node, &caller, &path, &owner).await?))
}

/// A model that the caller may see, with its card.
pub(crate) async fn shown(node: &Node, caller: &Caller, name: &str, owner: &Owner) -> Result<Shown, Problem> {
    let Found { row, record, file } = found(node, caller, name, owner).await?;
    let state = state(node, &row, &record)?;
    let differences = file.as_deref().map(|file| differences(&record.model, file));
    let promotion = record.promotion;
    let ledger = OnLedger {
        snapshot: hex::encode(record.model.snapshot),
        code: record.model.code,
        lock: hex::encode(record.model.lock),
        seed: record.model.seed,
        parent: record.model.parent,
        registered_by: record.registrar,
        promoted_by: promotion.as_ref().map(|promotion| promotion.by),
        promoted_at: promotion.as_ref().map(|promotion| promotion.at),
        replaced: promotion.and_then(|promotion| promotion.replaced),
    };
    let card = file.as_deref().and_then(|file| model::card(file).ok());
    let listed = Listed { row, state };
    Ok(Shown { listed, ledger, card, size_bytes: file.map(|file| file.len()), differences })
}

/// The file of a model.
#[utoipa::path(
    tag = "models",
    params(("model" = String, Path, description = "Name of the model"), Owner),
    responses(
        (status = 200, description = "The file", body = String, content_type = "application/octet-stream"),
        Refusals
    )
)]
#[get("/models/{model}/file")]
pub(super) async fn download(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    owner: web::Query<Owner>,
) -> Result<HttpResponse, Problem> {
    let Found { row, file, .. } = found(&node, &caller, &path, &owner).await?;
    let file = file.ok_or_else(|| Problem::not_found("file of the model"))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}.model\"", row.model)))
        .body(file))
}

/// What came of checking a model.
#[derive(Serialize, ToSchema)]
pub(super) struct Checked {
    /// The model.
    #[schema(value_type = String)]
    model: ModelId,
    /// Whether file, card and ledger agree.
    is_intact: bool,
    /// Where they do not.
    differences: Vec<String>,
}

/// Checks a model: that its file has the hash that the ledger names, and that its card says what the ledger says. That the data give
/// the same file again is checked by who has them: `veridose model verify`.
#[utoipa::path(
    tag = "models",
    params(("model" = String, Path, description = "Name of the model"), Owner),
    responses((status = 200, description = "Checked", body = Checked), Refusals)
)]
#[get("/models/{model}/check")]
pub(super) async fn check(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    owner: web::Query<Owner>,
) -> Result<HttpResponse, Problem> {
    let Found { row, record, file } = found(&node, &caller, &path, &owner).await?;
    let differences = match file {
        None => vec!["the file is not in this node's vault".to_owned()],
        Some(file) => differences(&record.model, &file),
    };
    Ok(HttpResponse::Ok().json(Checked { model: row.model, is_intact: differences.is_empty(), differences }))
}

/// Where a file and what the ledger says of it differ.
fn differences(known: &Model, file: &[u8]) -> Vec<String> {
    let found = match described(file) {
        Ok(found) => found,
        Err(problem) => return vec![problem.body().detail],
    };
    let mut told = Vec::new();
    let mut compare = |what: &str, file: String, ledger: String| {
        if file != ledger {
            told.push(format!("{what}: the file has {file}, the ledger {ledger}"));
        }
    };
    let parent = |model: &Model| model.parent.map_or_else(|| "none".to_owned(), |parent| parent.to_string());
    compare("hash", found.id.to_string(), known.id.to_string());
    compare("kind", found.kind.clone(), known.kind.clone());
    compare("root of the data", hex::encode(found.snapshot), hex::encode(known.snapshot));
    compare("code", found.code.clone(), known.code.clone());
    compare("lock file", hex::encode(found.lock), hex::encode(known.lock));
    compare("seed", found.seed.to_string(), known.seed.to_string());
    compare("parent", parent(&found), parent(known));
    told
}

fn missing() -> Problem {
    Problem::not_found("model")
}

/// A model that the caller may see.
struct Found {
    row: ModelRow,
    record: ModelRecord,
    /// If this node can open it.
    file: Option<Vec<u8>>,
}

async fn found(node: &Node, caller: &Caller, name: &str, owner: &Owner) -> Result<Found, Problem> {
    let model = ModelId::parse(name).map_err(|_| missing())?;
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let row = node.store().queries.model(&viewer_of(&actor), &model, owner.party.as_ref()).await?;
    let row = row.ok_or_else(missing)?;
    let file = match node.store().vault.open(&row.commitment, &actor.party).await? {
        Opened::Document(Payload::Model(file)) => Some(BASE64.decode(&file.file).map_err(Problem::internal)?),
        Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    };
    Ok(Found { record: on_ledger(node, &row)?, row, file })
}

fn on_ledger(node: &Node, row: &ModelRow) -> Result<ModelRecord, Problem> {
    let record = read::model(&node.ledger().state(), &row.party, &row.model)?;
    record.ok_or_else(|| Problem::new(Kind::Internal, "the view names a model that the ledger does not"))
}

fn state(node: &Node, row: &ModelRow, record: &ModelRecord) -> Result<ModelState, Problem> {
    let in_use = read::model_in_use(&node.ledger().state(), &row.party, &row.kind)?;
    Ok(match in_use {
        Some(in_use) if in_use.model == row.model => ModelState::InUse,
        Some(_) | None if record.promotion.is_some() => ModelState::Retired,
        Some(_) | None => ModelState::Registered,
    })
}
