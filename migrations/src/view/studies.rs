//! Clinical studies and the versions of their documents.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0008_studies");

fn tables() -> Vec<NewTable> {
    vec![
        // `sites` holds the parties' names, each between commas.
        NewTable {
            name: "study",
            columns: vec![
                binary("study"),
                text("sponsor"),
                text("kind"),
                text("sites"),
                big_integer("registered_at"),
                binary("commitment"),
                big_integer("event_id"),
            ],
            key: &["study"],
            indexes: &[&["event_id"]],
        },
        NewTable {
            name: "study_version",
            columns: vec![
                binary("study"),
                binary("content"),
                binary("document"),
                text("kind"),
                big_integer("version"),
                text("party"),
                big_integer("anchored_at"),
                binary("commitment"),
                big_integer("event_id"),
            ],
            key: &["study", "content"],
            indexes: &[&["content"], &["study", "event_id"]],
        },
    ]
}
