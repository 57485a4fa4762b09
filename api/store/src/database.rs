//! Connections to SQLite and PostgreSQL, and the turn of the one writer.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use sea_orm::{
    AccessMode, ActiveModelBehavior, ActiveModelTrait, ConnectOptions, ConnectionTrait, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel, IsolationLevel, Iterable,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sea_query::{Expr, OnConflict, Query, SimpleExpr},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::StoreError;
use crate::limits::IDLE_IN_TRANSACTION_MS;

/// Parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 30_000;
/// How long a connection is waited for: to a file one comes free, a server may be away.
const FILE_PATIENCE: Duration = Duration::from_secs(30);
const SERVER_PATIENCE: Duration = Duration::from_secs(10);
/// Keys of one `IN` list.
pub(crate) const KEYS_PER_QUERY_MAX: usize = 10_000;

/// What a commit must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A power cut: the data exists nowhere else.
    PowerCut,
    /// A crash of the process: the data can be made again from the ledger, and after a power cut the last commits may be missing
    /// but never half there.
    Crash,
}

/// One database: SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    connection: DatabaseConnection,
    /// SQLite has one writer; waiting here is fair, waiting in SQLite is polling.
    turn: Arc<Mutex<()>>,
}

/// A write transaction and the turn to write. Dropped without `commit`, it leaves nothing.
pub(crate) struct Write {
    transaction: DatabaseTransaction,
    _turn: OwnedMutexGuard<()>,
}

impl Database {
    /// Opens, or creates, the database.
    pub(crate) async fn open(url: &str, durability: Durability) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(url.to_owned());
        let patience = if url.starts_with("postgres") { SERVER_PATIENCE } else { FILE_PATIENCE };
        options.sqlx_logging(false).max_connections(8).acquire_timeout(patience);
        options.map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .pragma("cache_size", "-16000");
            match durability {
                // What is deleted is overwritten: an erased document must not be found in free pages.
                Durability::PowerCut => sqlite.pragma("synchronous", "FULL").pragma("secure_delete", "ON"),
                Durability::Crash => sqlite.pragma("synchronous", "NORMAL"),
            }
        });
        options.map_sqlx_postgres_opts(|postgres| {
            let idle_ms = IDLE_IN_TRANSACTION_MS.to_string();
            postgres.options([("idle_in_transaction_session_timeout", idle_ms)])
        });
        options.map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(is_free(connection)));
        let connection = Box::pin(sea_orm::Database::connect(options)).await?;
        Ok(Self { connection, turn: Arc::default() })
    }

    /// For reads outside a transaction.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Whether other processes may write to it too.
    pub(crate) fn is_shared(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Postgres
    }

    /// The database's time, in milliseconds since 1970, in a statement.
    pub(crate) fn clock(&self) -> SimpleExpr {
        clock(self.connection.get_database_backend())
    }

    /// The database's time now.
    pub(crate) async fn now(&self, connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
        let ask = Query::select().expr_as(self.clock(), "now").to_owned();
        let row = connection.query_one(&ask).await?;
        let missing = || StoreError::Malformed { what: "clock", detail: "the database tells no time".to_owned() };
        Ok(row.ok_or_else(missing)?.try_get("", "now")?)
    }

    /// Begins a transaction that sees one moment, that of its first look, however long it reads.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if !self.is_shared() {
            return self.connection.begin().await;
        }
        let options = TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        let transaction = self.connection.begin_with_options(options).await?;
        // Files are written in between.
        transaction.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
        Ok(transaction)
    }

    /// Begins a write transaction when its turn comes.
    pub(crate) async fn write(&self) -> Result<Write, DbErr> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.connection.begin_with_options(options).await?;
        Ok(Write { transaction, _turn: turn })
    }
}

/// The time of a database, in milliseconds since 1970.
pub(crate) fn clock(backend: DbBackend) -> SimpleExpr {
    Expr::cust(if backend == DbBackend::Postgres {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    } else {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    })
}

/// Whether a connection carries no transaction. On a full disk SQLite may end one by itself, or fail to undo it, and the driver
/// then counts it as open: what were written next would lie in a savepoint of it, acknowledged and never durable.
async fn is_free(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A transaction that was dropped is undone in the background: after this it is, or never will be.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

impl Write {
    /// The transaction, to run statements in.
    pub(crate) fn on(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Makes the writes durable, all of them or none.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await
    }
}

/// What happens to a row whose key is there already.
#[derive(Clone, Copy)]
pub(crate) enum Existing {
    /// It is an error.
    Refuse,
    /// The row that is there stays.
    Keep,
    /// The new row takes its place.
    Replace,
}

/// Inserts rows, as many to a statement as fit.
pub(crate) async fn insert_all<E>(
    connection: &impl ConnectionTrait,
    rows: Vec<E::Model>,
    existing: Existing,
) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
{
    let rows_max = PARAMETERS_MAX / E::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some = rows.by_ref().take(rows_max).map(IntoActiveModel::into_active_model);
        let insert = E::insert_many(some);
        let insert = match existing {
            Existing::Refuse => insert,
            Existing::Keep => insert.on_conflict(OnConflict::columns(keys::<E>()).do_nothing().to_owned()),
            Existing::Replace => {
                insert.on_conflict(OnConflict::columns(keys::<E>()).update_columns(E::Column::iter()).to_owned())
            }
        };
        insert.exec_without_returning(connection).await?;
    }
    Ok(())
}

fn keys<E: EntityTrait>() -> Vec<E::Column> {
    use sea_orm::PrimaryKeyToColumn;
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect()
}

/// A `u64` as the databases keep it.
pub(crate) fn signed(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::TooLarge {
        what,
        size: usize::try_from(value).unwrap_or(usize::MAX),
        limit: usize::try_from(i64::MAX).unwrap_or(usize::MAX),
    })
}

/// A count that a database keeps, which this crate never writes negative.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// An identifier of `N` bytes out of a column.
pub(crate) fn fixed<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Malformed { what, detail: format!("{} bytes, not {N}", bytes.len()) })
}
