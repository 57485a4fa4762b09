//! Jobs of a queue, a few at a time: taken, renewed while they run, and their end written.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use veridose_store::StoreError;

/// How jobs are worked through.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Jobs at once, at most.
    pub jobs_max: usize,
    /// How often running jobs are renewed and abandoned ones are looked for; well under the lease.
    pub tick: Duration,
}

/// A queue of jobs that runners hold under leases.
pub(crate) trait Queue {
    /// A job, as it was taken.
    type Job: Clone + Send + 'static;
    /// How a run ended by itself.
    type Outcome: Send + 'static;

    /// What a job is called in the log.
    fn name(job: &Self::Job) -> String;
    /// Before the first job: what this runner left when it died.
    fn begin(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Takes the next job, if one is due.
    fn claim(&self) -> impl Future<Output = Result<Option<Self::Job>, StoreError>> + Send;
    /// Keeps the jobs for another while; gives back those, by their place, on which nobody is to work any more here.
    fn renew(&self, jobs: &[Self::Job]) -> impl Future<Output = Result<Vec<usize>, StoreError>> + Send;
    /// Writes how a run ended; with nothing, it broke down.
    fn end(
        &self,
        job: &Self::Job,
        outcome: Option<Self::Outcome>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Takes jobs as they come until `shutdown` is done; then waits for those that run, which `work` should end soon. `wake` is
/// notified when a job was handed in.
pub(crate) async fn run<Q, W, F>(
    queue: &Q,
    pace: Pace,
    wake: Arc<Notify>,
    work: W,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError>
where
    Q: Queue,
    W: Fn(Q::Job) -> F,
    F: Future<Output = Q::Outcome> + Send + 'static,
{
    queue.begin().await?;
    tokio::pin!(shutdown);
    let mut ticks = tokio::time::interval(pace.tick);
    let mut running = Running::<Q> { tasks: JoinSet::new(), jobs: HashMap::new() };
    loop {
        while running.jobs.len() < pace.jobs_max.max(1)
            && let Some(job) = queue.claim().await?
        {
            let task = running.tasks.spawn(work(job.clone()));
            running.jobs.insert(task.id(), (job, task));
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = running.tasks.join_next_with_id() => running.end(ended, queue).await,
            // One that was rung while nobody listened is remembered.
            () = wake.notified() => {}
            _ = ticks.tick() => running.renew(queue).await?,
        }
    }
    while let Some(ended) = running.tasks.join_next_with_id().await {
        running.end(ended, queue).await;
    }
    Ok(())
}

/// The jobs that this runner works on.
struct Running<Q: Queue> {
    tasks: JoinSet<Q::Outcome>,
    jobs: HashMap<Id, (Q::Job, AbortHandle)>,
}

impl<Q: Queue> Running<Q> {
    /// Stops working on jobs that another runner has taken, because this one slept for longer than its lease, or that were called
    /// off.
    async fn renew(&self, queue: &Q) -> Result<(), StoreError> {
        let (jobs, tasks): (Vec<Q::Job>, Vec<&AbortHandle>) =
            self.jobs.values().map(|(job, task)| (job.clone(), task)).unzip();
        for at in queue.renew(&jobs).await? {
            tracing::warn!(job = %Q::name(&jobs[at]), "this runner works on the job no more");
            tasks[at].abort();
        }
        Ok(())
    }

    /// Writes how a job ended. Where that fails, nobody renews the job any more, and it is taken again when its lease has run
    /// out.
    async fn end(&mut self, ended: Result<(Id, Q::Outcome), JoinError>, queue: &Q) {
        let (task, outcome) = match ended {
            Ok((task, outcome)) => (task, Some(outcome)),
            Err(error) if error.is_cancelled() => {
                self.jobs.remove(&error.id());
                return;
            }
            Err(error) => {
                tracing::error!(%error, "a job ended by a panic");
                (error.id(), None)
            }
        };
        let (job, _) = self.jobs.remove(&task).expect("each task was entered with its job");
        if let Err(error) = queue.end(&job, outcome).await {
            tracing::error!(job = %Q::name(&job), %error, "the end of a job was not written; it will run again");
        }
    }
}
