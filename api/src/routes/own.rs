//! What patients see and do about what is theirs, for their pages: by what the API's handlers call, under the same authorisation.

use actix_web::HttpRequest;
use veridose_contract::access::{Access, Grant, GrantRule};
use veridose_contract::{Commitment, ConsentId, DataKind, ErasureId, TxId, read};
use veridose_store::payload::ConsentDocument;
use veridose_store::{
    AccessNote, ConsentRow, EmergencyRow, EventRow, KeptAccess, NewAccess, Opened, Page, PageRequest, Payload,
};

pub(crate) use super::consents::{Keeper, NewConsent};
pub(crate) use super::erasure::{Erase, Erased, KeyBackupState};
pub(crate) use super::fhir::own::OwnRecord;
pub(crate) use super::signatures::{ToSign, Wish};

use super::access::record_reading;
use super::{consents, erasure, fhir, passkeys, signatures};
use crate::access::{person, record_consents};
use crate::auth::{CallingPatient, Interaction};
use crate::node::Node;
use crate::passkey::RelyingParty;
use crate::passkey::proof::ConsentProof;
use crate::problem::Problem;

/// All records that are kept of the patient.
pub(crate) async fn records(node: &Node, own: &CallingPatient) -> Result<Vec<OwnRecord>, Problem> {
    node.caught_up().await;
    fhir::own::records(node, own).await
}

/// A dispense on the ledger under a consent of the patient's.
pub(crate) struct OwnDispense {
    pub(crate) event: EventRow,
    /// Packs, as URIs; none where the document is not here.
    pub(crate) packs: Vec<String>,
}

/// Dispenses under the patient's consents, the latest first, whoever made them. That they are seen is recorded, once for all pages.
pub(crate) async fn dispenses(
    node: &Node,
    own: &CallingPatient,
    page: &PageRequest,
) -> Result<Page<OwnDispense>, Problem> {
    own.caller.check_scope("MedicationDispense", Interaction::Search)?;
    node.caught_up().await;
    let (store, patient) = (node.store(), node.store().vault.patient_id(&own.name));
    let documents = store.vault.of_patient(&own.name).await?;
    let consents: Vec<ConsentId> =
        store.queries.consents_of(&documents).await?.into_iter().map(|(_, consent)| consent).collect();
    if consents.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    if page.token.is_none() {
        let access =
            Access::Granted(Grant { kinds: vec![DataKind::Dispense], ..Grant::without_data(GrantRule::OwnRecord) });
        let reading = AccessNote {
            at: node.clock().now(),
            who: person(&own.caller),
            party: None,
            purpose: "own_record".to_owned(),
            asked: vec![DataKind::Dispense],
            what: "dispenses/list".to_owned(),
            access,
        };
        store.accesses.record(NewAccess { patient: Some(patient), note: reading }).await?;
    }
    let rows = store.queries.dispenses_under(&consents, page).await?;
    let commitments: Vec<Commitment> = rows.items.iter().map(|row| row.commitment).collect();
    let mut opened = store.vault.open_as_owner(&commitments).await?;
    Ok(rows.map(|event| {
        let packs = opened.remove(&event.commitment).map(|opened| packs(&opened)).unwrap_or_default();
        OwnDispense { event, packs }
    }))
}

/// The packs that an event names.
fn packs(document: &Opened) -> Vec<String> {
    let Opened::Document(Payload::Event(raw)) = document else { return Vec::new() };
    let event: serde_json::Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let packs = event["epcList"].as_array().into_iter().flatten();
    packs.filter_map(serde_json::Value::as_str).map(str::to_owned).collect()
}

/// Who asked for the patient's data and what was decided, the latest first. Reading the list is a record too, the first of it.
pub(crate) async fn accesses(
    node: &Node,
    own: &CallingPatient,
    page: &PageRequest,
) -> Result<Page<KeptAccess>, Problem> {
    record_reading(node, own, "accesses/list", page).await?;
    Ok(node.store().accesses.of_patient(&own.name, page).await?)
}

