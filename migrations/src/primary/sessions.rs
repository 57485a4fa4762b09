//! Who is signed in to the pages.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0010_sessions");

/// Times are milliseconds of the node's machine, by which tokens are judged too.
fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "session",
        columns: vec![
            // SHA-256 of the cookie's token: who reads the table has no session.
            binary("token"),
            // A hash of issuer and subject, so that one person's sessions can be counted.
            binary("person"),
            // Who it is, sealed.
            binary("caller"),
            big_integer("created_at"),
            big_integer("seen_at"),
        ],
        key: &["token"],
        indexes: &[&["person", "created_at"], &["seen_at"]],
    }]
}
