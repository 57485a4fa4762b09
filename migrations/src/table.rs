//! A table in one call: name, columns, primary key, indexes.

use sea_orm_migration::prelude::*;

/// A table of a migration.
pub(crate) struct NewTable {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<ColumnDef>,
    pub(crate) key: &'static [&'static str],
    pub(crate) indexes: &'static [&'static [&'static str]],
}

/// Creates the tables in order, with their indexes.
pub(crate) async fn create(manager: &SchemaManager<'_>, tables: Vec<NewTable>) -> Result<(), DbErr> {
    for table in tables {
        let mut statement = Table::create();
        statement.table(table.name);
        for column in table.columns {
            statement.col(column);
        }
        let mut key = Index::create();
        for column in table.key {
            key.col(*column);
        }
        statement.primary_key(&mut key);
        manager.create_table(statement).await?;
        for columns in table.indexes {
            let mut index = Index::create();
            index.name(format!("{}_by_{}", table.name, columns.join("_"))).table(table.name);
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
    }
    Ok(())
}

/// Drops the tables, last first; their indexes go with them.
pub(crate) async fn drop(manager: &SchemaManager<'_>, tables: Vec<NewTable>) -> Result<(), DbErr> {
    for table in tables.into_iter().rev() {
        manager.drop_table(Table::drop().table(table.name).to_owned()).await?;
    }
    Ok(())
}

/// A migration that creates the tables of the function `tables` beside it.
macro_rules! tables_migration {
    ($name:literal) => {
        /// The migration.
        pub(crate) struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::table::create(manager, tables()).await
            }
            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::table::drop(manager, tables()).await
            }
        }
    };
}
pub(crate) use tables_migration;
