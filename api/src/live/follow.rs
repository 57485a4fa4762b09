//! Looks what is new: on the ledger as far as the view holds it, and among the capture jobs of those who listen.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;
use veridose_contract::{Action, PartyId, Transaction, read};
use veridose_store::{CaptureJob, CaptureState, PageRequest, StoreError};

use super::{Audience, News};
use crate::node::Node;
use crate::webhooks;

/// How often capture jobs are looked at: another process may be working on them.
const JOBS_EVERY: Duration = Duration::from_secs(1);
/// Entries that are told of one by one; whoever misses more looks again.
const ENTRIES_MAX: u64 = 256;
/// Jobs of a party that are looked at, the latest ones.
const JOBS_MAX: u32 = 20;
/// A job that ended so lately may have ended while a page was on its way to the browser.
const LATELY_MS: i64 = 10_000;

/// Where a job of a party stood when it was last told of.
type Jobs = BTreeMap<PartyId, BTreeMap<Uuid, (CaptureState, u64, u64)>>;

/// Tells what is new until the node stops.
pub(crate) async fn follow(node: Arc<Node>, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    let mut progress = node.projector().advances();
    let mut told = progress.borrow_and_update().projected;
    let mut jobs = Jobs::new();
    let mut tick = interval(JOBS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            changed = progress.changed() => if changed.is_err() { return },
            _ = tick.tick() => look(&node, &mut jobs).await,
        }
        // Read before it is asked whether anybody listens: whoever begins to do so meanwhile has read no less.
        let reached = progress.borrow_and_update().projected;
        if node.live().is_heard() && reached > told {
            match since(&node, told..reached).await {
                Ok(Some(news)) => news.into_iter().for_each(|news| node.live().tell(Some(news))),
                Ok(None) => node.live().tell(None),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "what is new on the ledger cannot be told");
                    node.live().tell(None);
                }
            }
        }
        told = reached;
    }
}

/// What some entries of the ledger brought; nothing where they are too many to be told of one by one.
pub(crate) async fn since(node: &Arc<Node>, entries: Range<u64>) -> anyhow::Result<Option<Vec<News>>> {
    let count = entries.end.saturating_sub(entries.start);
    if count > ENTRIES_MAX {
        return Ok(None);
    }
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let node = Arc::clone(node);
    let read = move || {
        let mut news = Vec::new();
        for entry in node.ledger().entries(entries.start, usize::try_from(count)?)? {
            news.extend(of_transaction(&node, &entry.transaction, entry.index + 1)?);
        }
        Ok(Some(news))
    };
    tokio::task::spawn_blocking(read).await?
}

fn of_transaction(node: &Node, transaction: &Transaction, next: u64) -> anyhow::Result<Vec<News>> {
    let (state, mut news) = (node.ledger().state(), Vec::new());
    for command in &transaction.body.commands {
        if let Some((case, event, mut data)) = webhooks::told(&command.action) {
            let Some(known) = read::case(&state, &case)? else { continue };
            data["case"] = json!(case);
            data["event"] = json!(event);
            let audience = Audience::PartyAndRegulators(known.raised.by);
            news.push(News { kind: "case", data, next: Some(next), audience });
        }
        let (Action::Offer { offer, .. } | Action::Withdraw { offer }) = &command.action else { continue };
        let is_offered = matches!(command.action, Action::Offer { .. });
        let event = if is_offered { "handoff.offered" } else { "handoff.withdrawn" };
        let Some(known) = read::offer(&state, offer)? else { continue };
        let data = json!({ "offer": offer, "event": event, "from": known.from });
        news.push(News { kind: "arrival", data, next: Some(next), audience: Audience::Party(known.to) });
    }
    Ok(news)
}

/// Tells what became of the jobs of those who listen.
async fn look(node: &Node, jobs: &mut Jobs) {
    let parties = node.live().parties();
    jobs.retain(|party, _| parties.contains(party));
    for party in parties {
        let found = match newest(node, &party).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "capture jobs cannot be told of now");
                return;
            }
        };
        let before = jobs.get(&party);
        let is_new = |job: &CaptureJob| match before {
            Some(before) => before.get(&job.id) != Some(&standing(job)),
            None => is_going_on(node, job),
        };
        for job in found.iter().rev().filter(|job| is_new(job)) {
            node.live().tell(Some(of_job(job)));
        }
        jobs.insert(party, found.iter().map(|job| (job.id, standing(job))).collect());
    }
}

/// The party's jobs that go on, and those that have just ended, for a page that begins to listen.
pub(crate) async fn jobs_now(node: &Node, party: &PartyId) -> Result<Vec<News>, StoreError> {
    let found = newest(node, party).await?;
    Ok(found.iter().rev().filter(|job| is_going_on(node, job)).map(of_job).collect())
}

async fn newest(node: &Node, party: &PartyId) -> Result<Vec<CaptureJob>, StoreError> {
    let page = PageRequest { limit: Some(JOBS_MAX), token: None };
    Ok(node.store().captures.jobs(party, &page).await?.items)
}

fn is_going_on(node: &Node, job: &CaptureJob) -> bool {
    job.finished_at.is_none_or(|at| node.clock().now().0.saturating_sub(at.0) < LATELY_MS)
}

const fn standing(job: &CaptureJob) -> (CaptureState, u64, u64) {
    (job.state, job.events, job.errors)
}

fn of_job(job: &CaptureJob) -> News {
    let data = json!({
        "job": job.id, "state": job.state, "events": job.events, "captured": job.captured, "errors": job.errors,
    });
    News { kind: "job", data, next: None, audience: Audience::Party(job.party.clone()) }
}
