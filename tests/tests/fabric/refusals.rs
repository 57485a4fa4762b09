//! What does not go through, and what is said then.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use veridose_contract::{PartyId, Role, Timestamp};
use veridose_ledger::pki::{Authority, Request, to_pem};
use veridose_tests::{Client, FabricNetwork, Trial, eventually, now, pack, veridose};

use super::load::{commission, destroy};

/// Starts a node that must end by itself; its last line.
fn refused(data: &Path, arguments: &[String]) -> String {
    let arguments = std::iter::once("serve").chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>();
    let ended = veridose(data, &[&arguments[..], &["--listen", "127.0.0.1:0"]].concat()).expect("runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said.lines().last().unwrap_or_default().to_owned()
}

/// A copy of an organisation's profile and client identity in which a test changes something.
fn changed(network: &FabricNetwork, folder: &Path, change: impl FnOnce(&mut Value, &Path)) -> Vec<String> {
    let client = folder.join("users/client");
    std::fs::create_dir_all(&client).expect("made");
    for name in ["cert.pem", "key.pem"] {
        let from = network.file("alpine-pharma", "users/client").join(name);
        std::fs::copy(from, client.join(name)).expect("copied");
    }
    let from = network.file("alpine-pharma", "connection.json");
    let mut profile = serde_json::from_str(&std::fs::read_to_string(&from).expect("a profile")).expect("JSON");
    absolute(&mut profile, from.parent().expect("a folder"));
    change(&mut profile, &client);
    let path = folder.join("connection.json");
    std::fs::write(&path, profile.to_string()).expect("written");
    ["--ledger", "fabric", "--fabric-profile", &path.display().to_string()].map(str::to_owned).into()
}

/// Makes the certificates' paths independent of where the profile lies.
fn absolute(profile: &mut Value, folder: &Path) {
    for peer in profile["peers"].as_object_mut().expect("peers").values_mut() {
        let path = peer["tlsCACerts"]["path"].as_str().map(|path| folder.join(path).display().to_string());
        peer["tlsCACerts"] = json!({ "path": path });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_has_its_line() {
    let Some(network) = FabricNetwork::up("mistakes", &[]).await.expect("a network") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let said = |change: &dyn Fn(&mut Value, &Path)| {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = changed(&network, folder.path(), change);
        refused(data.path(), &arguments)
    };
    let line = refused(data.path(), &["--ledger", "fabric", "--fabric-profile", "/nowhere.json"].map(str::to_owned));
    assert!(line.contains("/nowhere.json"), "{line}");
    let line = said(&|profile, _| profile["client"]["organization"] = json!("nobody"));
    assert!(line.contains("\"nobody\" is not among its organisations"), "{line}");
    let line = said(&|profile, _| profile["channels"] = json!({ "other": {} }));
    assert!(line.contains("knows no channel \"veridose\", only other"), "{line}");
    let line = said(&|_, client| {
        let other = network.file("north-wholesale", "users/client/key.pem");
        std::fs::copy(other, client.join("key.pem")).expect("copied");
    });
    assert!(line.contains("does not belong to the certificate"), "{line}");
    let line = said(&|_, client| std::fs::write(client.join("key.pem"), "no key").expect("written"));
    assert!(line.contains("no private key in PEM"), "{line}");
    let line = said(&|_, client| expired(client));
    assert!(line.contains("the certificate expired") && line.contains("hours ago"), "{line}");
    // A certificate that another organisation issued says nothing to this one's peers.
    let line = said(&|_, client| {
        for name in ["cert.pem", "key.pem"] {
            let other = network.file("north-wholesale", "users/client").join(name);
            std::fs::copy(other, client.join(name)).expect("copied");
        }
    });
    assert!(line.contains("failed to ask the chaincode"), "{line}");
    // A channel that no peer has, although the profile names it.
    let folder = tempfile::tempdir().expect("a folder");
    let mut arguments = changed(&network, folder.path(), |profile, _| profile["channels"] = json!({ "other": {} }));
    let config = folder.path().join("other.toml");
    std::fs::write(&config, "[ledger]\nchannel = \"other\"\n").expect("written");
    arguments.extend(["--config".to_owned(), config.display().to_string()]);
    let line = refused(data.path(), &arguments);
    assert!(line.contains("on the channel \"other\""), "{line}");
    // An orderer is no peer, and so no gateway.
    let orderer = network.run(&["status"]).expect("a status");
    let line = said(&|profile, _| {
        let url = format!("grpcs://{}", address(&orderer, "orderer1"));
        let orderers = profile["orderers"].as_object().and_then(|all| all.values().next()).cloned();
        let authority = orderers.map(|orderer| orderer["tlsCACerts"].clone()).unwrap_or_default();
        let folder = network.file("alpine-pharma", "");
        let path = authority["path"].as_str().map(|path| folder.join(path).display().to_string());
        let organisation = profile["client"]["organization"].as_str().expect("an organisation").to_owned();
        profile["organizations"] = json!({ organisation: { "mspid": "AlpinePharmaMSP", "peers": ["orderer"] } });
        profile["peers"] = json!({ "orderer": { "url": url, "tlsCACerts": { "path": path } } });
    });
    assert!(line.contains("is no gateway"), "{line}");
}

/// Puts a certificate there that ended a day ago, with its key.
fn expired(client: &Path) {
    let hours = |hours: i64| Timestamp(now().0 + hours * 3_600_000);
    let authority = Authority::create(&PartyId::parse("alpine-pharma").expect("a name"), hours(-99), hours(99));
    let (not_before, not_after) = (hours(-48), hours(-24));
    let request = Request { role: Role::Manufacturer, site: None, not_before, not_after };
    let issued = authority.expect("an authority").issue(&request).expect("a certificate");
    std::fs::write(client.join("cert.pem"), to_pem(&issued.certificate.der)).expect("written");
    let key = to_pem(&issued.key).replace("CERTIFICATE", "PRIVATE KEY");
    std::fs::write(client.join("key.pem"), key).expect("written");
}

/// The address of a node, from the status.
fn address(status: &str, node: &str) -> String {
    let line = status.lines().find(|line| line.contains(node)).expect("the node");
    let address = line.split_whitespace().find(|word| word.contains("127.0.0.1:")).expect("an address");
    address.to_owned()
}

/// The problem that a request ends with.
async fn problem(maker: &Client, number: u64) -> Value {
    let answer = destroy(maker, number).await.expect("an answer");
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.body);
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_endorsements_and_old_reads_are_told() {
    let Some(network) = FabricNetwork::up("policy", &[]).await.expect("a network") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let trial = Trial::start_with(data, network.joining("alpine-pharma")).await.expect("starts");
    let maker = trial.maker().expect("a client");
    commission(&maker, 10).await;
    network.run(&["policy", "4"]).expect("all four must endorse");
    destroy(&maker, 1).await.expect("an answer").success().expect("all four are there");
    network.run(&["stop", "peer-harbour-pharmacy"]).expect("stopped");
    let told = problem(&maker, 2).await;
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("too few organisations")), "{told}");
    maker.verify(&pack("P3")).await.expect("two others still say what is current");

    for peer in ["peer-north-wholesale", "peer-medicines-agency"] {
        network.run(&["stop", peer]).expect("stopped");
    }
    let verify = async || {
        let request = maker.request(reqwest::Method::POST, "/verifications").json(&json!({ "scan": pack("P3") }));
        let answer = veridose_tests::send(request).await?;
        Ok(json!({ "status": answer.status.as_u16(), "body": answer.body }))
    };
    // The bound is 5 s; a request or two more go by.
    let stale = eventually(Duration::from_secs(12), verify, |answer| answer["status"] == 503).await;
    let stale = stale.expect("what may be old is not served as current");
    assert!(stale["body"]["detail"].as_str().is_some_and(|detail| detail.contains("other organisations")), "{stale}");
    assert_eq!(maker.get("/readyz").await.expect("an answer").status.as_u16(), 503);
    for peer in ["peer-north-wholesale", "peer-medicines-agency", "peer-harbour-pharmacy"] {
        network.run(&["start", peer]).expect("started");
    }
    eventually(Duration::from_secs(20), verify, |answer| answer["status"] == 200).await.expect("current again");
    destroy(&maker, 2).await.expect("an answer").success().expect("the same request goes through");

    network.run(&["revoke", "alpine-pharma", "client"]).expect("revoked");
    let told = problem(&maker, 4).await;
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("refuses what this node sends")), "{told}");
    trial.server.stop().await.expect("stops");
}
