//! Patients' passkeys and the ceremonies with them: primary data, under the patients' keys.

use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use veridose_contract::{IdempotencyKey, Timestamp};

use crate::StoreError;
use crate::database::{Database, Existing, Write, fixed, insert_all};
use crate::entity::passkeys::{ceremony, passkey};
use crate::entity::vault::patient;
use crate::limits::{CEREMONIES_PER_PATIENT_MAX, PASSKEYS_PER_PATIENT_MAX};
use crate::vault::{Key, Keys, decrypt, encrypt, random_id, random_key};

/// A public-key credential of a patient (WebAuthn Level 3, section 4, "credential record").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// The authenticator's name for it.
    pub credential: Vec<u8>,
    /// The public key, a DER `SubjectPublicKeyInfo` of P-256.
    pub key: Vec<u8>,
    /// The authenticator's counter of signatures, 0 if it keeps none.
    pub counter: u32,
    /// How the authenticator may be reached, as it said.
    pub transports: Vec<String>,
    /// What the patient calls it.
    pub label: String,
    /// Since when.
    pub created: Timestamp,
    /// When it signed last.
    pub used: Option<Timestamp>,
}

/// A passkey by what it is called here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPasskey {
    /// A name that nobody without the master key can tell the credential from.
    pub id: [u8; 32],
    /// The passkey.
    pub passkey: Passkey,
}

/// Why something is not done with a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// The patient has no such passkey, or has removed it.
    #[error("this passkey is not registered, or was removed")]
    Unknown,
    /// The credential is registered already.
    #[error("this passkey is registered already")]
    Exists,
    /// The patient has as many as may be.
    #[error("a patient has at most {PASSKEYS_PER_PATIENT_MAX} passkeys: remove one")]
    TooMany,
    /// The patient began as many ceremonies as may be under way.
    #[error("at most {CEREMONIES_PER_PATIENT_MAX} ceremonies are under way at a time: end one, or wait some minutes")]
    TooManyCeremonies,
    /// There is no such ceremony of the patient, or its time is over.
    #[error("there is no such challenge, or its time is over: ask for a new one")]
    NoCeremony,
    /// The challenge was answered before.
    #[error("this challenge was answered before: ask for a new one")]
    Used,
    /// The authenticator counted back: there may be a copy of the key.
    #[error("the passkey's counter of signatures went back: the key may have been copied, remove this passkey")]
    CounterBack,
}

/// A ceremony that is under way.
#[derive(Debug, Clone)]
pub struct Ceremony<T> {
    /// Its name.
    pub id: [u8; 16],
    /// What it is for.
    pub content: T,
    /// The request that its challenge was answered with.
    pub used_by: Option<IdempotencyKey>,
}

/// The passkeys of patients.
#[derive(Debug, Clone)]
pub struct Passkeys {
    database: Database,
    keys: Arc<Keys>,
}

