//! The queue of jobs: what each kind does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use veridose_store::{Job, JobKind};
use veridose_workers::{JobOutcome, Pace, run_jobs};

use super::{PAUSE, stopped};
use crate::backup;
use crate::node::Node;
use crate::watch::{detect, follow, search};
use crate::webhooks;

/// Jobs at once in this process, and how often those that others handed in are looked for.
const PACE: Pace = Pace { jobs_max: 4, tick: Duration::from_secs(1) };
/// How often each periodic job comes. What is new is judged well within a minute; a day's file of the lake is written whole each
/// time, so that comes less often.
const PRUNE_EVERY_MS: u64 = 3_600_000;
const LAKE_EVERY_MS: u64 = 30_000;
const DETECT_EVERY_MS: u64 = 5_000;
const SEARCH_EVERY_MS: u64 = 86_400_000;
const NOTIFY_EVERY_MS: u64 = 2_000;

/// Has the periodic jobs in the queue.
pub(super) async fn schedule(node: &Node) -> anyhow::Result<()> {
    let jobs = &node.store().jobs;
    jobs.schedule(JobKind::Prune, PRUNE_EVERY_MS).await?;
    jobs.schedule(JobKind::Notify, NOTIFY_EVERY_MS).await?;
    if node.detection().enabled {
        jobs.schedule(JobKind::Lake, LAKE_EVERY_MS).await?;
        jobs.schedule(JobKind::Detect, DETECT_EVERY_MS).await?;
        jobs.schedule(JobKind::Search, SEARCH_EVERY_MS).await?;
    }
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
            node.store().scans.prune(node.clock().now()).await?;
            node.store().webhooks.prune().await?;
            Ok(None)
        }
        // Switched off since they were scheduled.
        JobKind::Lake | JobKind::Detect | JobKind::Search if !node.detection().enabled => Ok(None),
        JobKind::Lake => follow(node).await.map(|()| None),
        JobKind::Detect => {
            let cursor = serde_json::from_value(job.payload.clone()).unwrap_or_default();
            let reached = detect(node, cursor).await?;
            Ok(Some(serde_json::to_value(reached)?))
        }
        JobKind::Search => search(node).await.map(|()| None),
        JobKind::Notify => {
            let cursor = serde_json::from_value(job.payload.clone()).unwrap_or_default();
            let reached = webhooks::notify(node, cursor).await?;
            Ok(Some(serde_json::to_value(reached)?))
        }
        JobKind::Deliver => webhooks::deliver(node, job).await.map(|()| None),
        JobKind::Backup => {
            let to: PathBuf = serde_json::from_value(job.payload["to"].clone()).context("the job names no folder")?;
            backup::save(node, &to).await.map(|_| None)
        }
    }
}
