//! The one writer of sealed documents: what several requests seal at the same time becomes durable in one commit.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, SqlErr};
use tokio::sync::{mpsc, oneshot};
use veridose_contract::{Commitment, IdempotencyKey, PartyId};

use crate::StoreError;
use crate::database::{Database, Existing, Write, insert_all};
use crate::entity::vault::{document, group, patient, request, wrap};
use crate::vault::{Request, Sealing};

/// Requests of one commit.
const REQUESTS_PER_COMMIT_MAX: usize = 256;
/// Sealed bytes after which a commit takes in no further request.
const BYTES_PER_COMMIT_MAX: usize = 8 * 1024 * 1024;
/// Requests that wait; further ones wait to wait.
const QUEUE_MAX: usize = 1_024;

/// Sealed documents under one data key, ready to be written.
pub(crate) struct Group {
    pub(crate) id: [u8; 16],
    pub(crate) owner: PartyId,
    pub(crate) patient: Option<[u8; 32]>,
    pub(crate) request: Option<Request>,
    pub(crate) wraps: Vec<(PartyId, Vec<u8>)>,
    pub(crate) documents: Vec<(Commitment, Vec<u8>)>,
}

struct Waiting {
    group: Group,
    answer: oneshot::Sender<Result<Sealing, StoreError>>,
}

/// Where groups are handed to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    /// Starts the task; it ends when the last handle is dropped.
    pub(crate) fn start(database: Database) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Waiting>(QUEUE_MAX);
        tokio::spawn(async move {
            while let Some(first) = receiver.recv().await {
                let mut bytes = first.group.bytes();
                let mut batch = vec![first];
                while batch.len() < REQUESTS_PER_COMMIT_MAX && bytes < BYTES_PER_COMMIT_MAX {
                    let Ok(next) = receiver.try_recv() else { break };
                    bytes = bytes.saturating_add(next.group.bytes());
                    batch.push(next);
                }
                write_and_answer(&database, batch).await;
            }
        });
        Self(sender)
    }

    /// Durable when this returns.
    pub(crate) async fn write(&self, group: Group) -> Result<Sealing, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Waiting { group, answer }).await.map_err(|_| StoreError::Closing)?;
        answered.await.map_err(|_| StoreError::Closing)?
    }
}

impl Group {
    fn bytes(&self) -> usize {
        self.documents.iter().map(|(_, sealed)| sealed.len()).sum()
    }

    fn commitments(&self) -> Vec<Commitment> {
        self.documents.iter().map(|(commitment, _)| *commitment).collect()
    }
}

async fn write_and_answer(database: &Database, batch: Vec<Waiting>) {
    let (groups, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.group, waiting.answer)).unzip();
    let mut written = write(database, &groups).await;
    // Another node on the same database wrote one of these requests between our look and our write: look again, once.
    if let Err(error) = &written
        && matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    {
        written = write(database, &groups).await;
    }
    // An answer whose asker has gone away is not missed.
    match written {
        Ok(results) => {
            for (answer, result) in answers.into_iter().zip(results) {
                drop(answer.send(result));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for answer in answers {
                drop(answer.send(Err(Arc::clone(&error).into())));
            }
        }
    }
}

/// One SQL transaction for all groups; a group that is refused leaves the others alone.
async fn write(database: &Database, groups: &[Group]) -> Result<Vec<Result<Sealing, StoreError>>, DbErr> {
    let write = database.write().await?;
    let mut seen = earlier_requests(&write, groups).await?;
    let mut results = Vec::with_capacity(groups.len());
    let mut accepted = Vec::new();
    for group in groups {
        let result = match group.request.and_then(|request| seen.get(&(group.owner.clone(), request.key))) {
            Some((sha256, commitments)) if group.request.is_some_and(|request| request.sha256 == *sha256) => {
                Ok(Sealing { commitments: commitments.clone(), repeated: true })
            }
            Some(_) => Err(StoreError::RequestConflict {
                owner: group.owner.clone(),
                key: group.request.map_or(IdempotencyKey([0; 16]), |request| request.key),
            }),
            None if !patient_is_there(&write, group).await? => Err(StoreError::PatientErased),
            None => {
                let commitments = group.commitments();
                if let Some(request) = group.request {
                    seen.insert((group.owner.clone(), request.key), (request.sha256, commitments.clone()));
                }
                accepted.push(group);
                Ok(Sealing { commitments, repeated: false })
            }
        };
        results.push(result);
    }
    take_up(&write, groups, &results).await?;
    insert(&write, &accepted).await?;
    write.commit().await?;
    Ok(results)
}

