//! The encrypted payload vault: primary data.

use veridose_contract::{Commitment, IdempotencyKey, PartyId};

use crate::{Payload, StoreError};

/// The node's master key: wraps the key of every party and patient.
pub struct MasterKey(zeroize::Zeroizing<[u8; 32]>);

impl MasterKey {
    /// From its 32 bytes; they are wiped when the key is dropped.
    pub fn new(bytes: zeroize::Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

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

/// What `open` found.
#[derive(Debug, Clone)]
pub enum Opened {
    /// The document.
    Document(Payload),
    /// Its key was destroyed.
    Erased,
    /// It is there, but not for the party that asks.
    NotYours,
    /// The vault has no such document.
    NotFound,
}

/// Encrypted documents, by commitment.
#[derive(Debug, Clone)]
pub struct Vault {}

impl Vault {
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
        todo!()
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
        todo!()
    }

    /// Opens a document as the party.
    pub async fn open(&self, commitment: &Commitment, party: &PartyId) -> Result<Opened, StoreError> {
        todo!()
    }

    /// Opens several documents as the party, in the order asked.
    pub async fn open_many(&self, commitments: &[Commitment], party: &PartyId) -> Result<Vec<Opened>, StoreError> {
        todo!()
    }

    /// Lets `to` read what `from` can read: the groups that these documents belong to.
    pub async fn grant(&self, from: &PartyId, commitments: &[Commitment], to: &PartyId) -> Result<(), StoreError> {
        todo!()
    }

    /// Destroys the patient's key. Every document under it is gone for good; the commitments stay. Returns how many.
    pub async fn destroy_patient_key(&self, patient: &str) -> Result<u64, StoreError> {
        todo!()
    }

    /// Removes documents whose transaction was refused, and the request that they were sealed for, so that the client may
    /// try the same key again.
    pub async fn discard(&self, owner: &PartyId, commitments: &[Commitment]) -> Result<(), StoreError> {
        todo!()
    }
}
