//! Keys of parties and patients, wrapped by the node's master key.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use sea_orm::EntityTrait;
use veridose_contract::PartyId;
use zeroize::Zeroizing;

use crate::StoreError;
use crate::database::{Database, Existing, insert_all};
use crate::entity::vault::{party, patient};
use crate::vault::cipher::{self, Key};

const PARTY: &str = "party key";
const PATIENT: &str = "patient key";
const PATIENT_NAME: &str = "patient name";
/// No party has this name; its key tells whether the master key is the one that the vault was made with.
const CANARY: &str = "";

/// The node's master key: wraps the key of every party and patient.
pub struct MasterKey(Key);

impl MasterKey {
    /// From its 32 bytes; they are wiped when the key is dropped.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

/// Unwrapped keys and where the wrapped ones lie.
pub(crate) struct Keys {
    master: MasterKey,
    database: Database,
    parties: RwLock<HashMap<String, Arc<Key>>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

impl Keys {
    /// Refuses a master key that is not the one the vault was made with.
    pub(crate) async fn open(master: MasterKey, database: Database) -> Result<Self, StoreError> {
        let keys = Self { master, database, parties: RwLock::default() };
        match keys.named(CANARY).await {
            Err(StoreError::KeyAltered(_)) => Err(StoreError::OtherMasterKey),
            Err(error) => Err(error),
            Ok(_) => Ok(keys),
        }
    }

    /// The party's key-encryption key, made when it is first needed.
    pub(crate) async fn party(&self, party: &PartyId) -> Result<Arc<Key>, StoreError> {
        self.named(party.as_str()).await
    }

    async fn named(&self, name: &str) -> Result<Arc<Key>, StoreError> {
        if let Some(key) = self.parties.read().expect("no holder of this lock panics").get(name) {
            return Ok(Arc::clone(key));
        }
        let wrapped = match party::Entity::find_by_id(name).one(self.database.read()).await? {
            Some(row) => row.wrapped,
            None => self.make_party(name).await?,
        };
        let material = cipher::unwrap(&self.master.0, PARTY, name.as_bytes(), &wrapped);
        let key = material.and_then(|material| cipher::key(&material));
        let key = Arc::new(key.ok_or_else(|| StoreError::KeyAltered(format!("the key of {name:?}")))?);
        self.parties.write().expect("no holder of this lock panics").insert(name.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// Two who make the same key at once both read back the one that was written first.
    async fn make_party(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let wrapped = cipher::wrap(&self.master.0, PARTY, name.as_bytes(), cipher::random_key().as_ref());
        let write = self.database.write().await?;
        let row = party::Model { party: name.to_owned(), wrapped };
        insert_all::<party::Entity>(write.on(), vec![row], Existing::Keep).await?;
        let row = party::Entity::find_by_id(name).one(write.on()).await?.expect("a row was just inserted or kept");
        write.commit().await?;
        Ok(row.wrapped)
    }

    /// Seals what belongs to no party, for a purpose and under a name.
    pub(crate) fn seal(&self, purpose: &str, name: &[u8], material: &[u8]) -> Vec<u8> {
        cipher::wrap(&self.master.0, purpose, name, material)
    }

    /// Opens it; nothing if a bit of it was altered.
    pub(crate) fn unseal(&self, purpose: &str, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        cipher::unwrap(&self.master.0, purpose, name, sealed)
    }

    /// What the patient is called in the vault: nobody without the master key can tell who it is.
    pub(crate) fn patient_id(&self, patient: &str) -> [u8; 32] {
        *cipher::derive(&self.master.0, PATIENT_NAME, patient.as_bytes())
    }

    /// The patient's key, made when it is first needed; refused once destroyed.
    pub(crate) async fn make_patient(&self, id: &[u8; 32]) -> Result<Key, StoreError> {
        if patient::Entity::find_by_id(*id).one(self.database.read()).await?.is_none() {
            let wrapped = cipher::wrap(&self.master.0, PATIENT, id, cipher::random_key().as_ref());
            let write = self.database.write().await?;
            let row = patient::Model { patient: id.to_vec(), wrapped: Some(wrapped) };
            insert_all::<patient::Entity>(write.on(), vec![row], Existing::Keep).await?;
            write.commit().await?;
        }
        let row = patient::Entity::find_by_id(*id).one(self.database.read()).await?.ok_or(StoreError::PatientErased)?;
        self.open_patient(&row)?.ok_or(StoreError::PatientErased)
    }

    /// Makes the keys of patients that have none, in one commit.
    pub(crate) async fn make_patients(&self, patients: &[String]) -> Result<(), StoreError> {
        let made = patients.iter().map(|patient| {
            let id = self.patient_id(patient);
            let wrapped = cipher::wrap(&self.master.0, PATIENT, &id, cipher::random_key().as_ref());
            patient::Model { patient: id.to_vec(), wrapped: Some(wrapped) }
        });
        let rows = made.collect();
        let write = self.database.write().await?;
        insert_all::<patient::Entity>(write.on(), rows, Existing::Keep).await?;
        Ok(write.commit().await?)
    }

    /// The key in a patient's row; none once destroyed.
    pub(crate) fn open_patient(&self, row: &patient::Model) -> Result<Option<Key>, StoreError> {
        let Some(wrapped) = &row.wrapped else { return Ok(None) };
        let material = cipher::unwrap(&self.master.0, PATIENT, &row.patient, wrapped);
        let key = material.and_then(|material| cipher::key(&material));
        key.map(Some).ok_or_else(|| StoreError::KeyAltered("a patient's key".to_owned()))
    }
}
