//! The encrypted payload vault: primary data.
//!
//! Envelope encryption: the documents of a request form a group under one random data key (AES-256-GCM). The data key is
//! wrapped for each reader by that party's key-encryption key, and those by the node's master key. A patient's documents have their
//! data key wrapped by the patient's key first, which hangs from a root of its own: destroying that one makes them unreadable to
//! everybody.

mod cipher;
mod keys;
mod patients;
mod read;
mod root;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use veridose_contract::{Commitment, ErasureId, IdempotencyKey, PartyId};

pub(crate) use cipher::{Key, decrypt, deflate, encrypt, inflate, key, random_id, random_key, unwrap, wrap};
pub(crate) use keys::Keys;
pub use keys::MasterKey;
pub use read::{Disclosed, Opened};
pub(crate) use root::Held;
pub use root::{HeldRoot, Root, RootKeeper};

use crate::database::{Database, Existing, fixed, insert_all, signed, unsigned};
use crate::entity::vault as entity;
use crate::limits::{
    COMMITMENTS_PER_CALL_MAX, DOCUMENT_BYTES_MAX, DOCUMENTS_PER_REQUEST_MAX, READERS_MAX, REQUEST_BYTES_MAX,
};
use crate::vault::writer::{Group, Writer};
use crate::{Payload, StoreError};

const READER_WRAP: &str = "reader wrap";
const PATIENT_WRAP: &str = "patient wrap";
/// From this size on encryption leaves the asynchronous threads.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// A client's name for its request and the SHA-256 of what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The client's name for it.
    pub key: IdempotencyKey,
    /// SHA-256 of the request as the client sent it.
    pub sha256: [u8; 32],
}

/// What `seal` made or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// A commitment for each document, in order.
    pub commitments: Vec<Commitment>,
    /// True where the request was sealed before and these are the first commitments again.
    pub repeated: bool,
}

/// Encrypted documents, by commitment.
#[derive(Debug, Clone)]
pub struct Vault {
    pub(crate) database: Database,
    pub(crate) keys: Arc<Keys>,
    writer: Writer,
    erased: Arc<watch::Sender<u64>>,
}

impl Vault {
    pub(crate) fn start(database: Database, keys: Arc<Keys>) -> Self {
        let writer = Writer::start(database.clone());
        Self { database, keys, writer, erased: Arc::new(watch::Sender::new(0)) }
    }

    /// Encrypts documents under one new data key that `owner` and `readers` can open, durable when this returns.
    /// A request seen before gives the first commitments again; the same key with another hash is a
    /// [`StoreError::RequestConflict`].
    pub async fn seal(
        &self,
        owner: &PartyId,
        request: Option<Request>,
        documents: &[Payload],
        readers: &[PartyId],
    ) -> Result<Sealing, StoreError> {
        self.seal_under(owner, None, request, documents, readers).await
    }

    /// As [`Self::seal`], with the data key also wrapped by the patient's key, so that destroying it erases the documents.
    pub async fn seal_patient(
        &self,
        owner: &PartyId,
        patient: &str,
        request: Option<Request>,
        documents: &[Payload],
        readers: &[PartyId],
    ) -> Result<Sealing, StoreError> {
        let id = self.keys.patient_id(patient);
        let key = self.keys.make_patient(&id).await?;
        self.seal_under(owner, Some((id, key)), request, documents, readers).await
    }

    async fn seal_under(
        &self,
        owner: &PartyId,
        patient: Option<([u8; 32], Key)>,
        request: Option<Request>,
        documents: &[Payload],
        readers: &[PartyId],
    ) -> Result<Sealing, StoreError> {
        let documents = encode(documents)?;
        within("readers of a request", readers.len(), READERS_MAX)?;
        let id = cipher::random_id();
        let data_key = random_key();
        let inner = match &patient {
            Some((_, key)) => wrap(key, PATIENT_WRAP, &id, data_key.as_ref()),
            None => data_key.to_vec(),
        };
        let mut wraps = Vec::new();
        for party in readers.iter().chain([owner]).collect::<BTreeSet<_>>() {
            let key = self.keys.party(party).await?;
            wraps.push((party.clone(), wrap(&key, READER_WRAP, &id, &inner)));
        }
        let bytes: usize = documents.iter().map(Vec::len).sum();
        let seal_all = move || -> Vec<(Commitment, Vec<u8>)> {
            documents.iter().map(|document| cipher::seal_document(&data_key, &id, document)).collect()
        };
        let documents = if bytes > INLINE_BYTES_MAX {
            tokio::task::spawn_blocking(seal_all).await.map_err(|_| StoreError::Closing)?
        } else {
            seal_all()
        };
        let patient = patient.map(|(id, _)| id);
        self.writer.write(Group { id, owner: owner.clone(), patient, request, wraps, documents }).await
    }

