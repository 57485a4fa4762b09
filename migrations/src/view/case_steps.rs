//! What regulators did with cases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0013_case_steps");

fn tables() -> Vec<NewTable> {
    // `value` is to whom a case was assigned, or its outcome.
    vec![NewTable {
        name: "case_step",
        columns: vec![
            big_integer("event_id"),
            binary("case_id"),
            text("step"),
            text_null("value"),
            text("party"),
            big_integer("at"),
            binary("commitment"),
        ],
        key: &["event_id"],
        indexes: &[&["case_id"]],
    }]
}
