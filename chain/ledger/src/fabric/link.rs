//! What the tasks of a node on a channel share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::fresh::Freshness;
use super::gateway::Gateways;
use crate::embedded::Embedded;

/// The way to the channel and the replica of it.
pub(crate) struct Link {
    pub(crate) gateways: Gateways,
    pub(crate) replica: Embedded,
    pub(crate) commits: Commits,
    pub(crate) fresh: Freshness,
}

/// Those who wait for a transaction of the channel.
#[derive(Default)]
pub(crate) struct Commits(Mutex<HashMap<String, oneshot::Sender<i32>>>);

/// Waits for one; who stops waiting is struck from the list.
pub(crate) struct Expected<'a> {
    commits: &'a Commits,
    tx_id: String,
    code: oneshot::Receiver<i32>,
}

impl Commits {
    /// Waits for a transaction from now on.
    pub(crate) fn expect(&self, tx_id: &str) -> Expected<'_> {
        let (tell, code) = oneshot::channel();
        self.waiting().insert(tx_id.to_owned(), tell);
        Expected { commits: self, tx_id: tx_id.to_owned(), code }
    }

    /// Tells who waits that the transaction stands in a block, and what the peers found.
    pub(crate) fn tell(&self, tx_id: &str, code: i32) {
        let waiting = self.waiting().remove(tx_id);
        // Whoever waited may have gone away.
        if let Some(waiting) = waiting {
            let _ = waiting.send(code);
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<i32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected<'_> {
    /// What the peers found; never, if the node stops following.
    pub(crate) async fn code(&mut self) -> i32 {
        match (&mut self.code).await {
            Ok(code) => code,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.commits.waiting().remove(&self.tx_id);
    }
}

/// A link that several tasks hold.
pub(crate) type Shared = Arc<Link>;
