//! What patients' keys hang from: the ring of bucket keys under the root, and the links from each root to the next.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0009_patient_keys");

fn tables() -> Vec<NewTable> {
    vec![
        // One row, of the number 0.
        NewTable {
            name: "vault_ring",
            columns: vec![big_integer("id"), big_integer("generation"), binary("sealed")],
            key: &["id"],
            indexes: &[],
        },
        NewTable {
            name: "vault_link",
            columns: vec![big_integer("generation"), binary("link"), big_integer("made_at")],
            key: &["generation"],
            indexes: &[],
        },
    ]
}
