//! Verifications on their way into the database: kept in memory for a second, so that a verification waits for no disk. What a
//! crash takes away is at most that second.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use veridose_store::limits::SCANS_PER_BATCH_MAX;
use veridose_store::{Scan, Scans};

/// Scans that wait at most; more are counted and dropped.
const WAITING_MAX: usize = 100_000;
/// How often they are written.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// Takes verifications.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    waiting: Mutex<VecDeque<Scan>>,
    dropped: AtomicU64,
}

impl Recorder {
    /// Takes a verification; never waits.
    pub(crate) fn take(&self, scan: Scan) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX {
            waiting.push_back(scan);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Verifications that were dropped because too many waited.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes them each second until the node stops, and then what is left. What cannot be written waits for the next second.
    pub(crate) async fn run(&self, scans: &Scans, stopped: impl Future<Output = ()>) {
        tokio::pin!(stopped);
        let mut is_last = false;
        while !is_last {
            tokio::select! {
                () = &mut stopped => is_last = true,
                () = tokio::time::sleep(WRITE_EVERY) => {}
            }
            if let Err(error) = self.write(scans).await {
                tracing::warn!(%error, "verifications cannot be written now");
            }
        }
    }

    async fn write(&self, scans: &Scans) -> Result<(), veridose_store::StoreError> {
        loop {
            let batch: Vec<Scan> = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let size = waiting.len().min(SCANS_PER_BATCH_MAX);
                waiting.drain(..size).collect()
            };
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = scans.add(&batch).await {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                batch.into_iter().rev().for_each(|scan| waiting.push_front(scan));
                return Err(error);
            }
        }
    }
}
