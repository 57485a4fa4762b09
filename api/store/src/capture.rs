//! Capture jobs: documents that were handed in and are worked through in the background. Primary data.

mod document;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

pub use document::{Clock, Document, Received, Upload};

use crate::database::{Database, Existing, Write, fixed, insert_all, signed, unsigned};
use crate::entity::capture::{error, finding, job, piece};
use crate::limits::{CAPTURE_ERRORS_MAX, CAPTURE_FAULTS_MAX, CAPTURE_FINDINGS_MAX, CAPTURE_LEASE_MS, CAPTURE_PAUSE_MS};
use crate::page::latest_first;
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
    /// SHA-256 of the document; none while it is received.
    pub sha256: Option<[u8; 32]>,
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
    /// How often a runner has taken it: what a runner that lost it still writes is refused.
    pub claims: u64,
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

/// What a rule found in the past of something that an event names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CaptureFinding {
    /// Number of the event in the document, from 1.
    pub event: u64,
    /// The pack or container, as the event names it.
    pub item: String,
    /// Code of the rule.
    pub code: String,
}

/// Capture jobs and their documents.
#[derive(Debug, Clone)]
pub struct Captures {
    database: Database,
    keys: Arc<Keys>,
    runner: String,
}

/// Whose running jobs are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// This runner's own, which it does not work on, and those whose lease has run out.
    OwnAndLapsed,
    /// Those whose lease has run out.
    Lapsed,
}

