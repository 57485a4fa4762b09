//! Which process writes the view, for how long, and how often that changed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text_null};

/// The migration.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_owner"
    }
}

/// Of the cursor's row: what is written together is locked together. `lease_until` is in milliseconds of the database's clock,
/// null while nobody owns the view; `epoch` grows with each owner.
fn columns() -> [ColumnDef; 3] {
    [text_null("owner"), big_integer("epoch").default(0).to_owned(), big_integer_null("lease_until")]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for mut column in columns() {
            manager.alter_table(Table::alter().table("cursor").add_column(&mut column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["owner", "epoch", "lease_until"] {
            manager.alter_table(Table::alter().table("cursor").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
