//! The document of a capture job: received, kept and read in encrypted pieces, so that its size costs no memory. How large one
//! may be is for whoever receives it to say.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

use crate::capture::{CaptureJob, CaptureState, Captures, ErrorBehaviour};
use crate::database::{Database, Existing, Write, insert_all, signed};
use crate::entity::capture::{job, piece};
use crate::limits::{CAPTURE_PIECE_BYTES_MAX, UPLOAD_LEASE_MS};
use crate::vault::{Key, decrypt, deflate, encrypt, inflate, key, random_key, unwrap, wrap};
use crate::{StoreError, text};

const JOB_WRAP: &str = "capture document";

/// Tells the time while a document comes in.
pub type Clock = std::sync::Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A document that is being received. Dropped unfinished, it is removed at the next start, or when its lease has run out.
pub struct Upload {
    database: Database,
    job: job::Model,
    key: Key,
    buffer: Vec<u8>,
    received: u64,
    hash: Sha256,
    clock: Clock,
}

/// What became of the wish to hand in a document under a name.
#[derive(Debug)]
pub enum Received {
    /// It is to be received now.
    New(Box<Upload>),
    /// It was received before.
    Known(CaptureJob),
}

/// A job's document, read piece by piece.
pub struct Document {
    database: Database,
    job: String,
    key: Key,
    next: i64,
    pieces: i64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("job", &self.job.id).field("received", &self.received).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("job", &self.job).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Captures {
    /// Opens a job and its document.
    pub async fn receive(
        &self,
        party: &PartyId,
        behaviour: ErrorBehaviour,
        media_type: &str,
        clock: Clock,
    ) -> Result<Upload, StoreError> {
        let (upload, write) = self.begin(party, Uuid::new_v4(), behaviour, media_type, clock).await?;
        insert_all::<job::Entity>(write.on(), vec![upload.job.clone()], Existing::Refuse).await?;
        write.commit().await?;
        Ok(upload)
    }

    /// Opens the job of that name, or finds it where its document was received before. A document that broke off is begun
    /// again; what still comes in of the first one is refused.
    pub async fn receive_as(
        &self,
        party: &PartyId,
        id: Uuid,
        behaviour: ErrorBehaviour,
        media_type: &str,
        clock: Clock,
    ) -> Result<Received, StoreError> {
        let (upload, write) = self.begin(party, id, behaviour, media_type, clock).await?;
        if let Some(row) = job::Entity::find_by_id(&upload.job.id).one(write.on()).await? {
            if row.state != text::word(&CaptureState::Receiving) {
                return CaptureJob::try_from(row).map(Received::Known);
            }
            piece::Entity::delete_many().filter(piece::Column::Job.eq(&row.id)).exec(write.on()).await?;
            job::Entity::delete_by_id(row.id).exec(write.on()).await?;
        }
        insert_all::<job::Entity>(write.on(), vec![upload.job.clone()], Existing::Refuse).await?;
        write.commit().await?;
        Ok(Received::New(Box::new(upload)))
    }

    /// The upload of a new job, and the transaction to write it in.
    async fn begin(
        &self,
        party: &PartyId,
        id: Uuid,
        behaviour: ErrorBehaviour,
        media_type: &str,
        clock: Clock,
    ) -> Result<(Upload, Write), StoreError> {
        let (id, key, now) = (id.to_string(), random_key(), clock());
        let wrapped = wrap(&*self.keys.party(party).await?, JOB_WRAP, id.as_bytes(), key.as_ref());
        let job = job::Model {
            id,
            party: party.to_string(),
            behaviour: text::word(&behaviour),
            media_type: media_type.to_owned(),
            size_bytes: 0,
            state: text::word(&CaptureState::Receiving),
            created_at: now.0,
            finished_at: None,
            events: 0,
            captured: 0,
            errors: 0,
            pieces: 0,
            wrapped,
            sha256: None,
            runner: Some(self.runner.clone()),
            lease_until: Some(now.0.saturating_add(UPLOAD_LEASE_MS)),
            claims: 0,
            faults: 0,
        };
        let (database, hash) = (self.database.clone(), Sha256::new());
        let upload = Upload { database, job, key, buffer: Vec::new(), received: 0, hash, clock };
        Ok((upload, self.database.write().await?))
    }

    /// The job's document, from its beginning.
    pub async fn document(&self, job: &CaptureJob) -> Result<Document, StoreError> {
        let row = job::Entity::find_by_id(job.id.to_string()).one(self.database.read()).await?;
        let row = row.ok_or(StoreError::NoCaptureJob)?;
        let material = unwrap(&*self.keys.party(&job.party).await?, JOB_WRAP, row.id.as_bytes(), &row.wrapped);
        let key = material.and_then(|material| key(&material));
        let key = key.ok_or_else(|| StoreError::KeyAltered(format!("the key of capture job {}", job.id)))?;
        Ok(Document { database: self.database.clone(), job: row.id, key, next: 0, pieces: row.pieces })
    }
}

impl Upload {
    /// Name of the job.
    pub fn id(&self) -> Uuid {
        Uuid::parse_str(&self.job.id).expect("receive made it from a UUID")
    }

