//! Goods: products, lots, batches, containers, packs that were touched on their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, boolean, integer, integer_null, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0003_goods");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "product",
            columns: vec![
                binary("product"),
                text("party"),
                binary("commitment"),
                text_null("details"),
                integer_null("recall"),
                big_integer("event_id"),
            ],
            key: &["product"],
            indexes: &[&["party"], &["commitment"]],
        },
        NewTable {
            name: "lot",
            columns: vec![
                binary("lot"),
                binary("product"),
                text("party"),
                integer("expiry"),
                binary("commitment"),
                text_null("gtin"),
                text_null("number"),
                big_integer("commissioned"),
                integer_null("recall"),
                boolean("quarantined"),
                big_integer("event_id"),
            ],
            key: &["lot"],
            indexes: &[&["party"], &["product"], &["commitment"]],
        },
        NewTable {
            name: "batch",
            columns: vec![
                big_integer("event_id"),
                binary("lot"),
                text("party"),
                big_integer("packs"),
                big_integer("happened"),
            ],
            key: &["event_id"],
            indexes: &[&["lot"]],
        },
        NewTable {
            name: "container",
            columns: vec![binary("item"), binary_null("parent"), text("holder"), big_integer("event_id")],
            key: &["item"],
            indexes: &[&["parent"]],
        },
        NewTable {
            name: "pack",
            columns: vec![
                binary("item"),
                text("holder"),
                text("state"),
                text_null("reason"),
                boolean("quarantined"),
                integer_null("recall"),
                big_integer("event_id"),
            ],
            key: &["item"],
            indexes: &[&["holder"]],
        },
    ]
}
