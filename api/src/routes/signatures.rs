//! Consents that patients sign with their passkeys: first what will be signed, then the signature.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, ConsentId, PartyId, SignedBy, Timestamp};
use veridose_store::payload::PatientSignature;
use veridose_store::{PasskeyError, Passkeys, Payload};

use super::consents::{Keeper, NewConsent, Registered, Revocation};
use super::passkeys::{ceremony_id, patient};
use super::refusals::Refusals;
use super::write::{Write, WriteHeaders};
use crate::node::date_time;
use crate::passkey::answer::{Assertion, asserted};
use crate::passkey::statement::{challenge, sign, statement};
use crate::passkey::{CEREMONY_MS, RelyingParty, bytes, text};
use crate::problem::{Kind, Problem};
use crate::trade::Plan;

/// What a patient wants to sign.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SignatureWish)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Wish {
    /// Registers a consent.
    Register(NewConsent),
    /// Replaces a version of a consent by the next one.
    Amend {
        /// Name of the consent.
        consent: String,
        /// The version that is replaced.
        version: u32,
        /// The consent as it shall be.
        to: NewConsent,
    },
    /// Revokes a consent.
    Revoke {
        /// Name of the consent.
        consent: String,
        /// The current version.
        version: u32,
    },
}

/// What the passkey is to sign.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToSign {
    /// The ceremony's name: the signature goes to `/patients/me/signatures/{ceremony}`.
    ceremony: String,
    /// The consent.
    #[schema(value_type = String)]
    pub(crate) consent: ConsentId,
    /// What is signed, as JSON text: the challenge is its SHA-256.
    statement: String,
    /// `PublicKeyCredentialRequestOptionsJSON`, for `PublicKeyCredential.parseRequestOptionsFromJSON()`.
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

/// The patient's signature.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeySigned)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// What `navigator.credentials.get()` gave, as its `toJSON()` writes it.
    credential: Assertion,
}

/// An act that waits for its signature.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prepared {
    /// The command in the contract's encoding, in hexadecimal.
    action: String,
    document: Payload,
    happened: Timestamp,
    custodian: PartyId,
    nonce: String,
}

/// Prepares an act on a consent of the patient's, and says what is to be signed; the challenge holds for ten minutes. Nothing is on the
/// ledger before the signature is.
#[utoipa::path(
    tag = "patients",
    params(WriteHeaders),
    responses((status = 201, description = "To be signed", body = ToSign), Refusals)
)]
#[post("/patients/me/signatures")]
pub(super) async fn prepare(
    keeper: Keeper,
    request: HttpRequest,
    rp: web::Data<RelyingParty>,
    body: web::Json<Wish>,
) -> Result<HttpResponse, Problem> {
    let write = keeper.write(&request)?;
    Ok(HttpResponse::Created().json(to_sign(&write, &rp, body.into_inner()).await?))
}

/// Prepares an act, and says what the passkey is to sign.
pub(super) async fn to_sign(write: &Write, rp: &RelyingParty, wish: Wish) -> Result<ToSign, Problem> {
    let own = patient(&write.caller)?.to_owned();
    let store = write.node().store();
    let known = store.passkeys.of_patient(&own).await?;
    if known.is_empty() {
        return Err(Problem::new(Kind::Conflict, "register a passkey first, or have the custodian witness it"));
    }
    let (consent, mut plan) = planned(write, &own, wish).await?;
    let wrong = || Problem::internal("a plan of a consent is one command on one document");
    let (draft, document) = plan.drafts.pop().zip(plan.documents.pop()).ok_or_else(wrong)?;
    let (nonce, now) = (hex::encode(Passkeys::nonce()), write.node().clock().now());
    let statement = statement(write.node().network().id, &draft.action, &document, &nonce).ok_or_else(wrong)?;
    let prepared = Prepared {
        action: hex::encode(borsh::to_vec(&draft.action).expect("a Vec takes all")),
        document,
        happened: draft.happened,
        custodian: write.actor.party.clone(),
        nonce,
    };
    let until = Timestamp(now.0.saturating_add(CEREMONY_MS));
    let ceremony = hex::encode(store.passkeys.begin(&own, &prepared, now, until).await?);
    let public_key = rp.request(&challenge(&statement), &known);
    Ok(ToSign { ceremony, consent, statement, public_key })
}

