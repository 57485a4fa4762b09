//! The right to be forgotten: a patient has the key of all that is kept destroyed, and the ledger says so.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, ErasureId, read};
use veridose_store::Payload;
use veridose_store::payload::Note;

use super::consents::Keeper;
use super::refusals::Refusals;
use super::write::{WriteHeaders, node};
use crate::auth::CallingPatient;
use crate::node::Node;
use crate::problem::Problem;

/// How long the answer waits for the key backup: of a nation it takes longer.
const KEY_BACKUP_WAIT: Duration = Duration::from_secs(3);

/// The patient's word that it is meant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erase {
    /// `true`: everything that is kept of me here shall be unreadable for good, to me as well.
    pub(crate) erase_everything: bool,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erased {
    /// What the ledger calls the erasure; with the transaction it is the patient's receipt.
    #[schema(value_type = String)]
    pub(crate) erasure: ErasureId,
    /// The transaction; none where the erasure was on the ledger before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tx: Option<String>,
    /// Documents that this made unreadable.
    pub(crate) documents: u64,
    /// What became of the key backup.
    pub(crate) key_backup: KeyBackupState,
}

/// What became of the key backup, in which the key was too.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyBackupState {
    /// There is none.
    None,
    /// Written anew without the key; what was written before opens no more.
    Rewrapped,
    /// Still being written, or its place cannot be reached: then the node tries again every few seconds.
    Pending,
}

/// Destroys the key of everything that is kept of the patient who asks: consents, records, accesses, wherever copies of them
/// lie. Nothing brings them back. A pseudonym that was erased is not taken in again.
#[utoipa::path(
    tag = "patients",
    params(WriteHeaders),
    responses((status = 200, description = "Erased", body = Erased), Refusals)
)]
#[post("/patients/me/erase")]
pub(super) async fn erase(
    own: CallingPatient,
    keeper: Keeper,
    request: HttpRequest,
    body: web::Json<Erase>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(erase_all(&own, keeper, &request, &body).await?))
}

/// As [`erase`].
pub(super) async fn erase_all(
    own: &CallingPatient,
    keeper: Keeper,
    request: &HttpRequest,
    body: &Erase,
) -> Result<Erased, Problem> {
    if !body.erase_everything {
        return Err(Problem::field("erase_everything", "say true: it cannot be taken back"));
    }
    let node = node(request).clone();
    let vault = &node.store().vault;
    let patient = vault.patient_id(&own.name);
    let erasure = vault.erasure_id(&patient);
    // The ledger first: a crash after it is made good at the next start, which looks for keys of who is erased.
    let mut tx = None;
    if read::erasure(&node.ledger().state(), &erasure)?.is_none() {
        let write = keeper.write(request)?;
        let words = Payload::Note(Note::new("erased".into()));
        let plan = write.plan(Action::Erase(erasure), Vec::new(), write.happened(None), words);
        tx = Some(write.done(body, &plan).await?.0.tx.to_string());
    }
    let documents = vault.destroy_patient(&patient).await?;
    let key_backup = rewrapped(node).await;
    Ok(Erased { erasure, tx, documents, key_backup })
}

/// Has the key backup written anew, and waits for it as long as somebody may be kept waiting; it is finished without them.
async fn rewrapped(node: web::Data<Node>) -> KeyBackupState {
    let writing = actix_web::rt::spawn(async move { node.follow_erasures().await });
    match tokio::time::timeout(KEY_BACKUP_WAIT, writing).await {
        Ok(Ok(Ok(true))) => KeyBackupState::Rewrapped,
        Ok(Ok(Ok(false))) => KeyBackupState::None,
        Ok(Ok(Err(error))) => {
            tracing::error!(error = format!("{error:#}"), "the key backup cannot be written now");
            KeyBackupState::Pending
        }
        Ok(Err(_)) | Err(_) => KeyBackupState::Pending,
    }
}
