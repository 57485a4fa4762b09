//! Rows and keys of a backup into an empty database.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, Iterable as _,
    PaginatorTrait as _, QueryFilter, TryIntoModel,
};

use super::file::In;
use super::{KeyBackup, MAGIC, SavedTable, cells, each_table};
use crate::database::{Database, Durability, Existing, fixed, insert_all};
use crate::entity::{jobs::job, vault};
use crate::vault::Keys;
use crate::{JobKind, MasterKey, RootKeeper, StoreError, Vault, text};

/// Rows that are written in one commit.
const ROWS_PER_COMMIT: usize = 2_000;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The tables.
    pub tables: Vec<SavedTable>,
    /// Patients whose keys are back.
    pub patients: usize,
    /// Patients of the data backup whose keys were destroyed since: the documents under them are gone.
    pub erased: usize,
}

/// Restores the rows in a folder and the keys of a key backup into an empty database. What lies under keys that the key backup does not
/// hold is erased before this returns. The keys must be of the data's moment or later.
pub async fn restore(
    url: &str,
    master: MasterKey,
    root: Arc<dyn RootKeeper>,
    folder: &Path,
    backup: &KeyBackup,
) -> Result<Restored, StoreError> {
    let (primary_url, _) = crate::urls(url)?;
    let database = Database::open(&primary_url, Durability::PowerCut).await?;
    veridose_migrations::up::<veridose_migrations::Primary>(database.read()).await?;
    each_table!(expect_empty(&database));
    expect_empty::<vault::party::Entity>(&database).await?;
    let parties = backup
        .parties
        .iter()
        .map(|(party, wrapped)| vault::party::Model { party: party.clone(), wrapped: wrapped.clone() });
    let write = database.write().await?;
    insert_all::<vault::party::Entity>(write.on(), parties.collect(), Existing::Refuse).await?;
    write.commit().await?;
    // Says whether the master key is theirs.
    let keys = Arc::new(Keys::open(master, root, database.clone()).await?);
    let tables = each_table!(read_table(&database, folder));
    let write = database.write().await?;
    // The run that made the backup is not taken up.
    let running = job::Column::Kind.eq(text::word(&JobKind::Backup));
    job::Entity::delete_many().filter(running).exec(write.on()).await?;
    write.commit().await?;

    let known: Vec<Vec<u8>> =
        vault::patient::Entity::find().all(database.read()).await?.into_iter().map(|row| row.patient).collect();
    let living: HashSet<&[u8]> = backup.patients.iter().map(|(id, _)| id.as_slice()).collect();
    for some in backup.patients.chunks(ROWS_PER_COMMIT) {
        let write = database.write().await?;
        keys.patients.put(&write, some).await?;
        write.commit().await?;
    }
    let vault = Vault::start(database, keys);
    let mut erased = 0;
    for id in known.iter().filter(|id| !living.contains(id.as_slice())) {
        erased += usize::from(vault.destroy_patient(&fixed("patient", id)?).await? > 0);
    }
    Ok(Restored { tables, patients: backup.patients.len(), erased })
}

/// Patients in a data backup of whom a key backup knows neither a key nor an erasure: it is of another node, or older.
pub fn unknown_patients(folder: &Path, backup: &KeyBackup) -> Result<usize, StoreError> {
    let living = backup.patients.iter().map(|(id, _)| id.as_slice());
    let known: HashSet<&[u8]> = living.chain(backup.erased.iter().map(<[u8; 32]>::as_slice)).collect();
    let mut unknown = 0;
    let mut file = rows(folder, "vault_patient")?;
    while let Some(row) = file.frame()? {
        let id = cells::take(&mut row.as_slice())?;
        unknown += usize::from(!matches!(id, sea_orm::Value::Bytes(Some(id)) if known.contains(id.as_slice())));
    }
    Ok(unknown)
}

async fn expect_empty<E: EntityTrait>(database: &Database) -> Result<(), StoreError>
where
    E::Model: Sync,
{
    if E::find().count(database.read()).await? == 0 {
        return Ok(());
    }
    Err(StoreError::NotEmpty(E::default().table_name().to_owned()))
}

fn rows(folder: &Path, table: &str) -> Result<In, StoreError> {
    let mut file = In::open(&folder.join(format!("{table}.rows")))?;
    match file.exact(MAGIC.len())? {
        Some(found) if found == MAGIC => Ok(file),
        _ => Err(file.malformed("it holds no rows")),
    }
}

async fn read_table<E>(database: &Database, folder: &Path) -> Result<SavedTable, StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model> + Send,
{
    let name = E::default().table_name();
    let mut file = rows(folder, name)?;
    let mut count = 0;
    loop {
        let mut some = Vec::new();
        while some.len() < ROWS_PER_COMMIT
            && let Some(row) = file.frame()?
        {
            some.push(model::<E>(&row)?);
        }
        if some.is_empty() {
            break;
        }
        count += u64::try_from(some.len()).unwrap_or(u64::MAX);
        let write = database.write().await?;
        insert_all::<E>(write.on(), some, Existing::Refuse).await?;
        write.commit().await?;
    }
    Ok(SavedTable { name: name.to_owned(), rows: count })
}

fn model<E>(mut row: &[u8]) -> Result<E::Model, StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
{
    let mut active = E::ActiveModel::new();
    for column in E::Column::iter() {
        active.try_set(column, cells::take(&mut row)?)?;
    }
    Ok(active.try_into_model()?)
}
