//! Who endorses changes of members, once there are more organisations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use veridose_contract::{Action, Party};
use veridose_ledger::Network;
use veridose_tests::{Answer, Client, FabricNetwork, OwnSide, Trial, send};

/// Posts that the maker's record has another name.
async fn rename(trial: &Trial, client: &Client, name: &str) -> Answer {
    let network = std::fs::read_to_string(trial.data().join("network.toml")).expect("a network file");
    let members = Network::parse(&network).expect("a network").genesis.members;
    let own = members.into_iter().find(|member| member.id.as_str() == "alpine-pharma").expect("the maker");
    let maker = OwnSide::open(trial.data(), "alpine-pharma").expect("the maker's keys");
    let party = Party { name: name.to_owned(), ..own };
    let transaction = maker.signed(name, Action::UpdateParty(party), vec![]).expect("signed");
    let text = BASE64.encode(transaction.encode());
    let request = client.request(Method::POST, "/transactions").header("Content-Type", "text/plain").body(text);
    send(request).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_organisation_counts_for_changes_of_members() {
    let Some(network) = FabricNetwork::up("members", &[]).await.expect("a network") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let trial = Trial::start_with(data, network.joining("alpine-pharma")).await.expect("starts");
    let client = trial.maker().expect("a client");
    rename(&trial, &client, "One").await.success().expect("four of four are there");
    let two = ["peer-north-wholesale", "peer-harbour-pharmacy"];
    for peer in two {
        network.run(&["stop", peer]).expect("stopped");
    }
    let told = rename(&trial, &client, "Two").await;
    assert_eq!(told.status.as_u16(), 503, "two of four are no majority: {}", told.body);
    for peer in two {
        network.run(&["start", peer]).expect("started");
    }
    let said = network.run(&["add-org", "island-hospital"]).expect("a fifth organisation");
    assert!(said.contains("a majority of 5 endorses"), "{said}");
    for peer in two {
        network.run(&["stop", peer]).expect("stopped");
    }
    rename(&trial, &client, "Three").await.success().expect("with the new one, three of five");
    for peer in two {
        network.run(&["start", peer]).expect("started");
    }
    trial.server.stop().await.expect("stops");
}
