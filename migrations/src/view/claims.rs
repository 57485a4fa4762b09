//! Claims for dispenses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0009_claims");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "claim",
        columns: vec![
            binary("claim"),
            binary("dispense"),
            text("claimant"),
            text("payer"),
            big_integer("packs"),
            text("state"),
            big_integer("submitted_at"),
            big_integer("moved_at"),
            binary_null("decision"),
            binary_null("payment"),
            big_integer("event_id"),
        ],
        key: &["claim"],
        indexes: &[&["claimant", "event_id"], &["payer", "event_id"]],
    }]
}
