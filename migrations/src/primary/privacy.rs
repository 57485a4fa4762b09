//! What was told of many patients together, and what it cost of their privacy.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0012_privacy");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "privacy_budget",
            columns: vec![text("scope"), big_integer("spent_millis")],
            key: &["scope"],
            indexes: &[],
        },
        NewTable {
            name: "privacy_release",
            columns: vec![
                big_integer("seq"),
                binary("question"),
                text("party"),
                text("purpose"),
                big_integer("at"),
                big_integer("epsilon_millis"),
                text("answer"),
            ],
            key: &["seq"],
            indexes: &[&["question"], &["party", "seq"]],
        },
    ]
}
