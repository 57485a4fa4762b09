//! Declared emergencies: who declared one, who confirmed it, and until when it lasts. Reason and names lie under the
//! patient's key; the case on the ledger says nothing of either.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{CaseId, PartyId, Timestamp};

use super::AccessLog;
use super::record::Person;
use crate::database::{Existing, fixed, insert_all};
use crate::entity::access::emergency;
use crate::entity::vault::patient;
use crate::vault::{Key, decrypt, encrypt};
use crate::{Page, PageRequest, StoreError, text};

/// What is kept of an emergency under the patient's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyWords {
    /// Why, in the words of who declared it.
    pub reason: String,
    /// Who declared it.
    pub declared_by: Person,
    /// The second person; none before somebody confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<Person>,
}

/// A declared emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRow {
    /// Its case.
    pub case: CaseId,
    /// For which member.
    pub party: PartyId,
    /// Who declared it.
    pub declared_by: veridose_contract::Person,
    /// When.
    pub declared_at: Timestamp,
    /// Who confirmed it.
    pub confirmed_by: Option<veridose_contract::Person>,
    /// When.
    pub confirmed_at: Option<Timestamp>,
    /// When it ends, excluded.
    pub until: Timestamp,
    /// Reason and names; nothing once the patient's key is destroyed.
    pub words: Option<EmergencyWords>,
}

