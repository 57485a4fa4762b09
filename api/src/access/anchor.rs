//! Anchoring: once a second at most, the root of the tree over the newest records goes onto the ledger.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sha2::{Digest, Sha256};
use veridose_contract::{AccessAnchor, Action, Code, Command, Commitment, IdempotencyKey, PartyId, Role, merkle, read};
use veridose_ledger::{Signer, SubmitError, prepare};
use veridose_store::LogPlace;

use crate::name::first_half;
use crate::node::Node;

/// From the beginning of one anchor of a process to that of the next. What is recorded just after one has begun waits so long, and
/// then for the transaction, for which a tenth of the second is left.
const PACE: Duration = Duration::from_millis(900);
/// How often it is looked whether another process recorded something.
const TICK: Duration = Duration::from_millis(900);
/// Records of one anchor: the path of each is found by hashing all of them.
const RECORDS_MAX: u64 = 1 << 16;

/// Since when anchoring fails.
#[derive(Debug, Default)]
pub(crate) struct Failing(Mutex<Option<Instant>>);

impl Failing {
    fn set(&self, fails: bool) {
        let mut since = self.0.lock().expect("no holder of this lock panics");
        *since = if fails { since.or_else(|| Some(Instant::now())) } else { None };
    }

    /// Whether it has failed for longer than that.
    pub(crate) fn is_longer_than(&self, bound: Duration) -> bool {
        self.0.lock().expect("no holder of this lock panics").is_some_and(|since| since.elapsed() > bound)
    }
}

/// Anchors what is recorded until the node stops. A failure is tried again at the next turn: the records wait.
pub(crate) async fn keep(node: Arc<Node>, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    let mut begun = Instant::now();
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = node.store().accesses.written() => {}
            () = tokio::time::sleep(TICK) => {}
        }
        tokio::time::sleep(PACE.saturating_sub(begun.elapsed())).await;
        let now = Instant::now();
        let anchored = anchor(&node).await;
        node.anchoring().set(anchored.is_err());
        match anchored {
            Ok(true) => begun = now,
            Ok(false) => {}
            Err(error) => tracing::error!(error = format!("{error:#}"), "accesses cannot be anchored now"),
        }
    }
}

/// Anchors the next records of the first log that has some. False where there is nothing to do.
pub(crate) async fn anchor(node: &Node) -> anyhow::Result<bool> {
    let accesses = &node.store().accesses;
    let logs = accesses.logs().await?;
    for (at, log) in logs.iter().enumerate() {
        let known = read::access_log(&node.ledger().state(), &log.log)?;
        let next = known.as_ref().map_or(0, |known| known.records);
        if next > log.records && at + 1 == logs.len() {
            let lost = next - log.records;
            tracing::error!(log = %log.log, lost, "the ledger has anchors of records that are not here: a new log begins");
            accesses.begin_anew().await?;
        }
        if next >= log.records {
            continue;
        }
        let keeper = known.map(|known| known.party);
        let Some(signer) = keeper_of(node, keeper.as_ref()) else {
            // Another process has the key, or nobody here signs.
            tracing::debug!(log = %log.log, "this node has no key to anchor the log with");
            continue;
        };
        return fix(node, &signer, log, next).await.map(|()| true);
    }
    Ok(false)
}

/// Who anchors: who did before; for a new log the custodian of the patients, else a pharmacy, else whoever this node signs for.
pub(crate) fn keeper_of(node: &Node, before: Option<&PartyId>) -> Option<Arc<Signer>> {
    if let Some(party) = before.or(node.patients().custodian.as_ref()) {
        return node.signer(party);
    }
    let parties = node.parties();
    let pharmacy = parties
        .iter()
        .filter_map(|party| node.signer(party))
        .find(|signer| signer.certificate().role == Role::Pharmacy);
    pharmacy.or_else(|| parties.iter().find_map(|party| node.signer(party)))
}

async fn fix(node: &Node, signer: &Signer, log: &LogPlace, first: u64) -> anyhow::Result<()> {
    let place = log.start + first;
    let leaves = node.store().accesses.leaves(place, (log.records - first).min(RECORDS_MAX)).await?;
    let count = u32::try_from(leaves.len()).context("too many records")?;
    let root = merkle::root(leaves.into_iter());
    let now = node.clock().now();
    let command = Command {
        action: Action::AnchorAccess(AccessAnchor { log: log.log, first, count, root }),
        happened: now,
        site: None,
        // The anchor says all there is to say; its document are the records themselves.
        payload: Commitment(root),
        items: Vec::new(),
    };
    let name = Sha256::new().chain_update("anchor").chain_update(log.log.0).chain_update(first.to_be_bytes());
    let key = IdempotencyKey(first_half(name.chain_update(root).finalize()));
    let transaction = prepare(signer, node.network().id, key, now, vec![command])?;
    match node.ledger().submit(transaction).await {
        Ok(_) => Ok(()),
        // Another process on the same database anchored them meanwhile.
        Err(SubmitError::Rejected(rejection)) if rejection.code == Code::AnchorPlace => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_lasts_from_the_first_failure_to_the_next_success() {
        let (failing, none) = (Failing::default(), Duration::ZERO);
        assert!(!failing.is_longer_than(none));
        failing.set(true);
        let since = *failing.0.lock().expect("free");
        failing.set(true);
        assert_eq!(*failing.0.lock().expect("free"), since, "a further failure begins no new time");
        while !failing.is_longer_than(none) {}
        assert!(!failing.is_longer_than(Duration::from_hours(1)));
        failing.set(false);
        assert!(!failing.is_longer_than(none));
    }
}
