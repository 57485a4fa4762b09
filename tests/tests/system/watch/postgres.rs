//! Watching with PostgreSQL under it.

use veridose_tests::{Trial, new_database, pack};

use super::{cases, has_run, raised, station_of, trade};

#[tokio::test]
async fn a_copy_becomes_one_case_on_postgresql_and_stays_one_after_a_kill() {
    let Some(url) = new_database("watch").await.expect("a database") else { return };
    let arguments = vec!["--database".to_owned(), url];
    let trial = Trial::start_with(tempfile::tempdir().expect("a folder"), arguments).await.expect("starts");
    let (harbour, station) = (trial.harbour().expect("a client"), station_of(&trial));
    trade(&trial, &harbour).await;
    station.verify(&pack("COPIED")).await.expect("a verdict");
    let found = raised(&trial.agency().expect("a client"), 1).await;
    assert!(found[&pack("COPIED")].contains(&"cloned_serial".to_owned()), "{found:?}");

    let trial = trial.kill_and_resume().await.expect("starts after a kill");
    let agency = trial.agency().expect("a client");
    station_of(&trial).verify(&pack("COPIED")).await.expect("a verdict");
    for job in ["lake", "detect", "search"] {
        has_run(&agency, job).await;
    }
    assert_eq!(cases(&agency).await, found);
    trial.server.stop().await.expect("stops");
}
