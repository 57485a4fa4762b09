//! Who saw what of patients' data: primary data.
//!
//! A record is durable before data are given. Records are numbered without a gap, and the root of the tree over them goes onto the
//! ledger; those of one patient name each other, so that none of them can be left out. A record is sealed under its
//! patient's key: destroying that leaves its leaf, and nothing that could be read.

mod emergency;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use sea_orm::{EntityTrait, QueryOrder};
use tokio::sync::Notify;
use veridose_contract::AccessLogId;

pub use emergency::{EmergencyRow, EmergencyWords};
pub use read::{AccessAnchorRow, KeptAccess, LogPlace};
pub use record::{AccessNote, AccessRecord, Person};
pub use writer::{NewAccess, Recorded};

use crate::StoreError;
use crate::database::{Database, Existing, insert_all};
use crate::entity::access::log;
use crate::vault::{Keys, random_id};
use writer::Writer;

/// The logs of accesses; the last one is written to.
#[derive(Debug, Clone)]
pub struct AccessLog {
    database: Database,
    keys: Arc<Keys>,
    writer: Writer,
    written: Arc<Notify>,
}

impl AccessLog {
    pub(crate) async fn start(database: Database, keys: Arc<Keys>) -> Result<Self, StoreError> {
        let write = database.write().await?;
        let first = log::Model { seq: 0, log: random_id().to_vec(), start: 0, records: 0 };
        insert_all::<log::Entity>(write.on(), vec![first], Existing::Keep).await?;
        write.commit().await?;
        let written = Arc::new(Notify::new());
        let writer = Writer::start(database.clone(), Arc::clone(&keys), Arc::clone(&written));
        Ok(Self { database, keys, writer, written })
    }

    /// Records an access, durable when this returns.
    pub async fn record(&self, access: NewAccess) -> Result<Recorded, StoreError> {
        let mut recorded = self.record_all(vec![access]).await?;
        recorded.pop().ok_or(StoreError::Closing)
    }

    /// Records accesses, durable when this returns. They stand in their order, others may stand between them.
    pub async fn record_all(&self, accesses: Vec<NewAccess>) -> Result<Vec<Recorded>, StoreError> {
        self.writer.write(accesses).await
    }

    /// Done when something was recorded by this process.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// Goes on in a new log: for when the ledger knows more of the last one than is here, as after a restore.
    pub async fn begin_anew(&self) -> Result<AccessLogId, StoreError> {
        let write = self.database.write().await?;
        let last = log::Entity::find().order_by_desc(log::Column::Seq).one(write.on()).await?;
        let (seq, start) = last.map_or((0, 0), |last| (last.seq + 1, last.start + last.records));
        let id = random_id();
        let next = log::Model { seq, log: id.to_vec(), start, records: 0 };
        insert_all::<log::Entity>(write.on(), vec![next], Existing::Refuse).await?;
        write.commit().await?;
        Ok(AccessLogId(id))
    }
}
