//! Cursor, transactions, parties, certificates.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, integer, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0001_members");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "cursor",
            columns: vec![integer("id"), text("network"), big_integer("next_index"), big_integer("erasures")],
            key: &["id"],
            indexes: &[],
        },
        NewTable {
            name: "ledger_transaction",
            columns: vec![
                big_integer("tx_index"),
                binary("tx"),
                text("party"),
                big_integer("recorded"),
                big_integer("commands"),
            ],
            key: &["tx_index"],
            indexes: &[&["tx"]],
        },
        NewTable {
            name: "party",
            columns: vec![
                text("party"),
                text("name"),
                text("role"),
                text("sites"),
                binary("ca"),
                text("state"),
                big_integer_null("event_id"),
            ],
            key: &["party"],
            indexes: &[],
        },
        NewTable {
            name: "party_approval",
            columns: vec![text("party"), binary("words"), text("approver"), big_integer("event_id")],
            key: &["party", "words", "approver"],
            indexes: &[],
        },
        NewTable {
            name: "certificate",
            columns: vec![
                binary("fingerprint"),
                text("party"),
                text("role"),
                big_integer_null("site"),
                big_integer("not_before"),
                big_integer("not_after"),
                big_integer("event_id"),
                big_integer_null("revoked_at"),
            ],
            key: &["fingerprint"],
            indexes: &[&["party"]],
        },
    ]
}
