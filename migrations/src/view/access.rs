//! How far logs of accesses to patients' data are anchored.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0008_access");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "anchored_access",
        columns: vec![
            binary("log"),
            big_integer("first"),
            big_integer("records"),
            binary("root"),
            text("party"),
            big_integer("event_id"),
        ],
        key: &["log", "first"],
        indexes: &[],
    }]
}