/// Notes the requests that came again, so that who sealed their documents first does not discard them any more.
async fn take_up(write: &Write, groups: &[Group], results: &[Result<Sealing, StoreError>]) -> Result<(), DbErr> {
    let again = groups.iter().zip(results).filter(|(_, result)| result.as_ref().is_ok_and(|sealing| sealing.repeated));
    for (group, request) in again.filter_map(|(group, _)| Some((group, group.request?))) {
        request::Entity::update_many()
            .col_expr(request::Column::TakenUp, Expr::value(true))
            .filter(request::Column::Owner.eq(group.owner.as_str()))
            .filter(request::Column::Key.eq(request.key.0.to_vec()))
            .exec(write.on())
            .await?;
    }
    Ok(())
}

type Seen = HashMap<(PartyId, IdempotencyKey), ([u8; 32], Vec<Commitment>)>;

async fn earlier_requests(write: &Write, groups: &[Group]) -> Result<Seen, DbErr> {
    let keys: Vec<Vec<u8>> =
        groups.iter().filter_map(|group| group.request).map(|request| request.key.0.to_vec()).collect();
    if keys.is_empty() {
        return Ok(Seen::new());
    }
    let rows = request::Entity::find().filter(request::Column::Key.is_in(keys)).all(write.on()).await?;
    rows.into_iter()
        .map(|row| {
            let malformed = |what: &str| DbErr::Type(format!("a stored request has a malformed {what}"));
            let owner = PartyId::parse(&row.owner).map_err(|_| malformed("owner"))?;
            let key = row.key.try_into().map_err(|_| malformed("key"))?;
            let sha256 = row.sha256.try_into().map_err(|_| malformed("hash"))?;
            let (commitments, rest) = row.commitments.as_chunks::<32>();
            if !rest.is_empty() {
                return Err(malformed("list of commitments"));
            }
            let commitments = commitments.iter().copied().map(Commitment).collect();
            Ok(((owner, IdempotencyKey(key)), (sha256, commitments)))
        })
        .collect()
}

/// A patient's key may have been destroyed since the documents were encrypted under it. The row stays locked until the commit.
async fn patient_is_there(write: &Write, group: &Group) -> Result<bool, DbErr> {
    let Some(id) = group.patient else { return Ok(true) };
    let row = patient::Entity::find_by_id(id).lock_shared().one(write.on()).await?;
    Ok(row.is_some_and(|row| row.wrapped.is_some()))
}

async fn insert(write: &Write, groups: &[&Group]) -> Result<(), DbErr> {
    let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for sealed in groups {
        let id = sealed.id.to_vec();
        rows.0.push(group::Model {
            id: id.clone(),
            owner: sealed.owner.to_string(),
            patient: sealed.patient.map(|patient| patient.to_vec()),
        });
        rows.1.extend(sealed.wraps.iter().map(|(party, wrapped)| wrap::Model {
            group_id: id.clone(),
            party: party.to_string(),
            wrapped: wrapped.clone(),
        }));
        rows.2.extend(sealed.documents.iter().map(|(commitment, sealed)| document::Model {
            commitment: commitment.0.to_vec(),
            group_id: id.clone(),
            sealed: Some(sealed.clone()),
        }));
        rows.3.extend(sealed.request.map(|request| request::Model {
            owner: sealed.owner.to_string(),
            key: request.key.0.to_vec(),
            sha256: request.sha256.to_vec(),
            commitments: sealed.documents.iter().flat_map(|(commitment, _)| commitment.0).collect(),
            group_id: id.clone(),
            taken_up: false,
        }));
    }
    insert_all::<group::Entity>(write.on(), rows.0, Existing::Refuse).await?;
    insert_all::<wrap::Entity>(write.on(), rows.1, Existing::Refuse).await?;
    insert_all::<document::Entity>(write.on(), rows.2, Existing::Refuse).await?;
    insert_all::<request::Entity>(write.on(), rows.3, Existing::Refuse).await
}
