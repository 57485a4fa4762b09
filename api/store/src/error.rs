//! What can go wrong in the store.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};
use veridose_contract::{Commitment, IdempotencyKey, PartyId};

use crate::passkeys::PasskeyError;

/// Everything that the store refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The database cannot be reached, or broke off: what was being written is there or it is not.
    #[error("the database cannot be reached at the moment; the same request is safe to repeat")]
    Unreachable(#[source] Arc<DbErr>),
    /// The disk of the database is full; nothing of the write was kept.
    #[error("the disk of the database is full; nothing of this write was kept")]
    DiskFull,
    /// The database URL is neither SQLite nor PostgreSQL.
    #[error("a database URL starts with `sqlite:` or `postgres:`")]
    UnknownDatabase,
    /// The same idempotency key came with another request.
    #[error("{owner} has used the idempotency key {key} for another request")]
    RequestConflict {
        /// Who asked.
        owner: PartyId,
        /// The key.
        key: IdempotencyKey,
    },
    /// While a document came in, the same one was begun again under the same name.
    #[error("the same document is being received again; this upload is given up")]
    UploadReplaced,
    /// Something is larger than its limit.
    #[error("{what}: {size} is more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A document does not decrypt to what its commitment says: it was altered on disk.
    #[error("the document {0} was altered in the vault")]
    Altered(Commitment),
    /// The vault was made with another master key.
    #[error(
        "the documents in this database were sealed under another master key: a node that joins others takes the keys \
         folder and network.toml of theirs"
    )]
    OtherMasterKey,
    /// The database is older than the root of patients' keys.
    #[error(
        "the database is older than the node's keys: what was erased since would be in it, so nothing of patients can be read \
         from it; restore a backup with its key backup by `veridose restore`"
    )]
    OlderThanKeys,
    /// The root of patients' keys does not lead to those in the database.
    #[error(
        "the patients' keys in this database hang from another root than keys/patients.key: a node that joins others, or was \
         away for more than a week, takes the keys folder of theirs"
    )]
    OtherRoot,
    /// The root of patients' keys could not be read or replaced.
    #[error(
        "the root of patients' keys could not be read or replaced: what was erased may be readable in older copies"
    )]
    Root(#[source] Arc<std::io::Error>),
    /// A file of a backup cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// A restore is only into an empty database.
    #[error("the database is not empty: the table {0} has rows; name another database, or remove this one")]
    NotEmpty(String),
    /// A stored key does not open: it was altered.
    #[error("{0} does not open: it was altered")]
    KeyAltered(String),
    /// The vault has no such document, or the party that asks may not have it.
    #[error("{party} has no document {commitment}")]
    NotYours {
        /// The document.
        commitment: Commitment,
        /// Who asked.
        party: PartyId,
    },
    /// Something is not done with a passkey.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// A budget of privacy would be exceeded.
    #[error(
        "the budget of privacy is too small for this: {each_millis} thousandths of epsilon are left to you for the purpose, {all_millis} \
         to all together, and none come back; the same question as before costs nothing"
    )]
    BudgetSpent {
        /// What is left to the member for the purpose, in thousandths of epsilon.
        each_millis: u32,
        /// What is left to all together.
        all_millis: u32,
    },
    /// The patient's key was destroyed; nothing more can be written under it.
    #[error("this patient's data was erased")]
    PatientErased,
    /// A stored value is not of its form.
    #[error("a stored {what} is not of its form: {detail}")]
    Malformed {
        /// What.
        what: &'static str,
        /// Why.
        detail: String,
    },
    /// The projection belongs to another network.
    #[error("the projection belongs to the network {found}, not to {expected}")]
    OtherNetwork {
        /// Network in the database.
        found: String,
        /// Network of this node.
        expected: String,
    },
    /// Another process owns the view, or none does.
    #[error("the view is another process's to write")]
    NotOwner,
    /// Entries were handed in that do not follow the cursor.
    #[error("the projection expects entry {expected}, not {given}")]
    Gap {
        /// Next index by the cursor.
        expected: u64,
        /// Index that came.
        given: u64,
    },
    /// An accepted transaction says something that the fold cannot place.
    #[error("entry {index} cannot be projected: {detail}")]
    Unprojectable {
        /// Index of the entry.
        index: u64,
        /// Why.
        detail: String,
    },
    /// A page token is not one that this store gave out.
    #[error("this page token was not given out by this service")]
    PageToken,
    /// Another write stands in the way and does not end: on a full disk, one that could not be undone yet.
    #[error("the database is busy; nothing of this write was kept")]
    Busy,
    /// There is no such capture job, or it is another party's.
    #[error("there is no such capture job")]
    NoCaptureJob,
    /// There is no such job, or another runner has it.
    #[error("there is no such job")]
    NoJob,
    /// There is no such webhook, or it is another party's.
    #[error("there is no such webhook")]
    NoWebhook,
    /// A job does not stand as it must for what was asked.
    #[error("the job is {state}, not {wanted}")]
    JobState {
        /// Where it stands.
        state: String,
        /// Where it would have to stand.
        wanted: &'static str,
    },
    /// The queue takes no more jobs of a kind.
    #[error("{limit} jobs of the kind {kind} wait or are dead letters: no more are taken")]
    QueueFull {
        /// The kind.
        kind: String,
        /// The limit.
        limit: u64,
    },
    /// An access could not be recorded, so nothing may be given.
    #[error("the access could not be recorded")]
    NotRecorded(#[source] Arc<StoreError>),
    /// No emergency of that name was declared, or not by this member.
    #[error("there is no such emergency")]
    NoEmergency,
    /// Somebody else confirmed the emergency.
    #[error("the emergency is confirmed")]
    EmergencyConfirmed,
    /// The writer task has ended: the store is closing.
    #[error("the store is closing")]
    Closing,
}

impl StoreError {
    pub(crate) fn root(error: std::io::Error) -> Self {
        Self::Root(Arc::new(error))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::from(Arc::new(error))
    }
}

/// One failed commit is told to everyone whose write was in it.
impl From<Arc<DbErr>> for StoreError {
    fn from(error: Arc<DbErr>) -> Self {
        let text = error.to_string();
        // SQLite says SQLITE_FULL (13) in these words, PostgreSQL passes on the system's ENOSPC.
        if text.contains("database or disk is full") || text.contains("No space left on device") {
            Self::DiskFull
        } else if text.contains("database is locked") {
            Self::Busy
        } else if broke_off(&error) {
            Self::Unreachable(error)
        } else {
            Self::Database(error)
        }
    }
}

/// Whether the error is of the connection or of the moment, and not of what was asked: the same again may go through.
fn broke_off(error: &DbErr) -> bool {
    let error = match error {
        DbErr::ConnectionAcquire(_) => return true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => error,
        _ => return false,
    };
    match &**error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        // PostgreSQL, appendix A: 08 connection, 40 transaction rollback, 53 insufficient resources, 57P operator
        // intervention, 25P03 a transaction that idled for too long.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code == "25P03" || ["08", "40", "53", "57P"].iter().any(|class| code.len() == 5 && code.starts_with(class))
        }),
        _ => false,
    }
}
