use super::*;
use crate::from_json;

fn event(members: &str) -> Event {
    let text = format!(
        r#"{{"@context": [{{"ex": "https://ns.example.com/epcis/"}}], "type": "ObjectEvent",
        "eventTime": "2020-03-04T11:00:30+01:00", "eventTimeZoneOffset": "+01:00", "action": "OBSERVE",
        "epcList": ["urn:epc:id:sscc:4012345.0000000333"], {members} "bizStep": "departing"}}"#
    );
    from_json(text.as_bytes()).expect("a valid event")
}

#[test]
fn the_order_of_lists_and_the_spelling_of_identifiers_do_not_count() {
    let urn = event(r#""readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},"#);
    let link = event(r#""readPoint": {"id": "https://example.com/414/4012345000115/254/987?lot=1"},"#);
    assert_eq!(prehash(&urn), prehash(&link));
    let one = event(r#""ex:a": ["2", "1.0"], "ex:b": 5,"#);
    let other = event(r#""ex:b": "5.00", "ex:a": [1, 2],"#);
    assert_eq!(hash(&one), hash(&other));
    assert!(prehash(&one).ends_with(
        "{https://ns.example.com/epcis/}a=1{https://ns.example.com/epcis/}a=2{https://ns.example.com/epcis/}b=5"
    ));
}

#[test]
fn an_event_and_the_declaration_that_it_is_wrong_have_one_id() {
    let wrong = event("");
    let declared = event(
        r#""errorDeclaration": {"declarationTime": "2021-01-01T00:00:00Z", "reason": "incorrect_data"},
        "eventID": "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "recordTime": "2021-01-01T00:00:00Z","#,
    );
    assert_eq!(hash(&wrong), hash(&declared));
}

#[test]
fn every_other_change_changes_the_id() {
    let plain = hash(&event(""));
    for members in [
        r#""disposition": "in_transit","#,
        r#""readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0"},"#,
        r#""bizTransactionList": [{"bizTransaction": "urn:epcglobal:cbv:bt:5200001000008:4711"}],"#,
        r#""persistentDisposition": {"set": ["completeness_verified"]},"#,
        r#""quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}],"#,
        r#""sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 26}]}],"#,
        r#""ilmd": {"cbvmda:lotNumber": "A123"},"#,
        r#""ex:a": "1","#,
        r#""certificationInfo": "https://example.com/certificate/1","#,
    ] {
        assert_ne!(hash(&event(members)), plain, "{members}");
    }
}

#[test]
fn numbers_lose_what_does_not_count() {
    for (text, short) in [
        ("1.0", "1"),
        ("+5", "5"),
        ("0.3434000", "0.3434"),
        ("-0.0", "0"),
        ("007", "7"),
        (".5", "0.5"),
        ("100", "100"),
        ("123456789012345678901.10", "123456789012345678901.1"),
    ] {
        assert_eq!(shortest(text).as_deref(), Some(short));
    }
    for text in ["", ".", "-", "1e3", "A1", "1.2.3", "12-3"] {
        assert_eq!(shortest(text), None);
    }
}

#[test]
fn times_are_rounded_to_milliseconds_in_utc() {
    let mut text = String::new();
    let time = Timestamp::parse("2020-12-31T23:59:59.999500-06:00").expect("a time");
    instant(&mut text, "time", Some(&time));
    assert_eq!(text, "time=2021-01-01T06:00:00.000Z");
}
