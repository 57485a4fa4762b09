//! Typed reads of the state, for the contract itself, for hosts and for the API.

use crate::id::{
    AccessLogId, BatchId, CaseId, Commitment, ConsentId, ContentKey, CredentialId, DispenseId, DocumentId, ErasureId,
    Fingerprint, IdempotencyKey, ItemKey, LotKey, ModelId, OfferId, PartyId, ProductKey, Site, StudyId,
};
use crate::key;
use crate::record::{
    AccessLogRecord, BatchRecord, CaseRecord, CertificateRecord, ClaimRecord, ConsentRecord, DecisionRecord,
    DispenseRecord, DisputeRecord, DocumentRecord, IdempotencyRecord, ItemRecord, LotRecord, Mark, ModelInUseRecord,
    ModelRecord, NetworkRecord, OfferRecord, PartyRecord, ProductRecord, Record, SiteRecord, StudyRecord,
    VersionRecord,
};
use crate::state::{StateError, StateRead};

pub(crate) fn record<R: Record>(state: &dyn StateRead, key: &[u8]) -> Result<Option<R>, StateError> {
    state.get(key)?.map(|bytes| R::decode(&bytes)).transpose()
}

/// The network's record; nothing before genesis.
pub fn network(state: &dyn StateRead) -> Result<Option<NetworkRecord>, StateError> {
    record(state, &key::network())
}

/// A member.
pub fn party(state: &dyn StateRead, id: &PartyId) -> Result<Option<PartyRecord>, StateError> {
    record(state, &key::party(id))
}

/// Whose place a site is.
pub fn site(state: &dyn StateRead, id: Site) -> Result<Option<SiteRecord>, StateError> {
    record(state, &key::site(id))
}

/// A certificate.
pub fn certificate(state: &dyn StateRead, id: &Fingerprint) -> Result<Option<CertificateRecord>, StateError> {
    record(state, &key::certificate(id))
}

/// The transaction that an organisation's request became.
pub fn idempotency(
    state: &dyn StateRead,
    party: &PartyId,
    id: &IdempotencyKey,
) -> Result<Option<IdempotencyRecord>, StateError> {
    record(state, &key::idempotency(party, id))
}

/// A product.
pub fn product(state: &dyn StateRead, id: &ProductKey) -> Result<Option<ProductRecord>, StateError> {
    record(state, &key::product(id))
}

/// A lot.
pub fn lot(state: &dyn StateRead, id: &LotKey) -> Result<Option<LotRecord>, StateError> {
    record(state, &key::lot(id))
}

/// A batch.
pub fn batch(state: &dyn StateRead, id: &BatchId) -> Result<Option<BatchRecord>, StateError> {
    record(state, &key::batch(id))
}

/// An item's own record; [`crate::resolve`] tells what it means.
pub fn item(state: &dyn StateRead, id: &ItemKey) -> Result<Option<ItemRecord>, StateError> {
    record(state, &key::item(id))
}

/// An offer.
pub fn offer(state: &dyn StateRead, id: &OfferId) -> Result<Option<OfferRecord>, StateError> {
    record(state, &key::offer(id))
}

/// A consent.
pub fn consent(state: &dyn StateRead, id: &ConsentId) -> Result<Option<ConsentRecord>, StateError> {
    record(state, &key::consent(id))
}

/// How far a log of accesses is anchored; nothing before its first anchor.
pub fn access_log(state: &dyn StateRead, id: &AccessLogId) -> Result<Option<AccessLogRecord>, StateError> {
    record(state, &key::access_log(id))
}

/// Who revoked a credential, and when; nothing for one that nobody did.
pub fn revoked_credential(state: &dyn StateRead, id: &CredentialId) -> Result<Option<Mark>, StateError> {
    record(state, &key::credential(id))
}

/// When the key of what was kept of a patient was destroyed.
pub fn erasure(state: &dyn StateRead, id: &ErasureId) -> Result<Option<Mark>, StateError> {
    record(state, &key::erasure(id))
}

/// A case.
pub fn case(state: &dyn StateRead, id: &CaseId) -> Result<Option<CaseRecord>, StateError> {
    record(state, &key::case(id))
}

/// Packs that were dispensed together.
pub fn dispense(state: &dyn StateRead, id: &DispenseId) -> Result<Option<DispenseRecord>, StateError> {
    record(state, &key::dispense(id))
}

/// The claim for a dispense.
pub fn claim(state: &dyn StateRead, id: &DispenseId) -> Result<Option<ClaimRecord>, StateError> {
    record(state, &key::claim(id))
}

/// A clinical study.
pub fn study(state: &dyn StateRead, id: &StudyId) -> Result<Option<StudyRecord>, StateError> {
    record(state, &key::study(id))
}

/// A document of a study as it stands.
pub fn document(state: &dyn StateRead, study: &StudyId, id: &DocumentId) -> Result<Option<DocumentRecord>, StateError> {
    record(state, &key::document(study, id))
}

/// A version of a document, by what it consists of.
pub fn version(
    state: &dyn StateRead,
    study: &StudyId,
    content: &ContentKey,
) -> Result<Option<VersionRecord>, StateError> {
    record(state, &key::version(study, content))
}

/// A party's dispute of an event.
pub fn dispute(state: &dyn StateRead, event: &Commitment, by: &PartyId) -> Result<Option<DisputeRecord>, StateError> {
    record(state, &key::dispute(event, by))
}

/// A model of a party.
pub fn model(state: &dyn StateRead, party: &PartyId, id: &ModelId) -> Result<Option<ModelRecord>, StateError> {
    record(state, &key::model(party, id))
}

/// The model of a kind that a party has in use.
pub fn model_in_use(
    state: &dyn StateRead,
    party: &PartyId,
    kind: &str,
) -> Result<Option<ModelInUseRecord>, StateError> {
    record(state, &key::model_in_use(party, kind))
}

/// What a party's model said of a case.
pub fn decision(
    state: &dyn StateRead,
    party: &PartyId,
    model: &ModelId,
    case: &Commitment,
) -> Result<Option<DecisionRecord>, StateError> {
    record(state, &key::decision(party, model, case))
}
