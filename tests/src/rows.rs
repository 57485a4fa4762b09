//! The rows of a node's databases, read beside it as no client could, and changed in SQLite's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::bail;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::ground::database;

/// What a node keeps in SQL, or a part of it.
#[derive(Debug, Clone)]
pub enum Rows {
    /// A file.
    Sqlite(SqlitePool),
    /// A part of a database.
    Postgres(PgPool, Part),
}

/// A part of what a node keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What exists nowhere else.
    Vault,
    /// What can be made anew.
    View,
}

/// Each table's rows, as SQL literals.
pub type Dump = BTreeMap<String, BTreeSet<String>>;

impl Rows {
    /// The vault and the capture jobs of the node with this data directory.
    pub async fn of_vault(data: &Path) -> anyhow::Result<Self> {
        Self::open(data, "veridose.sqlite", Part::Vault).await
    }

    /// Its view.
    pub async fn of_view(data: &Path) -> anyhow::Result<Self> {
        Self::open(data, "veridose.sqlite-view", Part::View).await
    }

    async fn open(data: &Path, file: &str, part: Part) -> anyhow::Result<Self> {
        Ok(match database(data) {
            Some(url) => Self::Postgres(PgPool::connect(&url).await?, part),
            None => {
                Self::Sqlite(SqlitePool::connect_with(SqliteConnectOptions::new().filename(data.join(file))).await?)
            }
        })
    }

    fn file(&self) -> anyhow::Result<&SqlitePool> {
        match self {
            Self::Sqlite(pool) => Ok(pool),
            Self::Postgres(..) => bail!("rows are changed in SQLite's files only"),
        }
    }

    /// Its tables, but for the one that tells which migrations ran.
    pub async fn tables(&self) -> anyhow::Result<Vec<String>> {
        let pool = match self {
            Self::Sqlite(pool) => pool,
            Self::Postgres(pool, part) => return of_part(pool, *part).await,
        };
        let query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                     AND name NOT LIKE '%migration%' ORDER BY name";
        Ok(sqlx::query_scalar(query).fetch_all(pool).await?)
    }

    /// The columns of a table.
    pub async fn columns(&self, table: &str) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT name FROM pragma_table_info(?) ORDER BY cid")
            .bind(table)
            .fetch_all(self.file()?)
            .await?)
    }

    /// Puts a row of made-up values into a table.
    pub async fn make_up(&self, table: &str) -> anyhow::Result<u64> {
        let query = "SELECT CASE WHEN type LIKE '%blob%' THEN 'zeroblob(32)' \
                     WHEN type LIKE '%int%' OR type LIKE '%bool%' THEN '1' ELSE '''x''' END \
                     FROM pragma_table_info(?) ORDER BY cid";
        let values: Vec<String> = sqlx::query_scalar(query).bind(table).fetch_all(self.file()?).await?;
        self.change(format!("INSERT INTO {table} VALUES ({})", values.join(", "))).await
    }

    /// Every row of every table.
    pub async fn dump(&self) -> anyhow::Result<Dump> {
        let mut dump = Dump::new();
        for table in self.tables().await? {
            let rows: Vec<String> = match self {
                Self::Sqlite(pool) => {
                    let columns = self.columns(&table).await?;
                    let columns: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
                    let query = format!("SELECT {} FROM {table}", columns.join(" || ',' || "));
                    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(pool).await?
                }
                Self::Postgres(pool, _) => {
                    let query = format!("SELECT CAST(t AS text) FROM {table} AS t");
                    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(pool).await?
                }
            };
            dump.insert(table, rows.into_iter().collect());
        }
        Ok(dump)
    }

    /// Runs a statement; the number of rows that it changed.
    pub async fn change(&self, statement: String) -> anyhow::Result<u64> {
        Ok(sqlx::query(sqlx::AssertSqlSafe(statement)).execute(self.file()?).await?.rows_affected())
    }

    /// Lets go of it.
    pub async fn close(self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

/// The tables of a part; not the cursor, in which a lease is renewed all the time.
async fn of_part(pool: &PgPool, part: Part) -> anyhow::Result<Vec<String>> {
    let query = "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'cursor' \
                 AND tablename NOT LIKE '%migration%' ORDER BY tablename";
    let all: Vec<String> = sqlx::query_scalar(query).fetch_all(pool).await?;
    let is_primary = |table: &String| {
        let starts = ["vault_", "capture_", "scan_", "place_", "webhook", "access_"];
        starts.iter().any(|start| table.starts_with(start))
            || ["job", "case_cause", "privacy_budget", "privacy_release"].contains(&table.as_str())
    };
    Ok(all.into_iter().filter(|table| is_primary(table) == (part == Part::Vault)).collect())
}
