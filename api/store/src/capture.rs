//! Capture jobs: documents that were handed in and are worked through in the background. Primary data.

mod document;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

pub use document::{Document, Received, Upload};

use crate::database::{Database, Existing, insert_all, signed, unsigned};
use crate::entity::capture::{error, job, piece};
use crate::limits::CAPTURE_ERRORS_MAX;
use crate::vault::Keys;
use crate::{Page, PageRequest, StoreError, text};

/// What happens to the other events of a document when one is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBehaviour {
    /// Nothing of the document is kept.
    Rollback,
    /// The good ones are kept.
    Proceed,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Captures {
    database: Database,
    keys: Arc<Keys>,
}

impl Captures {
    pub(crate) fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys }
    }

    /// A job of the party.
    pub async fn job(&self, party: &PartyId, id: Uuid) -> Result<Option<CaptureJob>, StoreError> {
        let row = job::Entity::find_by_id(id.to_string())
            .filter(job::Column::Party.eq(party.as_str()))
            .one(self.database.read())
            .await?;
        row.map(CaptureJob::try_from).transpose()
    }

    /// Jobs of the party, latest first.
    pub async fn jobs(&self, party: &PartyId, page: &PageRequest) -> Result<Page<CaptureJob>, StoreError> {
        let mut find = job::Entity::find().filter(job::Column::Party.eq(party.as_str()));
        if let Some((created_at, id)) = page.after::<(i64, String)>()? {
            let same = Condition::all().add(job::Column::CreatedAt.eq(created_at)).add(job::Column::Id.lt(id));
            find = find.filter(Condition::any().add(job::Column::CreatedAt.lt(created_at)).add(same));
        }
        let rows = find
            .order_by_desc(job::Column::CreatedAt)
            .order_by_desc(job::Column::Id)
            .limit(page.limit_and_one())
            .all(self.database.read())
            .await?;
        Page::cut(rows, page.limit(), |row| (row.created_at, row.id.clone())).try_map(CaptureJob::try_from)
    }

    /// Errors of a job of the party, in the document's order.
    pub async fn errors(
        &self,
        party: &PartyId,
        id: Uuid,
        page: &PageRequest,
    ) -> Result<Page<CaptureError>, StoreError> {
        self.job(party, id).await?.ok_or(StoreError::NoCaptureJob)?;
        let mut find = error::Entity::find().filter(error::Column::Job.eq(id.to_string()));
        if let Some((event, code)) = page.after::<(i64, String)>()? {
            let same = Condition::all().add(error::Column::Event.eq(event)).add(error::Column::Code.gt(code));
            find = find.filter(Condition::any().add(error::Column::Event.gt(event)).add(same));
        }
        let rows = find
            .order_by_asc(error::Column::Event)
            .order_by_asc(error::Column::Code)
            .limit(page.limit_and_one())
            .all(self.database.read())
            .await?;
        Ok(Page::cut(rows, page.limit(), |row| (row.event, row.code.clone())).map(|row| CaptureError {
            event: unsigned(row.event),
            code: row.code,
            detail: row.detail,
            place: row.place,
        }))
    }

    /// Puts back what was running when the node stopped and drops documents that were never received whole. A job that is put
    /// back starts from its first event again; what it had captured is recognised by its idempotency keys.
    /// Called once, before the first [`Self::claim`].
    pub async fn recover(&self) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let ids = |rows: Vec<job::Model>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        let in_state = |state| job::Entity::find().filter(job::Column::State.eq(text::word(&state)));
        let torn = ids(in_state(CaptureState::Receiving).all(write.on()).await?);
        let running = ids(in_state(CaptureState::Running).all(write.on()).await?);
        piece::Entity::delete_many().filter(piece::Column::Job.is_in(&torn)).exec(write.on()).await?;
        job::Entity::delete_many().filter(job::Column::Id.is_in(&torn)).exec(write.on()).await?;
        error::Entity::delete_many().filter(error::Column::Job.is_in(&running)).exec(write.on()).await?;
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&CaptureState::Queued)))
            .col_expr(job::Column::Events, Expr::value(0_i64))
            .col_expr(job::Column::Captured, Expr::value(0_i64))
            .col_expr(job::Column::Errors, Expr::value(0_i64))
            .filter(job::Column::Id.is_in(&running))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// Takes the job that has waited longest; two runners never take the same one.
    pub async fn claim(&self) -> Result<Option<CaptureJob>, StoreError> {
        let write = self.database.write().await?;
        let oldest = job::Entity::find()
            .filter(job::Column::State.eq(text::word(&CaptureState::Queued)))
            .order_by_asc(job::Column::CreatedAt)
            .order_by_asc(job::Column::Id)
            .lock_exclusive()
            .one(write.on())
            .await?;
        let Some(row) = oldest else { return Ok(None) };
        // PostgreSQL looks at the row again once it has the lock, and gives none if another runner took it meanwhile.
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&CaptureState::Running)))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        write.commit().await?;
        CaptureJob::try_from(job::Model { state: text::word(&CaptureState::Running), ..row }).map(Some)
    }

    /// Writes how far the job is and the errors found since the last call.
    pub async fn progress(
        &self,
        id: Uuid,
        events: u64,
        captured: u64,
        errors: &[CaptureError],
    ) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let row = job::Entity::find_by_id(id.to_string()).one(write.on()).await?.ok_or(StoreError::NoCaptureJob)?;
        let room = usize::try_from(i64::from(CAPTURE_ERRORS_MAX).saturating_sub(row.errors)).unwrap_or(0);
        let rows = errors.iter().take(room).map(|error| {
            Ok(error::Model {
                job: id.to_string(),
                event: signed("event number", error.event)?,
                code: error.code.clone(),
                detail: error.detail.clone(),
                place: error.place.clone(),
            })
        });
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
        insert_all::<error::Entity>(write.on(), rows, Existing::Keep).await?;
        let found = i64::try_from(errors.len()).unwrap_or(i64::MAX);
        job::Entity::update_many()
            .col_expr(job::Column::Events, Expr::value(signed("events", events)?))
            .col_expr(job::Column::Captured, Expr::value(signed("events", captured)?))
            .col_expr(job::Column::Errors, Expr::col(job::Column::Errors).add(found))
            .filter(job::Column::Id.eq(id.to_string()))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// Ends the job and removes its document.
    pub async fn finish(&self, id: Uuid, state: CaptureState, now: Timestamp) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let done = job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&state)))
            .col_expr(job::Column::FinishedAt, Expr::value(now.0))
            .filter(job::Column::Id.eq(id.to_string()))
            .exec(write.on())
            .await?;
        if done.rows_affected == 0 {
            return Err(StoreError::NoCaptureJob);
        }
        piece::Entity::delete_many().filter(piece::Column::Job.eq(id.to_string())).exec(write.on()).await?;
        Ok(write.commit().await?)
    }
}

impl TryFrom<job::Model> for CaptureJob {
    type Error = StoreError;

    fn try_from(row: job::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: Uuid::parse_str(&row.id)
                .map_err(|error| StoreError::Malformed { what: "job name", detail: error.to_string() })?,
            party: text::party(&row.party)?,
            behaviour: text::variant("error behaviour", &row.behaviour)?,
            media_type: row.media_type,
            size_bytes: unsigned(row.size_bytes),
            state: text::variant("job state", &row.state)?,
            created_at: Timestamp(row.created_at),
            finished_at: row.finished_at.map(Timestamp),
            events: unsigned(row.events),
            captured: unsigned(row.captured),
            errors: unsigned(row.errors),
        })
    }
}
