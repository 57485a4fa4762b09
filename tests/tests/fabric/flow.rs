//! The main job's day of trade on a channel, seen by two organisations' nodes.

use std::time::Duration;

use serde_json::json;
use veridose_tests::{Client, FabricNetwork, Trial, checkpoint, copy_founding, eventually, pack, printed, veridose};

use super::load::{commission, destroy};

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_trade_is_the_same_on_a_channel() {
    let Some(network) = FabricNetwork::up("day", &[]).await.expect("a network") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let joining = network.joining("alpine-pharma");
    let joining: Vec<&str> = joining.iter().map(String::as_str).collect();
    let played =
        veridose(data.path(), &[&["demo", "--exit", "--listen", "127.0.0.1:0"], &joining[..]].concat()).expect("runs");
    let story = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{story}\n{}", String::from_utf8_lossy(&played.stderr));
    printed(data.path(), &["ledger", "check"]).expect("the replica is sound");

    let copy = tempfile::tempdir().expect("a folder");
    copy_founding(data.path(), copy.path()).expect("copied");
    let north = Trial::start_with(copy, network.joining("north-wholesale")).await.expect("another node joins");
    let maker = Trial::start_with(data, network.joining("alpine-pharma")).await.expect("the first goes on");
    let clients = (maker.maker().expect("a client"), north.maker().expect("a client"));
    let first = checkpoint(&clients.0).await.expect("a checkpoint");
    assert!(first.0 > 10, "a day of trade");
    same_log(&clients.0, &clients.1).await;

    commission(&clients.0, 3).await;
    let done = destroy(&clients.1, 1).await.expect("an answer").success().expect("by the other node");
    let verdict = eventually(
        Duration::from_secs(5),
        async || clients.0.verify(&pack("P1")).await,
        |verdict| verdict["dispensable"] == false,
    );
    verdict.await.expect("what one node did, the other knows");
    same_log(&clients.0, &clients.1).await;
    attested(&network, &maker, &clients.0, done["tx"].as_str().expect("a transaction")).await;
    maker.stop().await.expect("stops");
    let data = north.stop().await.expect("stops");
    printed(data.path(), &["ledger", "check"]).expect("the other's replica is sound");
}

/// Both nodes' logs come to the same size and root.
async fn same_log(one: &Client, other: &Client) {
    let both = async || Ok(json!([checkpoint(one).await?, checkpoint(other).await?]));
    eventually(Duration::from_secs(5), both, |both| both[0] == both[1]).await.expect("the same log");
}

/// A receipt that organisations' peers signed is checked with nothing but certificates; without one of them it is not.
async fn attested(network: &FabricNetwork, trial: &Trial, client: &Client, tx: &str) {
    let path = format!("/receipts/{tx}?attested=true");
    // A checkpoint may be a moment older than what the node has of the channel.
    let ask = async || Ok(client.get(&path).await?.success().unwrap_or_default());
    let receipt = eventually(Duration::from_secs(5), ask, |receipt| receipt["attestations"].is_object());
    let receipt = receipt.await.expect("a receipt");
    assert_eq!(receipt["attestations"]["validation_code"], "VALID", "{receipt}");
    let file = trial.data().join("receipt.json");
    std::fs::write(&file, receipt.to_string()).expect("written");
    let key = printed(trial.data(), &["ledger", "key"]).expect("a key");
    let members = [
        ("alpine-pharma", "AlpinePharmaMSP"),
        ("north-wholesale", "NorthWholesaleMSP"),
        ("harbour-pharmacy", "HarbourPharmacyMSP"),
        ("medicines-agency", "MedicinesAgencyMSP"),
    ];
    let check = |members: &[(&str, &str)]| {
        let authorities = network.authorities(members).expect("certificates");
        let file = file.display().to_string();
        let mut arguments = vec!["proof", "verify", &file, "--log-key", &key, "--json"];
        arguments.extend(authorities.iter().map(String::as_str));
        printed(trial.data(), &arguments)
    };
    let proven: serde_json::Value = serde_json::from_str(&check(&members).expect("it holds")).expect("JSON");
    assert_eq!(proven["tx"], tx);
    assert!(proven["attested_by"].as_array().is_some_and(|by| by.len() >= 2), "{proven}");
    check(&members[..1]).expect_err("signers whose authorities are not known prove nothing");
}
