//! The payload vault: keys, groups of documents under one data key, the documents, requests, erasures.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, boolean, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0001_vault");

fn tables() -> Vec<NewTable> {
    vec![
        NewTable {
            name: "vault_party",
            columns: vec![text("party"), binary("wrapped")],
            key: &["party"],
            indexes: &[],
        },
        // `wrapped` is null once the key is destroyed; the row stays, so that nobody makes the key again.
        NewTable {
            name: "vault_patient",
            columns: vec![binary("patient"), binary_null("wrapped")],
            key: &["patient"],
            indexes: &[],
        },
        NewTable {
            name: "vault_group",
            columns: vec![binary("id"), text("owner"), binary_null("patient")],
            key: &["id"],
            indexes: &[&["patient"]],
        },
        NewTable {
            name: "vault_wrap",
            columns: vec![binary("group_id"), text("party"), binary("wrapped")],
            key: &["group_id", "party"],
            indexes: &[],
        },
        NewTable {
            name: "vault_document",
            columns: vec![binary("commitment"), binary("group_id"), binary_null("sealed")],
            key: &["commitment"],
            indexes: &[&["group_id"]],
        },
        // `taken_up` once the request came again: from then on its documents are not only the first one's to discard.
        NewTable {
            name: "vault_request",
            columns: vec![
                text("owner"),
                binary("key"),
                binary("sha256"),
                binary("commitments"),
                binary("group_id"),
                boolean("taken_up"),
            ],
            key: &["owner", "key"],
            indexes: &[&["group_id"]],
        },
        NewTable {
            name: "vault_erasure",
            columns: vec![big_integer("seq"), binary("commitment")],
            key: &["seq"],
            indexes: &[],
        },
    ]
}
