//! The queue of jobs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, text, text_null};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0003_jobs");

/// Times are milliseconds of the database's clock.
fn tables() -> Vec<NewTable> {
    vec![NewTable {
        name: "job",
        columns: vec![
            text("id"),
            text("kind"),
            // What is to be done, as JSON; of a periodic job what its last run left for the next.
            text("payload"),
            text("state"),
            big_integer("created_at"),
            // When it may be taken, if it waits.
            big_integer("due_at"),
            big_integer_null("finished_at"),
            // A periodic job waits so long after each run.
            big_integer_null("every_ms"),
            // Runs since the last good one, how many there may be, and the wait after the first that failed.
            big_integer("attempts"),
            big_integer("attempts_max"),
            big_integer("pause_ms"),
            // How often it was taken in all, by whom it is held, and until when nobody else may take it.
            big_integer("claims"),
            text_null("runner"),
            big_integer_null("lease_until"),
            boolean("cancelling"),
            big_integer("done"),
            big_integer("total"),
            text_null("error"),
        ],
        key: &["id"],
        indexes: &[&["state", "due_at"], &["kind", "state"], &["created_at", "id"]],
    }]
}
