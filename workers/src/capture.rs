//! Capture jobs.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;
use veridose_contract::Timestamp;
use veridose_store::{Abandoned, CaptureJob, CaptureState, Captures, StoreError};

use crate::runner::{Pace, Queue, run};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureOutcome {
    /// Everything was kept.
    Succeeded,
    /// Something, or everything, was refused; the job's errors say what.
    Failed,
    /// The node is stopping: the job waits to be taken again.
    Interrupted,
    /// It could not be worked through for a reason that is not the document's: it is tried again, a few times.
    Broken,
}

/// Takes jobs as they come until `shutdown` is done; then waits for those that run, which `work` should end soon as
/// [`CaptureOutcome::Interrupted`]. `wake` is notified when a job was handed in. `work` may see a job twice after a crash, and
/// its idempotency keys, made of the job and the event's number, keep the second time from changing anything. A panic in it is
/// [`CaptureOutcome::Broken`]. `now` is the node's clock.
pub async fn run_captures<N, W, F>(
    captures: Captures,
    pace: Pace,
    wake: Arc<Notify>,
    now: N,
    work: W,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError>
where
    N: Fn() -> Timestamp + Send + Sync,
    W: Fn(CaptureJob) -> F,
    F: Future<Output = CaptureOutcome> + Send + 'static,
{
    run(&CaptureQueue { captures, now }, pace, wake, work, shutdown).await
}

/// Their leases are on the clocks of the nodes.
struct CaptureQueue<N> {
    captures: Captures,
    now: N,
}

impl<N: Fn() -> Timestamp + Send + Sync> Queue for CaptureQueue<N> {
    type Job = CaptureJob;
    type Outcome = CaptureOutcome;

    fn name(job: &CaptureJob) -> String {
        format!("capture {}", job.id)
    }

    async fn begin(&self) -> Result<(), StoreError> {
        self.captures.put_back(Abandoned::OwnAndLapsed, (self.now)()).await
    }

    async fn claim(&self) -> Result<Option<CaptureJob>, StoreError> {
        self.captures.claim((self.now)()).await
    }

    async fn renew(&self, jobs: &[CaptureJob]) -> Result<Vec<usize>, StoreError> {
        let now = (self.now)();
        let kept = self.captures.renew(jobs, now).await?;
        self.captures.put_back(Abandoned::Lapsed, now).await?;
        Ok((0..jobs.len()).filter(|at| !kept.contains(&jobs[*at].id)).collect())
    }

    async fn end(&self, job: &CaptureJob, outcome: Option<CaptureOutcome>) -> Result<(), StoreError> {
        let now = (self.now)();
        match outcome.unwrap_or(CaptureOutcome::Broken) {
            CaptureOutcome::Succeeded => self.captures.finish(job, CaptureState::Succeeded, now).await,
            CaptureOutcome::Failed => self.captures.finish(job, CaptureState::Failed, now).await,
            CaptureOutcome::Interrupted => self.captures.release(job).await,
            CaptureOutcome::Broken => self.captures.broke(job, now).await,
        }
    }
}