impl Captures {
    pub(crate) fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys, runner: Uuid::new_v4().to_string() }
    }

    /// Under a runner's name: at the next start it knows its own jobs by it, and need not wait until their leases run out. Of
    /// several nodes on one database each has its own.
    #[must_use]
    pub fn named(self, runner: String) -> Self {
        Self { runner, ..self }
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
        let find = job::Entity::find().filter(job::Column::Party.eq(party.as_str()));
        let order = [job::Column::CreatedAt, job::Column::Id];
        let position = |row: &job::Model| (row.created_at, row.id.clone());
        latest_first(self.database.read(), find, order, page, position).await?.try_map(CaptureJob::try_from)
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

    /// What the rules found, in the document's order.
    pub async fn findings(&self, party: &PartyId, id: Uuid) -> Result<Vec<CaptureFinding>, StoreError> {
        self.job(party, id).await?.ok_or(StoreError::NoCaptureJob)?;
        let rows = finding::Entity::find()
            .filter(finding::Column::Job.eq(id.to_string()))
            .order_by_asc(finding::Column::Event)
            .order_by_asc(finding::Column::Item)
            .order_by_asc(finding::Column::Code)
            .limit(CAPTURE_FINDINGS_MAX)
            .all(self.database.read())
            .await?;
        let finding =
            |row: finding::Model| CaptureFinding { event: unsigned(row.event), item: row.item, code: row.code };
        Ok(rows.into_iter().map(finding).collect())
    }

    /// Writes what the rules found, the first ones of too many; what was written before stays as it is.
    pub async fn found(&self, job: &CaptureJob, findings: &[CaptureFinding]) -> Result<(), StoreError> {
        if findings.is_empty() {
            return Ok(());
        }
        let write = self.database.write().await?;
        let id = mine(&write, job).await?.id;
        let there = finding::Entity::find().filter(finding::Column::Job.eq(&id)).count(write.on()).await?;
        let room = usize::try_from(CAPTURE_FINDINGS_MAX.saturating_sub(there)).unwrap_or(usize::MAX);
        let rows = findings.iter().take(room).map(|finding| {
            let event = signed("event number", finding.event)?;
            Ok(finding::Model { job: id.clone(), event, item: finding.item.clone(), code: finding.code.clone() })
        });
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
        insert_all::<finding::Entity>(write.on(), rows, Existing::Keep).await?;
        Ok(write.commit().await?)
    }

    /// Drops documents that were never received whole and of which nothing more will come: this runner's own, and those whose
    /// lease has run out. Called once, before the first document is received.
    pub async fn recover(&self, now: Timestamp) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let torn = self.held(&write, CaptureState::Receiving, Abandoned::OwnAndLapsed, now).await?;
        piece::Entity::delete_many().filter(piece::Column::Job.is_in(&torn)).exec(write.on()).await?;
        job::Entity::delete_many().filter(job::Column::Id.is_in(&torn)).exec(write.on()).await?;
        Ok(write.commit().await?)
    }

    /// Puts back jobs that nobody works on any more. They start from their first event again; what had been captured of them is
    /// recognised by its idempotency keys.
    pub async fn put_back(&self, abandoned: Abandoned, now: Timestamp) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let running = self.held(&write, CaptureState::Running, abandoned, now).await?;
        queue_again(&write, &running, None).await?;
        Ok(write.commit().await?)
    }

    async fn held(
        &self,
        write: &Write,
        state: CaptureState,
        abandoned: Abandoned,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let lapsed = Condition::any().add(job::Column::LeaseUntil.is_null()).add(job::Column::LeaseUntil.lte(now.0));
        let whose = match abandoned {
            Abandoned::OwnAndLapsed => lapsed.add(job::Column::Runner.eq(&self.runner)),
            Abandoned::Lapsed => lapsed,
        };
        let find = job::Entity::find().filter(job::Column::State.eq(text::word(&state))).filter(whose);
        Ok(find.lock_exclusive().all(write.on()).await?.into_iter().map(|row| row.id).collect())
    }

    /// Takes the job that has waited longest; two runners never take the same one. It is this runner's for as long as it renews
    /// it.
    pub async fn claim(&self, now: Timestamp) -> Result<Option<CaptureJob>, StoreError> {
        let write = self.database.write().await?;
        let due = Condition::any().add(job::Column::LeaseUntil.is_null()).add(job::Column::LeaseUntil.lte(now.0));
        let oldest = job::Entity::find()
            .filter(job::Column::State.eq(text::word(&CaptureState::Queued)))
            .filter(due)
            .order_by_asc(job::Column::CreatedAt)
            .order_by_asc(job::Column::Id)
            .lock_exclusive()
            .one(write.on())
            .await?;
        let Some(row) = oldest else { return Ok(None) };
        // PostgreSQL looks at the row again once it has the lock, and gives none if another runner took it meanwhile.
        let claims = row.claims.saturating_add(1);
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&CaptureState::Running)))
            .col_expr(job::Column::Runner, Expr::value(self.runner.clone()))
            .col_expr(job::Column::LeaseUntil, Expr::value(now.0.saturating_add(CAPTURE_LEASE_MS)))
            .col_expr(job::Column::Claims, Expr::value(claims))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        write.commit().await?;
        CaptureJob::try_from(job::Model { state: text::word(&CaptureState::Running), claims, ..row }).map(Some)
    }

    /// Keeps the jobs for another while; gives back those that are still this runner's.
    pub async fn renew(&self, jobs: &[CaptureJob], now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let write = self.database.write().await?;
        let mut kept = Vec::with_capacity(jobs.len());
        for job in jobs {
            let renewed = job::Entity::update_many()
                .col_expr(job::Column::LeaseUntil, Expr::value(now.0.saturating_add(CAPTURE_LEASE_MS)))
                .filter(job::Column::Id.eq(job.id.to_string()))
                .filter(job::Column::State.eq(text::word(&CaptureState::Running)))
                .filter(job::Column::Claims.eq(signed("claims", job.claims)?))
                .exec(write.on())
                .await?;
            kept.extend((renewed.rows_affected == 1).then_some(job.id));
        }
        write.commit().await?;
        Ok(kept)
    }

    /// Gives the job back unfinished, to be taken again from its first event.
    pub async fn release(&self, job: &CaptureJob) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let row = mine(&write, job).await?;
        queue_again(&write, &[row.id], None).await?;
        Ok(write.commit().await?)
    }

    /// The runner broke down over the job: it waits a while and is taken again, or is given up with an error that says so.
    pub async fn broke(&self, job: &CaptureJob, now: Timestamp) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let row = mine(&write, job).await?;
        let faults = row.faults.saturating_add(1);
        let id = [row.id];
        if faults < CAPTURE_FAULTS_MAX {
            let pause = (1..faults).fold(CAPTURE_PAUSE_MS, |pause, _| pause.saturating_mul(4));
            queue_again(&write, &id, Some(now.0.saturating_add(pause))).await?;
            job::Entity::update_many()
                .col_expr(job::Column::Faults, Expr::value(faults))
                .filter(job::Column::Id.is_in(id))
                .exec(write.on())
                .await?;
            return Ok(write.commit().await?);
        }
        let [id] = id;
        let detail = format!(
            "the node failed {faults} times while it worked this document through; what it had captured stays: \
             ask its operator, then hand the document in again under another Idempotency-Key"
        );
        let error = error::Model { job: id.clone(), event: 0, code: "internal".to_owned(), detail, place: None };
        insert_all::<error::Entity>(write.on(), vec![error], Existing::Keep).await?;
        job::Entity::update_many()
            .col_expr(job::Column::Errors, Expr::col(job::Column::Errors).add(1))
            .filter(job::Column::Id.eq(&id))
            .exec(write.on())
            .await?;
        end(&write, &id, CaptureState::Failed, now).await?;
        Ok(write.commit().await?)
    }

    /// Writes how far the job is and the errors found since the last call.
    pub async fn progress(
        &self,
        job: &CaptureJob,
        events: u64,
        captured: u64,
        errors: &[CaptureError],
    ) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let (row, id) = (mine(&write, job).await?, job.id);
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
            .col_expr(job::Column::Faults, Expr::value(0_i64))
            .col_expr(job::Column::Errors, Expr::col(job::Column::Errors).add(found))
            .filter(job::Column::Id.eq(id.to_string()))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// Ends the job and removes its document.
    pub async fn finish(&self, job: &CaptureJob, state: CaptureState, now: Timestamp) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let row = mine(&write, job).await?;
        end(&write, &row.id, state, now).await?;
        Ok(write.commit().await?)
    }
}

