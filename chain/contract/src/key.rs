//! Every key of the state: a prefix byte and an identifier. There is no key that every transaction writes.

use crate::id::{
    AccessLogId, BatchId, CaseId, Commitment, ConsentId, ContentKey, CredentialId, DispenseId, DocumentId, ErasureId,
    Fingerprint, IdempotencyKey, ItemKey, LotKey, ModelId, OfferId, PartyId, ProductKey, Site, StudyId,
};

/// Prefix of items, the only keys that come by the million.
pub(crate) const ITEM: u8 = b'i';
const ADMISSION: u8 = b'a';
const BATCH: u8 = b'b';
const CERTIFICATE: u8 = b'c';
const CREDENTIAL: u8 = b'e';
const DISSOLVED: u8 = b'd';
const ACCESS_LOG: u8 = b'h';
const DOCUMENT: u8 = b'f';
const ERASURE: u8 = b'z';
const SITE: u8 = b'g';
const IDEMPOTENCY: u8 = b'k';
const LOT: u8 = b'l';
const PARTY: u8 = b'm';
const NETWORK: u8 = b'n';
const DISPENSE: u8 = b'j';
const OFFER: u8 = b'o';
const PRODUCT: u8 = b'p';
const CLAIM: u8 = b'r';
const STUDY: u8 = b'q';
const CONSENT: u8 = b's';
const MODEL_IN_USE: u8 = b'u';
const MODEL: u8 = b'v';
const CASE: u8 = b'w';
const VERSION: u8 = b't';
const DISPUTE: u8 = b'x';
const DECISION: u8 = b'y';

/// Whether a key says who is a member, where, and who may sign for one: hosts guard such a key more strictly than others.
pub fn decides_membership(key: &[u8]) -> bool {
    matches!(key.first(), Some(&(ADMISSION | CERTIFICATE | SITE | PARTY | NETWORK)))
}

fn join(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(1usize, |sum, part| sum.saturating_add(part.len()));
    let mut key = Vec::with_capacity(length);
    key.push(prefix);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// A pack or container.
pub fn item(item: &ItemKey) -> Vec<u8> {
    join(ITEM, &[item.as_bytes()])
}

/// Items that came into being together.
pub(crate) fn batch(batch: &BatchId) -> Vec<u8> {
    join(BATCH, &[batch.as_bytes()])
}

/// Where the children of a container's earlier generation went.
pub(crate) fn dissolved(container: &ItemKey, generation: u32) -> Vec<u8> {
    join(DISSOLVED, &[container.as_bytes(), &generation.to_be_bytes()])
}

/// A lot.
pub(crate) fn lot(lot: &LotKey) -> Vec<u8> {
    join(LOT, &[lot.as_bytes()])
}

/// A product.
pub(crate) fn product(product: &ProductKey) -> Vec<u8> {
    join(PRODUCT, &[product.as_bytes()])
}

/// An offer.
pub(crate) fn offer(offer: &OfferId) -> Vec<u8> {
    join(OFFER, &[offer.as_bytes()])
}

/// A consent.
pub(crate) fn consent(consent: &ConsentId) -> Vec<u8> {
    join(CONSENT, &[consent.as_bytes()])
}

/// Packs that were dispensed together.
pub(crate) fn dispense(dispense: &DispenseId) -> Vec<u8> {
    join(DISPENSE, &[dispense.as_bytes()])
}

/// The claim for a dispense: one, whoever hands it in and whoever is to pay.
pub(crate) fn claim(dispense: &DispenseId) -> Vec<u8> {
    join(CLAIM, &[dispense.as_bytes()])
}

/// How far a log of accesses is anchored.
pub(crate) fn access_log(log: &AccessLogId) -> Vec<u8> {
    join(ACCESS_LOG, &[log.as_bytes()])
}

/// That a credential was revoked.
pub(crate) fn credential(credential: &CredentialId) -> Vec<u8> {
    join(CREDENTIAL, &[credential.as_bytes()])
}

/// What was destroyed of a patient.
pub(crate) fn erasure(erasure: &ErasureId) -> Vec<u8> {
    join(ERASURE, &[erasure.as_bytes()])
}

/// A case.
pub(crate) fn case(case: &CaseId) -> Vec<u8> {
    join(CASE, &[case.as_bytes()])
}

/// A member.
pub(crate) fn party(party: &PartyId) -> Vec<u8> {
    join(PARTY, &[party.as_str().as_bytes()])
}

/// A site: whose it is.
pub(crate) fn site(site: Site) -> Vec<u8> {
    join(SITE, &[&site.0.to_be_bytes()])
}

/// The member whose record stands under a key; nothing if it is another kind of key.
pub fn party_of(key: &[u8]) -> Option<PartyId> {
    let name = key.strip_prefix(&[PARTY])?;
    PartyId::parse(std::str::from_utf8(name).ok()?).ok()
}

/// A proposal to admit a member, by the SHA-256 of the proposed record.
pub(crate) fn admission(hash: &[u8; 32]) -> Vec<u8> {
    join(ADMISSION, &[hash])
}

/// A certificate.
pub(crate) fn certificate(fingerprint: &Fingerprint) -> Vec<u8> {
    join(CERTIFICATE, &[fingerprint.as_bytes()])
}

/// A request of an organisation. The key's fixed length at the end keeps two parties' requests apart.
pub(crate) fn idempotency(party: &PartyId, key: &IdempotencyKey) -> Vec<u8> {
    join(IDEMPOTENCY, &[party.as_str().as_bytes(), key.as_bytes()])
}

/// A clinical study.
pub(crate) fn study(study: &StudyId) -> Vec<u8> {
    join(STUDY, &[study.as_bytes()])
}

/// A document of a study.
pub(crate) fn document(study: &StudyId, document: &DocumentId) -> Vec<u8> {
    join(DOCUMENT, &[study.as_bytes(), document.as_bytes()])
}

/// A version of a document, by what it consists of.
pub(crate) fn version(study: &StudyId, content: &ContentKey) -> Vec<u8> {
    join(VERSION, &[study.as_bytes(), content.as_bytes()])
}

/// A party's dispute of an event; each partner has its own, so that nobody can take the other's word away.
pub(crate) fn dispute(event: &Commitment, by: &PartyId) -> Vec<u8> {
    join(DISPUTE, &[event.as_bytes(), by.as_str().as_bytes()])
}

/// A model of a party. Two parties may register the same file.
pub(crate) fn model(party: &PartyId, model: &ModelId) -> Vec<u8> {
    join(MODEL, &[party.as_str().as_bytes(), model.as_bytes()])
}

/// Which model of a kind a party has in use. No party's name holds the zero that ends it here.
pub(crate) fn model_in_use(party: &PartyId, kind: &str) -> Vec<u8> {
    join(MODEL_IN_USE, &[party.as_str().as_bytes(), &[0], kind.as_bytes()])
}

/// What a party's model said of a case.
pub(crate) fn decision(party: &PartyId, model: &ModelId, case: &Commitment) -> Vec<u8> {
    join(DECISION, &[party.as_str().as_bytes(), model.as_bytes(), case.as_bytes()])
}

/// The network's own record, written by its genesis only.
pub fn network() -> Vec<u8> {
    vec![NETWORK]
}
