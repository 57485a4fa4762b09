//! Jobs of the general queue.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Notify;
use veridose_store::{Hold, Job, JobState, Jobs, StoreError};

use crate::runner::{Pace, Queue, run};

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum JobOutcome {
    /// It is done. A periodic job keeps what this run leaves for the next, if anything.
    Done(Option<Value>),
    /// The node is stopping: the job may be taken again at once, and this run does not count.
    Interrupted,
    /// It failed, and is tried again later or given up.
    Failed(String),
}

/// Takes jobs as they come until `shutdown` is done; then waits for those that run, which `work` should end soon as
/// [`JobOutcome::Interrupted`]. `wake` is notified when a job was handed in here; those of other processes are looked for at each
/// tick. `work` may see a job twice after a crash and must then change nothing more. A panic in it is a failure.
pub async fn run_jobs<W, F>(
    jobs: Jobs,
    pace: Pace,
    wake: Arc<Notify>,
    work: W,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError>
where
    W: Fn(Job) -> F,
    F: Future<Output = JobOutcome> + Send + 'static,
{
    run(&jobs, pace, wake, work, shutdown).await
}

impl Queue for Jobs {
    type Job = Job;
    type Outcome = JobOutcome;

    fn name(job: &Job) -> String {
        job.id.clone()
    }

    async fn begin(&self) -> Result<(), StoreError> {
        self.recover().await
    }

    async fn claim(&self) -> Result<Option<Job>, StoreError> {
        Self::claim(self).await
    }

    async fn renew(&self, jobs: &[Job]) -> Result<Vec<usize>, StoreError> {
        let mut ended = Vec::new();
        for (at, job) in jobs.iter().enumerate() {
            match Self::renew(self, job).await? {
                Hold::Kept => {}
                Hold::Lost => ended.push(at),
                Hold::Cancelled => {
                    self.stopped(job).await?;
                    ended.push(at);
                }
            }
        }
        Ok(ended)
    }

    async fn end(&self, job: &Job, outcome: Option<JobOutcome>) -> Result<(), StoreError> {
        let error = match outcome {
            Some(JobOutcome::Done(left)) => return self.finish(job, left.as_ref()).await,
            Some(JobOutcome::Interrupted) => return self.release(job).await,
            Some(JobOutcome::Failed(error)) => error,
            None => "the run ended by a panic, which the log of the node tells".to_owned(),
        };
        let is_dead = self.fail(job, &error).await? == JobState::Dead;
        tracing::warn!(job = %job.id, attempts = job.attempts, is_dead, error, "a job failed");
        Ok(())
    }
}
