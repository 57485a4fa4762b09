//! Verifications at counters, for detection. They change nothing and stand on no ledger, so they are kept apart: many of them to a
//! row, sealed, and found again by item. Primary data, for as long as [`SCANS_KEPT_MS`]. No person is named.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use veridose_contract::{ItemKey, PartyId, Site, Timestamp};

use crate::StoreError;
use crate::database::{Database, Existing, KEYS_PER_QUERY_MAX, insert_all, unsigned};
use crate::entity::detection::{scan_batch, scan_item};
use crate::limits::{SCAN_BATCH_BYTES_MAX, SCAN_BATCHES_PER_CALL_MAX, SCANS_KEPT_MS, SCANS_PER_BATCH_MAX};
use crate::vault::{Keys, deflate, inflate};

const PURPOSE: &str = "scans";

/// A scan that asked whether a pack is genuine, and what the code said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The item's key on the ledger, whether it stands there or not.
    pub item: ItemKey,
    /// Its Digital Link.
    pub epc: String,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub site: Option<Site>,
    /// Who asked.
    pub party: PartyId,
    /// The lot in the code.
    pub lot: Option<String>,
    /// The expiry date in the code, ISO 8601.
    pub expiry: Option<String>,
}

/// Scans that were kept together, and their number; numbers follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanBatch {
    /// The number.
    pub seq: u64,
    /// The scans.
    pub scans: Vec<Scan>,
}

/// The verifications.
#[derive(Debug, Clone)]
pub struct Scans {
    database: Database,
    keys: Arc<Keys>,
}

impl Scans {
    pub(crate) const fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys }
    }

    /// Keeps scans together, at most [`SCANS_PER_BATCH_MAX`].
    pub async fn add(&self, scans: &[Scan]) -> Result<(), StoreError> {
        if scans.is_empty() {
            return Ok(());
        }
        if scans.len() > SCANS_PER_BATCH_MAX {
            return Err(StoreError::TooLarge { what: "scans", size: scans.len(), limit: SCANS_PER_BATCH_MAX });
        }
        let json = serde_json::to_vec(scans).expect("scans are written as JSON");
        let plain = deflate(Vec::new(), &json);
        let write = self.database.write().await?;
        if write.on().get_database_backend() == DbBackend::Postgres {
            // Numbers become visible in their order: who reads after one number misses none.
            write.on().execute_unprepared("LOCK TABLE scan_batch IN EXCLUSIVE MODE").await?;
        }
        let last = scan_batch::Entity::find().order_by_desc(scan_batch::Column::Seq).one(write.on()).await?;
        let seq = last.map_or(0, |row| row.seq).saturating_add(1);
        let sealed = self.keys.seal(PURPOSE, &seq.to_be_bytes(), &plain);
        let at = scans.iter().map(|scan| scan.at.0).max().unwrap_or(0);
        insert_all::<scan_batch::Entity>(write.on(), vec![scan_batch::Model { seq, at, sealed }], Existing::Refuse)
            .await?;
        let items: BTreeSet<&[u8; 32]> = scans.iter().map(|scan| &scan.item.0).collect();
        let rows = items.into_iter().map(|item| scan_item::Model { item: item.to_vec(), seq }).collect();
        insert_all::<scan_item::Entity>(write.on(), rows, Existing::Refuse).await?;
        Ok(write.commit().await?)
    }

    /// The next batches after this number, in their order.
    pub async fn after(&self, seq: u64, batches_max: u64) -> Result<Vec<ScanBatch>, StoreError> {
        let rows = scan_batch::Entity::find()
            .filter(scan_batch::Column::Seq.gt(i64::try_from(seq).unwrap_or(i64::MAX)))
            .order_by_asc(scan_batch::Column::Seq)
            .limit(batches_max)
            .all(self.database.read())
            .await?;
        rows.iter().map(|row| self.open(row)).collect()
    }

    /// The latest scans of these items, in the order in which they were kept.
    pub async fn of(&self, items: &[ItemKey]) -> Result<Vec<Scan>, StoreError> {
        let read = self.database.read();
        let mut seqs = BTreeSet::new();
        for some in items.chunks(KEYS_PER_QUERY_MAX) {
            let rows = scan_item::Entity::find()
                .filter(scan_item::Column::Item.is_in(some.iter().map(|item| item.0.to_vec())))
                .order_by_desc(scan_item::Column::Seq)
                .limit(SCAN_BATCHES_PER_CALL_MAX)
                .all(read)
                .await?;
            seqs.extend(rows.into_iter().map(|row| row.seq));
        }
        let items: BTreeSet<&ItemKey> = items.iter().collect();
        let latest: Vec<i64> =
            seqs.into_iter().rev().take(usize::try_from(SCAN_BATCHES_PER_CALL_MAX).unwrap_or(usize::MAX)).collect();
        let mut scans = Vec::new();
        for seq in latest.into_iter().rev() {
            if let Some(row) = scan_batch::Entity::find_by_id(seq).one(read).await? {
                scans.extend(self.open(&row)?.scans.into_iter().filter(|scan| items.contains(&scan.item)));
            }
        }
        Ok(scans)
    }

    /// Removes scans that are older than they are kept. Returns how many batches.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        let oldest = now.0.saturating_sub(SCANS_KEPT_MS);
        let write = self.database.write().await?;
        let old = || Expr::col(scan_batch::Column::At).lt(oldest);
        let seqs = scan_batch::Entity::find().filter(old()).order_by_desc(scan_batch::Column::Seq);
        let Some(last) = seqs.one(write.on()).await? else { return Ok(0) };
        scan_item::Entity::delete_many().filter(scan_item::Column::Seq.lte(last.seq)).exec(write.on()).await?;
        let pruned =
            scan_batch::Entity::delete_many().filter(scan_batch::Column::Seq.lte(last.seq)).exec(write.on()).await?;
        write.commit().await?;
        Ok(pruned.rows_affected)
    }

    fn open(&self, row: &scan_batch::Model) -> Result<ScanBatch, StoreError> {
        let altered = || StoreError::Malformed { what: "batch of scans", detail: format!("{} was altered", row.seq) };
        let plain = self.keys.unseal(PURPOSE, &row.seq.to_be_bytes(), &row.sealed).ok_or_else(altered)?;
        let json = inflate(&plain, SCAN_BATCH_BYTES_MAX).ok_or_else(altered)?;
        let scans = serde_json::from_slice(&json).map_err(|_| altered())?;
        Ok(ScanBatch { seq: unsigned(row.seq), scans })
    }
}
