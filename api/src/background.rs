//! What goes on behind the requests: the view follows the ledger, captured documents are worked through.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use veridose_contract::{Action, Party, Transaction, read};
use veridose_store::limits::ENTRIES_PER_BATCH_MAX;
use veridose_store::{CaptureJob, CaptureState, PageRequest};

use crate::node::{Actor, Node};
use crate::trade::{Directory, capture};

/// Documents that are worked through at the same time, so that a long one does not hold up a short one.
const CAPTURES_AT_ONCE: usize = 2;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How often waiting documents are looked for without being told.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The tasks behind a server.
pub(crate) struct Background(Vec<JoinHandle<()>>);

impl Background {
    /// Brings the view up to the ledger's end, then goes on.
    pub(crate) async fn start(node: Arc<Node>) -> anyhow::Result<Self> {
        follow(&node).await.context("failed to bring the view up to date")?;
        refresh_directory(&node).await.context("failed to read the members")?;
        node.store().captures.recover().await.context("failed to take up captured documents")?;
        let mut tasks = vec![tokio::spawn(project(Arc::clone(&node)))];
        tasks.extend((0..CAPTURES_AT_ONCE).map(|_| tokio::spawn(capture_jobs(Arc::clone(&node)))));
        Ok(Self(tasks))
    }

    /// Ends the tasks where they stand: what they had not committed is taken up at the next start.
    pub(crate) async fn stop(self) {
        for task in self.0 {
            task.abort();
            // It ended by being aborted, which is what is wanted.
            let _ = task.await;
        }
    }
}

async fn project(node: Arc<Node>) {
    let (mut ledger, mut erasures) = (node.ledger().subscribe(), node.store().vault.erasures());
    loop {
        if let Err(error) = follow(&node).await {
            tracing::error!(%error, "the view cannot follow the ledger");
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let gone = tokio::select! {
            changed = ledger.changed() => changed.is_err(),
            changed = erasures.changed() => changed.is_err(),
        };
        if gone {
            return;
        }
    }
}

/// Takes into the view what is new on the ledger.
pub(crate) async fn follow(node: &Arc<Node>) -> anyhow::Result<()> {
    let mut next = node.store().projection.next_index().await?;
    loop {
        let (reader, from) = (Arc::clone(node), next);
        let entries =
            tokio::task::spawn_blocking(move || reader.ledger().entries(from, ENTRIES_PER_BATCH_MAX)).await??;
        let pairs: Vec<_> = entries.iter().map(|entry| (entry.index, &entry.transaction)).collect();
        next = node.store().projection.apply(&pairs).await?;
        node.set_projected(next);
        if pairs.iter().any(|(_, transaction)| concerns_members(transaction)) {
            refresh_directory(node).await?;
        }
        if entries.is_empty() {
            return Ok(());
        }
    }
}

fn concerns_members(transaction: &Transaction) -> bool {
    transaction.body.commands.iter().any(|command| matches!(command.action, Action::Admit(_) | Action::UpdateParty(_)))
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

async fn capture_jobs(node: Arc<Node>) {
    loop {
        match node.store().captures.claim().await {
            Ok(Some(job)) => work(&node, &job).await,
            Ok(None) => {
                // The timeout is for a bell that rang while both runners worked.
                let _ = tokio::time::timeout(LOOK_EVERY, node.captures().notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "no captured document can be taken up");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn work(node: &Arc<Node>, job: &CaptureJob) {
    let state = match attempt(node, job).await {
        Ok(state) => state,
        Err(error) => {
            tracing::error!(job = %job.id, error = format!("{error:#}"), "capture failed");
            CaptureState::Failed
        }
    };
    if let Err(error) = node.store().captures.finish(job.id, state, node.clock().now()).await {
        tracing::error!(job = %job.id, %error, "the end of a capture cannot be written");
    }
}

async fn attempt(node: &Arc<Node>, job: &CaptureJob) -> anyhow::Result<CaptureState> {
    let member = read::party(&node.ledger().state(), &job.party)?.context("the party is no member")?.party;
    let site = if let [only] = member.sites.as_slice() { Some(*only) } else { None };
    capture::run(node, &Actor { party: member.id, role: member.role, site }, job).await
}
