//! Who may see what of patients' data, who saw it, and which credentials no longer hold.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veridose_contract::access::{Access, Grant, GrantRule};
use veridose_contract::{AccessLogId, Action, DataKind, PartyId};
use veridose_store::payload::Note;
use veridose_store::{AccessNote, AccessRecord, NewAccess, Page, PageRequest, Payload, Recorded, Viewer};

use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders};
use crate::access::asked::{check_count, parse_use};
use crate::access::credential::credential_id;
use crate::access::proof::{self, ProvenAccess};
use crate::access::{Ask, decided, person};
use crate::auth::{Caller, CallingPatient, Interaction};
use crate::node::Node;
use crate::problem::Problem;

/// Kinds of data that one request names.
const KINDS_MAX: usize = 16;
/// The FHIR resource that tells of an access: a token's scope names it.
const AUDIT_EVENT: &str = "AuditEvent";

/// A question whether data may be seen.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AccessQuestion)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// How the patient is called by whoever keeps the consents.
    patient: String,
    /// What for: a purpose as in a consent, or `emergency:` and the name of a declared emergency.
    #[schema(example = "care")]
    purpose: String,
    /// Which data: `dispense`, `prescription`, `demographics`, `laboratory`, `genomics`.
    #[schema(value_type = Vec<String>)]
    kinds: Vec<DataKind>,
    /// Verifiable credentials of who asks, as JWTs (`application/vc+jwt`).
    #[serde(default)]
    credentials: Vec<String>,
}

/// The answer, and the record of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Decided {
    /// `decision` is `granted` or `refused`, `rule` says by which rule. With a grant go `kinds`, the most telling `form`
    /// (`full`, `de_identified`, `aggregated`), the `consent` and its `version` or the `emergency`, and `until`; with a refusal
    /// what is `needed`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    access: Access,
    /// Where it is recorded.
    record: Place,
}

/// Where an access is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Place {
    /// The log.
    #[schema(value_type = String)]
    log: AccessLogId,
    /// The place in it, from 0.
    index: u64,
    /// The record's leaf, in hexadecimal.
    leaf: String,
}

impl From<Recorded> for Place {
    fn from(recorded: Recorded) -> Self {
        Self { log: recorded.log, index: recorded.index, leaf: hex::encode(recorded.leaf) }
    }
}

/// Asks whether data of a patient may be seen now. The answer, also a refusal, is recorded before it is given.
#[utoipa::path(
    tag = "access",
    responses((status = 200, description = "Decided and recorded", body = Decided), Refusals)
)]
#[post("/access")]
pub(super) async fn decide(
    caller: Caller,
    node: web::Data<Node>,
    body: web::Json<Question>,
) -> Result<HttpResponse, Problem> {
    let what_for = parse_use(&body.purpose).map_err(|problem| Problem::field("purpose", problem))?;
    if body.patient.is_empty() {
        return Err(Problem::field("patient", "say whose data are asked for"));
    }
    if body.kinds.len() > KINDS_MAX {
        return Err(Problem::field("kinds", format!("a request names at most {KINDS_MAX} kinds")));
    }
    check_count(&body.credentials).map_err(|problem| Problem::field("credentials", problem))?;
    let ask = Ask {
        caller: &caller,
        credentials: &body.credentials,
        what_for,
        kinds: body.kinds.clone(),
        interaction: Interaction::Read,
        what: "access/decide",
    };
    let patient = node.store().vault.patient_id(&body.patient);
    let (access, recorded) = decided(&node, &ask, patient).await?;
    Ok(HttpResponse::Ok().json(Decided { access, record: recorded.into() }))
}

/// A record for who supervises, or whose accesses they are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Logged {
    #[serde(flatten)]
    place: Place,
    /// What it says; nothing once the patient is erased. Whose data it was it does not say.
    #[schema(value_type = Option<Object>)]
    record: Option<AccessRecord>,
}

