//! Lists that people of the pages named.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0013_saved_views");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "saved_view",
        columns: vec![binary("id"), binary("person"), binary("sealed"), big_integer("saved_at")],
        key: &["id"],
        indexes: &[&["person"]],
    }]
}
