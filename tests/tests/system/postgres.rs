//! The day of trade with PostgreSQL under it: the vault, the jobs and the view as on SQLite.

use serde_json::Value;
use veridose_tests::{Client, Server, Trial, copy_founding, new_database, token, veridose};

async fn view(agency: &Client) -> Vec<Value> {
    let mut view = agency.events().await.expect("events");
    for list in ["/handoffs", "/products", "/parties", "/recalls"] {
        let rows = agency.rows(list).await.expect("a list");
        assert!(!rows.is_empty(), "{list}: the day left nothing");
        view.extend(rows);
    }
    view
}

#[tokio::test]
async fn the_day_of_trade_runs_on_postgresql_and_goes_on_after_a_kill() {
    let Some(url) = new_database("system").await.expect("a database") else { return };
    let data = tempfile::tempdir().expect("temporary directory");
    let demo = ["demo", "--exit", "--listen", "127.0.0.1:0", "--database", &url];
    let played = veridose(data.path(), &demo).expect("runs");
    let story = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{story}\n{}", String::from_utf8_lossy(&played.stderr));
    assert!(!data.path().join("veridose.sqlite").exists(), "it ran on SQLite");

    let serve = ["serve", "--database", &url];
    let token = token(data.path(), "regulator", &["--party", "medicines-agency"]).expect("a token");
    let server = Server::start(data.path(), &serve).await.expect("starts again");
    let before = view(&Client::new(server.base(), Some(&token)).expect("a client")).await;
    server.kill().expect("killed");
    let compared = veridose(data.path(), &["project", "rebuild", "--compare", "--database", &url]).expect("runs");
    assert!(compared.status.success(), "{}", String::from_utf8_lossy(&compared.stdout));
    let server = Server::start(data.path(), &serve).await.expect("starts after a kill");
    assert_eq!(view(&Client::new(server.base(), Some(&token)).expect("a client")).await, before);
    server.stop().await.expect("stops");
}

/// What a node says that must end by itself: its last line.
fn refused(data: &std::path::Path, arguments: &[&str]) -> String {
    let ended = veridose(data, &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()).expect("runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    said.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_second_process_is_refused_where_there_can_be_only_one() {
    let Some(url) = new_database("alone").await.expect("a database") else { return };
    let with_it = ["--database", url.as_str()];
    let trial = Trial::start_with(tempfile::tempdir().expect("a folder"), with_it.map(str::to_owned).into()).await;
    let trial = trial.expect("starts");
    let line = refused(trial.data(), &with_it);
    assert!(line.contains("is in use by another process"), "{line}");
    let copy = tempfile::tempdir().expect("a folder");
    copy_founding(trial.data(), copy.path()).expect("copied");
    let line = refused(copy.path(), &with_it);
    assert!(line.contains("with the embedded ledger there can be only one"), "{line}");
    let stranger = tempfile::tempdir().expect("a folder");
    let line = refused(stranger.path(), &with_it);
    assert!(line.contains("sealed under another master key"), "{line}");
    let line = refused(copy.path(), &["--role", "work"]);
    assert!(line.contains("have one process, of the role all"), "{line}");
    // The first one noticed nothing of it.
    let maker = trial.maker().expect("a client");
    assert_eq!(maker.get("/readyz").await.expect("an answer").status, 200);
    let mut data = trial.stop().await.expect("stops");

    // Nobody works on the database now, but its view is of another log than the copy's.
    let line = refused(copy.path(), &with_it);
    assert!(line.contains("the view was made from another ledger"), "{line}");
    data = Trial::start_with(data, with_it.map(str::to_owned).into()).await.expect("goes on").kill().expect("killed");
    let trial = Trial::start_with(data, with_it.map(str::to_owned).into()).await.expect("goes on at once after a kill");
    trial.server.stop().await.expect("stops");
}
