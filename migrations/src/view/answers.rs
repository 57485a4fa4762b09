//! Handoffs, recalls, quarantines, consents, cases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, integer, text, text_null,
};

use crate::table::{NewTable, tables_migration};

tables_migration!("m0004_answers");

fn tables() -> Vec<NewTable> {
    vec![
        handoff(),
        NewTable {
            name: "handoff_item",
            columns: vec![binary("offer"), binary("item"), boolean("accepted"), text_null("discrepancy")],
            key: &["offer", "item"],
            indexes: &[],
        },
        // `target` is the key of the lot or product, or the SHA-256 over the sorted items.
        NewTable {
            name: "recall",
            columns: vec![
                big_integer("event_id"),
                text("party"),
                text("scope"),
                binary("target"),
                big_integer("items"),
                integer("class"),
                binary("commitment"),
                text_null("reason"),
                big_integer("called_at"),
                big_integer_null("ended_at"),
            ],
            key: &["event_id"],
            indexes: &[&["target"], &["commitment"]],
        },
        NewTable {
            name: "quarantine",
            columns: vec![
                big_integer("event_id"),
                text("party"),
                text("scope"),
                binary("target"),
                big_integer("items"),
                binary("commitment"),
                big_integer("set_at"),
                big_integer_null("released_at"),
            ],
            key: &["event_id"],
            indexes: &[&["target"]],
        },
        NewTable {
            name: "consent",
            columns: vec![
                binary("consent"),
                text("custodian"),
                text("purpose"),
                text("data"),
                text("form"),
                text_null("credential"),
                text_null("grantee"),
                big_integer("valid_from"),
                big_integer_null("valid_until"),
                big_integer("version"),
                binary("commitment"),
                big_integer_null("revoked_at"),
                big_integer("event_id"),
            ],
            key: &["consent"],
            indexes: &[&["custodian"]],
        },
        case_file(),
    ]
}

fn handoff() -> NewTable {
    NewTable {
        name: "handoff",
        columns: vec![
            binary("offer"),
            text("sender"),
            text("receiver"),
            text("kind"),
            text("state"),
            big_integer("items"),
            big_integer("remaining"),
            big_integer("discrepancies"),
            binary("offered"),
            binary_null("answered"),
            big_integer("offered_at"),
            big_integer_null("answered_at"),
            big_integer("offered_event"),
            big_integer_null("answered_event"),
        ],
        key: &["offer"],
        indexes: &[&["sender", "offered_event"], &["receiver", "offered_event"], &["offered_event"]],
    }
}

fn case_file() -> NewTable {
    NewTable {
        name: "case_file",
        columns: vec![
            binary("case_id"),
            text("party"),
            big_integer("raised_at"),
            text("stage"),
            text_null("outcome"),
            text_null("assignee"),
            binary("commitment"),
            big_integer("moved_at"),
            big_integer("event_id"),
        ],
        key: &["case_id"],
        indexes: &[&["party", "event_id"], &["stage", "event_id"]],
    }
}
