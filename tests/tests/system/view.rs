//! The SQL view is only a view: a row that was changed behind the node's back is found by comparison with a rebuild.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use veridose_tests::{Rows, veridose};

/// How often every table is changed.
const ROUNDS: usize = 4;

/// What `project rebuild --compare` says of each table, and its exit code.
fn compared(data: &Path) -> (Option<i32>, BTreeSet<String>) {
    let output = veridose(data, &["project", "rebuild", "--compare", "--json"]).expect("runs");
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let differences = said["differences"].as_array().expect("a list").iter();
    let table = |difference: &Value| {
        let text = difference.as_str().expect("a line");
        let row = text.split_once(": ").expect("only before or only now").1;
        row.split(' ').next().expect("a table's name").to_owned()
    };
    (output.status.code(), differences.map(table).collect())
}

/// Whether a row of the table was changed: another column in each round, a row less in the last. A table that a day of
/// trade leaves empty gets a row.
async fn changed(view: &Rows, table: &str, round: usize) -> bool {
    let columns = view.columns(table).await.expect("columns");
    let statement = if round + 1 == ROUNDS {
        format!("DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
    } else {
        // From the last one: those that make a row's name come first.
        let column = &columns[columns.len() - 1 - round % columns.len()];
        let other = format!(
            "CASE typeof({column}) WHEN 'integer' THEN 1 - {column} WHEN 'text' THEN {column} || 'x' \
             WHEN 'blob' THEN zeroblob(length({column})) ELSE NULL END"
        );
        format!(
            "UPDATE {table} SET {column} = {other} WHERE rowid = (SELECT min(rowid) FROM {table} \
             WHERE {column} IS NOT NULL)"
        )
    };
    match view.change(statement).await {
        Ok(1) => true,
        _ if view.dump().await.expect("rows")[table].is_empty() => view.make_up(table).await.expect("made up") == 1,
        // A change that the table's own keys forbid.
        _ => false,
    }
}

#[tokio::test]
async fn a_changed_row_of_any_table_is_found_by_comparison() {
    let data = tempfile::tempdir().expect("temporary directory");
    let played = veridose(data.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]).expect("runs");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    assert_eq!(compared(data.path()), (Some(0), BTreeSet::new()), "the view is what the ledger says");
    let mut found = BTreeSet::new();
    for round in 0..ROUNDS {
        let view = Rows::of_view(data.path()).await.expect("opens");
        let mut expected = BTreeSet::new();
        for table in view.tables().await.expect("tables") {
            // The cursor is not a row of the trade: it says where to go on.
            if table != "cursor" && changed(&view, &table, round).await {
                expected.insert(table);
            }
        }
        view.close().await;
        let (code, tables) = compared(data.path());
        assert_eq!(code, Some(1), "round {round}");
        assert!(tables.is_superset(&expected), "round {round}: not found in {:?}", expected.difference(&tables));
        found.extend(expected);
        assert_eq!(compared(data.path()), (Some(0), BTreeSet::new()), "the rebuild has mended it");
    }
    let view = Rows::of_view(data.path()).await.expect("opens");
    let tables = view.tables().await.expect("tables").len();
    assert_eq!(found.len() + 1, tables, "every table but the cursor: {found:?}");
    println!("measured: a changed row was found in each of {} tables", found.len());
}
