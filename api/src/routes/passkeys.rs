//! Patients' passkeys: registered, listed, removed.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::Timestamp;
use veridose_store::{KeptPasskey, Passkey, Passkeys};

use super::refusals::Refusals;
use crate::auth::{Caller, Role};
use crate::node::Node;
use crate::passkey::proof::fingerprint;
use crate::passkey::{CEREMONY_MS, RelyingParty, answer, bytes, text};
use crate::problem::{Kind, Problem};

/// Length of what a patient calls a passkey, in characters.
const LABEL_CHARS_MAX: usize = 80;

/// A challenge for a new passkey.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Creation {
    /// The ceremony's name: the answer says it.
    ceremony: String,
    /// `PublicKeyCredentialCreationOptionsJSON`, for `PublicKeyCredential.parseCreationOptionsFromJSON()`.
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

/// A new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskey {
    /// The ceremony.
    ceremony: String,
    /// What the patient calls it, 1 to 80 characters.
    label: String,
    /// What `navigator.credentials.create()` gave, as its `toJSON()` writes it.
    credential: answer::Registration,
}

/// A registered passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyRow {
    /// Its name here.
    id: String,
    /// What the patient calls it.
    label: String,
    /// SHA-256 of its public key's DER form, in hexadecimal: `veridose consent verify --passkey` takes it.
    fingerprint: String,
    /// Since when.
    #[schema(value_type = i64)]
    created: Timestamp,
    /// When it signed last.
    #[schema(value_type = Option<i64>)]
    used: Option<Timestamp>,
}

impl PasskeyRow {
    fn of(id: &[u8; 32], passkey: Passkey) -> Self {
        let Passkey { key, label, created, used, .. } = passkey;
        Self { id: hex::encode(id), label, fingerprint: fingerprint(&key), created, used }
    }
}

/// The passkeys of the patient who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyList {
    /// The oldest first; there are few of them.
    items: Vec<PasskeyRow>,
}

/// The challenge of a registration, as it is kept meanwhile.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Awaited {
    challenge: String,
}

/// The patient who calls.
pub(super) fn patient(caller: &Caller) -> Result<&str, Problem> {
    let own = caller.patient.as_deref().filter(|_| caller.role == Role::Patient);
    own.ok_or_else(|| Problem::new(Kind::Forbidden, "this is for patients, with a token of their own"))
}

/// The name of a ceremony.
pub(super) fn ceremony_id(text: &str) -> Result<[u8; 16], Problem> {
    let mut id = [0; 16];
    hex::decode_to_slice(text, &mut id).map_err(|_| Problem::not_found("challenge"))?;
    Ok(id)
}

/// Asks for a challenge for a new passkey of the patient; it holds for ten minutes.
#[utoipa::path(
    tag = "patients",
    responses((status = 201, description = "The challenge", body = Creation), Refusals)
)]
#[post("/patients/me/passkeys/options")]
pub(super) async fn options(
    caller: Caller,
    node: web::Data<Node>,
    rp: web::Data<RelyingParty>,
) -> Result<HttpResponse, Problem> {
    let patient = patient(&caller)?;
    let (store, now, challenge) = (node.store(), node.clock().now(), Passkeys::nonce());
    let awaited = Awaited { challenge: text(&challenge) };
    let until = Timestamp(now.0.saturating_add(CEREMONY_MS));
    let ceremony = hex::encode(store.passkeys.begin(patient, &awaited, now, until).await?);
    let known = store.passkeys.of_patient(patient).await?;
    let public_key = rp.creation(&challenge, &store.vault.patient_id(patient), &known);
    Ok(HttpResponse::Created().json(Creation { ceremony, public_key }))
}

/// Registers a passkey: from now on it signs consents of the patient.
#[utoipa::path(
    tag = "patients",
    responses((status = 201, description = "Registered", body = PasskeyRow), Refusals)
)]
#[post("/patients/me/passkeys")]
pub(super) async fn register(
    caller: Caller,
    node: web::Data<Node>,
    rp: web::Data<RelyingParty>,
    body: web::Json<NewPasskey>,
) -> Result<HttpResponse, Problem> {
    let patient = patient(&caller)?;
    if body.label.is_empty() || body.label.chars().count() > LABEL_CHARS_MAX {
        return Err(Problem::field("label", format!("call it something, with at most {LABEL_CHARS_MAX} characters")));
    }
    let (store, now, ceremony) = (node.store(), node.clock().now(), ceremony_id(&body.ceremony)?);
    let awaited: Awaited = store.passkeys.ceremony(patient, &ceremony, now).await?.content;
    let challenge = bytes(&awaited.challenge).unwrap_or_default();
    let made = answer::registered(&rp, &challenge, &body.credential)?;
    let passkey = Passkey {
        credential: made.id,
        key: made.key,
        counter: made.counter,
        transports: made.transports,
        label: body.label.clone(),
        created: now,
        used: None,
    };
    let id = store.passkeys.add(patient, &ceremony, &passkey, now).await?;
    Ok(HttpResponse::Created().json(PasskeyRow::of(&id, passkey)))
}

/// The patient's passkeys.
#[utoipa::path(
    tag = "patients",
    responses((status = 200, description = "Passkeys", body = PasskeyList), Refusals)
)]
#[get("/patients/me/passkeys")]
pub(super) async fn index(caller: Caller, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let kept = node.store().passkeys.of_patient(patient(&caller)?).await?;
    let items = kept.into_iter().map(|KeptPasskey { id, passkey }| PasskeyRow::of(&id, passkey)).collect();
    Ok(HttpResponse::Ok().json(PasskeyList { items }))
}

/// Removes a passkey: it signs nothing more. What it signed stays signed.
#[utoipa::path(
    tag = "patients",
    params(("id" = String, Path, description = "Name of the passkey")),
    responses((status = 204, description = "Removed"), Refusals)
)]
#[delete("/patients/me/passkeys/{id}")]
pub(super) async fn remove(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    remove_of(&node, patient(&caller)?, &path).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// As [`remove`], for a patient who is known.
pub(super) async fn remove_of(node: &Node, patient: &str, id: &str) -> Result<(), Problem> {
    let (missing, mut key) = (|| Problem::not_found("passkey"), [0; 32]);
    hex::decode_to_slice(id, &mut key).map_err(|_| missing())?;
    if node.store().passkeys.remove(patient, &key).await? { Ok(()) } else { Err(missing()) }
}
