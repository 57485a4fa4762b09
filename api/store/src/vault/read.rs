//! Opening documents.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use veridose_contract::{Commitment, PartyId};

use crate::database::{KEYS_PER_QUERY_MAX, fixed};
use crate::entity::vault::{document, erasure, group, patient, wrap};
use crate::limits::COMMITMENTS_PER_CALL_MAX;
use crate::vault::{Key, PATIENT_WRAP, READER_WRAP, Vault, cipher, key, unwrap, within};
use crate::{Payload, StoreError};

/// What `open` found.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a document is what is found, nearly always")]
pub enum Opened {
    /// The document.
    Document(Payload),
    /// Its key was destroyed.
    Erased,
    /// It is there, but not for the party that asks.
    NotYours,
    /// The vault has no such document.
    NotFound,
}

/// What a commitment covers: it is SHA-256(salt ‖ document).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The salt.
    pub salt: [u8; 32],
    /// The document's JSON text, byte for byte.
    pub document: String,
}

/// A document as the reader may have it.
enum Unsealed {
    Plain([u8; 32], Vec<u8>),
    Erased,
    NotYours,
}

/// A group's data key, as far as the reader has it.
enum DataKey {
    Open(Key),
    Destroyed,
    NotYours,
}

impl Vault {
    /// Opens a document as the party.
    pub async fn open(&self, commitment: &Commitment, party: &PartyId) -> Result<Opened, StoreError> {
        let mut found = self.open_as(std::slice::from_ref(commitment), Some(party)).await?;
        Ok(found.remove(commitment).unwrap_or(Opened::NotFound))
    }

    /// Opens several documents as the party, in the order asked. One that was altered on disk fails the call and is named.
    pub async fn open_many(&self, commitments: &[Commitment], party: &PartyId) -> Result<Vec<Opened>, StoreError> {
        within("commitments of a call", commitments.len(), COMMITMENTS_PER_CALL_MAX)?;
        let found = self.open_as(commitments, Some(party)).await?;
        Ok(commitments.iter().map(|commitment| found.get(commitment).cloned().unwrap_or(Opened::NotFound)).collect())
    }

    /// Every document that lies under the patient's key, none once that is destroyed.
    pub async fn of_patient(&self, patient: &str) -> Result<Vec<Commitment>, StoreError> {
        self.of_patient_id(&self.keys.patient_id(patient)).await
    }

    /// As [`Self::of_patient`], by what the patient is called here; in ascending order.
    pub async fn of_patient_id(&self, id: &[u8; 32]) -> Result<Vec<Commitment>, StoreError> {
        use sea_orm::QueryOrder;
        let groups = group::Entity::find()
            .filter(group::Column::Patient.eq(id.to_vec()))
            .select_only()
            .column(group::Column::Id)
            .into_query();
        let rows: Vec<Vec<u8>> = document::Entity::find()
            .filter(document::Column::GroupId.in_subquery(groups))
            .filter(document::Column::Sealed.is_not_null())
            .order_by_asc(document::Column::Commitment)
            .select_only()
            .column(document::Column::Commitment)
            .into_tuple()
            .all(self.database.read())
            .await?;
        rows.iter().map(|row| fixed("commitment", row).map(Commitment)).collect()
    }

