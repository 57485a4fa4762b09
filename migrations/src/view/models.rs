//! Models and what they said of cases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0006_models");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "model",
            columns: vec![
                text("party"),
                binary("model"),
                text("kind"),
                big_integer("registered_at"),
                binary("commitment"),
                big_integer("event_id"),
            ],
            key: &["party", "model"],
            indexes: &[&["model"], &["event_id"]],
        },
        // `subject` is the commitment that stands for the case.
        NewTable {
            name: "decision",
            columns: vec![
                big_integer("event_id"),
                text("party"),
                binary("model"),
                binary("subject"),
                binary("features"),
                big_integer("score_millionths"),
                binary("commitment"),
                big_integer("decided_at"),
            ],
            key: &["event_id"],
            indexes: &[&["subject"]],
        },
    ]
}
