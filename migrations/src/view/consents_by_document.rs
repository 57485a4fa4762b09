//! Consents are found by the documents that lie under their patient's key.

use sea_orm_migration::prelude::*;

const NAME: &str = "consent_by_commitment";

/// The migration.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_consents_by_document"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(Index::create().name(NAME).table("consent").col("commitment").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(NAME).table("consent").to_owned()).await
    }
}
