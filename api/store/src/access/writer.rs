//! The one writer of a process: what several requests record at the same time becomes durable in one commit.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{Notify, mpsc, oneshot};
use veridose_contract::{AccessLogId, merkle};

use super::record::{AccessNote, AccessRecord};
use crate::StoreError;
use crate::database::{Database, Existing, KEYS_PER_QUERY_MAX, Write, fixed, insert_all, unsigned};
use crate::entity::access::{head, log, record};
use crate::entity::vault::patient;
use crate::limits::{ACCESSES_PER_COMMIT_MAX, ACCESSES_WAITING_MAX};
use crate::vault::{Key, Keys, deflate, encrypt, random_id};

/// Records from which on the hashing leaves the asynchronous threads.
const INLINE_MAX: usize = 32;
/// Under which key records lie that concern no known patient.
const STRANGER: &str = "access record";

/// An access to be recorded.
#[derive(Debug, Clone)]
pub struct NewAccess {
    /// Whose data, by what the vault calls the patient ([`crate::Vault::patient_id`]). One that it does not know, or has erased, is
    /// noted as nobody.
    pub patient: Option<[u8; 32]>,
    /// What happened.
    pub note: AccessNote,
}

/// An access that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// In which log.
    pub log: AccessLogId,
    /// At which place in it, from 0.
    pub index: u64,
    /// Its leaf.
    pub leaf: [u8; 32],
}

struct Waiting {
    wanted: Vec<NewAccess>,
    answer: oneshot::Sender<Result<Vec<Recorded>, StoreError>>,
}

/// Where accesses are handed to the writer.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    /// Starts the task; it ends when the last handle is dropped.
    pub(super) fn start(database: Database, keys: Arc<Keys>, written: Arc<Notify>) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Waiting>(ACCESSES_WAITING_MAX);
        tokio::spawn(async move {
            while let Some(first) = receiver.recv().await {
                let mut size = first.wanted.len();
                let mut batch = vec![first];
                while size < ACCESSES_PER_COMMIT_MAX {
                    let Ok(next) = receiver.try_recv() else { break };
                    size = size.saturating_add(next.wanted.len());
                    batch.push(next);
                }
                write_and_answer(&database, &keys, batch).await;
                written.notify_one();
            }
        });
        Self(sender)
    }

    /// Durable when this returns. A long list goes in parts, so that others are not held up.
    pub(super) async fn write(&self, mut wanted: Vec<NewAccess>) -> Result<Vec<Recorded>, StoreError> {
        let mut recorded = Vec::with_capacity(wanted.len());
        while !wanted.is_empty() {
            let rest = wanted.split_off(wanted.len().min(ACCESSES_PER_COMMIT_MAX));
            let (answer, answered) = oneshot::channel();
            let part = std::mem::replace(&mut wanted, rest);
            self.0.send(Waiting { wanted: part, answer }).await.map_err(|_| StoreError::Closing)?;
            recorded.extend(answered.await.map_err(|_| StoreError::Closing)??);
        }
        Ok(recorded)
    }
}

async fn write_and_answer(database: &Database, keys: &Arc<Keys>, batch: Vec<Waiting>) {
    let mut wanted = Vec::new();
    let mut answers = Vec::with_capacity(batch.len());
    for waiting in batch {
        answers.push((waiting.wanted.len(), waiting.answer));
        wanted.extend(waiting.wanted);
    }
    // An answer whose asker has gone away is not missed.
    match write(database, keys, wanted).await {
        Ok(recorded) => {
            let mut recorded = recorded.into_iter();
            for (count, answer) in answers {
                drop(answer.send(Ok(recorded.by_ref().take(count).collect())));
            }
        }
        Err(error) => {
            tracing::error!(%error, "accesses could not be recorded: nothing is given");
            let error = Arc::new(error);
            for (_, answer) in answers {
                drop(answer.send(Err(StoreError::NotRecorded(Arc::clone(&error)))));
            }
        }
    }
}

/// What records need to be made: where they stand, and what is known of their patients.
struct Ground {
    log: AccessLogId,
    index: u64,
    place: i64,
    patients: HashMap<[u8; 32], Patient>,
}

struct Patient {
    key: Key,
    head: Option<head::Model>,
}

