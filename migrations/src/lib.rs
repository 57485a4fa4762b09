//! Migrations of the SQL databases, append-only: a released one is never edited, a change is a new one.
//!
//! [`Primary`] makes the tables of what exists nowhere else (vault, capture jobs, the queue of jobs), [`View`] those of the projection, which can
//! be dropped and rebuilt. Each keeps its own migration table, so that both may live in one PostgreSQL database.

mod primary;
mod table;
mod view;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, TransactionTrait};

/// Tables of the vault, the capture jobs and the queue of jobs.
#[derive(Debug)]
pub struct Primary;

/// Tables of the projection.
#[derive(Debug)]
pub struct View;

#[async_trait::async_trait]
impl MigratorTrait for Primary {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(primary::vault::Migration),
            Box::new(primary::capture::Migration),
            Box::new(primary::jobs::Migration),
            Box::new(primary::detection::Migration),
            Box::new(primary::webhooks::Migration),
            Box::new(primary::access::Migration),
            Box::new(primary::findings::Migration),
            Box::new(primary::places::Migration),
            Box::new(primary::patient_keys::Migration),
            Box::new(primary::sessions::Migration),
            Box::new(primary::passkeys::Migration),
            Box::new(primary::privacy::Migration),
            Box::new(primary::saved_views::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "primary_migration".into_iden()
    }
}

#[async_trait::async_trait]
impl MigratorTrait for View {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(view::members::Migration),
            Box::new(view::events::Migration),
            Box::new(view::goods::Migration),
            Box::new(view::answers::Migration),
            Box::new(view::owner::Migration),
            Box::new(view::models::Migration),
            Box::new(view::case_measures::Migration),
            Box::new(view::access::Migration),
            Box::new(view::consents_by_document::Migration),
            Box::new(view::studies::Migration),
            Box::new(view::claims::Migration),
            Box::new(view::consent_signers::Migration),
            Box::new(view::case_steps::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "view_migration".into_iden()
    }
}

/// Any number that no other program on the same PostgreSQL takes: the ASCII of `veridose`.
const ADVISORY_LOCK: i64 = i64::from_be_bytes(*b"veridose");

/// Applies what is pending. On PostgreSQL everything runs in one transaction under an advisory lock, so that replicas that
/// start together wait for each other; SQLite has one writer and one node.
pub async fn up<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin(connection).await?;
    M::up(&transaction, None).await?;
    transaction.commit().await
}

/// Takes back everything that was applied.
pub async fn down<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin(connection).await?;
    M::down(&transaction, None).await?;
    transaction.commit().await
}

async fn begin(connection: &DatabaseConnection) -> Result<sea_orm_migration::sea_orm::DatabaseTransaction, DbErr> {
    let transaction = connection.begin().await?;
    if connection.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    Ok(transaction)
}
