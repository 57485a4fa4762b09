//! Machines that are lost in the middle of a load: nothing that was acknowledged is lost or doubled.

use std::time::Duration;

use veridose_tests::{FabricNetwork, PostgresServer, Random, Trial, checkpoint, copy_founding, printed};

use super::load::{Load, PACKS_AN_EVENT, commission, verify};

/// Packs for the load.
const PACKS: usize = 6_000;
/// Where the load often waits for what was lost.
const FEWER_PACKS: usize = 3_000;

/// How often each machine is lost.
fn kills() -> usize {
    if std::env::var_os("VERIDOSE_LONG").is_some() { 100 } else { 10 }
}

/// Kills a node of the network again and again under a load.
#[expect(clippy::print_stdout, reason = "what a test measured")]
async fn survive(name: &str, options: &[&str], victims: &[&str]) {
    let Some(network) = FabricNetwork::up(name, options).await.expect("a network") else { return };
    let mut random = Random::from_environment();
    let data = tempfile::tempdir().expect("a folder");
    let trial = Trial::start_with(data, network.joining("alpine-pharma")).await.expect("starts");
    let maker = trial.maker().expect("a client");
    commission(&maker, PACKS).await;
    let load = Load::default();
    for kill in 0..kills() {
        let victim = victims[kill % victims.len()];
        let killing = async {
            tokio::time::sleep(Duration::from_millis(100 + random.below(400))).await;
            network.run(&["kill", victim]).expect("killed");
            tokio::time::sleep(Duration::from_millis(random.below(1_000))).await;
            network.run(&["start", victim]).expect("started again");
            load.stop();
        };
        tokio::join!(load.run(&maker), killing);
    }
    let answers = load.answers.lock().expect("no panic").clone();
    let acknowledged = answers.values().flatten().count();
    assert!(acknowledged > kills(), "the channel hardly got to work: {acknowledged} requests");
    verify(&maker, &answers).await;
    let copy = tempfile::tempdir().expect("a folder");
    copy_founding(trial.data(), copy.path()).expect("copied");
    let witness = Trial::start_with(copy, network.joining("medicines-agency")).await.expect("another node joins");
    let logs = (checkpoint(&maker).await, checkpoint(&witness.maker().expect("a client")).await);
    assert_eq!(logs.0.expect("a checkpoint"), logs.1.expect("a checkpoint"));
    let data = trial.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the replica is sound");
    printed(data.path(), &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
    println!("measured: {name}: {} kills, {acknowledged} of {} requests acknowledged at once", kills(), answers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_are_lost() {
    survive("lost-peers", &[], &["peer-alpine-pharma", "peer-north-wholesale", "peer-medicines-agency"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chaincodes_are_lost() {
    survive("lost-chaincodes", &[], &["chaincode-alpine-pharma", "chaincode-harbour-pharmacy"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_orderer_of_three_is_lost() {
    survive("lost-orderers", &["--orderers", "3"], &["orderer1", "orderer2", "orderer3"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_is_lost() {
    let Some(network) = FabricNetwork::up("lost-node", &[]).await.expect("a network") else { return };
    let mut random = Random::from_environment();
    let data = tempfile::tempdir().expect("a folder");
    let mut trial = Trial::start_with(data, network.joining("alpine-pharma")).await.expect("starts");
    commission(&trial.maker().expect("a client"), PACKS).await;
    let load = Load::default();
    for _ in 0..kills() {
        let maker = trial.maker().expect("a client");
        let killing = async {
            tokio::time::sleep(Duration::from_millis(100 + random.below(900))).await;
            let trial = trial.kill_and_resume().await.expect("starts again");
            load.stop();
            trial
        };
        ((), trial) = tokio::join!(load.run(&maker), killing);
    }
    let answers = load.answers.lock().expect("no panic").clone();
    assert!(answers.values().flatten().count() > kills(), "the node hardly got to work");
    verify(&trial.maker().expect("a client"), &answers).await;
    let data = trial.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the replica is sound");
    printed(data.path(), &["project", "rebuild", "--compare"]).expect("the view is what the ledger says");
    println!("measured: lost-node: {} kills, {} requests", kills(), answers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_lost() {
    let Some(mut postgres) = PostgresServer::start().expect("PostgreSQL") else { return };
    let Some(network) = FabricNetwork::up("lost-postgresql", &[]).await.expect("a network") else { return };
    let mut random = Random::from_environment();
    let database = ["--database".to_owned(), postgres.url()];
    let joining = network.joining("alpine-pharma").into_iter().chain(database.clone()).collect();
    let trial = Trial::start_with(tempfile::tempdir().expect("a folder"), joining).await.expect("starts");
    let maker = trial.maker().expect("a client");
    commission(&maker, FEWER_PACKS).await;
    let load = Load::default();
    for _ in 0..kills() {
        let killing = async {
            tokio::time::sleep(Duration::from_millis(100 + random.below(400))).await;
            postgres.kill().expect("killed");
            tokio::time::sleep(Duration::from_millis(random.below(1_000))).await;
            postgres.resume().expect("started again");
            tokio::time::sleep(Duration::from_millis(200)).await;
            load.stop();
        };
        tokio::join!(load.run(&maker), killing);
    }
    let answers = load.answers.lock().expect("no panic").clone();
    let acknowledged = answers.values().flatten().count();
    assert!(acknowledged > kills(), "the node hardly got to work: {acknowledged} requests");
    verify(&maker, &answers).await;
    let events = maker.events().await.expect("events").len();
    assert_eq!(events, FEWER_PACKS / PACKS_AN_EVENT + answers.len(), "an event was lost or doubled");
    let data = trial.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the replica is sound");
    let rebuild = ["project", "rebuild", "--compare", "--database", &database[1]];
    printed(data.path(), &rebuild).expect("the view is what the ledger says");
    println!(
        "measured: lost-postgresql: {} kills, {acknowledged} of {} requests acknowledged at once",
        kills(),
        answers.len()
    );
}
