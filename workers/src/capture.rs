//! Capture jobs, a few at a time.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use uuid::Uuid;
use veridose_contract::Timestamp;
use veridose_store::{Abandoned, CaptureJob, CaptureState, Captures, StoreError};

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

/// How jobs are worked through.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Jobs at once, at most.
    pub jobs_max: usize,
    /// How often running jobs are renewed and abandoned ones are looked for; well under the lease.
    pub tick: Duration,
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
    N: Fn() -> Timestamp,
    W: Fn(CaptureJob) -> F,
    F: Future<Output = CaptureOutcome> + Send + 'static,
{
    captures.put_back(Abandoned::OwnAndLapsed, now()).await?;
    tokio::pin!(shutdown);
    let mut ticks = tokio::time::interval(pace.tick);
    let mut running = Running::default();
    loop {
        while running.jobs.len() < pace.jobs_max.max(1)
            && let Some(job) = captures.claim(now()).await?
        {
            let task = running.tasks.spawn(work(job.clone()));
            running.jobs.insert(task.id(), (job, task));
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = running.tasks.join_next_with_id() => running.end(ended, &captures, now()).await,
            // One that was rung while nobody listened is remembered.
            () = wake.notified() => {}
            _ = ticks.tick() => {
                let jobs: Vec<CaptureJob> = running.jobs.values().map(|(job, _)| job.clone()).collect();
                let now = now();
                running.leave_all_but(&captures.renew(&jobs, now).await?);
                captures.put_back(Abandoned::Lapsed, now).await?;
            }
        }
    }
    while let Some(ended) = running.tasks.join_next_with_id().await {
        running.end(ended, &captures, now()).await;
    }
    Ok(())
}

/// The jobs that this runner works on.
#[derive(Default)]
struct Running {
    tasks: JoinSet<CaptureOutcome>,
    jobs: HashMap<Id, (CaptureJob, AbortHandle)>,
}

impl Running {
    /// Stops working on jobs that another runner has taken, because this one slept for longer than its lease.
    fn leave_all_but(&self, kept: &[Uuid]) {
        for (job, task) in self.jobs.values().filter(|(job, _)| !kept.contains(&job.id)) {
            tracing::warn!(job = %job.id, "another runner has taken this capture job");
            task.abort();
        }
    }

    /// Writes how a job ended. Where that fails, nobody renews the job any more, and it is taken again when its lease has run
    /// out.
    async fn end(&mut self, ended: Result<(Id, CaptureOutcome), JoinError>, captures: &Captures, now: Timestamp) {
        let (task, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_cancelled() => {
                self.jobs.remove(&error.id());
                return;
            }
            Err(error) => {
                tracing::error!(%error, "a capture job ended by a panic");
                (error.id(), CaptureOutcome::Broken)
            }
        };
        let (job, _) = self.jobs.remove(&task).expect("each task was entered with its job");
        let written = match outcome {
            CaptureOutcome::Succeeded => captures.finish(&job, CaptureState::Succeeded, now).await,
            CaptureOutcome::Failed => captures.finish(&job, CaptureState::Failed, now).await,
            CaptureOutcome::Interrupted => captures.release(&job).await,
            CaptureOutcome::Broken => captures.broke(&job, now).await,
        };
        if let Err(error) = written {
            tracing::error!(job = %job.id, %error, "the end of a capture job was not written; it will run again");
        }
    }
}
