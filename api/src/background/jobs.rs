//! The queue of jobs: what each kind does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use veridose_store::{Job, JobKind};
use veridose_workers::{JobOutcome, Pace, run_jobs};

use super::{PAUSE, stopped};
use crate::node::Node;

/// Jobs at once in this process, and how often those that others handed in are looked for.
const PACE: Pace = Pace { jobs_max: 4, tick: Duration::from_secs(1) };
/// How often jobs that ended long ago are removed.
const PRUNE_EVERY_MS: u64 = 3_600_000;

/// Has the periodic jobs in the queue.
pub(super) async fn schedule(node: &Node) -> anyhow::Result<()> {
    node.store().jobs.schedule(JobKind::Prune, PRUNE_EVERY_MS).await?;
    Ok(())
}

/// Runs jobs until the node stops; a failure of the store ends a round, and the next one takes up what that one left.
pub(super) async fn jobs(node: Arc<Node>, stop: watch::Sender<bool>) {
    while !*stop.borrow() {
        let work = |job: Job| {
            let (node, stopped) = (Arc::clone(&node), stopped(&stop));
            async move {
                tokio::select! {
                    outcome = work(&node, &job) => outcome,
                    () = stopped => JobOutcome::Interrupted,
                }
            }
        };
        let (jobs, wake) = (node.store().jobs.clone(), Arc::clone(node.jobs()));
        if let Err(error) = run_jobs(jobs, PACE, wake, work, stopped(&stop)).await {
            tracing::error!(%error, "the queue of jobs cannot be worked on");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn work(node: &Arc<Node>, job: &Job) -> JobOutcome {
    match attempt(node, job).await {
        Ok(left) => JobOutcome::Done(left),
        Err(error) => JobOutcome::Failed(format!("{error:#}")),
    }
}

/// One run. What it leaves for the next is the value.
async fn attempt(node: &Arc<Node>, job: &Job) -> anyhow::Result<Option<serde_json::Value>> {
    match job.kind {
        JobKind::Prune => {
            node.store().jobs.prune().await?;
            Ok(None)
        }
    }
}
