//! The first command of the README: a day of trade, then its log in the hands of others, then a second start.

use std::process::Command;

use veridose_tests::{Client, Server, token, veridose};

#[tokio::test]
async fn the_day_of_trade_ends_well_and_a_second_start_continues() {
    let data = tempfile::tempdir().expect("temporary directory");
    let played = veridose(data.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]).expect("runs");
    let story = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{story}\n{}", String::from_utf8_lossy(&played.stderr));
    assert!(story.lines().count() > 30, "a story that a newcomer understands: {story}");

    let server = Server::start(data.path(), &["serve"]).await.expect("starts again");
    let token = token(data.path(), "regulator", &["--party", "medicines-agency"]).expect("a token");
    let agency = Client::new(server.base(), Some(&token)).expect("a client");
    let recalls = agency.get("/recalls").await.expect("an answer").success().expect("a regulator reads recalls");
    assert!(recalls["items"].as_array().is_some_and(|list| !list.is_empty()), "the recall of the day: {recalls}");
    let key = agency.request(reqwest::Method::GET, "/log/key").send().await.expect("an answer");
    let key = key.text().await.expect("text").trim().to_owned();
    server.stop().await.expect("stops by itself");

    let Some(checker) = std::env::var_os("VERIDOSE_INTEROP") else { return };
    let log = data.path().join("ledger/log");
    for arguments in [&["check"][..], &["flips", "100", "2"][..]] {
        let (command, rest) = arguments.split_first().expect("a command");
        let output = Command::new(&checker).arg(command).arg(&log).arg(&key).args(rest).output().expect("runs");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
