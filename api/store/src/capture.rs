//! Capture jobs: documents that were handed in and are worked through in the background. Primary data.

use serde::Serialize;
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

use crate::{Page, PageRequest, StoreError};

/// What happens to the other events of a document when one is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBehaviour {
    /// Nothing of the document is kept.
    Rollback,
    /// The good ones are kept.
    Proceed,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureState {
    /// The document is still being received; after a restart it is dropped.
    Receiving,
    /// Waiting.
    Queued,
    /// Being worked through.
    Running,
    /// Done, and everything that could be kept was kept.
    Succeeded,
    /// Done, with errors.
    Failed,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureJob {
    /// Its name.
    pub id: Uuid,
    /// Who handed the document in.
    pub party: PartyId,
    /// Rollback or proceed.
    pub behaviour: ErrorBehaviour,
    /// Media type of the document.
    pub media_type: String,
    /// Size of the document.
    pub size_bytes: u64,
    /// Where it stands.
    pub state: CaptureState,
    /// When it was handed in.
    pub created_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Events looked at so far.
    pub events: u64,
    /// Events kept so far.
    pub captured: u64,
    /// Errors so far, also those that are not kept.
    pub errors: u64,
}

/// An error of one event or of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureError {
    /// Number of the event in the document, from 1; 0 where the document itself is bad.
    pub event: u64,
    /// Stable code.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
    /// Line or path in the document.
    pub place: Option<String>,
}

/// Capture jobs and their documents.
#[derive(Debug, Clone)]
pub struct Captures {}

/// A document that is being received.
#[derive(Debug)]
pub struct Upload {}

/// A job's document, read piece by piece.
#[derive(Debug)]
pub struct Document {}

impl Captures {
    /// Opens a job and its document. `client_key` is the party's own name for the request: the same name gives the same job again.
    pub async fn receive(
        &self,
        party: &PartyId,
        behaviour: ErrorBehaviour,
        media_type: &str,
        now: Timestamp,
    ) -> Result<Upload, StoreError> {
        todo!()
    }

    /// A job of the party.
    pub async fn job(&self, party: &PartyId, id: Uuid) -> Result<Option<CaptureJob>, StoreError> {
        todo!()
    }

    /// Jobs of the party, latest first.
    pub async fn jobs(&self, party: &PartyId, page: &PageRequest) -> Result<Page<CaptureJob>, StoreError> {
        todo!()
    }

    /// Errors of a job of the party, in the document's order.
    pub async fn errors(
        &self,
        party: &PartyId,
        id: Uuid,
        page: &PageRequest,
    ) -> Result<Page<CaptureError>, StoreError> {
        todo!()
    }

    /// Puts back what was running when the node stopped and drops documents that were never received whole.
    /// Called once, before the first [`Self::claim`].
    pub async fn recover(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Takes the job that has waited longest.
    pub async fn claim(&self) -> Result<Option<CaptureJob>, StoreError> {
        todo!()
    }

    /// The job's document, from its beginning.
    pub async fn document(&self, job: &CaptureJob) -> Result<Document, StoreError> {
        todo!()
    }

    /// Writes how far the job is and the errors found since the last call. Saying the same error again changes nothing.
    pub async fn progress(
        &self,
        id: Uuid,
        events: u64,
        captured: u64,
        errors: &[CaptureError],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Ends the job and removes its document.
    pub async fn finish(&self, id: Uuid, state: CaptureState, now: Timestamp) -> Result<(), StoreError> {
        todo!()
    }
}

impl Upload {
    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        todo!()
    }

    /// The document is whole: the job waits to be worked through.
    pub async fn finish(self) -> Result<CaptureJob, StoreError> {
        todo!()
    }
}

impl Document {
    /// The next piece, `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
}
