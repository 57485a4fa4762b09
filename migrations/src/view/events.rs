//! Events: a row a command, who may see it, its business transactions, the items named on their own.
//!
//! `event_id` is the position: transaction index × 16,384 + command, so that it is the same after every rebuild.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, integer, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0002_events");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "event",
            columns: vec![
                big_integer("id"),
                binary("tx"),
                text("party"),
                text("kind"),
                big_integer("happened"),
                big_integer("recorded"),
                big_integer_null("site"),
                binary("commitment"),
                text("document"),
                text_null("event_id"),
                text_null("event_type"),
                text_null("action"),
                text_null("biz_step"),
                text_null("disposition"),
                text_null("read_point"),
                text_null("biz_location"),
                big_integer("items"),
            ],
            key: &["id"],
            indexes: &[&["happened"], &["recorded"], &["event_id"], &["commitment"], &["biz_location", "id"]],
        },
        NewTable {
            name: "event_party",
            columns: vec![text("party"), big_integer("event_id")],
            key: &["party", "event_id"],
            indexes: &[&["event_id"]],
        },
        NewTable {
            name: "event_transaction",
            columns: vec![big_integer("event_id"), integer("number"), text("kind"), text("value")],
            key: &["event_id", "number"],
            indexes: &[&["value"]],
        },
        NewTable {
            name: "event_item",
            columns: vec![binary("item"), big_integer("event_id")],
            key: &["item", "event_id"],
            indexes: &[],
        },
        NewTable {
            name: "dispute",
            columns: vec![big_integer("event_id"), text("party"), text_null("partner"), binary("disputed")],
            key: &["event_id"],
            indexes: &[&["disputed"]],
        },
    ]
}
