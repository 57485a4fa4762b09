//! Who signed a consent: the patient, or the custodian as witness.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text;

/// The migration.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_consent_signers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = text("signed_by");
        column.default("custodian");
        manager.alter_table(Table::alter().table("consent").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("consent").drop_column("signed_by").to_owned()).await
    }
}
