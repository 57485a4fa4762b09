//! What the rules found in the past of packs that captured documents name.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0007_findings");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "capture_finding",
        columns: vec![text("job"), big_integer("event"), text("item"), text("code")],
        key: &["job", "event", "item", "code"],
        indexes: &[],
    }]
}
