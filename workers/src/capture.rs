//! Capture jobs, a few at a time.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use veridose_contract::Timestamp;
use veridose_store::{CaptureJob, CaptureState, Captures, StoreError};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureOutcome {
    /// Everything was kept.
    Succeeded,
    /// Something, or everything, was refused; the job's errors say what.
    Failed,
    /// The node is stopping: the job is put back at the next start.
    Interrupted,
}

/// Takes jobs as they come, at most `jobs_max` at once, until `shutdown` is done; then waits for those that run, which `work`
/// should end soon as [`CaptureOutcome::Interrupted`]. `wake` is notified when a job was handed in. `work` may see a job twice
/// after a restart, and its idempotency keys, made of the job and the event's number, keep the second time from changing anything.
/// `now` is the node's clock.
pub async fn run_captures<N, W, F>(
    captures: Captures,
    jobs_max: usize,
    wake: Arc<Notify>,
    now: N,
    work: W,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError>
where
    N: Fn() -> Timestamp + Clone + Send + 'static,
    W: Fn(CaptureJob) -> F,
    F: Future<Output = CaptureOutcome> + Send + 'static,
{
    captures.recover().await?;
    tokio::pin!(shutdown);
    let slots = Arc::new(Semaphore::new(jobs_max.max(1)));
    let mut running = JoinSet::new();
    loop {
        let slot = tokio::select! {
            () = &mut shutdown => break,
            slot = Arc::clone(&slots).acquire_owned() => slot.map_err(|_| StoreError::Closing)?,
        };
        while running.try_join_next().is_some() {}
        // Asked for before looking, so that a job handed in between the two is not slept through.
        let handed_in = wake.notified();
        let Some(job) = captures.claim().await? else {
            drop(slot);
            tokio::select! {
                () = &mut shutdown => break,
                () = handed_in => continue,
            }
        };
        let (id, done, captures, now) = (job.id, work(job), captures.clone(), now.clone());
        running.spawn(async move {
            let state = match done.await {
                CaptureOutcome::Succeeded => Some(CaptureState::Succeeded),
                CaptureOutcome::Failed => Some(CaptureState::Failed),
                CaptureOutcome::Interrupted => None,
            };
            if let Some(state) = state
                && let Err(error) = captures.finish(id, state, now()).await
            {
                tracing::error!(job = %id, %error, "the end of a capture job was not written; it runs again at the next start");
            }
            drop(slot);
        });
    }
    while running.join_next().await.is_some() {}
    Ok(())
}
