//! Keys of parties, wrapped by the node's master key, and of patients, which hang from a root.

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
use crate::vault::patients::PatientKeys;
use crate::vault::root::RootKeeper;

const PARTY: &str = "party key";
const PATIENT_NAME: &str = "patient name";
const PASSKEY_NAME: &str = "passkey name";
const PSEUDONYM: &str = "pseudonym";
/// No party has this name; its key tells whether the master key is the one that the vault was made with.
const CANARY: &str = "";

/// The node's master key: wraps the key of every party, and makes the names of patients.
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
    pub(crate) patients: PatientKeys,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

impl Keys {
    /// Refuses a master key that is not the one the vault was made with, and a root that does not lead to the patients' keys.
    pub(crate) async fn open(
        master: MasterKey,
        root: Arc<dyn RootKeeper>,
        database: Database,
    ) -> Result<Self, StoreError> {
        check(&master, &database).await?;
        let patients = PatientKeys::open(database.clone(), root).await?;
        Ok(Self { master, database, parties: RwLock::default(), patients })
    }

    /// The party's key-encryption key, made when it is first needed.
    pub(crate) async fn party(&self, party: &PartyId) -> Result<Arc<Key>, StoreError> {
        self.named(party.as_str()).await
    }

    async fn named(&self, name: &str) -> Result<Arc<Key>, StoreError> {
        if let Some(key) = self.parties.read().expect("no holder of this lock panics").get(name) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(party_key(&self.master, &self.database, name).await?);
        self.parties.write().expect("no holder of this lock panics").insert(name.to_owned(), Arc::clone(&key));
        Ok(key)
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

    /// What a credential is called among the passkeys, see [`Self::patient_id`].
    pub(crate) fn passkey_id(&self, credential: &[u8]) -> [u8; 32] {
        *cipher::derive(&self.master.0, PASSKEY_NAME, credential)
    }

    /// A name within a scope that nobody without the master key can tell from chance.
    pub(crate) fn pseudonym(&self, scope: &str, of: &[u8; 32]) -> [u8; 32] {
        // What is named has a fixed length, so no other scope gives the same bytes.
        *cipher::derive(&self.master.0, PSEUDONYM, &[of.as_slice(), scope.as_bytes()].concat())
    }

    /// The patient's key, made when it is first needed; refused once destroyed.
    pub(crate) async fn make_patient(&self, id: &[u8; 32]) -> Result<Key, StoreError> {
        let find = || patient::Entity::find_by_id(*id).one(self.database.read());
        if find().await?.is_none() {
            self.patients.make(std::slice::from_ref(id)).await?;
        }
        self.open_patient(find().await?).await?.ok_or(StoreError::PatientErased)
    }

    /// Makes the keys of patients that have none, in one commit.
    pub(crate) async fn make_patients(&self, patients: &[String]) -> Result<(), StoreError> {
        let ids: Vec<_> = patients.iter().map(|patient| self.patient_id(patient)).collect();
        self.patients.make(&ids).await
    }

    /// The key in a patient's row; none where there is no row, or once destroyed.
    pub(crate) async fn open_patient(&self, row: Option<patient::Model>) -> Result<Option<Key>, StoreError> {
        match row {
            Some(row) => self.patients.open_row(&row).await,
            None => Ok(None),
        }
    }
}

/// Refuses a master key that is not the one the vault was made with.
async fn check(master: &MasterKey, database: &Database) -> Result<(), StoreError> {
    match party_key(master, database, CANARY).await {
        Err(StoreError::KeyAltered(_)) => Err(StoreError::OtherMasterKey),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

async fn party_key(master: &MasterKey, database: &Database, name: &str) -> Result<Key, StoreError> {
    let wrapped = match party::Entity::find_by_id(name).one(database.read()).await? {
        Some(row) => row.wrapped,
        None => make_party(master, database, name).await?,
    };
    let material = cipher::unwrap(&master.0, PARTY, name.as_bytes(), &wrapped);
    let key = material.and_then(|material| cipher::key(&material));
    key.ok_or_else(|| StoreError::KeyAltered(format!("the key of {name:?}")))
}

/// Two who make the same key at once both read back the one that was written first.
async fn make_party(master: &MasterKey, database: &Database, name: &str) -> Result<Vec<u8>, StoreError> {
    let wrapped = cipher::wrap(&master.0, PARTY, name.as_bytes(), cipher::random_key().as_ref());
    let write = database.write().await?;
    let row = party::Model { party: name.to_owned(), wrapped };
    insert_all::<party::Entity>(write.on(), vec![row], Existing::Keep).await?;
    let row = party::Entity::find_by_id(name).one(write.on()).await?.expect("a row was just inserted or kept");
    write.commit().await?;
    Ok(row.wrapped)
}
