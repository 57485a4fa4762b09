//! Capture jobs, the pieces of their documents, their errors.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, binary_null, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0002_capture");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "capture_job",
            columns: vec![
                text("id"),
                text("party"),
                text("behaviour"),
                text("media_type"),
                big_integer("size_bytes"),
                text("state"),
                big_integer("created_at"),
                big_integer_null("finished_at"),
                big_integer("events"),
                big_integer("captured"),
                big_integer("errors"),
                big_integer("pieces"),
                binary("wrapped"),
                // Of the whole document; null while it is received.
                binary_null("sha256"),
                // Who receives it or works it through, and until when nobody else may; for a job that waits, until when it does.
                text_null("runner"),
                big_integer_null("lease_until"),
                // How often it was taken, and how often in a row a runner broke down over it.
                big_integer("claims"),
                big_integer("faults"),
            ],
            key: &["id"],
            indexes: &[&["party", "created_at"], &["state", "created_at"]],
        },
        NewTable {
            name: "capture_piece",
            columns: vec![text("job"), big_integer("number"), binary("sealed")],
            key: &["job", "number"],
            indexes: &[],
        },
        NewTable {
            name: "capture_error",
            columns: vec![text("job"), big_integer("event"), text("code"), text("detail"), text_null("place")],
            key: &["job", "event", "code"],
            indexes: &[],
        },
    ]
}
