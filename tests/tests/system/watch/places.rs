//! Places that master data of captured documents describe: what cannot be travelled becomes a case.

use serde_json::json;
use veridose_tests::{Client, JSON_LD, Trial, document, pack};

use super::{event, has_run, raised, station_of, trade};

const STATION: &str = "https://id.gs1.org/414/9506000500010";
/// About 15,900 km from each other.
const VIENNA: [&str; 2] = ["48.2082", "16.3738"];
const SYDNEY: [&str; 2] = ["-33.8688", "151.2093"];

/// A member's document of one event, with what it tells of a place.
async fn tells(client: &Client, place: &str, country: &str, [latitude, longitude]: [&str; 2]) {
    let attribute =
        |name: &str, value: &str| json!({"id": format!("urn:epcglobal:cbv:mda#{name}"), "attribute": value});
    let mut said = document(&[event(1, "inspecting", "OBSERVE", place, &["NEVER-MADE"])]);
    said["epcisHeader"] = json!({"epcisMasterData": {"vocabularyList": [{
        "type": "urn:epcglobal:epcis:vtype:Location",
        "vocabularyElementList": [{"id": place, "attributes": [
            attribute("countryCode", country), attribute("latitude", latitude), attribute("longitude", longitude),
        ]}],
    }]}});
    let job = client.capture(JSON_LD, "proceed", said.to_string()).await.expect("a job");
    assert_eq!(job["captured"], 1, "{job}");
}

#[tokio::test]
async fn one_serial_in_two_far_places_minutes_apart_is_a_case_of_impossible_travel() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, station) = (trial.harbour().expect("a client"), station_of(&trial));
    trade(&trial, &harbour).await;
    tells(&harbour, super::HARBOUR, "AT", VIENNA).await;
    tells(&station, STATION, "AU", SYDNEY).await;
    // Another's word about a member's place does not count beside its own.
    tells(&harbour, STATION, "AT", VIENNA).await;
    harbour.verify(&pack("COPIED")).await.expect("a verdict");
    let verdict = station.verify(&pack("COPIED")).await.expect("a verdict");
    let agency = trial.agency().expect("a client");
    let cases = raised(&agency, 1).await;
    assert!(cases[&pack("COPIED")].contains(&"impossible_travel".to_owned()), "{cases:?}, {verdict}");

    // The lake has them too, for what searches the whole of it.
    has_run(&agency, "lake").await;
    let data = trial.stop().await.expect("stops");
    let lake = data.path().join("lake");
    let alerts = data.path().join("alerts.jsonl");
    let found = ["detect", "--lake", lake.to_str().expect("UTF-8"), "--out", alerts.to_str().expect("UTF-8")];
    veridose_tests::printed(data.path(), &found).expect("runs");
    let alerts = std::fs::read_to_string(&alerts).expect("written");
    assert!(alerts.contains("impossible_travel"), "{alerts}");
}
