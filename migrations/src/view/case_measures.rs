//! Measures that were taken because of a case.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0007_case_measures");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "case_quarantine",
        columns: vec![big_integer("event_id"), binary("case_id")],
        key: &["event_id"],
        indexes: &[&["case_id"]],
    }]
}
