//! The day of trade with PostgreSQL under it: the vault, the jobs and the view as on SQLite.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use veridose_tests::{Client, Server, token, veridose};

/// A database of the test's own on the server that `tests/run` started.
#[expect(clippy::print_stdout, reason = "a test that skips says so on its standard output")]
async fn database() -> Option<String> {
    let Ok(url) = std::env::var("VERIDOSE_TEST_POSTGRES") else {
        println!("skipped: VERIDOSE_TEST_POSTGRES names no server: the day of trade runs on SQLite only");
        return None;
    };
    let name = format!("veridose_system_{}", std::process::id());
    let pool = PgPool::connect(&url).await.expect("connects");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.expect("created");
    pool.close().await;
    let (server, _) = url.rsplit_once('/').expect("a URL that ends with the name of a database");
    Some(format!("{server}/{name}"))
}

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
    let Some(url) = database().await else { return };
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
