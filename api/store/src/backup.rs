//! Primary data in files: the rows of one moment without keys, and the keys apart.
//!
//! Rows are written in a form that does not depend on the database, so that what comes from SQLite may be restored to PostgreSQL. Sealed
//! documents keep the data keys that were wrapped for their readers, as an envelope does; what opens those (keys of parties and
//! patients) goes into the key backup alone.

mod cells;
mod file;
mod keys;
mod restore;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait as _,
};
use serde::{Deserialize, Serialize};

pub use keys::{KeyBackup, KeyBackupMark};
pub use restore::{Restored, restore, unknown_patients};

use crate::database::{Write, unsigned};
use crate::entity::vault::ring;
use crate::{Store, StoreError};
use file::Out;

/// What each file of rows begins with.
const MAGIC: &[u8] = b"veridose rows 1\n";

/// Runs an asynchronous function of an entity for each table of primary data that is no key, in an order in which they may be restored.
macro_rules! each_table {
    ($function:ident($($argument:expr),*)) => {{
        use $crate::entity::{access, capture, detection, jobs, passkeys, privacy, sessions, vault, webhooks};
        vec![
            $function::<vault::patient::Entity>($($argument),*).await?,
            $function::<vault::group::Entity>($($argument),*).await?,
            $function::<vault::wrap::Entity>($($argument),*).await?,
            $function::<vault::document::Entity>($($argument),*).await?,
            $function::<vault::request::Entity>($($argument),*).await?,
            $function::<vault::erasure::Entity>($($argument),*).await?,
            $function::<capture::job::Entity>($($argument),*).await?,
            $function::<capture::piece::Entity>($($argument),*).await?,
            $function::<capture::error::Entity>($($argument),*).await?,
            $function::<capture::finding::Entity>($($argument),*).await?,
            $function::<detection::scan_batch::Entity>($($argument),*).await?,
            $function::<detection::scan_item::Entity>($($argument),*).await?,
            $function::<detection::case_cause::Entity>($($argument),*).await?,
            $function::<detection::place_told::Entity>($($argument),*).await?,
            $function::<jobs::job::Entity>($($argument),*).await?,
            $function::<webhooks::webhook::Entity>($($argument),*).await?,
            $function::<webhooks::delivery::Entity>($($argument),*).await?,
            $function::<access::log::Entity>($($argument),*).await?,
            $function::<access::record::Entity>($($argument),*).await?,
            $function::<access::head::Entity>($($argument),*).await?,
            $function::<access::emergency::Entity>($($argument),*).await?,
            $function::<passkeys::passkey::Entity>($($argument),*).await?,
            $function::<privacy::budget::Entity>($($argument),*).await?,
            $function::<privacy::release::Entity>($($argument),*).await?,
            $function::<sessions::saved_view::Entity>($($argument),*).await?,
        ]
    }};
}
use each_table;

/// A table in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTable {
    /// Its name; its rows lie in the file `NAME.rows`.
    pub name: String,
    /// How many they are.
    pub rows: u64,
}

/// As long as this is held, nothing new is sealed.
pub struct Stillness {
    _write: Write,
}

/// The primary data of one moment.
pub struct Snapshot {
    transaction: DatabaseTransaction,
    generation: u64,
}

impl Store {
    /// Takes the primary data as they are at this moment, and lets nobody seal documents until the first of what it returns is dropped:
    /// a checkpoint that is made meanwhile covers all that these data speak of, and they hold all documents that it names.
    pub async fn hold_still(&self) -> Result<(Stillness, Snapshot), StoreError> {
        let database = &self.vault.database;
        let write = database.write().await?;
        if database.is_shared() {
            write.on().execute_unprepared("LOCK TABLE vault_group, vault_ring IN EXCLUSIVE MODE").await?;
        }
        let transaction = database.snapshot().await?;
        // The first look fixes the moment.
        let row = ring::Entity::find_by_id(0).one(&transaction).await?.ok_or(StoreError::OtherRoot)?;
        Ok((Stillness { _write: write }, Snapshot { transaction, generation: unsigned(row.generation) }))
    }
}

impl Snapshot {
    /// How often keys of patients had been destroyed.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Writes a file for each table into a folder that is there. Nothing is synced.
    pub async fn write(&self, folder: &Path) -> Result<Vec<SavedTable>, StoreError> {
        let on = &self.transaction;
        Ok(each_table!(write_table(on, folder)))
    }
}

async fn write_table<E>(on: &DatabaseTransaction, folder: &Path) -> Result<SavedTable, StoreError>
where
    E: EntityTrait,
{
    let name = E::default().table_name();
    let mut out = Out::create(&folder.join(format!("{name}.rows"))).await?;
    out.put(MAGIC).await?;
    let mut rows = 0;
    let mut found = pin!(E::find().stream(on).await?);
    while let Some(row) = found.try_next().await? {
        let mut cells = Vec::new();
        for column in E::Column::iter() {
            let is_key = name == "vault_patient" && column.as_str() == "wrapped";
            let value = row.get(column);
            cells::put(&mut cells, if is_key { value.as_null() } else { value })?;
        }
        out.frame(&cells).await?;
        rows += 1;
    }
    out.finish().await?;
    Ok(SavedTable { name: name.to_owned(), rows })
}