/// Emergencies that were declared to see the patient's record, the latest first.
pub(crate) async fn notices(
    node: &Node,
    own: &CallingPatient,
    page: &PageRequest,
) -> Result<Page<EmergencyRow>, Problem> {
    record_reading(node, own, "notices/list", page).await?;
    Ok(node.store().accesses.emergencies_of(&own.name, page).await?)
}

/// The patient's consents, the latest first, also those that were revoked.
pub(crate) async fn consents(
    node: &Node,
    keeper: &Keeper,
    own: &CallingPatient,
) -> Result<Vec<(ConsentRow, ConsentDocument)>, Problem> {
    node.ledger().check_fresh()?;
    own.caller.check_scope("Consent", Interaction::Search)?;
    let mut rows = fhir::own::consents(node, keeper, own).await?;
    rows.sort_by_key(|(row, _)| std::cmp::Reverse((row.revoked_at.is_none(), row.from, row.consent)));
    let documents: Vec<Commitment> = rows.iter().map(|(row, _)| row.commitment).collect();
    record_consents(node, &keeper.caller, &documents, "Consent/search").await?;
    Ok(rows)
}

/// One of the patient's consents, and its versions with what proves who signed them.
pub(crate) async fn consent(
    node: &Node,
    keeper: &Keeper,
    id: &str,
) -> Result<(ConsentRow, ConsentDocument, ConsentProof), Problem> {
    let missing = || Problem::not_found("consent");
    node.ledger().check_fresh()?;
    keeper.caller.check_scope("Consent", Interaction::Read)?;
    let id = ConsentId::parse(id).map_err(|_| missing())?;
    let (row, document) = consents::found(node, keeper, &id).await?.ok_or_else(missing)?;
    record_consents(node, &keeper.caller, &[row.commitment], "Consent/read").await?;
    let proof = consents::proven(node, keeper, id, &document).await?;
    Ok((row, document, proof))
}

/// Does what the patient wishes on the custodian's word that the patient does; once for a key.
pub(crate) async fn witnessed(
    keeper: Keeper,
    request: &HttpRequest,
    key: &str,
    wish: Wish,
) -> Result<ConsentId, Problem> {
    signatures::witnessed(keeper.write(request)?.once(key), wish).await
}

/// Prepares what the patient wishes, for the patient's passkey to sign.
pub(crate) async fn to_sign(
    keeper: Keeper,
    request: &HttpRequest,
    rp: &RelyingParty,
    key: &str,
    wish: Wish,
) -> Result<ToSign, Problem> {
    signatures::to_sign(&keeper.write(request)?.once(key), rp, wish).await
}

/// Destroys the key of everything that is kept of the patient.
pub(crate) async fn erase(own: &CallingPatient, keeper: Keeper, request: &HttpRequest) -> Result<Erased, Problem> {
    erasure::erase_all(own, keeper, request, &Erase { erase_everything: true }).await
}

/// What anybody can check of an erasure that was just put on the ledger: the receipt of its transaction, as JSON.
pub(crate) fn receipt(node: &Node, erased: &Erased) -> Result<Option<String>, Problem> {
    let tx = erased.tx.as_deref().and_then(|tx| TxId::parse(tx).ok());
    let Some(index) = tx.map(|tx| node.ledger().index_of(&tx)).transpose()?.flatten() else { return Ok(None) };
    Ok(Some(node.ledger().receipt(index, &[])?.to_json()))
}

/// Removes a passkey of the patient's, as `DELETE /patients/me/passkeys/{id}` does.
pub(crate) async fn remove_passkey(node: &Node, own: &CallingPatient, id: &str) -> Result<(), Problem> {
    passkeys::remove_of(node, &own.name, id).await
}

/// A resource's values, each with its place in the resource.
pub(crate) fn lines(resource: &serde_json::Value) -> Vec<(String, String)> {
    fhir::export::lines(resource)
}

/// The name of the patient's erasure and when it was, where there was one.
pub(crate) fn erased(
    node: &Node,
    own: &CallingPatient,
) -> Result<Option<(ErasureId, veridose_contract::record::Mark)>, Problem> {
    let vault = &node.store().vault;
    let erasure = vault.erasure_id(&vault.patient_id(&own.name));
    Ok(read::erasure(&node.ledger().state(), &erasure)?.map(|mark| (erasure, mark)))
}