/// Accesses and refusals, the latest first: all of this node's for a regulator, its own for another member.
#[utoipa::path(
    tag = "access",
    params(Paging),
    responses((status = 200, description = "Records", body = List<Logged>), Refusals)
)]
#[get("/access/log")]
pub(super) async fn log(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let viewer = viewer(&node, &caller).await?;
    let page = node.store().accesses.latest(&paging.request()).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for kept in page.items {
        let record: Option<AccessRecord> =
            kept.record.as_deref().map(serde_json::from_str).transpose().map_err(Problem::internal)?;
        if may_see(&viewer, record.as_ref()) {
            let place = Place { log: kept.log, index: kept.index, leaf: hex::encode(kept.leaf) };
            items.push(Logged { place, record });
        }
    }
    Ok(list(&request, Page { items, next: page.next }))
}

/// Whether the record is the viewer's to see.
fn may_see(viewer: &Viewer, record: Option<&AccessRecord>) -> bool {
    let own = |party: &PartyId| record.is_some_and(|record| record.note.party.as_ref() == Some(party));
    match viewer {
        Viewer::Regulator(_) => true,
        Viewer::Party(party) => own(party),
    }
}

/// Whether proofs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// With each record its inclusion in what a transaction has put on the ledger, and that transaction's receipt.
    #[serde(default)]
    proofs: bool,
}

/// Who asked for the caller's data, what for, and what was decided: every access and refusal, the latest first. Each record
/// names the one before by its leaf, and reading the list is a record too: the first one, so that none can be cut off.
/// `record` is JSON text, and `leaf` is SHA-256(0x00 ‖ text).
#[utoipa::path(
    tag = "patients",
    params(Paging, Wanted),
    responses((status = 200, description = "Records", body = List<Object>), Refusals)
)]
#[get("/patients/me/accesses")]
pub(super) async fn history(
    request: HttpRequest,
    patient: CallingPatient,
    node: web::Data<Node>,
    paging: Paging,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let asked = paging.request();
    record_reading(&node, &patient, "accesses/list", &asked).await?;
    let page = node.store().accesses.of_patient(&patient.name, &asked).await?;
    let items: Vec<ProvenAccess> = if wanted.proofs {
        node.caught_up().await;
        proof::prove(&node, page.items).await?
    } else {
        page.items.into_iter().map(ProvenAccess::from).collect()
    };
    Ok(list(&request, Page { items, next: page.next }))
}

/// Records that patients look at what was noted of their data, once for all pages of a list; refused where the token does not reach it.
pub(super) async fn record_reading(
    node: &Node,
    patient: &CallingPatient,
    what: &str,
    page: &PageRequest,
) -> Result<(), Problem> {
    patient.caller.check_scope(AUDIT_EVENT, Interaction::Search)?;
    if page.token.is_some() {
        return Ok(());
    }
    let reading = AccessNote {
        at: node.clock().now(),
        who: person(&patient.caller),
        party: None,
        purpose: "own_record".to_owned(),
        asked: Vec::new(),
        what: what.to_owned(),
        access: Access::Granted(Grant::without_data(GrantRule::OwnRecord)),
    };
    let patient = node.store().vault.patient_id(&patient.name);
    node.store().accesses.record(NewAccess { patient: Some(patient), note: reading }).await?;
    Ok(())
}

/// A credential that no longer holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokedCredential {
    /// Its `issuer`.
    issuer: String,
    /// Its `id`.
    id: String,
}

/// Registers that a credential no longer holds, for good. Regulators do. The ledger learns a hash of its name.
#[utoipa::path(
    tag = "access",
    params(WriteHeaders),
    responses((status = 201, description = "Registered", body = Committed), Refusals)
)]
#[post("/credentials/revocations")]
pub(super) async fn revoke(write: Write, body: web::Json<RevokedCredential>) -> Result<HttpResponse, Problem> {
    if body.issuer.is_empty() || body.id.is_empty() {
        return Err(Problem::field("id", "name the credential by its issuer and its id"));
    }
    let action = Action::RevokeCredential(credential_id(&body.issuer, &body.id));
    let note = Payload::Note(Note::new("credential revoked".into()));
    let plan = write.plan(action, Vec::new(), write.happened(None), note);
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}