    /// As [`Self::of_patient_id`], for many patients. One of whom nothing is here does not come.
    pub async fn of_patients(&self, ids: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Vec<Commitment>>, StoreError> {
        let mut patients = HashMap::with_capacity(ids.len());
        let mut groups = Vec::new();
        for some in ids.chunks(KEYS_PER_QUERY_MAX) {
            let find = group::Entity::find().filter(group::Column::Patient.is_in(some.iter().map(|id| id.to_vec())));
            for row in find.all(self.database.read()).await? {
                let Some(patient) = &row.patient else { continue };
                patients.insert(row.id.clone(), fixed("patient", patient)?);
                groups.push(row.id);
            }
        }
        let mut found: HashMap<[u8; 32], Vec<Commitment>> = HashMap::with_capacity(ids.len());
        for some in groups.chunks(KEYS_PER_QUERY_MAX) {
            let find = document::Entity::find()
                .filter(document::Column::GroupId.is_in(some.iter().cloned()))
                .filter(document::Column::Sealed.is_not_null())
                .select_only()
                .column(document::Column::Commitment)
                .column(document::Column::GroupId);
            let rows: Vec<(Vec<u8>, Vec<u8>)> = find.into_tuple().all(self.database.read()).await?;
            for (commitment, group) in rows {
                let Some(patient) = patients.get(&group) else { continue };
                found.entry(*patient).or_default().push(Commitment(fixed("commitment", &commitment)?));
            }
        }
        for commitments in found.values_mut() {
            commitments.sort_unstable();
        }
        Ok(found)
    }

    /// Under which patient's key documents lie, by what the patient is called here. One that lies under none, or is not here or no
    /// longer, does not come.
    pub async fn patients_of(&self, commitments: &[Commitment]) -> Result<HashMap<Commitment, [u8; 32]>, StoreError> {
        let mut of = Vec::with_capacity(commitments.len());
        for some in commitments.chunks(KEYS_PER_QUERY_MAX) {
            let find = document::Entity::find()
                .filter(document::Column::Commitment.is_in(some.iter().map(|commitment| commitment.0.to_vec())))
                .filter(document::Column::Sealed.is_not_null())
                .select_only()
                .column(document::Column::Commitment)
                .column(document::Column::GroupId);
            let rows: Vec<(Vec<u8>, Vec<u8>)> = find.into_tuple().all(self.database.read()).await?;
            of.extend(rows);
        }
        let mut patients = HashMap::with_capacity(of.len());
        for some in of.chunks(KEYS_PER_QUERY_MAX) {
            let find =
                group::Entity::find().filter(group::Column::Id.is_in(some.iter().map(|(_, group)| group.clone())));
            let rows = find.filter(group::Column::Patient.is_not_null()).all(self.database.read()).await?;
            let named: HashMap<Vec<u8>, Vec<u8>> =
                rows.into_iter().filter_map(|row| Some((row.id, row.patient?))).collect();
            for (commitment, group) in some {
                let Some(patient) = named.get(group) else { continue };
                patients.insert(Commitment(fixed("commitment", commitment)?), fixed("patient", patient)?);
            }
        }
        Ok(patients)
    }

    /// Opens documents, each as its owner: for the projection and for detection, which have no caller.
    pub async fn open_as_owner(&self, commitments: &[Commitment]) -> Result<HashMap<Commitment, Opened>, StoreError> {
        self.open_as(commitments, None).await
    }

    /// Erasures after the first `seen`, in order.
    pub(crate) async fn erased_since(&self, seen: i64) -> Result<Vec<Commitment>, StoreError> {
        use sea_orm::QueryOrder;
        let rows = erasure::Entity::find()
            .filter(erasure::Column::Seq.gt(seen))
            .order_by_asc(erasure::Column::Seq)
            .all(self.database.read())
            .await?;
        rows.iter().map(|row| fixed("commitment", &row.commitment).map(Commitment)).collect()
    }

    /// What the commitments cover, for those of them that the party can read.
    pub async fn disclose(
        &self,
        commitments: &[Commitment],
        party: &PartyId,
    ) -> Result<HashMap<Commitment, Disclosed>, StoreError> {
        let mut disclosed = HashMap::new();
        for (commitment, unsealed) in self.unsealed(commitments, Some(party)).await? {
            if let Unsealed::Plain(salt, bytes) = unsealed {
                disclosed
                    .insert(commitment, Disclosed { salt, document: String::from_utf8(bytes).map_err(malformed)? });
            }
        }
        Ok(disclosed)
    }

    async fn open_as(
        &self,
        commitments: &[Commitment],
        party: Option<&PartyId>,
    ) -> Result<HashMap<Commitment, Opened>, StoreError> {
        let opened = self.unsealed(commitments, party).await?.into_iter().map(|(commitment, unsealed)| {
            let opened = match unsealed {
                Unsealed::NotYours => Opened::NotYours,
                Unsealed::Erased => Opened::Erased,
                Unsealed::Plain(_, bytes) => Opened::Document(serde_json::from_slice(&bytes).map_err(malformed)?),
            };
            Ok((commitment, opened))
        });
        opened.collect()
    }

    async fn unsealed(
        &self,
        commitments: &[Commitment],
        party: Option<&PartyId>,
    ) -> Result<HashMap<Commitment, Unsealed>, StoreError> {
        let documents = self.documents(commitments).await?;
        let groups: BTreeSet<Vec<u8>> = documents.iter().map(|document| document.group_id.clone()).collect();
        let keys = self.data_keys(groups, party).await?;
        let mut unsealed = HashMap::with_capacity(documents.len());
        for row in documents {
            let commitment = Commitment(fixed("commitment", &row.commitment)?);
            let state = match (keys.get(&row.group_id).unwrap_or(&DataKey::NotYours), &row.sealed) {
                (DataKey::NotYours, _) => Unsealed::NotYours,
                (DataKey::Destroyed, _) | (DataKey::Open(_), None) => Unsealed::Erased,
                (DataKey::Open(key), Some(sealed)) => {
                    let group = fixed("group", &row.group_id)?;
                    let opened = cipher::open_document(key, &group, &commitment, sealed);
                    let (salt, bytes) = opened.ok_or(StoreError::Altered(commitment))?;
                    Unsealed::Plain(salt, bytes)
                }
            };
            unsealed.insert(commitment, state);
        }
        Ok(unsealed)
    }

    async fn documents(&self, commitments: &[Commitment]) -> Result<Vec<document::Model>, StoreError> {
        let mut rows = Vec::with_capacity(commitments.len());
        for some in commitments.chunks(KEYS_PER_QUERY_MAX) {
            let keys = some.iter().map(|commitment| commitment.0.to_vec());
            let filter = document::Column::Commitment.is_in(keys);
            rows.extend(document::Entity::find().filter(filter).all(self.database.read()).await?);
        }
        Ok(rows)
    }

    /// Data keys of the groups, for the party or, without one, for each group's owner.
    async fn data_keys(
        &self,
        groups: BTreeSet<Vec<u8>>,
        party: Option<&PartyId>,
    ) -> Result<BTreeMap<Vec<u8>, DataKey>, StoreError> {
        let mut keys = BTreeMap::new();
        let groups: Vec<Vec<u8>> = groups.into_iter().collect();
        for some in groups.chunks(KEYS_PER_QUERY_MAX) {
            let read = self.database.read();
            let ids = || some.iter().cloned();
            let rows = group::Entity::find().filter(group::Column::Id.is_in(ids())).all(read).await?;
            let mut wraps = wrap::Entity::find().filter(wrap::Column::GroupId.is_in(ids()));
            if let Some(party) = party {
                wraps = wraps.filter(wrap::Column::Party.eq(party.as_str()));
            }
            let wraps = wraps.all(read).await?;
            let mut wraps: HashMap<(Vec<u8>, String), wrap::Model> =
                wraps.into_iter().map(|row| ((row.group_id.clone(), row.party.clone()), row)).collect();
            let patients = self.patient_rows(&rows).await?;
            for row in rows {
                let reader = party.map_or_else(|| row.owner.clone(), PartyId::to_string);
                let wrapped = wraps.remove(&(row.id.clone(), reader));
                let state = self.data_key(&row, wrapped, &patients).await?;
                keys.insert(row.id, state);
            }
        }
        Ok(keys)
    }

    /// The keys' rows of the patients that the groups are of.
    async fn patient_rows(&self, groups: &[group::Model]) -> Result<HashMap<Vec<u8>, patient::Model>, StoreError> {
        let ids: BTreeSet<Vec<u8>> = groups.iter().filter_map(|group| group.patient.clone()).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let find = patient::Entity::find().filter(patient::Column::Patient.is_in(ids));
        let rows = find.all(self.database.read()).await?;
        Ok(rows.into_iter().map(|row| (row.patient.clone(), row)).collect())
    }

    async fn data_key(
        &self,
        row: &group::Model,
        wrapped: Option<wrap::Model>,
        patients: &HashMap<Vec<u8>, patient::Model>,
    ) -> Result<DataKey, StoreError> {
        let Some(wrapped) = wrapped else { return Ok(DataKey::NotYours) };
        let altered = || StoreError::KeyAltered(format!("a data key of {}", wrapped.party));
        let party = PartyId::parse(&wrapped.party)
            .map_err(|error| StoreError::Malformed { what: "party", detail: error.to_string() })?;
        let reader = self.keys.party(&party).await?;
        let mut material = unwrap(&reader, READER_WRAP, &row.id, &wrapped.wrapped).ok_or_else(altered)?;
        if let Some(id) = &row.patient {
            let Some(key) = self.keys.open_patient(patients.get(id).cloned()).await? else {
                return Ok(DataKey::Destroyed);
            };
            material = unwrap(&key, PATIENT_WRAP, &row.id, &material).ok_or_else(altered)?;
        }
        key(&material).map(DataKey::Open).ok_or_else(altered)
    }

    /// The party's wraps for the groups of these documents; refused if one is not the party's.
    pub(super) async fn wraps_of(
        &self,
        party: &PartyId,
        commitments: &[Commitment],
    ) -> Result<Vec<wrap::Model>, StoreError> {
        within("commitments of a call", commitments.len(), COMMITMENTS_PER_CALL_MAX)?;
        let documents = self.documents(commitments).await?;
        let groups: BTreeSet<Vec<u8>> = documents.iter().map(|document| document.group_id.clone()).collect();
        let wraps = wrap::Entity::find()
            .filter(wrap::Column::GroupId.is_in(groups))
            .filter(wrap::Column::Party.eq(party.as_str()))
            .all(self.database.read())
            .await?;
        let readable: BTreeSet<&[u8]> = wraps.iter().map(|row| row.group_id.as_slice()).collect();
        let of: HashMap<&[u8], &[u8]> =
            documents.iter().map(|row| (row.commitment.as_slice(), row.group_id.as_slice())).collect();
        for commitment in commitments {
            if !of.get(commitment.0.as_slice()).is_some_and(|group| readable.contains(group)) {
                return Err(StoreError::NotYours { commitment: *commitment, party: party.clone() });
            }
        }
        Ok(wraps)
    }
}

fn malformed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Malformed { what: "document", detail: error.to_string() }
}
