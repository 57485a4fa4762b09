//! A copied pack and the code of a dispensed one, from the counter to a case before the regulator; once, whatever happens to the
//! server; and the lake of events, the same bytes when it is made anew.

mod captured;
mod places;
mod postgres;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_tests::{Client, JSON_LD, Trial, commissioning, document, now, pack};

/// Within what time a suspicion must be a case.
const WITHIN: Duration = Duration::from_mins(1);
const HARBOUR: &str = "https://id.gs1.org/414/9506000400013";

async fn cases(agency: &Client) -> BTreeMap<String, Vec<String>> {
    let mut cases = BTreeMap::new();
    for row in agency.rows("/cases").await.expect("a list") {
        let path = format!("/cases/{}", row["case"].as_str().expect("a name"));
        let about =
            agency.get(&path).await.expect("an answer").success().expect("a regulator sees it")["about"].clone();
        let texts = |field: &str| -> Vec<String> {
            about[field]
                .as_array()
                .expect("a list")
                .iter()
                .map(|text| text.as_str().expect("text").to_owned())
                .collect()
        };
        let twice = cases.insert(texts("items").join(" "), texts("codes"));
        assert!(twice.is_none(), "two cases about {}", about["items"]);
    }
    cases
}

/// The cases, once there are so many.
async fn raised(agency: &Client, count: usize) -> BTreeMap<String, Vec<String>> {
    let begin = Instant::now();
    loop {
        let found = cases(agency).await;
        if found.len() >= count {
            return found;
        }
        assert!(begin.elapsed() < WITHIN, "after a minute: {found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn station_of(trial: &Trial) -> Client {
    trial.member("pharmacy", "station-pharmacy").expect("a client")
}

/// Has a periodic job run now.
async fn has_run(agency: &Client, job: &str) {
    agency.has_run(job).await.expect("it runs");
}

/// How many batches of verifications the lake has.
fn scans_in_lake(data: &Path) -> u64 {
    let cursor = std::fs::read(data.join("lake/cursor.json")).expect("it has begun");
    serde_json::from_slice::<Value>(&cursor).expect("JSON")["scans"].as_u64().expect("a number")
}

/// Every file of a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies there").display().to_string();
                files.insert(name, std::fs::read(&path).expect("read"));
            }
        }
    }
    files
}

/// An event of today, so many minutes ago.
fn event(minutes_ago: i64, step: &str, action: &str, place: &str, packs: &[&str]) -> Value {
    let at = OffsetDateTime::from_unix_timestamp(now().0 / 1_000 - minutes_ago * 60).expect("a moment");
    let epcs: Vec<String> =
        packs.iter().map(|serial| format!("https://id.gs1.org/01/09506000134352/21/{serial}")).collect();
    json!({
        "type": "ObjectEvent", "eventTime": at.format(&Rfc3339).expect("a time"), "eventTimeZoneOffset": "+00:00",
        "epcList": epcs, "action": action, "bizStep": step, "readPoint": {"id": place},
    })
}

async fn captured(client: &Client, events: &[Value]) {
    let job = client.capture(JSON_LD, "rollback", document(events).to_string()).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
}

/// Three packs reach a pharmacy, which took one of them out of the trade an hour ago.
async fn trade(trial: &Trial, harbour: &Client) {
    let (maker, packs) = (trial.maker().expect("a client"), ["COPIED", "SUPPLIED", "SOUND"]);
    let mut shipped = event(180, "shipping", "OBSERVE", "https://id.gs1.org/414/9506000100012", &packs);
    shipped["destinationList"] = json!([{"type": "owning_party", "destination": HARBOUR}]);
    captured(&maker, &[commissioning(&packs, Some("L1")), shipped]).await;
    captured(harbour, &[event(120, "receiving", "OBSERVE", HARBOUR, &packs)]).await;
    captured(harbour, &[event(60, "decommissioning", "DELETE", HARBOUR, &["SUPPLIED"])]).await;
    harbour.verify(&pack("SOUND")).await.expect("a verdict");
}

#[tokio::test]
async fn what_cannot_be_true_is_a_case_within_a_minute_and_never_two() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, station) = (trial.harbour().expect("a client"), station_of(&trial));
    trade(&trial, &harbour).await;
    assert_eq!(cases(&trial.agency().expect("a client")).await.len(), 0, "all is well so far");
    for code in ["COPIED", "SUPPLIED"] {
        station.verify(&pack(code)).await.expect("a verdict");
    }
    let (begin, agency) = (Instant::now(), trial.agency().expect("a client"));
    let found = raised(&agency, 2).await;
    println!("measured: two suspicions were cases {:.1} s after the scan", begin.elapsed().as_secs_f64());
    let codes = |code: &str| found.get(&pack(code)).unwrap_or_else(|| panic!("{found:?}")).clone();
    assert!(codes("COPIED").contains(&"cloned_serial".to_owned()), "{found:?}");
    assert!(codes("SUPPLIED").contains(&"reuse_after_end".to_owned()), "{found:?}");

    has_run(&agency, "lake").await;
    let data = trial.kill().expect("killed");
    let trial = Trial::resume(data).await.expect("starts after a kill");
    let (station, agency) = (station_of(&trial), trial.agency().expect("a client"));
    // More of the same is the same case. It is written within a second or so.
    let written = scans_in_lake(trial.data());
    station.verify(&pack("COPIED")).await.expect("a verdict");
    while scans_in_lake(trial.data()) == written {
        has_run(&agency, "lake").await;
    }
    has_run(&agency, "detect").await;
    assert_eq!(cases(&agency).await, found, "after a kill, and with more evidence");

    has_run(&agency, "lake").await;
    let data = trial.stop().await.expect("stops");
    let lake = data.path().join("lake");
    let before = files(&lake);
    assert!(before.len() >= 4, "a day of making, a day of scanning, places, cursor: {:?}", before.keys());
    std::fs::remove_dir_all(&lake).expect("removed");
    let trial = Trial::resume(data).await.expect("starts without a lake");
    let agency = trial.agency().expect("a client");
    has_run(&agency, "lake").await;
    has_run(&agency, "detect").await;
    assert_eq!(cases(&agency).await, found);
    let data = trial.stop().await.expect("stops");
    let after = files(&data.path().join("lake"));
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (name, bytes) in &before {
        assert!(after[name] == *bytes, "{name} is another one after it was made anew");
    }
}