/// One SQL transaction. Survives a crash whole: records, the patients' heads and the log's length go in one commit.
async fn write(database: &Database, keys: &Arc<Keys>, wanted: Vec<NewAccess>) -> Result<Vec<Recorded>, StoreError> {
    let write = database.write().await?;
    let find = log::Entity::find().order_by_desc(log::Column::Seq).lock_exclusive();
    let mut row = find.one(write.on()).await?.ok_or(StoreError::Closing)?;
    let ground = Ground {
        log: AccessLogId(fixed("log", &row.log)?),
        index: unsigned(row.records),
        place: row.start.saturating_add(row.records),
        patients: patients(&write, keys, &wanted).await?,
    };
    let count = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
    let made = if wanted.len() > INLINE_MAX {
        let keys = Arc::clone(keys);
        tokio::task::spawn_blocking(move || make(ground, &keys, wanted)).await.map_err(|_| StoreError::Closing)?
    } else {
        make(ground, keys, wanted)
    };
    insert_all::<record::Entity>(write.on(), made.records, Existing::Refuse).await?;
    insert_all::<head::Entity>(write.on(), made.heads, Existing::Replace).await?;
    row.records = row.records.saturating_add(count);
    insert_all::<log::Entity>(write.on(), vec![row], Existing::Replace).await?;
    write.commit().await?;
    Ok(made.recorded)
}

/// The known patients with their keys and last records. The keys' rows stay locked, so that none is destroyed in between.
async fn patients(write: &Write, keys: &Keys, wanted: &[NewAccess]) -> Result<HashMap<[u8; 32], Patient>, StoreError> {
    let mut ids: Vec<[u8; 32]> = wanted.iter().filter_map(|access| access.patient).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut patients = HashMap::with_capacity(ids.len());
    for some in ids.chunks(KEYS_PER_QUERY_MAX) {
        let named = || some.iter().map(|id| id.to_vec());
        let find = patient::Entity::find().filter(patient::Column::Patient.is_in(named()));
        for row in find.order_by_asc(patient::Column::Patient).lock_shared().all(write.on()).await? {
            let id = fixed("patient", &row.patient)?;
            if let Some(key) = keys.open_patient(Some(row)).await? {
                patients.insert(id, Patient { key, head: None });
            }
        }
        for row in head::Entity::find().filter(head::Column::Patient.is_in(named())).all(write.on()).await? {
            if let Some(patient) = patients.get_mut(row.patient.as_slice()) {
                patient.head = Some(row);
            }
        }
    }
    Ok(patients)
}

struct Made {
    records: Vec<record::Model>,
    heads: Vec<head::Model>,
    recorded: Vec<Recorded>,
}

fn make(mut ground: Ground, keys: &Keys, wanted: Vec<NewAccess>) -> Made {
    let mut records = Vec::with_capacity(wanted.len());
    let mut recorded = Vec::with_capacity(wanted.len());
    for NewAccess { patient: id, note } in wanted {
        let known = id.and_then(|id| Some((id, ground.patients.get_mut(&id)?)));
        let before = known.as_ref().and_then(|(_, patient)| patient.head.as_ref());
        let number = known.as_ref().map(|_| before.map_or(0, |head| unsigned(head.number)).saturating_add(1));
        let previous = before.map(|head| head.place);
        let record = AccessRecord {
            log: ground.log,
            index: ground.index,
            number,
            previous: before.map(|head| hex::encode(&head.leaf)),
            salt: hex::encode(random_id()),
            note,
        };
        let json = serde_json::to_vec(&record).expect("a record is written as JSON");
        let (leaf, plain) = (merkle::leaf_hash(&json), deflate(Vec::new(), &json));
        let place = ground.place;
        let (patient, sealed) = match known {
            Some((id, patient)) => {
                let number = number.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
                patient.head = Some(head::Model { patient: id.to_vec(), number, place, leaf: leaf.to_vec() });
                (Some(id.to_vec()), encrypt(&patient.key, &context(place), plain))
            }
            None => (None, keys.seal(STRANGER, &context(place), &plain)),
        };
        records.push(record::Model { place, patient, previous, leaf: leaf.to_vec(), sealed });
        recorded.push(Recorded { log: ground.log, index: ground.index, leaf });
        ground.place = ground.place.saturating_add(1);
        ground.index = ground.index.saturating_add(1);
    }
    let heads = ground.patients.into_values().filter_map(|patient| patient.head).collect();
    Made { records, heads, recorded }
}

/// What a sealed record is bound to: its place.
pub(super) fn context(place: i64) -> Vec<u8> {
    [b"veridose access 1".as_slice(), &place.to_be_bytes()].concat()
}

/// The record that lies sealed at a place under no patient's key.
pub(super) fn open_stranger(keys: &Keys, place: i64, sealed: &[u8]) -> Option<Vec<u8>> {
    keys.unseal(STRANGER, &context(place), sealed).map(|plain| plain.to_vec())
}