/// The job's row, if nobody else has taken the job since this claim of it.
async fn mine(write: &Write, job: &CaptureJob) -> Result<job::Model, StoreError> {
    let row = job::Entity::find_by_id(job.id.to_string()).lock_exclusive().one(write.on()).await?;
    let running = text::word(&CaptureState::Running);
    row.filter(|row| row.state == running && unsigned(row.claims) == job.claims).ok_or(StoreError::NoCaptureJob)
}

async fn queue_again(write: &Write, jobs: &[String], not_before: Option<i64>) -> Result<(), StoreError> {
    error::Entity::delete_many().filter(error::Column::Job.is_in(jobs)).exec(write.on()).await?;
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(text::word(&CaptureState::Queued)))
        .col_expr(job::Column::Events, Expr::value(0_i64))
        .col_expr(job::Column::Captured, Expr::value(0_i64))
        .col_expr(job::Column::Errors, Expr::value(0_i64))
        .col_expr(job::Column::Runner, Expr::value(None::<String>))
        .col_expr(job::Column::LeaseUntil, Expr::value(not_before))
        .filter(job::Column::Id.is_in(jobs))
        .exec(write.on())
        .await?;
    Ok(())
}

async fn end(write: &Write, job: &str, state: CaptureState, now: Timestamp) -> Result<(), StoreError> {
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(text::word(&state)))
        .col_expr(job::Column::FinishedAt, Expr::value(now.0))
        .col_expr(job::Column::Runner, Expr::value(None::<String>))
        .col_expr(job::Column::LeaseUntil, Expr::value(None::<i64>))
        .filter(job::Column::Id.eq(job))
        .exec(write.on())
        .await?;
    piece::Entity::delete_many().filter(piece::Column::Job.eq(job)).exec(write.on()).await?;
    Ok(())
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
            sha256: row.sha256.map(|hash| fixed("hash of a capture document", &hash)).transpose()?,
            state: text::variant("job state", &row.state)?,
            created_at: Timestamp(row.created_at),
            finished_at: row.finished_at.map(Timestamp),
            events: unsigned(row.events),
            captured: unsigned(row.captured),
            errors: unsigned(row.errors),
            claims: unsigned(row.claims),
        })
    }
}
