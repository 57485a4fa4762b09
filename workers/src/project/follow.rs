//! What a process does for the view for as long as it runs.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use veridose_store::{Claim, StoreError};

use super::{Progress, ProjectError, Projector};

/// How often an owner renews its lease, and how often others look whether it has lapsed.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How often the view is looked at that somebody else writes and that is behind the ledger.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often what other processes may have done is looked for.
const OTHERS_EVERY: Duration = Duration::from_secs(1);
/// How long a view that is behind may stand still.
const STALL_MAX: Duration = Duration::from_secs(12);
/// Wait after a failure, doubled with each one that follows, up to the second figure.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(10);

/// What a process does for the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Writes it when nobody else does.
    Write,
    /// Only looks how far it is.
    Watch,
}

/// How far somebody else's writing was when it was last looked at.
struct Seen {
    projected: u64,
    moved: Instant,
    told: Instant,
    untold: bool,
}

impl Projector {
    /// Follows the ledger until `shutdown` is done. A failure is logged and tried again from the cursor; nothing is skipped. At the
    /// end the view is given back.
    pub async fn run(&self, duty: Duty, shutdown: impl Future<Output = ()>) {
        let owner = watch::Sender::new(self.is_owner());
        tokio::select! {
            () = self.follow(owner.subscribe(), shutdown) => {}
            () = self.keep(&owner), if duty == Duty::Write => {}
        }
        if let Err(error) = self.store.projection.release().await {
            tracing::warn!(error = %chain(&error), "the view was not given back; the next owner waits for the lease to lapse");
        }
    }

    /// Renews the lease, or takes the view when it is free.
    async fn keep(&self, owner: &watch::Sender<bool>) {
        let mut tick = tokio::time::interval(RENEW_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let was = *owner.borrow();
            let is = if self.is_owner() {
                self.store.projection.renew().await.map_err(ProjectError::from)
            } else {
                self.claim(Claim::Free).await
            };
            match is {
                Ok(is) if is != was => {
                    tracing::info!(
                        owner = is,
                        "{}",
                        if is { "this process writes the view" } else { "another process writes the view" }
                    );
                    owner.send_replace(is);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %chain(&error), "the lease of the view is not known"),
            }
        }
    }

    async fn follow(&self, mut owner: watch::Receiver<bool>, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let (mut size, mut erasures) = (self.ledger.subscribe(), self.store.vault.erasures());
        let mut retry = RETRY_FIRST;
        let mut seen = Seen::new(self.progress().projected);
        loop {
            size.mark_unchanged();
            erasures.mark_unchanged();
            owner.mark_unchanged();
            let (owns, done) = (self.is_owner(), self.step(&mut seen).await);
            let failed = done.is_err_and(|error| self.failed(&error));
            let look = match owns {
                _ if failed => retry,
                false if self.progress().lag() > 0 => LOOK_EVERY,
                _ if self.store.is_shared() => OTHERS_EVERY,
                _ => Duration::MAX,
            };
            retry = if failed { retry.saturating_mul(2).min(RETRY_LAST) } else { RETRY_FIRST };
            let wake = async {
                tokio::select! {
                    () = tokio::time::sleep(look) => {}
                    // The senders live as long as this projector.
                    _ = size.changed(), if !failed => {}
                    _ = erasures.changed(), if !failed => {}
                    _ = owner.changed() => {}
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = wake => {}
            }
        }
    }

    /// Brings the view on, or looks how far its owner has brought it.
    async fn step(&self, seen: &mut Seen) -> Result<(), ProjectError> {
        if !self.is_owner() {
            return self.look(seen).await;
        }
        match self.catch_up().await {
            // Lost meanwhile: from now on it is looked at.
            Err(ProjectError::Store(StoreError::NotOwner)) => {
                *seen = Seen::new(self.progress().projected);
                Ok(())
            }
            other => other.map(drop),
        }
    }

    async fn look(&self, seen: &mut Seen) -> Result<(), ProjectError> {
        let projected = self.store.projection.next_index().await?;
        let ledger = self.ledger.size();
        if projected != seen.projected || projected >= ledger {
            seen.untold |= projected != seen.projected;
            (seen.projected, seen.moved) = (projected, Instant::now());
        }
        // Which of the transactions changed the members is not looked at, so not each one is told.
        if seen.untold && seen.told.elapsed() >= OTHERS_EVERY {
            (seen.untold, seen.told) = (false, Instant::now());
            self.members.send_replace(projected);
        }
        let since = seen.moved.elapsed();
        if since > STALL_MAX {
            self.progress.send_modify(|progress| (progress.projected, progress.ledger) = (projected, ledger));
            return Err(ProjectError::Stalled { since, projected, ledger });
        }
        self.progress.send_replace(Progress { projected, ledger, failures: 0 });
        Ok(())
    }

    /// Tells the failure.
    fn failed(&self, error: &ProjectError) -> bool {
        self.progress.send_modify(|progress| progress.failures = progress.failures.saturating_add(1));
        let failures = self.progress.borrow().failures;
        tracing::error!(error = %chain(error), failures, "the projection failed and tries again");
        true
    }
}

impl Seen {
    fn new(projected: u64) -> Self {
        let now = Instant::now();
        Self { projected, moved: now, told: now, untold: true }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
