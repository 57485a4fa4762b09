//! A job in the hands of its runner.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, LockBehavior, LockType, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Job, JobState, Jobs};
use crate::database::{Write, signed, unsigned};
use crate::entity::jobs::job;
use crate::limits::{
    JOB_DEAD_KEPT_MS, JOB_ERROR_CHARS_MAX, JOB_KEPT_MS, JOB_LEASE_MS, JOB_PAUSE_MS_MAX, JOB_PAYLOAD_BYTES_MAX,
};
use crate::{StoreError, text};

/// Why a runner that vanished left its job.
const LOST: &str = "its runner was lost";

/// What became of a job that a runner believes to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is the runner's for another while.
    Kept,
    /// It is the runner's, who is to stop.
    Cancelled,
    /// It is another's, or ended.
    Lost,
}

impl Jobs {
    /// Puts back what this runner held when it died; it need not wait until its leases run out.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(0_i64))
            .filter(job::Column::State.eq(text::word(&JobState::Running)))
            .filter(job::Column::Runner.eq(&self.runner))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// Takes the job that has been due for longest, also one that a lost runner left; two runners never take the same one. It
    /// is this runner's for as long as it renews it. What was taken too often and never ended is given up here.
    pub async fn claim(&self) -> Result<Option<Job>, StoreError> {
        loop {
            // Looking costs no turn to write.
            if job::Entity::find().filter(self.due()).one(self.database.read()).await?.is_none() {
                return Ok(None);
            }
            let write = self.database.write().await?;
            let first = job::Entity::find()
                .filter(self.due())
                .order_by_asc(job::Column::DueAt)
                .order_by_asc(job::Column::Id)
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            let Some(row) = first.one(write.on()).await? else { return Ok(None) };
            if row.state == text::word(&JobState::Running) && self.ends_with_its_runner(&write, &row).await? {
                write.commit().await?;
                continue;
            }
            let (attempts, claims) = (row.attempts.saturating_add(1), row.claims.saturating_add(1));
            job::Entity::update_many()
                .col_expr(job::Column::State, Expr::value(text::word(&JobState::Running)))
                .col_expr(job::Column::Runner, Expr::value(self.runner.clone()))
                .col_expr(job::Column::LeaseUntil, self.database.clock().add(JOB_LEASE_MS))
                .col_expr(job::Column::Claims, Expr::value(claims))
                .col_expr(job::Column::Attempts, Expr::value(attempts))
                .col_expr(job::Column::Done, Expr::value(0_i64))
                .col_expr(job::Column::Total, Expr::value(0_i64))
                .filter(job::Column::Id.eq(&row.id))
                .exec(write.on())
                .await?;
            write.commit().await?;
            let state = text::word(&JobState::Running);
            return Job::try_from(job::Model { state, attempts, claims, done: 0, total: 0, ..row }).map(Some);
        }
    }

    fn due(&self) -> Condition {
        let waits = Condition::all()
            .add(job::Column::State.eq(text::word(&JobState::Queued)))
            .add(Expr::col(job::Column::DueAt).lte(self.database.clock()));
        let lapsed = Condition::all()
            .add(job::Column::State.eq(text::word(&JobState::Running)))
            .add(Expr::col(job::Column::LeaseUntil).lte(self.database.clock()));
        Condition::any().add(waits).add(lapsed)
    }