    /// What the patient is called here: a name that nobody without the master key can tell the patient from.
    pub fn patient_id(&self, patient: &str) -> [u8; 32] {
        self.keys.patient_id(patient)
    }

    /// A name for something of a patient (a patient, a record) within a scope, such as a purpose and who data are given to: always
    /// the same there, and nobody without the master key can tell that two of different scopes are of the same thing.
    pub fn pseudonym(&self, scope: &str, of: &[u8; 32]) -> [u8; 32] {
        self.keys.pseudonym(scope, of)
    }

    /// What was sealed for a request of the party.
    pub async fn sealed(&self, owner: &PartyId, key: &IdempotencyKey) -> Result<Vec<Commitment>, StoreError> {
        let found = entity::request::Entity::find_by_id((owner.to_string(), key.0.to_vec()));
        let row = found.one(self.database.read()).await?;
        let bytes = row.map(|row| row.commitments).unwrap_or_default();
        bytes.chunks(32).map(|bytes| fixed("commitment", bytes).map(Commitment)).collect()
    }

    /// Makes patients known before anything lies under their keys: who has many of them takes them in at once.
    pub async fn know(&self, patients: &[String]) -> Result<(), StoreError> {
        self.keys.make_patients(patients).await
    }

    /// Lets `to` read what `from` can read: the groups that these documents belong to.
    pub async fn grant(&self, from: &PartyId, commitments: &[Commitment], to: &PartyId) -> Result<(), StoreError> {
        let (from_key, to_key) = (self.keys.party(from).await?, self.keys.party(to).await?);
        let wraps = self.wraps_of(from, commitments).await?;
        let granted = wraps.into_iter().map(|row| {
            let inner = unwrap(&from_key, READER_WRAP, &row.group_id, &row.wrapped)
                .ok_or_else(|| StoreError::KeyAltered(format!("a data key of {from}")))?;
            let wrapped = wrap(&to_key, READER_WRAP, &row.group_id, &inner);
            Ok(entity::wrap::Model { group_id: row.group_id, party: to.to_string(), wrapped })
        });
        let granted = granted.collect::<Result<Vec<_>, StoreError>>()?;
        let write = self.database.write().await?;
        insert_all::<entity::wrap::Entity>(write.on(), granted, Existing::Keep).await?;
        Ok(write.commit().await?)
    }

    /// Destroys the patient's key. Every document under it is gone for good; the commitments stay. Returns how many.
    ///
    /// Survives a crash whole: key, ciphertexts and the list that the projection follows go in one commit. The root that older
    /// copies of the key hang from goes after it; where a crash comes between the two, at the next start.
    pub async fn destroy_patient_key(&self, patient: &str) -> Result<u64, StoreError> {
        self.destroy_patient(&self.keys.patient_id(patient)).await
    }

    /// What the ledger calls the erasure of a patient: a hash of what the patient is called here.
    pub fn erasure_id(&self, patient: &[u8; 32]) -> ErasureId {
        ErasureId(Sha256::new().chain_update("veridose erasure 1").chain_update(patient).finalize().into())
    }

    /// Patients whose keys are not destroyed.
    pub async fn patients(&self) -> Result<Vec<[u8; 32]>, StoreError> {
        let rows: Vec<Vec<u8>> = entity::patient::Entity::find()
            .filter(entity::patient::Column::Wrapped.is_not_null())
            .select_only()
            .column(entity::patient::Column::Patient)
            .into_tuple()
            .all(self.database.read())
            .await?;
        rows.iter().map(|row| fixed("patient", row)).collect()
    }

