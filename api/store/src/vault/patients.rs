//! Patients' keys, in a tree whose root lies outside of the database.
//!
//! A patient's key is wrapped under the key of its bucket, the buckets' keys are sealed under the root. Destroying a patient's key
//! makes the bucket a new key, wraps the bucket's other patients under it, and puts a new root in the place of the old one: what
//! an older copy of the database holds then hangs from a root that is nowhere any more. After J. Reardon, H. Ritzdorf,
//! D. Basin and S. Capkun, "Secure Data Deletion from Persistent Media" (CCS 2013): what lies on the way to the root is rewritten.
//!
//! A link, the new root sealed under the one before, leads on a process that was killed between the commit and the root's file, or
//! that has a copy of the file of its own. Nothing leads back.

use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Mutex;

use super::root::{self, Held, Root, RootKeeper};
use crate::StoreError;
use crate::database::{Database, Existing, Write, insert_all, signed, unsigned};
use crate::entity::vault::{link, patient, ring};
use crate::limits::LINKS_KEPT_MS;
use crate::vault::cipher::{Key, random_key};

/// The keys of patients.
pub(crate) struct PatientKeys {
    database: Database,
    keeper: Arc<dyn RootKeeper>,
    held: RwLock<Arc<Held>>,
    /// The generation of the root that lies at the keeper.
    kept: Mutex<u64>,
}

impl PatientKeys {
    /// Begins a ring where there is none. Finishes what a kill left between a commit and the root's file.
    pub(super) async fn open(database: Database, keeper: Arc<dyn RootKeeper>) -> Result<Self, StoreError> {
        let reading = Arc::clone(&keeper);
        let root = tokio::task::spawn_blocking(move || reading.read()).await.map_err(|_| StoreError::Closing)?;
        let root = root.map_err(StoreError::root)?;
        let write = database.write().await?;
        // Of two processes that begin at once one finds the other's ring.
        let first = Held::new(root.clone()).row()?;
        insert_all::<ring::Entity>(write.on(), vec![first], Existing::Keep).await?;
        write.commit().await?;
        let row = newest(&database).await?;
        let kept = Mutex::new(root.generation);
        let held = Held::open(lead(&database, root, unsigned(row.generation)).await?, &row)?;
        let keys = Self { database, keeper, held: RwLock::new(Arc::new(held)), kept };
        keys.settle().await?;
        Ok(keys)
    }

    /// The root and ring as they are now.
    pub(crate) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The root and ring of a row, which may be another process's doing.
    pub(crate) async fn adopt(&self, row: &ring::Model) -> Result<Arc<Held>, StoreError> {
        let held = self.held();
        if held.root.generation == unsigned(row.generation) {
            return Ok(held);
        }
        let root = lead(&self.database, held.root.clone(), unsigned(row.generation)).await?;
        let held = Arc::new(Held::open(root, row)?);
        self.take_up(&held);
        Ok(held)
    }

    /// Goes on with a root and ring that are committed.
    pub(super) fn take_up(&self, next: &Arc<Held>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.root.generation < next.root.generation {
            *held = Arc::clone(next);
        }
    }

