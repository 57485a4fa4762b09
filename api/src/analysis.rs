//! Answers from the node's lake of events that take long: one at a time, away from the threads that serve, and kept as long as the
//! lake stays as it is.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use actix_web::web;
use tokio::sync::Mutex;
use veridose_ml::events::EventTable;
use veridose_ml::lake::Lake;
use veridose_ml::stock::{Report, Settings, StockError, report};

use crate::problem::{Kind, Problem};

/// Courses that are played for each shelf.
const PATHS: usize = 400;
/// Days ahead where nothing is said, and that pages tell.
pub(crate) const HORIZON_DAYS: usize = 14;

/// The lake, and the last answer.
#[derive(Debug)]
pub(crate) struct Analyses {
    lake: Lake,
    /// Held while something is worked out, so that a second caller waits for the first one's answer.
    stock: Mutex<Option<Kept>>,
    /// The last report over [`HORIZON_DAYS`], for who does not wait.
    last: RwLock<Option<(Version, Arc<Report>)>>,
}

#[derive(Debug)]
struct Kept {
    version: Version,
    horizon: usize,
    report: Arc<Report>,
}

/// Sizes and times of the lake's files.
type Version = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Analyses {
    /// Of the lake in a node's data directory.
    pub(crate) fn new(data: &std::path::Path) -> Self {
        Self { lake: Lake::new(data.join("lake")), stock: Mutex::new(None), last: RwLock::new(None) }
    }

    /// What is made of the lake's events; `read` gives the events that are needed.
    pub(crate) async fn of<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Lake) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.stock.lock().await;
        self.version()?;
        let lake = self.lake.clone();
        web::block(move || work(&lake)).await.map_err(Problem::internal)?
    }

    /// Stock and outlook of all places.
    pub(crate) async fn stock(&self, horizon: usize) -> Result<Arc<Report>, Problem> {
        let mut kept = self.stock.lock().await;
        let version = self.version()?;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.version == version && kept.horizon == horizon) {
            return Ok(Arc::clone(&kept.report));
        }
        let lake = self.lake.clone();
        let work = move || stock(&read(&lake)?, horizon);
        let report = Arc::new(web::block(work).await.map_err(Problem::internal)??);
        if horizon == HORIZON_DAYS {
            let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
            *last = Some((version.clone(), Arc::clone(&report)));
        }
        *kept = Some(Kept { version, horizon, report: Arc::clone(&report) });
        Ok(report)
    }

    /// The report over [`HORIZON_DAYS`] that was worked out last, at once. One of the lake as it is now is begun behind it where there is
    /// none yet; nothing where none has ever been worked out.
    pub(crate) fn last_stock(self: &Arc<Self>) -> Result<Option<Arc<Report>>, Problem> {
        let version = self.version()?;
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let is_current = last.as_ref().is_some_and(|(of, _)| *of == version);
        // Who holds it is working one out.
        if !is_current && self.stock.try_lock().is_ok() {
            let analyses = Arc::clone(self);
            actix_web::rt::spawn(async move {
                if let Err(problem) = analyses.stock(HORIZON_DAYS).await {
                    tracing::warn!(%problem, "stock was not worked out");
                }
            });
        }
        Ok(last.map(|(_, report)| report))
    }

    fn version(&self) -> Result<Version, Problem> {
        let files = self.lake.files().map_err(Problem::internal)?;
        if files.is_empty() {
            let detail = "this node keeps no lake of events, or has none yet: ask one that works on jobs, with detection enabled";
            return Err(Problem::new(Kind::Unavailable, detail));
        }
        let of = |path: PathBuf| {
            let about = path.metadata().ok();
            let size = about.as_ref().map_or(0, std::fs::Metadata::len);
            (path, size, about.and_then(|about| about.modified().ok()))
        };
        Ok(files.into_iter().map(of).collect())
    }
}

/// All events of the lake.
pub(crate) fn read(lake: &Lake) -> Result<EventTable, Problem> {
    lake.read().map_err(Problem::internal)
}

fn stock(table: &EventTable, horizon: usize) -> Result<Report, Problem> {
    report(table, &Settings { horizon, paths: PATHS, seed: 1 }).map_err(|error| match error {
        StockError::Setting { name, .. } => Problem::field(name, error),
        StockError::Day { .. } => Problem::internal(error),
    })
}