    /// As [`Self::destroy_patient_key`], by what the patient is called here.
    pub async fn destroy_patient(&self, id: &[u8; 32]) -> Result<u64, StoreError> {
        let write = self.database.write().await?;
        if write.on().get_database_backend() == DbBackend::Postgres {
            // Two erasures at once would take the same place in the list.
            write.on().execute_unprepared("LOCK TABLE vault_erasure IN EXCLUSIVE MODE").await?;
        }
        let next = self.keys.patients.destroy(&write, id).await?;
        crate::passkeys::forget(&write, id).await?;
        let groups: Vec<Vec<u8>> = entity::group::Entity::find()
            .filter(entity::group::Column::Patient.eq(id.to_vec()))
            .select_only()
            .column(entity::group::Column::Id)
            .into_tuple()
            .all(write.on())
            .await?;
        let first =
            unsigned(i64::try_from(entity::erasure::Entity::find().count(write.on()).await?).unwrap_or(i64::MAX));
        let mut erased = first;
        for group in groups {
            // The hash of a request would let who guesses its words check the guess.
            let requests = entity::request::Column::GroupId.eq(group.clone());
            entity::request::Entity::delete_many().filter(requests).exec(write.on()).await?;
            let under = entity::document::Column::GroupId.eq(group);
            let live = under.clone().and(entity::document::Column::Sealed.is_not_null());
            let mut documents = entity::document::Entity::find().filter(live).all(write.on()).await?;
            documents.sort_by(|a, b| a.commitment.cmp(&b.commitment));
            let mut rows = Vec::new();
            for document in documents {
                erased = erased.saturating_add(1);
                rows.push(entity::erasure::Model { seq: signed("erasures", erased)?, commitment: document.commitment });
            }
            insert_all::<entity::erasure::Entity>(write.on(), rows, Existing::Refuse).await?;
            entity::document::Entity::update_many()
                .col_expr(entity::document::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
                .filter(under)
                .exec(write.on())
                .await?;
        }
        write.commit().await?;
        if let Some(next) = next {
            self.keys.patients.take_up(&next);
        }
        self.erased.send_replace(erased);
        self.keys.patients.settle().await?;
        Ok(erased.saturating_sub(first))
    }

    /// Takes up what other processes on the same database erased. Returns how often keys were erased here: the generation of
    /// the root of patients' keys.
    pub async fn follow_erasures(&self) -> Result<u64, StoreError> {
        self.keys.patients.follow().await
    }

    /// Tells when something was erased, so that the projection takes it in.
    pub fn erasures(&self) -> watch::Receiver<u64> {
        self.erased.subscribe()
    }

    /// Removes the groups of documents whose transaction was refused, and the request they were sealed for, so that the
    /// client may try the same key again. Only the owner's are removed, and none whose request came again meanwhile: its
    /// documents may be about to be committed to.
    pub async fn discard(&self, owner: &PartyId, commitments: &[Commitment]) -> Result<(), StoreError> {
        within("commitments of a call", commitments.len(), COMMITMENTS_PER_CALL_MAX)?;
        let write = self.database.write().await?;
        let named = commitments.iter().map(|commitment| commitment.0.to_vec());
        let groups: BTreeSet<Vec<u8>> = entity::document::Entity::find()
            .filter(entity::document::Column::Commitment.is_in(named))
            .all(write.on())
            .await?
            .into_iter()
            .map(|document| document.group_id)
            .collect();
        let own: Vec<Vec<u8>> = entity::group::Entity::find()
            .filter(entity::group::Column::Id.is_in(groups))
            .filter(entity::group::Column::Owner.eq(owner.as_str()))
            .all(write.on())
            .await?
            .into_iter()
            .map(|group| group.id)
            .collect();
        let taken_up: BTreeSet<Vec<u8>> = entity::request::Entity::find()
            .filter(entity::request::Column::GroupId.is_in(own.iter().cloned()))
            .filter(entity::request::Column::TakenUp.eq(true))
            .lock_exclusive()
            .all(write.on())
            .await?
            .into_iter()
            .map(|request| request.group_id)
            .collect();
        let own = || own.iter().filter(|group| !taken_up.contains(*group)).cloned();
        let on = write.on();
        entity::request::Entity::delete_many().filter(entity::request::Column::GroupId.is_in(own())).exec(on).await?;
        entity::document::Entity::delete_many().filter(entity::document::Column::GroupId.is_in(own())).exec(on).await?;
        entity::wrap::Entity::delete_many().filter(entity::wrap::Column::GroupId.is_in(own())).exec(on).await?;
        entity::group::Entity::delete_many().filter(entity::group::Column::Id.is_in(own())).exec(on).await?;
        Ok(write.commit().await?)
    }
}

/// The documents' JSON bytes, within the limits.
fn encode(documents: &[Payload]) -> Result<Vec<Vec<u8>>, StoreError> {
    within("documents of a request", documents.len(), DOCUMENTS_PER_REQUEST_MAX)?;
    let mut total = 0usize;
    let encoded = documents.iter().map(|document| {
        let bytes = serde_json::to_vec(document)
            .map_err(|error| StoreError::Malformed { what: "document", detail: error.to_string() })?;
        within("bytes of a document", bytes.len(), DOCUMENT_BYTES_MAX)?;
        total = total.saturating_add(bytes.len());
        within("bytes of a request", total, REQUEST_BYTES_MAX)?;
        Ok(bytes)
    });
    encoded.collect()
}

pub(crate) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
    if size > limit { Err(StoreError::TooLarge { what, size, limit }) } else { Ok(()) }
}
