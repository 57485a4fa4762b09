//! What goes on behind the requests: the view follows the ledger, captured documents and the queue's jobs are worked through.

mod jobs;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use veridose_contract::{Party, read};
use veridose_store::{CaptureJob, CaptureState, PageRequest};
use veridose_workers::{CaptureOutcome, Duty, Pace, run_captures};

use crate::access::anchor;
use crate::config::NodeRole;
use crate::live;
use crate::node::{Actor, Node};
use crate::trade::{Directory, capture};

/// Two documents are worked through at the same time, so that a long one does not hold up a short one.
const PACE: Pace = Pace { jobs_max: 2, tick: Duration::from_secs(1) };
/// How often the key files are looked at.
const KEYS_EVERY: Duration = Duration::from_secs(5);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The tasks behind a server.
pub(crate) struct Background {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Background {
    /// Brings the view up to the ledger's end, if it is this process's to write; then goes on.
    pub(crate) async fn start(node: Arc<Node>, role: NodeRole) -> anyhow::Result<Self> {
        let duty = if role == NodeRole::Serve { Duty::Watch } else { Duty::Write };
        if duty == Duty::Write && node.take_view().await? {
            node.projector().catch_up().await.context("failed to bring the view up to date")?;
        }
        node.store().captures.recover(node.clock().now()).await.context("failed to take up the capture jobs")?;
        let members = node.projector().members();
        refresh_directory(&node).await.context("failed to read the members")?;
        let stop = watch::Sender::new(false);
        let (follower, until) = (Arc::clone(&node), stopped(&stop));
        let (recorder, until_written) = (Arc::clone(&node), stopped(&stop));
        let mut tasks = vec![
            tokio::spawn(async move { recorder.scans().run(&recorder.store().scans, until_written).await }),
            tokio::spawn(async move { follower.projector().run(duty, until).await }),
            tokio::spawn(directory(Arc::clone(&node), members, stopped(&stop))),
            tokio::spawn(keys(Arc::clone(&node), stopped(&stop))),
        ];
        if role != NodeRole::Work {
            tasks.push(tokio::spawn(live::follow(Arc::clone(&node), stopped(&stop))));
        }
        if duty == Duty::Write {
            jobs::schedule(&node).await.context("failed to schedule the periodic jobs")?;
            tasks.push(tokio::spawn(anchor::keep(Arc::clone(&node), stopped(&stop))));
            tasks.push(tokio::spawn(captures(Arc::clone(&node), stop.clone())));
            tasks.push(tokio::spawn(jobs::jobs(node, stop.clone())));
        }
        Ok(Self { tasks, stop })
    }

    /// Ends the tasks at their next whole step: what they had not committed is taken up at the next start.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task behind the server failed");
            }
        }
    }
}

/// Done when the node stops.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        // The sender is gone only when the server is.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Reads the members again when they changed.
async fn directory(node: Arc<Node>, mut members: watch::Receiver<u64>, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            changed = members.changed() => if changed.is_err() { return },
        }
        while let Err(error) = refresh_directory(&node).await {
            tracing::error!(%error, "the members cannot be read");
            tokio::select! {
                () = &mut stopped => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

async fn refresh_directory(node: &Node) -> anyhow::Result<()> {
    let mut members: Vec<Party> = Vec::new();
    let mut page = PageRequest::default();
    loop {
        let parties = node.store().queries.parties(&page).await?;
        let state = node.ledger().state();
        for row in parties.items {
            members.extend(read::party(&state, &row.party)?.map(|record| record.party));
        }
        match parties.next {
            Some(token) => page.token = Some(token),
            None => break,
        }
    }
    node.set_directory(Directory::new(&members));
    Ok(())
}

/// Takes up rotated certificates and new keys, so that nobody need start the node again for them, and what other processes erased.
async fn keys(node: Arc<Node>, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(KEYS_EVERY) => {}
        }
        if let Err(error) = node.follow_erasures().await {
            tracing::error!(error = format!("{error:#}"), "the key backup cannot be written now");
        }
        // Also while a rotation is half-way through its files: the next look sees all of it.
        if let Err(error) = node.take_up_keys().await {
            tracing::warn!(error = format!("{error:#}"), "the key files cannot be taken up now");
        }
    }
}

/// Works captured documents through until the node stops; a failure of the store ends a round, and the next one takes up what
/// that one left.
async fn captures(node: Arc<Node>, stop: watch::Sender<bool>) {
    while !*stop.borrow() {
        let clock = node.clock();
        let work = |job: CaptureJob| {
            let (node, stopped) = (Arc::clone(&node), stopped(&stop));
            async move {
                tokio::select! {
                    outcome = work(&node, &job) => outcome,
                    () = stopped => CaptureOutcome::Interrupted,
                }
            }
        };
        let (jobs, wake) = (node.store().captures.clone(), Arc::clone(node.captures()));
        let round = run_captures(jobs, PACE, wake, move || clock.now(), work, stopped(&stop)).await;
        if let Err(error) = round {
            tracing::error!(%error, "captured documents cannot be taken up");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn work(node: &Arc<Node>, job: &CaptureJob) -> CaptureOutcome {
    match attempt(node, job).await {
        Ok(CaptureState::Succeeded) => CaptureOutcome::Succeeded,
        Ok(CaptureState::Failed) => CaptureOutcome::Failed,
        Ok(CaptureState::Receiving | CaptureState::Queued | CaptureState::Running) => CaptureOutcome::Interrupted,
        Err(error) => {
            tracing::error!(job = %job.id, error = format!("{error:#}"), "capture failed");
            CaptureOutcome::Broken
        }
    }
}

async fn attempt(node: &Arc<Node>, job: &CaptureJob) -> anyhow::Result<CaptureState> {
    let member = read::party(&node.ledger().state(), &job.party)?.context("the party is no member")?.party;
    let site = if let [only] = member.sites.as_slice() { Some(*only) } else { None };
    capture::run(node, &Actor { party: member.id, role: member.role, site }, job).await
}
