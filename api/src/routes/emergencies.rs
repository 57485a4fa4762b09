//! Breaking the glass: a person declares an emergency, a second one confirms it, and both see the patient's record for a time. It
//! becomes a case that regulators see, and the patient is told.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use veridose_contract::access::{Access, Refusal, RefusalRule};
use veridose_contract::{Action, CaseId, IdempotencyKey, PartyId, Role, Timestamp};
use veridose_store::payload::Case;
use veridose_store::{AccessNote, EmergencyRow, EmergencyWords, NewAccess, Payload, Request, Viewer};

use super::access::record_reading;
use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{Write, WriteHeaders};
use crate::access::person;
use crate::auth::{Caller, CallingPatient};
use crate::name::first_half;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::trade::{Draft, Plan};

/// Length of a reason, in bytes.
const REASON_BYTES_MAX: usize = 2_000;
const MINUTE_MS: i64 = 60_000;

/// An emergency to be declared.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEmergency {
    /// How the patient is called by whoever keeps the consents.
    patient: String,
    /// Why the patient cannot be asked. The patient and regulators read it.
    reason: String,
}

/// An emergency as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmergencyState {
    /// Its name: with `Veridose-Purpose: emergency:NAME` data are asked for. Its case on the ledger has the same name.
    #[schema(value_type = String)]
    emergency: CaseId,
    /// For which member.
    #[schema(value_type = String)]
    party: PartyId,
    /// When it was declared, in milliseconds since 1970.
    #[schema(value_type = i64)]
    declared_at: Timestamp,
    /// When a second person confirmed it; nothing is given before.
    #[schema(value_type = Option<i64>)]
    confirmed_at: Option<Timestamp>,
    /// When it ends, excluded.
    #[schema(value_type = i64)]
    until: Timestamp,
    /// Reason and persons; nothing once the patient is erased.
    words: Option<EmergencyWords>,
}

impl From<EmergencyRow> for EmergencyState {
    fn from(row: EmergencyRow) -> Self {
        let EmergencyRow { case, party, declared_at, confirmed_at, until, words, .. } = row;
        Self { emergency: case, party, declared_at, confirmed_at, until, words }
    }
}

/// Declares an emergency of a patient, for a pharmacy or hospital. Nothing is given before another person confirms it.
#[utoipa::path(
    tag = "access",
    params(WriteHeaders),
    responses((status = 201, description = "Declared", body = EmergencyState), Refusals)
)]
#[post("/emergencies")]
pub(super) async fn declare(write: Write, body: web::Json<NewEmergency>) -> Result<HttpResponse, Problem> {
    if body.reason.trim().is_empty() || body.reason.len() > REASON_BYTES_MAX {
        return Err(Problem::field("reason", format!("say why, in at most {REASON_BYTES_MAX} bytes")));
    }
    if write.actor.role != Role::Pharmacy {
        return Err(Problem::new(Kind::Forbidden, "emergencies are declared by pharmacies and hospitals"));
    }
    let (node, who) = (write.node(), person(&write.caller));
    let now = node.clock().now();
    let name = write.name(&format!("emergency of {}", body.patient));
    let declared = EmergencyRow {
        case: CaseId(name),
        party: write.actor.party.clone(),
        declared_by: who.id(),
        declared_at: now,
        confirmed_by: None,
        confirmed_at: None,
        until: end(node, now),
        words: Some(EmergencyWords { reason: body.reason.clone(), declared_by: who, confirmed_by: None }),
    };
    if !node.store().accesses.declare(&body.patient, &declared).await? {
        return Err(Problem::not_found("patient"));
    }
    let refusal = Refusal { rule: RefusalRule::EmergencyUnconfirmed, needed: "a second person who confirms it".into() };
    record(&write, &body.patient, "emergencies/declare", Access::Refused(refusal)).await?;
    let kept = node.store().accesses.emergency(&declared.case).await?.unwrap_or(declared);
    Ok(HttpResponse::Created().json(EmergencyState::from(kept)))
}