    /// Has the newest root lie at the keeper, and no other one; links that nobody needs any more go.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().await;
        let root = self.held().root.clone();
        if *kept < root.generation {
            let (keeper, next) = (Arc::clone(&self.keeper), root.clone());
            let replaced = tokio::task::spawn_blocking(move || keeper.replace(&next)).await;
            replaced.map_err(|_| StoreError::Closing)?.map_err(StoreError::root)?;
            *kept = root.generation;
        }
        let write = self.database.write().await?;
        let mut old = link::Entity::delete_many().filter(link::Column::Generation.lte(signed("generation", *kept)?));
        if self.database.is_shared() {
            // Another process may have a copy of the file, and be away for a while.
            old = old.filter(link::Column::MadeAt.lt(self.database.now(write.on()).await? - LINKS_KEPT_MS));
        }
        old.exec(write.on()).await?;
        Ok(write.commit().await?)
    }

    /// Takes up what other processes made of root and ring.
    pub(crate) async fn follow(&self) -> Result<u64, StoreError> {
        let held = self.adopt(&newest(&self.database).await?).await?;
        if *self.kept.lock().await < held.root.generation {
            self.settle().await?;
        }
        Ok(held.root.generation)
    }

    /// Makes the keys of patients that have none, in one commit.
    pub(super) async fn make(&self, ids: &[[u8; 32]]) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        // Locked, so that no bucket gets another key before these are written.
        let row = ring::Entity::find_by_id(0).lock_shared().one(write.on()).await?.ok_or(StoreError::OtherRoot)?;
        let held = self.adopt(&row).await?;
        let rows = ids.iter().map(|id| root::row(&held, id, &random_key())).collect();
        insert_all::<patient::Entity>(write.on(), rows, Existing::Keep).await?;
        Ok(write.commit().await?)
    }

    /// The key in a patient's row; none once destroyed.
    pub(super) async fn open_row(&self, row: &patient::Model) -> Result<Option<Key>, StoreError> {
        let Some(wrapped) = &row.wrapped else { return Ok(None) };
        if let Some(key) = self.held().unwrap(&row.patient, wrapped) {
            return Ok(Some(key));
        }
        // Its bucket may have got another key between the reading of the row and now.
        let held = self.adopt(&newest(&self.database).await?).await?;
        let row = patient::Entity::find_by_id(row.patient.clone()).one(self.database.read()).await?;
        let Some(row) = row else { return Ok(None) };
        let Some(wrapped) = &row.wrapped else { return Ok(None) };
        let key = held.unwrap(&row.patient, wrapped);
        key.map(Some).ok_or_else(|| StoreError::KeyAltered("a patient's key".to_owned()))
    }

    /// Destroys a patient's key in somebody's transaction: after its commit the root and ring that come back count, and nothing
    /// under the old ones can be opened once [`Self::settle`] is done. Nothing comes back where there was no key.
    pub(super) async fn destroy(&self, write: &Write, id: &[u8; 32]) -> Result<Option<Arc<Held>>, StoreError> {
        let row = ring::Entity::find_by_id(0).lock_exclusive().one(write.on()).await?.ok_or(StoreError::OtherRoot)?;
        let held = self.adopt(&row).await?;
        let [first, last] = root::bucket(id);
        let bucket = patient::Entity::find()
            .filter(patient::Column::Patient.gte(first))
            .filter(patient::Column::Patient.lte(last))
            .filter(patient::Column::Wrapped.is_not_null())
            .order_by_asc(patient::Column::Patient)
            .lock_exclusive()
            .all(write.on())
            .await?;
        // A patient without a row gets one: a key that is being made at this moment must not come after its destruction.
        let mut rows = vec![patient::Model { patient: id.to_vec(), wrapped: None }];
        let count = bucket.len();
        let others: Vec<_> = bucket.into_iter().filter(|row| row.patient != id).collect();
        if others.len() == count {
            insert_all::<patient::Entity>(write.on(), rows, Existing::Replace).await?;
            return Ok(None);
        }
        let next = held.next(id);
        for row in &others {
            let key = held.unwrap(&row.patient, row.wrapped.as_deref().unwrap_or_default());
            let key = key.ok_or_else(|| StoreError::KeyAltered("a patient's key".to_owned()))?;
            rows.push(root::row(&next, &row.patient, &key));
        }
        insert_all::<patient::Entity>(write.on(), rows, Existing::Replace).await?;
        insert_all::<ring::Entity>(write.on(), vec![next.row()?], Existing::Replace).await?;
        let made_at = self.database.now(write.on()).await?;
        let generation = signed("generation", next.root.generation)?;
        let link = link::Model { generation, link: next.root.link(&held.root), made_at };
        insert_all::<link::Entity>(write.on(), vec![link], Existing::Replace).await?;
        Ok(Some(Arc::new(next)))
    }

    /// Takes in keys from a backup, under the ring that is here.
    pub(crate) async fn put(&self, write: &Write, keys: &[([u8; 32], Key)]) -> Result<(), StoreError> {
        let held = self.held();
        let rows = keys.iter().map(|(id, key)| root::row(&held, id, key)).collect();
        Ok(insert_all::<patient::Entity>(write.on(), rows, Existing::Replace).await?)
    }
}

async fn newest(database: &Database) -> Result<ring::Model, StoreError> {
    ring::Entity::find_by_id(0).one(database.read()).await?.ok_or(StoreError::OtherRoot)
}

/// The root of a generation, along the links from an earlier one.
async fn lead(database: &Database, mut root: Root, generation: u64) -> Result<Root, StoreError> {
    if root.generation > generation {
        return Err(StoreError::OlderThanKeys);
    }
    let links = link::Entity::find()
        .filter(link::Column::Generation.gt(signed("generation", root.generation)?))
        .filter(link::Column::Generation.lte(signed("generation", generation)?))
        .order_by_asc(link::Column::Generation)
        .all(database.read())
        .await?;
    for row in links {
        root = root.follow(&row.link).ok_or(StoreError::OtherRoot)?;
    }
    if root.generation == generation { Ok(root) } else { Err(StoreError::OtherRoot) }
}
