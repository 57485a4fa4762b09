//! The queue of jobs: what is done once or again and again behind the requests, by whichever process takes it. Primary data.
//!
//! A job is taken under a lease and with a number for the claim; what a runner that lost it still writes is refused. A run that
//! fails is tried again after a pause that doubles, and is a dead letter after its last try; a periodic one waits for its next turn.
//! All times are the database's, so that the clocks of runners do not matter.

mod run;
#[cfg(test)]
mod tests;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use veridose_contract::Timestamp;

pub use run::Hold;

use crate::database::{Database, Durability, Existing, Write, insert_all, signed, unsigned};
use crate::entity::jobs::job;
use crate::limits::{JOB_PAYLOAD_BYTES_MAX, JOBS_MAX};
use crate::page::latest_first;
use crate::{Page, PageRequest, StoreError, text};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Removes jobs and verifications that are older than they are kept.
    Prune,
    /// Brings the event lake up to the ledger's end.
    Lake,
    /// Judges what is new, and raises cases.
    Detect,
    /// Searches the whole lake, and raises cases.
    Search,
    /// Has those told of cases who subscribed to them.
    Notify,
    /// Delivers one message to one subscription.
    Deliver,
    /// Writes a backup.
    Backup,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for its time or a runner.
    Queued,
    /// Being run.
    Running,
    /// Done.
    Succeeded,
    /// Given up after its last try.
    Dead,
    /// Called off.
    Cancelled,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Job {
    /// Its name.
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// What is to be done; of a periodic job what its last run left for the next.
    pub payload: Value,
    /// When it was handed in.
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
    /// When it may be taken, if it waits.
    #[schema(value_type = i64)]
    pub due_at: Timestamp,
    /// When it was done, given up or called off.
    #[schema(value_type = Option<i64>)]
    pub finished_at: Option<Timestamp>,
    /// Of a periodic job: how long it waits after each run, in milliseconds.
    pub every_ms: Option<u64>,
    /// Runs since the last good one.
    pub attempts: u64,
    /// After how many of them it is given up; a periodic job never is.
    pub attempts_max: u64,
    /// How often it was taken in all: what a runner that lost it still writes is refused.
    pub claims: u64,
    /// Whether its runner has been told to stop.
    pub cancelling: bool,
    /// How far the run is.
    pub done: u64,
    /// What `done` will be at its end; 0 where nobody knows.
    pub total: u64,
    /// Why the last run failed.
    pub error: Option<String>,
}

/// A job to be handed in.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its name; a job whose name is there already is not handed in again.
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// What is to be done.
    pub payload: Value,
    /// Runs before it is given up, at least one.
    pub attempts_max: u64,
    /// Wait after the first run that failed, in milliseconds; it doubles.
    pub pause_ms: u64,
    /// Run again so long after each run, in milliseconds.
    pub every_ms: Option<u64>,
}

/// Which jobs are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobFilter {
    /// Only those of this kind.
    pub kind: Option<JobKind>,
    /// Only those that stand so.
    pub state: Option<JobState>,
}

/// The queue.
#[derive(Debug, Clone)]
pub struct Jobs {
    database: Database,
    runner: String,
}

