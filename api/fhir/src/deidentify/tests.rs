use proptest::prelude::*;
use serde_json::{Value, json};
use veridose_contract::Timestamp;

use super::{Change, age_band, anonymous, deidentify, quasi};
use crate::{Moment, Release, validate};

/// 2026-01-01T00:00:00Z
const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn change(shift_days: i64) -> Change {
    Change { pseudonym: "anon-1".to_owned(), shift_days, at: NOW }
}

/// A resource with a secret in every element that is not of the list.
fn resource(kind: &str, secret: &str) -> Value {
    let concept = json!({"text": secret, "coding": [
        {"system": "http://loinc.org", "code": "718-7", "display": secret}, {"system": secret, "code": secret}]});
    let note = json!([{"text": secret, "authorString": secret}]);
    match kind {
        "Patient" => {
            json!({"resourceType": "Patient", "id": secret, "identifier": [{"value": secret}], "text": {"div": secret},
            "name": [{"family": secret}], "telecom": [{"value": secret}], "gender": "female", "birthDate": "1931-05-04",
            "photo": [{"data": secret}], "contact": [{"name": {"text": secret}}],
            "address": [{"line": [secret], "city": secret, "postalCode": "03601", "state": "NH", "country": "US", "text": secret}]})
        }
        "Observation" => {
            json!({"resourceType": "Observation", "id": secret, "status": "final", "code": concept, "note": note,
            "subject": {"reference": secret, "display": secret}, "performer": [{"display": secret}], "issued": "2025-03-04T10:00:00Z",
            "effectiveDateTime": "2025-03-04T10:11:12Z", "valueQuantity": {"value": 13.5, "unit": secret, "code": "g/dL"},
            "component": [{"code": concept, "valueString": secret}]})
        }
        _ => json!({"resourceType": kind, "id": secret, "status": "completed", "intent": "order", "note": note,
            "subject": {"display": secret}, "medicationCodeableConcept": concept, "identifier": [{"value": secret}],
            "quantity": {"value": 30, "unit": secret}, "whenHandedOver": "2025-03-04T10:11:12+01:00", "authoredOn": "2025-03-01",
            "dosageInstruction": [{"text": secret}], "extension": [{"url": secret, "valueString": secret}]}),
    }
}

proptest! {
    /// No secret comes through, the answer is a valid resource, and the days between dates stay.
    #[test]
    fn only_what_is_listed_comes_through(
        kind in proptest::sample::select(vec!["Patient", "Observation", "MedicationRequest", "MedicationDispense"]),
        secret in "Zz[a-z]{6,12}", days in -200i64..200,
    ) {
        let kept = deidentify(&resource(kind, &secret), &change(days)).expect("a known kind");
        prop_assert!(!kept.to_string().contains(&secret), "{}", kept);
        prop_assert_eq!(validate(Release::R4, kind, &kept), Ok(()));
        if kind == "MedicationDispense" {
            let handed = Moment::parse(kept["whenHandedOver"].as_str().expect("a date")).expect("a date").start.0;
            let before = Moment::parse("2025-03-04").expect("a date").start.0;
            prop_assert_eq!(handed - before, days * 86_400_000);
        }
    }

    /// Whoever is left shares band, gender and place with k - 1 others.
    #[test]
    fn nobody_stands_alone(
        people in proptest::collection::vec((1900u32..2020, 0usize..3, 0usize..4), 0..60), k in 2usize..8,
    ) {
        let patients: Vec<Value> = people.iter().map(|(year, gender, state)| {
            let (gender, state) = (["male", "female", "other"][*gender], ["A", "B", "C", "D"][*state]);
            let patient = json!({"resourceType": "Patient", "birthDate": year.to_string(), "gender": gender,
                "address": [{"state": state}]});
            deidentify(&patient, &change(0)).expect("a patient")
        }).collect();
        let kept = anonymous(patients.clone(), k);
        prop_assert_eq!(kept.len(), patients.len());
        let told: Vec<_> = kept.iter().flatten().map(quasi).collect();
        for one in &told {
            prop_assert!(told.iter().filter(|other| *other == one).count() >= k);
        }
    }
}

#[test]
fn ages_are_bands_and_the_oldest_are_one() {
    let bands = ["2025-12-31", "1985-06-01", "1936-01-02", "1935-06-01", "1890", "2030-01-01"]
        .map(|birth| age_band(birth, NOW));
    let expected = [Some("0-4"), Some("40-44"), Some("85-89"), Some("90+"), Some("90+"), None];
    assert_eq!(bands, expected.map(|band| band.map(str::to_owned)));
}

#[test]
fn small_places_are_not_told() {
    let kept = deidentify(&resource("Patient", "x"), &change(0)).expect("a patient");
    assert_eq!(kept["address"], json!([{"state": "NH", "country": "US", "postalCode": "000"}]));
    assert_eq!(kept["extension"][0]["valueString"], "90+");
}
