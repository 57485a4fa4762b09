//! Patients' passkeys, and the ceremonies that are under way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0011_passkeys");

fn tables() -> Vec<NewTable> {
    vec![
        // `id` is the credential's name under the master key; the rest lies under the patient's.
        NewTable {
            name: "passkey",
            columns: vec![binary("id"), binary("patient"), binary("sealed")],
            key: &["id"],
            indexes: &[&["patient"]],
        },
        // `used_by` names the one request that a challenge was answered with.
        NewTable {
            name: "passkey_ceremony",
            columns: vec![
                binary("id"),
                binary("patient"),
                big_integer("until"),
                binary_null("used_by"),
                binary("sealed"),
            ],
            key: &["id"],
            indexes: &[&["patient"], &["until"]],
        },
    ]
}