impl AccessLog {
    /// Keeps a declared emergency of a patient; the same case again changes nothing. False for a patient that is not known here.
    pub async fn declare(&self, patient: &str, declared: &EmergencyRow) -> Result<bool, StoreError> {
        let id = self.keys.patient_id(patient);
        let write = self.database.write().await?;
        let row = patient::Entity::find_by_id(id).lock_shared().one(write.on()).await?;
        let Some(key) = self.keys.open_patient(row).await? else { return Ok(false) };
        let words = declared.words.as_ref().expect("who declares says why");
        let row = emergency::Model {
            case_id: declared.case.0.to_vec(),
            patient: id.to_vec(),
            party: declared.party.to_string(),
            declared_by: declared.declared_by.0.to_vec(),
            declared_at: declared.declared_at.0,
            confirmed_by: None,
            confirmed_at: None,
            until: declared.until.0,
            sealed: seal(&key, &declared.case, words),
        };
        insert_all::<emergency::Entity>(write.on(), vec![row], Existing::Keep).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Keeps the second person's word. From then on the emergency lasts until the given moment.
    pub async fn confirm(
        &self,
        case: &CaseId,
        party: &PartyId,
        by: &Person,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<EmergencyRow, StoreError> {
        let write = self.database.write().await?;
        let find = emergency::Entity::find_by_id(case.0).filter(emergency::Column::Party.eq(party.as_str()));
        let row = find.lock_exclusive().one(write.on()).await?.ok_or(StoreError::NoEmergency)?;
        let person = by.id();
        match &row.confirmed_by {
            Some(before) if before.as_slice() == person.0.as_slice() => return self.opened(row).await,
            Some(_) => return Err(StoreError::EmergencyConfirmed),
            None => {}
        }
        let key = patient::Entity::find_by_id(row.patient.clone()).lock_shared().one(write.on()).await?;
        let key = self.keys.open_patient(key).await?.ok_or(StoreError::PatientErased)?;
        let mut words = open(&key, &row)?;
        words.confirmed_by = Some(by.clone());
        emergency::Entity::update_many()
            .col_expr(emergency::Column::ConfirmedBy, Expr::value(Some(person.0.to_vec())))
            .col_expr(emergency::Column::ConfirmedAt, Expr::value(Some(at.0)))
            .col_expr(emergency::Column::Until, Expr::value(until.0))
            .col_expr(emergency::Column::Sealed, Expr::value(seal(&key, case, &words)))
            .filter(emergency::Column::CaseId.eq(case.0.to_vec()))
            .exec(write.on())
            .await?;
        write.commit().await?;
        self.emergency(case).await?.ok_or(StoreError::NoEmergency)
    }

    /// An emergency.
    pub async fn emergency(&self, case: &CaseId) -> Result<Option<EmergencyRow>, StoreError> {
        let row = emergency::Entity::find_by_id(case.0).one(self.database.read()).await?;
        match row {
            Some(row) => self.opened(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Emergencies of a patient, the latest first.
    pub async fn emergencies_of(&self, patient: &str, page: &PageRequest) -> Result<Page<EmergencyRow>, StoreError> {
        let id = self.keys.patient_id(patient);
        self.emergencies(emergency::Entity::find().filter(emergency::Column::Patient.eq(id.to_vec())), page).await
    }

    /// Emergencies of a member, or of all of them, the latest first.
    pub async fn emergencies_by(
        &self,
        party: Option<&PartyId>,
        page: &PageRequest,
    ) -> Result<Page<EmergencyRow>, StoreError> {
        let mut find = emergency::Entity::find();
        if let Some(party) = party {
            find = find.filter(emergency::Column::Party.eq(party.as_str()));
        }
        self.emergencies(find, page).await
    }

    /// Whether an emergency is this patient's.
    pub async fn is_emergency_of(&self, case: &CaseId, patient: &[u8; 32]) -> Result<bool, StoreError> {
        let row = emergency::Entity::find_by_id(case.0).one(self.database.read()).await?;
        Ok(row.is_some_and(|row| row.patient == patient))
    }

    async fn emergencies(
        &self,
        mut find: sea_orm::Select<emergency::Entity>,
        page: &PageRequest,
    ) -> Result<Page<EmergencyRow>, StoreError> {
        use emergency::Column;
        use sea_orm::Condition;
        if let Some((at, case)) = page.after::<(i64, Vec<u8>)>()? {
            let same = Condition::all().add(Column::DeclaredAt.eq(at)).add(Column::CaseId.lt(case));
            find = find.filter(Condition::any().add(Column::DeclaredAt.lt(at)).add(same));
        }
        let find = find.order_by_desc(Column::DeclaredAt).order_by_desc(Column::CaseId);
        let rows = find.limit(page.limit_and_one()).all(self.database.read()).await?;
        let Page { items, next } = Page::cut(rows, page.limit(), |row| (row.declared_at, row.case_id.clone()));
        let mut opened = Vec::with_capacity(items.len());
        for row in items {
            opened.push(self.opened(row).await?);
        }
        Ok(Page { items: opened, next })
    }

    async fn opened(&self, row: emergency::Model) -> Result<EmergencyRow, StoreError> {
        let key = patient::Entity::find_by_id(row.patient.clone()).one(self.database.read()).await?;
        let key = self.keys.open_patient(key).await?;
        let person = |bytes: &[u8]| fixed("person", bytes).map(veridose_contract::Person);
        Ok(EmergencyRow {
            case: CaseId(fixed("case", &row.case_id)?),
            party: text::party(&row.party)?,
            declared_by: person(&row.declared_by)?,
            declared_at: Timestamp(row.declared_at),
            confirmed_by: row.confirmed_by.as_deref().map(person).transpose()?,
            confirmed_at: row.confirmed_at.map(Timestamp),
            until: Timestamp(row.until),
            words: key.map(|key| open(&key, &row)).transpose()?,
        })
    }
}

fn context(case: &[u8]) -> Vec<u8> {
    [b"veridose emergency 1".as_slice(), case].concat()
}

fn seal(key: &Key, case: &CaseId, words: &EmergencyWords) -> Vec<u8> {
    let json = serde_json::to_vec(words).expect("words are written as JSON");
    encrypt(key, &context(&case.0), json)
}

fn open(key: &Key, row: &emergency::Model) -> Result<EmergencyWords, StoreError> {
    let altered = || StoreError::Malformed { what: "emergency", detail: "it was altered".to_owned() };
    let plain = decrypt(key, &context(&row.case_id), &row.sealed).ok_or_else(altered)?;
    serde_json::from_slice(&plain).map_err(|_| altered())
}
