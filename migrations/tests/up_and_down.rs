//! Every migration goes up, down and up again, on SQLite and, where `VERIDOSE_TEST_POSTGRES` names one, on PostgreSQL.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{Database, DatabaseConnection, DbBackend, Statement};
use veridose_migrations::{Primary, View, down, up};

/// Names of the tables and indexes in the connection's schema.
async fn names(connection: &DatabaseConnection) -> Vec<String> {
    let backend = connection.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "SELECT CAST(relname AS text) AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY relname"
    } else {
        "SELECT name FROM sqlite_master ORDER BY name"
    };
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await.expect("the catalogue is readable");
    rows.iter().map(|row| row.try_get::<String>("", "name").expect("a name is text")).collect()
}

async fn round(connection: &DatabaseConnection) {
    up::<Primary>(connection).await.expect("primary goes up");
    up::<View>(connection).await.expect("view goes up");
    let first = names(connection).await;
    assert!(first.contains(&"vault_document".to_owned()) && first.contains(&"handoff_item".to_owned()), "{first:?}");
    up::<Primary>(connection).await.expect("a second time changes nothing");
    assert_eq!(names(connection).await, first);
    down::<View>(connection).await.expect("view goes down");
    down::<Primary>(connection).await.expect("primary goes down");
    let left: Vec<String> = names(connection).await.into_iter().filter(|name| !name.contains("migration")).collect();
    assert!(left.is_empty(), "going down leaves {left:?}");
    up::<View>(connection).await.expect("view goes up again");
    up::<Primary>(connection).await.expect("primary goes up again");
    assert_eq!(names(connection).await, first);
}

#[tokio::test]
async fn sqlite() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}?mode=rwc", directory.path().join("test.db").display());
    round(&Database::connect(url).await.expect("SQLite opens")).await;
}

#[tokio::test]
async fn postgres() {
    let Some(url) = std::env::var("VERIDOSE_TEST_POSTGRES").ok() else {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: VERIDOSE_TEST_POSTGRES names no PostgreSQL server");
        }
        return;
    };
    let admin = Database::connect(&url).await.expect("PostgreSQL answers");
    admin.execute_unprepared("DROP SCHEMA IF EXISTS migration_test CASCADE").await.expect("dropped");
    admin.execute_unprepared("CREATE SCHEMA migration_test").await.expect("created");
    let mut options = sea_orm_migration::sea_orm::ConnectOptions::new(url);
    options.set_schema_search_path("migration_test");
    let connection = Database::connect(options).await.expect("PostgreSQL answers");
    // Two replicas that start together: the advisory lock makes one wait.
    let (one, two) = tokio::join!(up::<Primary>(&connection), up::<Primary>(&connection));
    one.expect("the first replica migrates");
    two.expect("the second replica waits and finds nothing to do");
    round(&connection).await;
}
