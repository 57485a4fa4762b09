//! The rows of a node's SQLite databases, read and changed beside it as no client could.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// A database file of a node.
#[derive(Debug, Clone)]
pub struct Rows(SqlitePool);

/// Each table's rows, as SQL literals.
pub type Dump = BTreeMap<String, BTreeSet<String>>;

impl Rows {
    /// The vault and the capture jobs of the node with this data directory.
    pub async fn of_vault(data: &Path) -> anyhow::Result<Self> {
        Self::open(&data.join("veridose.sqlite")).await
    }

    /// Its view.
    pub async fn of_view(data: &Path) -> anyhow::Result<Self> {
        Self::open(&data.join("veridose.sqlite-view")).await
    }

    async fn open(file: &Path) -> anyhow::Result<Self> {
        Ok(Self(SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await?))
    }

    /// Its tables, but for the one that tells which migrations ran.
    pub async fn tables(&self) -> anyhow::Result<Vec<String>> {
        let query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                     AND name NOT LIKE '%migration%' ORDER BY name";
        Ok(sqlx::query_scalar(query).fetch_all(&self.0).await?)
    }

    /// The columns of a table.
    pub async fn columns(&self, table: &str) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT name FROM pragma_table_info(?) ORDER BY cid")
            .bind(table)
            .fetch_all(&self.0)
            .await?)
    }

    /// Puts a row of made-up values into a table.
    pub async fn make_up(&self, table: &str) -> anyhow::Result<u64> {
        let query = "SELECT CASE WHEN type LIKE '%blob%' THEN 'zeroblob(32)' \
                     WHEN type LIKE '%int%' OR type LIKE '%bool%' THEN '1' ELSE '''x''' END \
                     FROM pragma_table_info(?) ORDER BY cid";
        let values: Vec<String> = sqlx::query_scalar(query).bind(table).fetch_all(&self.0).await?;
        self.change(format!("INSERT INTO {table} VALUES ({})", values.join(", "))).await
    }

    /// Every row of every table.
    pub async fn dump(&self) -> anyhow::Result<Dump> {
        let mut dump = Dump::new();
        for table in self.tables().await? {
            let columns: Vec<_> = self.columns(&table).await?.iter().map(|column| format!("quote({column})")).collect();
            let query = format!("SELECT {} FROM {table}", columns.join(" || ',' || "));
            let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&self.0).await?;
            dump.insert(table, rows.into_iter().collect());
        }
        Ok(dump)
    }

    /// Runs a statement; the number of rows that it changed.
    pub async fn change(&self, statement: String) -> anyhow::Result<u64> {
        Ok(sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&self.0).await?.rows_affected())
    }

    /// Lets go of the file.
    pub async fn close(self) {
        self.0.close().await;
    }
}
