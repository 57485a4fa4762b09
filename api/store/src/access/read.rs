//! Reading the log: a patient's records, the leaves for an anchor, and all of it for a check.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use veridose_contract::{AccessLogId, merkle};

use super::AccessLog;
use super::writer::{context, open_stranger};
use crate::database::{fixed, signed, unsigned};
use crate::entity::access::{anchor, head, log, record};
use crate::entity::vault::patient;
use crate::limits::ACCESS_RECORD_BYTES_MAX;
use crate::vault::{Key, decrypt, inflate};
use crate::{Page, PageRequest, Queries, StoreError};

/// A log, and where it lies among all records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPlace {
    /// Which.
    pub log: AccessLogId,
    /// Place of its first record.
    pub start: u64,
    /// Its records.
    pub records: u64,
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAccess {
    /// In which log.
    pub log: AccessLogId,
    /// At which place in it.
    pub index: u64,
    /// At which place among all records: [`KeptAccess::token`] is made of it.
    pub place: u64,
    /// Its leaf.
    pub leaf: [u8; 32],
    /// The leaf of the patient's record before, as the rows say.
    pub previous: Option<[u8; 32]>,
    /// Whether a known patient is concerned.
    pub of_patient: bool,
    /// What it says, as the JSON text that the leaf covers; nothing once the patient's key is destroyed.
    pub record: Option<String>,
}

impl KeptAccess {
    /// The token of a page of a patient's records that begins with this one.
    pub fn token(&self) -> String {
        token(self.place)
    }
}

fn token<T: serde::Serialize>(place: T) -> String {
    hex::encode(serde_json::to_vec(&place).expect("a number is written as JSON"))
}

/// An anchor of a log on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessAnchorRow {
    /// Place of its first record in the log.
    pub first: u64,
    /// How many.
    pub records: u64,
    /// Root over their leaves.
    pub root: [u8; 32],
    /// Index of the transaction.
    pub tx_index: u64,
    /// Index of the command in it.
    pub command: u32,
}

impl AccessLog {
    /// Every log, in the order in which they were begun. The last one is written to.
    pub async fn logs(&self) -> Result<Vec<LogPlace>, StoreError> {
        let rows = log::Entity::find().order_by_asc(log::Column::Seq).all(self.database.read()).await?;
        let place = |row: log::Model| {
            let log = AccessLogId(fixed("log", &row.log)?);
            Ok(LogPlace { log, start: unsigned(row.start), records: unsigned(row.records) })
        };
        rows.into_iter().map(place).collect()
    }

    /// Leaves from a place on among all records, at most so many.
    pub async fn leaves(&self, place: u64, max: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        let end = signed("place", place.saturating_add(max))?;
        let leaves: Vec<Vec<u8>> = record::Entity::find()
            .filter(record::Column::Place.gte(signed("place", place)?))
            .filter(record::Column::Place.lt(end))
            .order_by_asc(record::Column::Place)
            .select_only()
            .column(record::Column::Leaf)
            .into_tuple()
            .all(self.database.read())
            .await?;
        leaves.iter().map(|leaf| fixed("leaf", leaf)).collect()
    }

    /// A patient's records, the latest first.
    pub async fn of_patient(&self, patient: &str, page: &PageRequest) -> Result<Page<KeptAccess>, StoreError> {
        let id = self.keys.patient_id(patient);
        let read = self.database.read();
        let mut next = match page.after::<i64>()? {
            Some(place) => Some(place),
            None => head::Entity::find_by_id(id).one(read).await?.map(|head| head.place),
        };
        let (mut rows, limit) = (Vec::new(), page.limit());
        while let Some(place) = next.filter(|_| rows.len() < usize::try_from(limit).unwrap_or(usize::MAX)) {
            let row = record::Entity::find_by_id(place).one(read).await?;
            // A token may name any record: only those of this patient are given.
            let Some(row) = row.filter(|row| row.patient.as_deref() == Some(id.as_slice())) else { break };
            next = row.previous;
            rows.push(row);
        }
        let items = self.kept(rows).await?;
        let next = next.map(token);
        Ok(Page { items, next })
    }

    /// Records by their places among all, ascending or, for pages of people, descending.
    pub async fn from_place(&self, place: u64, max: u64) -> Result<Vec<KeptAccess>, StoreError> {
        let rows = record::Entity::find()
            .filter(record::Column::Place.gte(signed("place", place)?))
            .order_by_asc(record::Column::Place)
            .limit(max)
            .all(self.database.read())
            .await?;
        self.kept(rows).await
    }

    /// Every record, the latest first.
    pub async fn latest(&self, page: &PageRequest) -> Result<Page<KeptAccess>, StoreError> {
        let mut find = record::Entity::find().order_by_desc(record::Column::Place);
        if let Some(place) = page.after::<i64>()? {
            find = find.filter(record::Column::Place.lt(place));
        }
        let rows = find.limit(page.limit_and_one()).all(self.database.read()).await?;
        let Page { items, next } = Page::cut(rows, page.limit(), |row| row.place);
        Ok(Page { items: self.kept(items).await?, next })
    }

