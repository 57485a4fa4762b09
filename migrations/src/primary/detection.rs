//! What detection needs that stands on no ledger: verifications, and which causes have become cases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0004_detection");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "scan_batch",
            columns: vec![big_integer("seq"), big_integer("at"), binary("sealed")],
            key: &["seq"],
            indexes: &[&["at"]],
        },
        // Which batches name an item, by its blinded name.
        NewTable {
            name: "scan_item",
            columns: vec![binary("item"), big_integer("seq")],
            key: &["item", "seq"],
            indexes: &[&["seq"]],
        },
        // The request that raises the case of a cause, and whether that was done.
        NewTable {
            name: "case_cause",
            columns: vec![text("cause"), binary("request"), boolean("raised")],
            key: &["cause"],
            indexes: &[&["request"]],
        },
    ]
}
