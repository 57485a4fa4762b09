//! Who is told of cases, and what was told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, binary_null, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0005_webhooks");

/// Times are milliseconds of the database's clock.
fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "webhook",
            columns: vec![
                text("id"),
                text("party"),
                text("url"),
                // Sealed; the one before signs too until then.
                binary("secret"),
                binary_null("secret_before"),
                big_integer_null("before_until"),
                text("state"),
                text_null("reason"),
                big_integer("created_at"),
            ],
            key: &["id"],
            indexes: &[&["party", "created_at"]],
        },
        NewTable {
            name: "webhook_delivery",
            columns: vec![
                text("webhook"),
                text("message"),
                text("body"),
                text("state"),
                big_integer("created_at"),
                big_integer_null("tried_at"),
                big_integer("tries"),
                big_integer_null("status"),
                text_null("error"),
            ],
            key: &["webhook", "message"],
            indexes: &[&["webhook", "created_at"], &["created_at"]],
        },
    ]
}
