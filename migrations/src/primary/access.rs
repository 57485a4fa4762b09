//! Who saw what of patients' data: the logs of it, and declared emergencies.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, binary_null, text};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0006_access");

fn tables() -> Vec<NewTable> {
    vec![
        // The last one is written to. It begins at that place among all records.
        NewTable {
            name: "access_log",
            columns: vec![big_integer("seq"), binary("log"), big_integer("start"), big_integer("records")],
            key: &["seq"],
            indexes: &[],
        },
        // Sealed under the patient's key, if one is concerned; `previous` is the place of the patient's record before.
        NewTable {
            name: "access_record",
            columns: vec![
                big_integer("place"),
                binary_null("patient"),
                big_integer_null("previous"),
                binary("leaf"),
                binary("sealed"),
            ],
            key: &["place"],
            indexes: &[],
        },
        // A patient's last record.
        NewTable {
            name: "access_head",
            columns: vec![binary("patient"), big_integer("number"), big_integer("place"), binary("leaf")],
            key: &["patient"],
            indexes: &[],
        },
        NewTable {
            name: "access_emergency",
            columns: vec![
                binary("case_id"),
                binary("patient"),
                text("party"),
                binary("declared_by"),
                big_integer("declared_at"),
                binary_null("confirmed_by"),
                big_integer_null("confirmed_at"),
                big_integer("until"),
                // Reason and names, under the patient's key.
                binary("sealed"),
            ],
            key: &["case_id"],
            indexes: &[&["patient", "declared_at"]],
        },
    ]
}
