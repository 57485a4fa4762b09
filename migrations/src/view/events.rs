//! Events: a row a command, who may see it, and the terms that it is found by beside its columns: business transactions, sources,
//! destinations, classes and so on, each under the name that EPCIS queries have for it.
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
            name: "event_term",
            columns: vec![big_integer("event_id"), integer("number"), text("kind"), text("value")],
            key: &["event_id", "number"],
            indexes: &[&["value", "kind"]],
        },
        NewTable {
            name: "dispute",
            columns: vec![big_integer("event_id"), text("party"), text_null("partner"), binary("disputed")],
            key: &["event_id"],
            indexes: &[&["disputed"]],
        },
    ]
}
