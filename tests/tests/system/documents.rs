//! Real documents of others, captured by a member whom they do not concern: recorded, and given back as they came.

use serde_json::{Value, json};
use veridose_epcis::{Event, from_json, read_document};
use veridose_tests::{Client, Documents, JSON_LD, Trial, document, printed};

const XML: &str = "application/xml";

/// The folders of valid documents: each syntax is captured by a member of its own, since one event is declared wrong once
/// by one member, and the same events stand in several folders.
const FOLDERS: [(&str, &str, &str, &str, &str); 3] = [
    ("epcis/1.2-xml", "xml", XML, "distributor", "north-wholesale"),
    ("epcis/2.0-xml", "xml", XML, "distributor", "south-wholesale"),
    ("epcis/2.0-json", "json", JSON_LD, "pharmacy", "station-pharmacy"),
];

/// When the node recorded it is the node's to say.
fn unrecorded(mut event: Event) -> Event {
    event.record_time = None;
    event
}

/// Takes each expected event out of those that came back, and wants nothing left on either side.
fn assert_same(expected: Vec<Event>, mut came: Vec<Event>, how: &str) {
    for event in expected {
        let place = came.iter().position(|other| *other == event);
        let place = place.unwrap_or_else(|| panic!("{how}: not among those that came back: {event:#?}"));
        came.swap_remove(place);
    }
    assert!(came.is_empty(), "{how}: nobody captured {came:#?}");
}

#[tokio::test]
async fn every_valid_document_comes_back_as_it_was() {
    let Some(documents) = Documents::find() else { return };
    let trial = Trial::start().await.expect("starts");
    for (folder, extension, media, role, party) in FOLDERS {
        let member = trial.member(role, party).expect("a client");
        let mut expected = Vec::new();
        for path in documents.list(folder, extension).expect("a folder") {
            let text = std::fs::read(&path).expect("readable");
            let events = read_document(&text).expect("valid").events;
            let job = member.capture(media, "rollback", text).await.expect("a job");
            let outcome = (&job["success"], &job["captured"]);
            assert_eq!(outcome, (&json!(true), &json!(events.len())), "{}: {job}", path.display());
            expected.extend(events.into_iter().map(unrecorded));
        }
        comes_back(&trial, &member, &expected, folder).await;
    }
    trial.server.stop().await.expect("stops");
}

/// The member's events are the expected ones, as the API gives them and converted to the syntaxes of XML.
async fn comes_back(trial: &Trial, member: &Client, expected: &[Event], folder: &str) {
    let events = member.events().await.expect("events");
    let parsed = |event: &Value| unrecorded(from_json(event.to_string().as_bytes()).expect("an event"));
    assert_same(expected.to_vec(), events.iter().map(parsed).collect(), folder);
    let exported = trial.data().join("exported.json");
    std::fs::write(&exported, document(&events).to_string()).expect("written");
    for syntax in ["xml", "xml12"] {
        let file = exported.to_str().expect("a path of text");
        let text = printed(trial.data(), &["epcis", "convert", "--to", syntax, file]).expect("converted");
        let events = read_document(text.as_bytes()).expect("valid").events;
        assert_same(expected.to_vec(), events.into_iter().map(unrecorded).collect(), syntax);
    }
}

#[tokio::test]
async fn an_invalid_document_is_refused_by_the_field_at_fault() {
    let Some(documents) = Documents::find() else { return };
    let trial = Trial::start().await.expect("starts");
    let north = trial.north().expect("a client");
    for (name, media, field) in [
        ("ObjectEvent_with_invalid_action.json", JSON_LD, "action"),
        ("ObjectEvent_without_eventTime.xml", XML, "eventTime"),
    ] {
        let text = std::fs::read(documents.path("epcis/invalid").join(name)).expect("readable");
        let job = north.capture(media, "rollback", text).await.expect("a job");
        assert_eq!((&job["success"], &job["captured"]), (&json!(false), &json!(0)), "{name}: {job}");
        let said = job["errors"][0]["title"].as_str().expect("an error says what is wrong");
        assert!(said.contains(field), "{name}: {said}");
    }
    assert_eq!(north.events().await.expect("events"), Vec::<Value>::new());
}