    async fn ends_with_its_runner(&self, write: &Write, row: &job::Model) -> Result<bool, StoreError> {
        if row.cancelling {
            self.end(write, row, JobState::Cancelled, None).await?;
        } else if row.every_ms.is_none() && row.attempts >= row.attempts_max {
            self.end(write, row, JobState::Dead, Some(LOST.to_owned())).await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Keeps a job for another while.
    pub async fn renew(&self, job: &Job) -> Result<Hold, StoreError> {
        let write = self.database.write().await?;
        let Some(row) = held(&write, job).await? else { return Ok(Hold::Lost) };
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, self.database.clock().add(JOB_LEASE_MS))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        write.commit().await?;
        Ok(if row.cancelling { Hold::Cancelled } else { Hold::Kept })
    }

    /// Writes how far the run is.
    pub async fn progress(&self, job: &Job, done: u64, total: u64) -> Result<(), StoreError> {
        let (write, row) = self.mine(job).await?;
        job::Entity::update_many()
            .col_expr(job::Column::Done, Expr::value(signed("progress", done)?))
            .col_expr(job::Column::Total, Expr::value(signed("progress", total)?))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// The run was good. A periodic job waits for its next turn, with what this run leaves for it, if anything.
    pub async fn finish(&self, job: &Job, left: Option<&Value>) -> Result<(), StoreError> {
        let (write, row) = self.mine(job).await?;
        let Some(every) = row.every_ms else {
            self.end(&write, &row, JobState::Succeeded, None).await?;
            return Ok(write.commit().await?);
        };
        let payload = left.map_or_else(|| row.payload.clone(), Value::to_string);
        if payload.len() > JOB_PAYLOAD_BYTES_MAX {
            return Err(StoreError::TooLarge { what: "job", size: payload.len(), limit: JOB_PAYLOAD_BYTES_MAX });
        }
        if row.cancelling {
            self.end(&write, &row, JobState::Cancelled, None).await?;
        } else {
            self.queue(&write, &row, self.database.clock().add(every), (0, None)).await?;
        }
        job::Entity::update_many()
            .col_expr(job::Column::Payload, Expr::value(payload))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// The run failed: the job waits and is tried again, or is a dead letter. Returns where it stands now.
    pub async fn fail(&self, job: &Job, error: &str) -> Result<JobState, StoreError> {
        let (write, row) = self.mine(job).await?;
        let error: String = error.chars().take(JOB_ERROR_CHARS_MAX).collect();
        let state = if row.cancelling {
            JobState::Cancelled
        } else if row.every_ms.is_none() && row.attempts >= row.attempts_max {
            JobState::Dead
        } else {
            JobState::Queued
        };
        if state == JobState::Queued {
            let due = self.database.clock().add(pause_ms(&row));
            self.queue(&write, &row, due, (row.attempts, Some(error))).await?;
        } else {
            self.end(&write, &row, state, Some(error)).await?;
        }
        write.commit().await?;
        Ok(state)
    }

    /// The runner stops: the job may be taken again at once, and this run does not count.
    pub async fn release(&self, job: &Job) -> Result<(), StoreError> {
        let (write, row) = self.mine(job).await?;
        let attempts = row.attempts.saturating_sub(1);
        self.queue(&write, &row, self.database.clock(), (attempts, row.error.clone())).await?;
        Ok(write.commit().await?)
    }

    /// The run was called off, and has stopped.
    pub async fn stopped(&self, job: &Job) -> Result<(), StoreError> {
        let (write, row) = self.mine(job).await?;
        self.end(&write, &row, JobState::Cancelled, None).await?;
        Ok(write.commit().await?)
    }

    /// Removes jobs that ended long ago. Returns how many.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let write = self.database.write().await?;
        let mut pruned = 0;
        let kept = [
            (JobState::Succeeded, JOB_KEPT_MS),
            (JobState::Cancelled, JOB_KEPT_MS),
            (JobState::Dead, JOB_DEAD_KEPT_MS),
        ];
        for (state, kept_ms) in kept {
            let old = job::Entity::delete_many()
                .filter(job::Column::State.eq(text::word(&state)))
                .filter(job::Column::EveryMs.is_null())
                .filter(Expr::col(job::Column::FinishedAt).lte(self.database.clock().sub(kept_ms)));
            pruned += old.exec(write.on()).await?.rows_affected;
        }
        write.commit().await?;
        Ok(pruned)
    }

    pub(super) async fn end(
        &self,
        write: &Write,
        row: &job::Model,
        state: JobState,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&state)))
            .col_expr(job::Column::FinishedAt, self.database.clock())
            .col_expr(job::Column::Runner, Expr::value(None::<String>))
            .col_expr(job::Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(job::Column::Cancelling, Expr::value(false))
            .col_expr(job::Column::Error, Expr::value(error))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        Ok(())
    }

    async fn queue(
        &self,
        write: &Write,
        row: &job::Model,
        due: SimpleExpr,
        (attempts, error): (i64, Option<String>),
    ) -> Result<(), StoreError> {
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(text::word(&JobState::Queued)))
            .col_expr(job::Column::DueAt, due)
            .col_expr(job::Column::Runner, Expr::value(None::<String>))
            .col_expr(job::Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(job::Column::Attempts, Expr::value(attempts))
            .col_expr(job::Column::Error, Expr::value(error))
            .filter(job::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        Ok(())
    }

    async fn mine(&self, job: &Job) -> Result<(Write, job::Model), StoreError> {
        let write = self.database.write().await?;
        let row = held(&write, job).await?.ok_or(StoreError::NoJob)?;
        Ok((write, row))
    }
}

/// The job's row, if nobody else has taken the job since this claim of it.
async fn held(write: &Write, job: &Job) -> Result<Option<job::Model>, StoreError> {
    let row = job::Entity::find_by_id(&job.id).lock_exclusive().one(write.on()).await?;
    let running = text::word(&JobState::Running);
    Ok(row.filter(|row| row.state == running && unsigned(row.claims) == job.claims))
}

/// Wait after a run that failed: doubled with each one that follows, and up to a tenth longer, by the job's name, so that jobs
/// that failed together are not tried together again.
fn pause_ms(row: &job::Model) -> i64 {
    let doublings = u32::try_from(row.attempts.saturating_sub(1).clamp(0, 40)).unwrap_or(0);
    let pause = Ord::min(row.pause_ms.saturating_mul(1_i64 << doublings), JOB_PAUSE_MS_MAX);
    let hash: [u8; 32] = Sha256::new().chain_update(&row.id).chain_update(row.attempts.to_le_bytes()).finalize().into();
    pause.saturating_add(pause.saturating_mul(i64::from(hash[0])) / 2_560)
}