    /// Takes the next bytes.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.received = self.received.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let room = CAPTURE_PIECE_BYTES_MAX - self.buffer.len();
            let (some, rest) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(some);
            bytes = rest;
            if self.buffer.len() == CAPTURE_PIECE_BYTES_MAX {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// The document is whole: durable, and the job waits to be worked through.
    pub async fn finish(mut self) -> Result<CaptureJob, StoreError> {
        if !self.buffer.is_empty() {
            self.flush().await?;
        }
        self.job.size_bytes = signed("bytes of a capture document", self.received)?;
        self.job.state = text::word(&CaptureState::Queued);
        self.job.sha256 = Some(self.hash.finalize().to_vec());
        (self.job.runner, self.job.lease_until) = (None, None);
        let write = self.database.write().await?;
        still_mine(&self.job, &write).await?;
        insert_all::<job::Entity>(write.on(), vec![self.job.clone()], Existing::Replace).await?;
        write.commit().await?;
        CaptureJob::try_from(self.job)
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let (key, aad) = (self.key.clone(), aad(&self.job.id, self.job.pieces));
        let plain = std::mem::take(&mut self.buffer);
        let sealed = tokio::task::spawn_blocking(move || encrypt(&key, &aad, deflate(Vec::new(), &plain)));
        let sealed = sealed.await.map_err(|_| StoreError::Closing)?;
        let row = piece::Model { job: self.job.id.clone(), number: self.job.pieces, sealed };
        let write = self.database.write().await?;
        still_mine(&self.job, &write).await?;
        insert_all::<piece::Entity>(write.on(), vec![row], Existing::Refuse).await?;
        let lease = (self.clock)().0.saturating_add(UPLOAD_LEASE_MS);
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(lease))
            .filter(job::Column::Id.eq(&self.job.id))
            .exec(write.on())
            .await?;
        write.commit().await?;
        self.job.pieces += 1;
        Ok(())
    }
}

/// The document was not begun again by another upload under the same name: each has a key of its own.
async fn still_mine(job: &job::Model, write: &Write) -> Result<(), StoreError> {
    let row = job::Entity::find_by_id(&job.id).one(write.on()).await?;
    let mine = row.is_some_and(|row| row.wrapped == job.wrapped);
    if mine { Ok(()) } else { Err(StoreError::UploadReplaced) }
}

impl Document {
    /// The next piece, `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.next >= self.pieces {
            return Ok(None);
        }
        let altered = || StoreError::Malformed {
            what: "capture document",
            detail: format!("piece {} of job {} was altered or is gone", self.next, self.job),
        };
        let row = piece::Entity::find_by_id((self.job.clone(), self.next)).one(self.database.read()).await?;
        let row = row.ok_or_else(altered)?;
        let plain = decrypt(&self.key, &aad(&self.job, self.next), &row.sealed).ok_or_else(altered)?;
        let bytes = inflate(&plain, CAPTURE_PIECE_BYTES_MAX).ok_or_else(altered)?;
        self.next += 1;
        Ok(Some(bytes))
    }
}

fn aad(job: &str, number: i64) -> Vec<u8> {
    format!("veridose capture 1 {job} {number}").into_bytes()
}