/// Carries an act out on the custodian's word that the patient asked for it.
pub(super) async fn witnessed(write: Write, wish: Wish) -> Result<ConsentId, Problem> {
    let own = patient(&write.caller)?.to_owned();
    let id = |text: &str| ConsentId::parse(text).map_err(|_| Problem::not_found("consent"));
    let by = SignedBy::Custodian;
    let (consent, plan) = match &wish {
        Wish::Register(consent) => {
            consent.check_patient(&own)?;
            consent.registration(&write, own, by)
        }
        Wish::Amend { consent, version, to } => {
            let id = id(consent)?;
            (id, to.amendment(&write, id, *version, by).await?)
        }
        Wish::Revoke { consent, version } => {
            let id = id(consent)?;
            (id, Revocation { version: *version }.witnessed(&write, id).await?)
        }
    };
    write.done(&wish, &plan).await?;
    Ok(consent)
}

async fn planned(write: &Write, own: &str, wish: Wish) -> Result<(ConsentId, Plan), Problem> {
    let id = |text: &str| ConsentId::parse(text).map_err(|_| Problem::not_found("consent"));
    let by = SignedBy::Patient;
    match wish {
        Wish::Register(consent) => {
            consent.check_patient(own)?;
            Ok(consent.registration(write, own.to_owned(), by))
        }
        Wish::Amend { consent, version, to } => {
            let id = id(&consent)?;
            Ok((id, to.amendment(write, id, version, by).await?))
        }
        Wish::Revoke { consent, version } => {
            let id = id(&consent)?;
            Ok((id, Revocation { version }.plan(write, id).await?))
        }
    }
}

/// Carries out what was prepared, with the patient's signature: the ledger says that the patient signed, and commits to the document that
/// holds the signature. A challenge is answered once; the same request under the same Idempotency-Key gets the first answer.
#[utoipa::path(
    tag = "patients",
    params(("ceremony" = String, Path, description = "Name of the ceremony"), WriteHeaders),
    responses((status = 200, description = "Done", body = Registered), Refusals)
)]
#[post("/patients/me/signatures/{ceremony}")]
pub(super) async fn finish(
    keeper: Keeper,
    request: HttpRequest,
    rp: web::Data<RelyingParty>,
    path: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<HttpResponse, Problem> {
    let own = patient(&keeper.caller)?.to_owned();
    let write = keeper.write(&request)?;
    let (store, now) = (write.node().store(), write.node().clock().now());
    let ceremony = store.passkeys.ceremony::<Prepared>(&own, &ceremony_id(&path)?, now).await?;
    let Prepared { action, document, happened, custodian, nonce } = ceremony.content;
    let action: Action = hex::decode(&action)
        .ok()
        .and_then(|bytes| borsh::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::internal("a prepared command cannot be read"))?;
    if custodian != write.actor.party {
        return Err(Problem::not_found("challenge"));
    }
    let statement = statement(write.node().network().id, &action, &document, &nonce)
        .ok_or_else(|| Problem::internal("a prepared act contradicts itself"))?;
    let credential = bytes(&body.credential.raw_id).unwrap_or_default();
    let known = store.passkeys.of_patient(&own).await?;
    let known = known.into_iter().find(|kept| kept.passkey.credential == credential);
    let known = known.ok_or(PasskeyError::Unknown)?;
    let user = store.vault.patient_id(&own);
    let seen = asserted(&rp, &challenge(&statement), &user, &known.passkey.key, &body.credential)?;
    store.passkeys.signed(&own, &ceremony.id, write.request_key(), &known.id, seen.counter, now).await?;
    let answer = &body.credential.response;
    let signature = PatientSignature {
        nonce,
        rp_id: rp.id.clone(),
        key: text(&known.passkey.key),
        authenticator_data: answer.authenticator_data.clone(),
        client_data_json: answer.client_data_json.clone(),
        signature: answer.signature.clone(),
    };
    let (consent, version) = match &action {
        Action::RegisterConsent(consent) => (consent.id, 1),
        Action::AmendConsent { consent, version } => (consent.id, version.saturating_add(1)),
        Action::RevokeConsent { consent, version, .. } => (*consent, version.saturating_add(1)),
        _ => return Err(Problem::internal("a prepared command is of no consent")),
    };
    let mut plan = write.plan(action, Vec::new(), date_time(happened), sign(document, signature));
    plan.patient = Some(own);
    plan.readers.clear();
    write.carry_out(&*body, plan, StatusCode::OK, |committed| Registered { consent, version, committed }).await
}
