//! What members told of places in the master data of captured documents: it stands on no ledger.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, double_null, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0008_places");

fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "place_told",
        columns: vec![
            // The same for each spelling of a place.
            text("place"),
            text("party"),
            text("uri"),
            text_null("country"),
            double_null("latitude"),
            double_null("longitude"),
            text_null("role"),
            text_null("owner"),
            text_null("name"),
            boolean("listed"),
            text("sells"),
            // Grows with each telling, so that the latest is known.
            big_integer("seq"),
        ],
        key: &["place", "party"],
        indexes: &[&["party"], &["seq"]],
    }]
}
