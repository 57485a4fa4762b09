//! The SQL view of the ledger, the encrypted payload vault, the capture jobs, the queue of jobs and what detection keeps.
//!
//! Two kinds of data live here. *Primary* data (vault, capture jobs, queue, verifications) exists nowhere else. The *view* holds rows derived
//! only from accepted transactions in the ledger's order and from the vault's documents; it can be dropped and rebuilt, row for
//! row. On SQLite they are two files, so that neither's writer waits for the other; on PostgreSQL they share a database.
//! SeaORM stays inside this crate: own row types go out.

mod access;
mod backup;
mod budgets;
mod capture;
mod causes;
mod database;
mod entity;
mod error;
mod jobs;
pub mod limits;
mod page;
mod passkeys;
pub mod payload;
mod places;
mod projection;
mod query;
mod scans;
mod sessions;
#[cfg(test)]
mod testing;
mod text;
mod vault;
mod views;
mod webhooks;

use std::sync::Arc;

pub use access::{
    AccessAnchorRow, AccessLog, AccessNote, AccessRecord, EmergencyRow, EmergencyWords, KeptAccess, LogPlace,
    NewAccess, Person, Recorded,
};
pub use backup::{KeyBackup, KeyBackupMark, Restored, SavedTable, Snapshot, Stillness, restore, unknown_patients};
pub use budgets::{BudgetLeft, BudgetLimits, Budgets, Release};
pub use capture::{
    Abandoned, CaptureError, CaptureFinding, CaptureJob, CaptureState, Captures, Clock, Document, ErrorBehaviour,
    Received, Upload,
};
pub use causes::{Causes, Known};
pub use error::StoreError;
pub use jobs::{Hold, Job, JobFilter, JobKind, JobState, Jobs, NewJob};
pub use page::{Page, PageRequest};
pub use passkeys::{Ceremony, KeptPasskey, Passkey, PasskeyError, Passkeys};
pub use payload::Payload;
pub use places::{PlaceTold, Places};
pub use projection::{Claim, Founding, Projection};
pub use query::{
    CaseFilter, CaseMove, CaseRow, CaseState, CaseStepRow, ClaimRow, ClaimState, ConsentRow, ContainerRow,
    DECISIONS_MAX, DecisionRow, DocumentState, EventFilter, EventOrder, EventRow, HandoffItem, HandoffRow, HandoffSide,
    HandoffState, LotRow, MATCH_MAX, ModelRow, OrderBy, PackRow, PackState, PartyRow, PartyState, ProductRow,
    QuarantineRow, Queries, RecallRow, RecallScope, StudyRow, StudyVersionRow, Viewer,
};
pub use scans::{Scan, ScanBatch, Scans};
pub use sessions::{NewSession, Session, SessionToken, Sessions};
pub use text::word;
pub use vault::{Disclosed, HeldRoot, MasterKey, Opened, Request, Root, RootKeeper, Sealing, Vault};
pub use views::{SavedView, SavedViews};
pub use webhooks::{Delivery, DeliveryState, Message, Secret, Try, Webhook, WebhookState, Webhooks};

use crate::database::{Database, Durability};
use crate::vault::Keys;

// How days of the calendar are written, wherever this crate writes one.
time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Everything a node keeps in SQL.
#[derive(Debug, Clone)]
pub struct Store {
    /// Encrypted documents.
    pub vault: Vault,
    /// Capture jobs.
    pub captures: Captures,
    /// The queue of jobs.
    pub jobs: Jobs,
    /// Verifications.
    pub scans: Scans,
    /// Who is signed in to the pages.
    pub sessions: Sessions,
    /// Causes of cases.
    pub causes: Causes,
    /// What members told of places.
    pub places: Places,
    /// Who is told of cases.
    pub webhooks: Webhooks,
    /// What was told of many patients, and what it cost of their privacy.
    pub budgets: Budgets,
    /// Accesses to patients' data.
    pub accesses: AccessLog,
    /// Patients' passkeys.
    pub passkeys: Passkeys,
    /// Lists that people named.
    pub views: SavedViews,
    /// Writer of the view.
    pub projection: Projection,
    /// Reads of the view.
    pub queries: Queries,
}

impl Store {
    /// Opens the databases, creates them if they are not there, brings their tables up to date and starts the vault's writer.
    /// Patients' keys hang from `root`. `url` is `sqlite:PATH` (a second file `PATH` + `-view` beside it holds the view) or `postgres://…`.
    pub async fn open(
        url: &str,
        master: MasterKey,
        root: Arc<dyn RootKeeper>,
        founding: Founding,
    ) -> Result<Self, StoreError> {
        let (primary_url, view_url) = urls(url)?;
        let primary = Database::open(&primary_url, Durability::PowerCut).await?;
        veridose_migrations::up::<veridose_migrations::Primary>(primary.read()).await?;
        let view = Database::open(&view_url, Durability::Crash).await?;
        veridose_migrations::up::<veridose_migrations::View>(view.read()).await?;
        let keys = Arc::new(Keys::open(master, root, primary.clone()).await?);
        let vault = Vault::start(primary.clone(), Arc::clone(&keys));
        let jobs = Jobs::new(primary.clone());
        let scans = Scans::new(primary.clone(), Arc::clone(&keys));
        let sessions = Sessions::new(primary.clone(), Arc::clone(&keys));
        let views = SavedViews::new(primary.clone(), Arc::clone(&keys));
        let causes = Causes::new(primary.clone());
        let webhooks = Webhooks::new(primary.clone(), Arc::clone(&keys), jobs.clone());
        let accesses = AccessLog::start(primary.clone(), Arc::clone(&keys)).await?;
        let places = Places::new(primary.clone());
        let passkeys = Passkeys::new(primary.clone(), Arc::clone(&keys));
        let budgets = Budgets::new(primary.clone());
        let captures = Captures::new(primary, keys);
        let projection = Projection::open(view.clone(), vault.clone(), founding).await?;
        let queries = Queries { view };
        Ok(Self {
            vault,
            captures,
            jobs,
            scans,
            sessions,
            causes,
            places,
            webhooks,
            budgets,
            accesses,
            passkeys,
            views,
            projection,
            queries,
        })
    }

    /// As a node of that name, see [`Captures::named`] and [`Claim::Start`].
    #[must_use]
    pub fn named(self, node: String) -> Self {
        Self {
            captures: self.captures.named(node.clone()),
            jobs: self.jobs.named(node.clone()),
            projection: self.projection.named(node),
            ..self
        }
    }

    /// Whether other processes may work on the same database.
    pub fn is_shared(&self) -> bool {
        self.projection.is_shared()
    }
}

/// URLs of the primary data and of the view.
fn urls(url: &str) -> Result<(String, String), StoreError> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Ok((url.to_owned(), url.to_owned()));
    }
    let path = url.strip_prefix("sqlite:").ok_or(StoreError::UnknownDatabase)?;
    Ok((format!("sqlite:{path}"), format!("sqlite:{path}-view")))
}