    /// How many patients' lists do not end with their last record: what is cut off there would not be shown to them.
    pub async fn heads_astray(&self) -> Result<u64, StoreError> {
        let statement = "SELECT COUNT(*) AS astray FROM (SELECT patient, MAX(place) AS last FROM access_record \
                         WHERE patient IS NOT NULL GROUP BY patient) AS r LEFT JOIN access_head AS h ON h.patient = r.patient \
                         WHERE h.place IS NULL OR h.place <> r.last";
        let read = self.database.read();
        let row = read.query_one_raw(Statement::from_string(read.get_database_backend(), statement)).await?;
        let row = row.ok_or_else(|| altered(0, "cannot be counted"))?;
        Ok(unsigned(row.try_get("", "astray")?))
    }

    /// The rows with what they say, opened with the patients' keys.
    async fn kept(&self, rows: Vec<record::Model>) -> Result<Vec<KeptAccess>, StoreError> {
        let logs = self.logs().await?;
        let keys = self.patient_keys(&rows).await?;
        let leaves = self.leaves_at(rows.iter().filter_map(|row| row.previous)).await?;
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let place = unsigned(row.place);
            let log = logs.iter().rev().find(|log| log.start <= place);
            let log = log.ok_or_else(|| altered(row.place, "stands in no log"))?;
            let deflated = match row.patient.as_ref().map(|patient| keys.get(patient)) {
                None => Some(open_stranger(&self.keys, row.place, &row.sealed)),
                Some(Some(key)) => {
                    let plain = decrypt(key, &context(row.place), &row.sealed);
                    Some(plain.map(|plain| plain.to_vec()))
                }
                Some(None) => None,
            };
            let leaf: [u8; 32] = fixed("leaf", &row.leaf)?;
            let record = match deflated {
                None => None,
                Some(deflated) => {
                    let json = deflated.and_then(|deflated| inflate(&deflated, ACCESS_RECORD_BYTES_MAX));
                    let json = json.filter(|json| merkle::leaf_hash(json) == leaf);
                    let text = json.and_then(|json| String::from_utf8(json).ok());
                    Some(text.ok_or_else(|| altered(row.place, "is not what its leaf covers"))?)
                }
            };
            let previous = row.previous.and_then(|place| leaves.get(&place).copied());
            let (of_patient, index) = (row.patient.is_some(), place.saturating_sub(log.start));
            kept.push(KeptAccess { log: log.log, index, place, leaf, previous, of_patient, record });
        }
        Ok(kept)
    }

    async fn patient_keys(&self, rows: &[record::Model]) -> Result<HashMap<Vec<u8>, Key>, StoreError> {
        let mut ids: Vec<Vec<u8>> = rows.iter().filter_map(|row| row.patient.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows =
            patient::Entity::find().filter(patient::Column::Patient.is_in(ids)).all(self.database.read()).await?;
        let mut keys = HashMap::with_capacity(rows.len());
        for row in rows {
            let id = row.patient.clone();
            if let Some(key) = self.keys.open_patient(Some(row)).await? {
                keys.insert(id, key);
            }
        }
        Ok(keys)
    }

    async fn leaves_at(&self, places: impl Iterator<Item = i64>) -> Result<HashMap<i64, [u8; 32]>, StoreError> {
        let find = record::Entity::find().filter(record::Column::Place.is_in(places));
        let columns = find.select_only().column(record::Column::Place).column(record::Column::Leaf);
        let rows: Vec<(i64, Vec<u8>)> = columns.into_tuple().all(self.database.read()).await?;
        rows.into_iter().map(|(place, leaf)| Ok((place, fixed("leaf", &leaf)?))).collect()
    }
}

impl Queries {
    /// The anchor that covers a record of a log; nothing before there is one.
    pub async fn access_anchor(&self, log: &AccessLogId, index: u64) -> Result<Option<AccessAnchorRow>, StoreError> {
        let find = anchor::Entity::find()
            .filter(anchor::Column::Log.eq(log.0.to_vec()))
            .filter(anchor::Column::First.lte(signed("record", index)?))
            .order_by_desc(anchor::Column::First);
        let row = find.one(self.view.read()).await?.map(AccessAnchorRow::try_from).transpose()?;
        Ok(row.filter(|row| index < row.first.saturating_add(row.records)))
    }

    /// Anchors of a log from a record on, in their order.
    pub async fn access_anchors(
        &self,
        log: &AccessLogId,
        from: u64,
        max: u64,
    ) -> Result<Vec<AccessAnchorRow>, StoreError> {
        let find = anchor::Entity::find()
            .filter(anchor::Column::Log.eq(log.0.to_vec()))
            .filter(anchor::Column::First.gte(signed("record", from)?))
            .order_by_asc(anchor::Column::First);
        let rows = find.limit(max).all(self.view.read()).await?;
        rows.into_iter().map(AccessAnchorRow::try_from).collect()
    }
}

impl TryFrom<anchor::Model> for AccessAnchorRow {
    type Error = StoreError;

    fn try_from(row: anchor::Model) -> Result<Self, StoreError> {
        let event = unsigned(row.event_id);
        let (tx_index, command) =
            (event / crate::projection::COMMANDS_STRIDE, event % crate::projection::COMMANDS_STRIDE);
        Ok(Self {
            first: unsigned(row.first),
            records: unsigned(row.records),
            root: fixed("root", &row.root)?,
            tx_index,
            command: u32::try_from(command).unwrap_or(u32::MAX),
        })
    }
}

fn altered(place: i64, problem: &str) -> StoreError {
    StoreError::Malformed { what: "record of an access", detail: format!("the record at place {place} {problem}") }
}