/// Confirms an emergency, as another person of the same member than the one who declared it. It lasts from now on for the configured
/// time (`patients.emergency_minutes`), and stands on the ledger as a case.
#[utoipa::path(
    tag = "access",
    params(("id" = String, Path, description = "Name of the emergency"), WriteHeaders),
    responses((status = 200, description = "Confirmed", body = EmergencyState), Refusals)
)]
#[post("/emergencies/{id}/confirm")]
pub(super) async fn confirm(write: Write, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("emergency");
    let case = CaseId::parse(&path).map_err(|_| missing())?;
    let node = write.node();
    let declared = node.store().accesses.emergency(&case).await?;
    let declared = declared.filter(|row| row.party == write.actor.party).ok_or_else(missing)?;
    let (who, now) = (person(&write.caller), node.clock().now());
    if declared.declared_by == who.id() {
        let needed = "another person than the one who declared the emergency".to_owned();
        return Err(Problem::no_access(&Refusal { rule: RefusalRule::EmergencyUnconfirmed, needed }));
    }
    if declared.until <= now {
        let needed = "a new emergency: this one was not confirmed in time".to_owned();
        return Err(Problem::no_access(&Refusal { rule: RefusalRule::EmergencyOver, needed }));
    }
    // The case first: an emergency that regulators cannot see opens nothing.
    let until = declared.confirmed_at.map_or_else(|| end(node, now), |_| declared.until);
    node.act(&write.actor, &plan(node, &declared, until), request(&case)).await?;
    let confirmed = node.store().accesses.confirm(&case, &write.actor.party, &who, now, until).await?;
    Ok(HttpResponse::Ok().json(EmergencyState::from(confirmed)))
}

/// Emergencies, the latest first: a member's own, for a regulator all that were declared at this node.
#[utoipa::path(
    tag = "access",
    params(Paging),
    responses((status = 200, description = "Emergencies", body = List<EmergencyState>), Refusals)
)]
#[get("/emergencies")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let party = match viewer(&node, &caller).await? {
        Viewer::Regulator(_) => None,
        Viewer::Party(party) => Some(party),
    };
    let page = node.store().accesses.emergencies_by(party.as_ref(), &paging.request()).await?;
    Ok(list(&request, page.map(EmergencyState::from)))
}

/// What the caller, a patient, must be told: emergencies that were declared to see the record without consent, the latest first.
#[utoipa::path(
    tag = "patients",
    params(Paging),
    responses((status = 200, description = "Notices", body = List<EmergencyState>), Refusals)
)]
#[get("/patients/me/notices")]
pub(super) async fn notices(
    request: HttpRequest,
    patient: CallingPatient,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let asked = paging.request();
    record_reading(&node, &patient, "notices/list", &asked).await?;
    let page = node.store().accesses.emergencies_of(&patient.name, &asked).await?;
    Ok(list(&request, page.map(EmergencyState::from)))
}

fn end(node: &Node, from: Timestamp) -> Timestamp {
    Timestamp(from.0.saturating_add(i64::from(node.patients().emergency_minutes) * MINUTE_MS))
}

async fn record(write: &Write, patient: &str, what: &str, access: Access) -> Result<(), Problem> {
    let node = write.node();
    let happened = AccessNote {
        at: node.clock().now(),
        who: person(&write.caller),
        party: Some(write.actor.party.clone()),
        purpose: "emergency".to_owned(),
        asked: Vec::new(),
        what: what.to_owned(),
        access,
    };
    let patient = node.store().vault.patient_id(patient);
    node.store().accesses.record(NewAccess { patient: Some(patient), note: happened }).await?;
    Ok(())
}

/// The case that regulators see. It names no patient and gives no reason, which may tell of one: they read that in the list.
fn plan(node: &Node, declared: &EmergencyRow, until: Timestamp) -> Plan {
    let draft = Draft {
        action: Action::RaiseCase(declared.case),
        items: Vec::new(),
        happened: node.clock().now(),
        site: None,
        document: 0,
    };
    let about = Case {
        title: "A patient's record was opened in an emergency".to_owned(),
        explanation: format!(
            "Two persons of {} stand for it. It ends by itself, the patient is told, and closing this case ends it at once.",
            declared.party
        ),
        codes: vec!["break_glass".to_owned()],
        items: Vec::new(),
        parties: vec![declared.party.clone()],
        evidence: json!({ "emergency": declared.case, "declared_at": declared.declared_at, "until": until }),
    };
    let readers = node.directory().regulators().iter().cloned().collect();
    Plan { drafts: vec![draft], documents: vec![Payload::Case(about)], readers, ..Plan::default() }
}

/// A repeated confirmation raises no second case.
fn request(case: &CaseId) -> Request {
    let hash = Sha256::new().chain_update("emergency").chain_update(case.0).finalize();
    Request { key: IdempotencyKey(first_half(hash)), sha256: hash.into() }
}