impl Jobs {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, runner: Uuid::new_v4().to_string() }
    }

    /// The queue of a database that a node has open.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (primary, _) = crate::urls(url)?;
        Ok(Self::new(Database::open(&primary, Durability::PowerCut).await?))
    }

    /// Under a runner's name, by which it knows its own jobs at the next start. Of several nodes on one database each has its
    /// own.
    #[must_use]
    pub fn named(self, runner: String) -> Self {
        Self { runner, ..self }
    }

    /// Hands jobs in, all or none. Those whose name is there already stay as they are.
    pub async fn add(&self, jobs: &[NewJob]) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        self.add_within(&write, jobs).await?;
        Ok(write.commit().await?)
    }

    /// The same in somebody's transaction.
    pub(crate) async fn add_within(&self, write: &Write, jobs: &[NewJob]) -> Result<(), StoreError> {
        let now = self.database.now(write.on()).await?;
        let mut rows = Vec::with_capacity(jobs.len());
        for job in jobs {
            rows.push(row(job, now)?);
        }
        let mut kinds: Vec<JobKind> = jobs.iter().map(|job| job.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let kept = [JobState::Queued, JobState::Running, JobState::Dead].map(|state| text::word(&state));
            let there = job::Entity::find()
                .filter(job::Column::Kind.eq(text::word(&kind)))
                .filter(job::Column::State.is_in(kept))
                .count(write.on())
                .await?;
            let new = jobs.iter().filter(|job| job.kind == kind).count();
            if there.saturating_add(u64::try_from(new).unwrap_or(u64::MAX)) > JOBS_MAX {
                return Err(StoreError::QueueFull { kind: text::word(&kind), limit: JOBS_MAX });
            }
        }
        Ok(insert_all::<job::Entity>(write.on(), rows, Existing::Keep).await?)
    }

    /// Has a periodic job, under the name of its kind, at this pace; one that is there keeps its state.
    pub async fn schedule(&self, kind: JobKind, every_ms: u64) -> Result<(), StoreError> {
        let id = text::word(&kind);
        let write = self.database.write().await?;
        let new = NewJob {
            id: id.clone(),
            kind,
            payload: Value::Null,
            attempts_max: 1,
            pause_ms: every_ms,
            every_ms: Some(every_ms),
        };
        self.add_within(&write, &[new]).await?;
        let every_ms = signed("pace of a job", every_ms)?;
        job::Entity::update_many()
            .col_expr(job::Column::EveryMs, Expr::value(every_ms))
            .col_expr(job::Column::PauseMs, Expr::value(every_ms))
            .filter(job::Column::Id.eq(id))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// One job.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, StoreError> {
        job::Entity::find_by_id(id).one(self.database.read()).await?.map(Job::try_from).transpose()
    }

    /// Jobs, latest first.
    pub async fn jobs(&self, filter: JobFilter, page: &PageRequest) -> Result<Page<Job>, StoreError> {
        let mut find = job::Entity::find();
        if let Some(kind) = filter.kind {
            find = find.filter(job::Column::Kind.eq(text::word(&kind)));
        }
        if let Some(state) = filter.state {
            find = find.filter(job::Column::State.eq(text::word(&state)));
        }
        let order = [job::Column::CreatedAt, job::Column::Id];
        let position = |row: &job::Model| (row.created_at, row.id.clone());
        latest_first(self.database.read(), find, order, page, position).await?.try_map(Job::try_from)
    }

    /// How many jobs stand in this state.
    pub async fn count(&self, state: JobState) -> Result<u64, StoreError> {
        let find = job::Entity::find().filter(job::Column::State.eq(text::word(&state)));
        Ok(find.count(self.database.read()).await?)
    }

    /// Calls a job off: one that waits at once, one that runs as soon as its runner looks.
    pub async fn cancel(&self, id: &str) -> Result<Job, StoreError> {
        let (write, row) = self.lock(id).await?;
        match text::variant("job state", &row.state)? {
            JobState::Queued => self.end(&write, &row, JobState::Cancelled, None).await?,
            JobState::Running => {
                job::Entity::update_many()
                    .col_expr(job::Column::Cancelling, Expr::value(true))
                    .filter(job::Column::Id.eq(id))
                    .exec(write.on())
                    .await?;
            }
            JobState::Succeeded | JobState::Dead | JobState::Cancelled => {
                return Err(StoreError::JobState { state: row.state, wanted: "queued or running" });
            }
        }
        self.written(write, id).await
    }

    /// Puts a job that was given up or called off back into the queue, with all its tries.
    pub async fn retry(&self, id: &str) -> Result<Job, StoreError> {
        let (write, row) = self.lock(id).await?;
        match text::variant("job state", &row.state)? {
            JobState::Dead | JobState::Cancelled => {}
            JobState::Queued | JobState::Running | JobState::Succeeded => {
                return Err(StoreError::JobState { state: row.state, wanted: "dead or cancelled" });
            }
        }
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&JobState::Queued)))
            .col_expr(job::Column::DueAt, self.database.clock())
            .col_expr(job::Column::FinishedAt, Expr::value(None::<i64>))
            .col_expr(job::Column::Attempts, Expr::value(0_i64))
            .filter(job::Column::Id.eq(id))
            .exec(write.on())
            .await?;
        self.written(write, id).await
    }

    async fn lock(&self, id: &str) -> Result<(Write, job::Model), StoreError> {
        let write = self.database.write().await?;
        let row = job::Entity::find_by_id(id).lock_exclusive().one(write.on()).await?.ok_or(StoreError::NoJob)?;
        Ok((write, row))
    }

    async fn written(&self, write: Write, id: &str) -> Result<Job, StoreError> {
        let row = job::Entity::find_by_id(id).one(write.on()).await?.ok_or(StoreError::NoJob)?;
        write.commit().await?;
        Job::try_from(row)
    }
}

fn row(job: &NewJob, now: i64) -> Result<job::Model, StoreError> {
    let payload = job.payload.to_string();
    if payload.len() > JOB_PAYLOAD_BYTES_MAX {
        return Err(StoreError::TooLarge { what: "job", size: payload.len(), limit: JOB_PAYLOAD_BYTES_MAX });
    }
    Ok(job::Model {
        id: job.id.clone(),
        kind: text::word(&job.kind),
        payload,
        state: text::word(&JobState::Queued),
        created_at: now,
        due_at: now,
        finished_at: None,
        every_ms: job.every_ms.map(|every| signed("pace of a job", every)).transpose()?,
        attempts: 0,
        attempts_max: signed("tries of a job", job.attempts_max.max(1))?,
        pause_ms: signed("pause of a job", job.pause_ms)?,
        claims: 0,
        runner: None,
        lease_until: None,
        cancelling: false,
        done: 0,
        total: 0,
        error: None,
    })
}

impl TryFrom<job::Model> for Job {
    type Error = StoreError;

    fn try_from(row: job::Model) -> Result<Self, StoreError> {
        let malformed = |error: serde_json::Error| StoreError::Malformed { what: "job", detail: error.to_string() };
        Ok(Self {
            kind: text::variant("job kind", &row.kind)?,
            state: text::variant("job state", &row.state)?,
            payload: serde_json::from_str(&row.payload).map_err(malformed)?,
            id: row.id,
            created_at: Timestamp(row.created_at),
            due_at: Timestamp(row.due_at),
            finished_at: row.finished_at.map(Timestamp),
            every_ms: row.every_ms.map(unsigned),
            attempts: unsigned(row.attempts),
            attempts_max: unsigned(row.attempts_max),
            claims: unsigned(row.claims),
            cancelling: row.cancelling,
            done: unsigned(row.done),
            total: unsigned(row.total),
            error: row.error,
        })
    }
}