impl Passkeys {
    pub(crate) fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys }
    }

    /// 32 random bytes: a challenge, or what makes a challenge of words unpredictable.
    pub fn nonce() -> [u8; 32] {
        *random_key()
    }

    /// Begins a ceremony that may be ended until the given moment.
    pub async fn begin<T: Serialize>(
        &self,
        patient: &str,
        content: &T,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<[u8; 16], StoreError> {
        let owner = self.keys.patient_id(patient);
        self.keys.make_patient(&owner).await?;
        let write = self.database.write().await?;
        let key = self.locked(&write, &owner).await?;
        ceremony::Entity::delete_many().filter(ceremony::Column::Until.lte(now.0)).exec(write.on()).await?;
        let under_way = ceremony::Entity::find().filter(ceremony::Column::Patient.eq(owner.to_vec()));
        if under_way.count(write.on()).await? >= CEREMONIES_PER_PATIENT_MAX {
            return Err(PasskeyError::TooManyCeremonies.into());
        }
        let id = random_id();
        let row = ceremony::Model {
            id: id.to_vec(),
            patient: owner.to_vec(),
            until: until.0,
            used_by: None,
            sealed: seal(&key, CEREMONY, &id, content),
        };
        insert_all::<ceremony::Entity>(write.on(), vec![row], Existing::Refuse).await?;
        write.commit().await?;
        Ok(id)
    }

    /// A ceremony of the patient.
    pub async fn ceremony<T: DeserializeOwned>(
        &self,
        patient: &str,
        id: &[u8; 16],
        now: Timestamp,
    ) -> Result<Ceremony<T>, StoreError> {
        let owner = self.keys.patient_id(patient);
        let find = ceremony::Entity::find_by_id(*id).filter(ceremony::Column::Patient.eq(owner.to_vec()));
        let row = find.one(self.database.read()).await?.filter(|row| now.0 < row.until);
        let row = row.ok_or(PasskeyError::NoCeremony)?;
        let key = patient::Entity::find_by_id(owner).one(self.database.read()).await?;
        let key = self.keys.open_patient(key).await?.ok_or(StoreError::PatientErased)?;
        let used_by = row.used_by.as_deref().map(|bytes| fixed("request", bytes).map(IdempotencyKey)).transpose()?;
        Ok(Ceremony { id: *id, content: open(&key, CEREMONY, id, &row.sealed)?, used_by })
    }

    /// Keeps a new passkey and ends its ceremony, in one commit.
    pub async fn add(
        &self,
        patient: &str,
        ceremony: &[u8; 16],
        passkey: &Passkey,
        now: Timestamp,
    ) -> Result<[u8; 32], StoreError> {
        let owner = self.keys.patient_id(patient);
        let id = self.keys.passkey_id(&passkey.credential);
        let write = self.database.write().await?;
        let key = self.locked(&write, &owner).await?;
        let request = IdempotencyKey(random_id());
        take(&write, &owner, ceremony, request, now).await?;
        // The same credential of another patient too: Level 3, section 7.1, step 27.
        if passkey::Entity::find_by_id(id).one(write.on()).await?.is_some() {
            return Err(PasskeyError::Exists.into());
        }
        let own = passkey::Entity::find().filter(passkey::Column::Patient.eq(owner.to_vec()));
        if own.count(write.on()).await? >= PASSKEYS_PER_PATIENT_MAX {
            return Err(PasskeyError::TooMany.into());
        }
        let sealed = seal(&key, PASSKEY, &id, passkey);
        let row = passkey::Model { id: id.to_vec(), patient: owner.to_vec(), sealed };
        insert_all::<passkey::Entity>(write.on(), vec![row], Existing::Refuse).await?;
        write.commit().await?;
        Ok(id)
    }

    /// A patient's passkeys, the oldest first.
    pub async fn of_patient(&self, patient: &str) -> Result<Vec<KeptPasskey>, StoreError> {
        let owner = self.keys.patient_id(patient);
        let key = patient::Entity::find_by_id(owner).one(self.database.read()).await?;
        let Some(key) = self.keys.open_patient(key).await? else { return Ok(Vec::new()) };
        let find = passkey::Entity::find().filter(passkey::Column::Patient.eq(owner.to_vec()));
        let rows = find.order_by_asc(passkey::Column::Id).all(self.database.read()).await?;
        let opened = rows.iter().map(|row| {
            let id = fixed("passkey", &row.id)?;
            Ok(KeptPasskey { id, passkey: open(&key, PASSKEY, &id, &row.sealed)? })
        });
        let mut kept = opened.collect::<Result<Vec<_>, StoreError>>()?;
        kept.sort_by_key(|kept| (kept.passkey.created, kept.id));
        Ok(kept)
    }

    /// Removes a passkey: it signs nothing more. False where the patient has none of that name.
    pub async fn remove(&self, patient: &str, id: &[u8; 32]) -> Result<bool, StoreError> {
        let owner = self.keys.patient_id(patient);
        let write = self.database.write().await?;
        let removed = passkey::Entity::delete_many()
            .filter(passkey::Column::Id.eq(id.to_vec()))
            .filter(passkey::Column::Patient.eq(owner.to_vec()))
            .exec(write.on())
            .await?;
        write.commit().await?;
        Ok(removed.rows_affected > 0)
    }

    /// Notes that the passkey answered the ceremony's challenge, for one request and for its repetitions. The counter must have gone
    /// on (Level 3, section 7.2, step 22), unless the authenticator keeps none.
    ///
    /// Survives a crash whole: who was answered for, and the counter, go in one commit.
    pub async fn signed(
        &self,
        patient: &str,
        ceremony: &[u8; 16],
        request: IdempotencyKey,
        id: &[u8; 32],
        counter: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let owner = self.keys.patient_id(patient);
        let write = self.database.write().await?;
        let key = self.locked(&write, &owner).await?;
        if !take(&write, &owner, ceremony, request, now).await? {
            return Ok(());
        }
        let find = passkey::Entity::find_by_id(*id).filter(passkey::Column::Patient.eq(owner.to_vec()));
        let row = find.lock_exclusive().one(write.on()).await?.ok_or(PasskeyError::Unknown)?;
        let mut known: Passkey = open(&key, PASSKEY, id, &row.sealed)?;
        if (known.counter, counter) != (0, 0) && counter <= known.counter {
            return Err(PasskeyError::CounterBack.into());
        }
        (known.counter, known.used) = (counter, Some(now));
        passkey::Entity::update_many()
            .col_expr(passkey::Column::Sealed, Expr::value(seal(&key, PASSKEY, id, &known)))
            .filter(passkey::Column::Id.eq(id.to_vec()))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// The patient's key; its row stays locked until the commit, so that it is not destroyed in between.
    async fn locked(&self, write: &Write, owner: &[u8; 32]) -> Result<Key, StoreError> {
        let row = patient::Entity::find_by_id(*owner).lock_shared().one(write.on()).await?;
        self.keys.open_patient(row).await?.ok_or(StoreError::PatientErased)
    }
}

/// Takes the ceremony for a request. False where it was taken for the same one before.
async fn take(
    write: &Write,
    owner: &[u8; 32],
    id: &[u8; 16],
    request: IdempotencyKey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let find = ceremony::Entity::find_by_id(*id).filter(ceremony::Column::Patient.eq(owner.to_vec()));
    let row = find.lock_exclusive().one(write.on()).await?.filter(|row| now.0 < row.until);
    match row.ok_or(PasskeyError::NoCeremony)?.used_by {
        Some(before) if before == request.0 => Ok(false),
        Some(_) => Err(PasskeyError::Used.into()),
        None => {
            ceremony::Entity::update_many()
                .col_expr(ceremony::Column::UsedBy, Expr::value(Some(request.0.to_vec())))
                .filter(ceremony::Column::Id.eq(id.to_vec()))
                .exec(write.on())
                .await?;
            Ok(true)
        }
    }
}

/// Removes what is kept of a patient here.
pub(crate) async fn forget(write: &Write, owner: &[u8]) -> Result<(), StoreError> {
    passkey::Entity::delete_many().filter(passkey::Column::Patient.eq(owner)).exec(write.on()).await?;
    ceremony::Entity::delete_many().filter(ceremony::Column::Patient.eq(owner)).exec(write.on()).await?;
    Ok(())
}

const PASSKEY: &[u8] = b"veridose passkey 1";
const CEREMONY: &[u8] = b"veridose passkey ceremony 1";

fn seal<T: Serialize>(key: &Key, what: &[u8], id: &[u8], content: &T) -> Vec<u8> {
    let json = serde_json::to_vec(content).expect("it is written as JSON");
    encrypt(key, &[what, id].concat(), json)
}

fn open<T: DeserializeOwned>(key: &Key, what: &[u8], id: &[u8], sealed: &[u8]) -> Result<T, StoreError> {
    let altered = || StoreError::Malformed { what: "passkey or ceremony", detail: "it was altered".to_owned() };
    let plain = decrypt(key, &[what, id].concat(), sealed).ok_or_else(altered)?;
    serde_json::from_slice(&plain).map_err(|_| altered())
}

#[cfg(test)]
mod tests;
