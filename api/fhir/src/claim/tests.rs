use std::collections::BTreeMap;

use serde_json::{Value, json};
use veridose_contract::{ClaimVerdict, PartyId, ProductKey, Timestamp};

use super::*;
use crate::consent::systems::{GTIN, NDC, PARTY, PATIENT};
use crate::{Release, validate};

const DAY: i64 = 86_400_000;
/// 2026-02-04T10:00:00Z
const DISPENSED: i64 = 1_770_199_200_000;
const PATIENT_ID: [u8; 32] = [7; 32];

fn money(value: f64) -> Value {
    json!({"value": value, "currency": "EUR"})
}

fn coded(code: &str) -> Value {
    json!({"coding": [{"code": code}]})
}

/// Two packs of one product and one of another.
fn claim() -> Value {
    let item = |sequence: u32, gtin: &str, packs: u32, price: f64, net: f64| {
        json!({"sequence": sequence, "productOrService": {"coding": [{"system": GTIN, "code": gtin}]}, "servicedDate": "2026-02-04",
            "quantity": {"value": packs}, "unitPrice": money(price), "net": money(net)})
    };
    let member = |name: &str| json!({"identifier": {"system": PARTY, "value": name}});
    json!({"resourceType": "Claim", "status": "active", "type": coded("pharmacy"), "use": "claim", "created": "2026-02-04",
        "patient": {"identifier": {"system": PATIENT, "value": "p-1"}}, "insurer": member("fund"), "provider": member("pharmacy"),
        "priority": coded("normal"), "prescription": {"reference": "MedicationRequest/abc"},
        "insurance": [{"sequence": 1, "focal": true, "coverage": {"identifier": {"value": "policy-1"}}}],
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": coded("E11")}],
        "supportingInfo": [{"sequence": 1, "category": coded("info"), "valueReference": {"reference": "MedicationDispense/def"}}],
        "item": [item(1, "09506000134352", 2, 12.3, 24.6), item(2, "09506000134369", 1, 0.1, 0.1)], "total": money(24.7)})
}

fn facts() -> Facts {
    let (one, two) = (ProductKey([1; 32]), ProductKey([2; 32]));
    let dispense = DispenseFacts {
        by: party("pharmacy"),
        at: Timestamp(DISPENSED),
        packs: BTreeMap::from([(one, 2), (two, 1)]),
        ndc: BTreeMap::from([(one, "0001-0001-01".to_owned())]),
        patients: vec![Some(PATIENT_ID), Some(PATIENT_ID)],
        prescription: Some("abc".to_owned()),
    };
    Facts {
        claimant: party("pharmacy"),
        now: Timestamp(DISPENSED + DAY),
        dispense: Some(dispense),
        claimed_before: false,
        patient: Some(PATIENT_ID),
        products: vec![Some(one), Some(two)],
    }
}

fn dispensed(dispense: &mut DispenseFacts, packs: u32) {
    dispense.packs.insert(ProductKey([1; 32]), packs);
}

fn party(name: &str) -> PartyId {
    PartyId::parse(name).expect("a name")
}

/// Reasons and places of what is found, after changes to the claim and to the facts.
fn found(claim: impl FnOnce(&mut Value), change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, String)> {
    let (mut resource, mut facts) = (self::claim(), facts());
    claim(&mut resource);
    change(&mut facts);
    assert_eq!(validate(Release::R4, "Claim", &resource), Ok(()));
    let claimed = read(&resource).expect("readable");
    judge(&claimed, &facts).into_iter().map(|finding| (finding.reason.as_str(), finding.at)).collect()
}

#[test]
fn what_was_dispensed_is_claimed_without_a_finding() {
    assert_eq!(found(|_| {}, |_| {}), []);
    let midnight = |claim: &mut Value| claim["item"][0]["servicedDate"] = json!("2026-02-05");
    assert_eq!(found(midnight, |_| {}), [], "in another zone it was the day after");
    let minimal = |claim: &mut Value| {
        claim.as_object_mut().expect("an object").remove("total");
        claim["item"][0].as_object_mut().expect("an object").remove("unitPrice");
    };
    assert_eq!(found(minimal, |_| {}), []);
}

#[test]
fn each_reason_is_found_where_it_stands() {
    let one = |reason: &'static str, at: &str| vec![(reason, at.to_owned())];
    let of = |facts: &mut Facts, change: fn(&mut DispenseFacts)| change(facts.dispense.as_mut().expect("made"));
    let cases = [
        (found(|_| {}, |facts| facts.dispense = None), one("dispense_never_made", "Claim.supportingInfo")),
        (found(|_| {}, |facts| facts.claimant = party("corner")), one("dispense_of_others", "Claim.provider")),
        (found(|_| {}, |facts| facts.claimed_before = true), one("duplicate_claim", "Claim")),
        (found(|_| {}, |facts| facts.patient = Some([8; 32])), one("phantom_patient", "Claim.patient")),
        (found(|_| {}, |facts| facts.patient = None), one("phantom_patient", "Claim.patient")),
        (found(|_| {}, |f| of(f, |d| d.patients[1] = Some([9; 32]))), one("phantom_patient", "Claim.patient")),
        (found(|_| {}, |f| of(f, |d| d.patients[0] = None)), one("patient_unknown", "Claim.patient")),
        (
            found(|claim| claim["prescription"] = json!({"display": "paper"}), |_| {}),
            one("prescription_missing", "Claim.prescription"),
        ),
        (found(|_| {}, |f| of(f, |d| d.prescription = None)), one("prescription_other", "Claim.prescription")),
        (found(|_| {}, |f| of(f, |d| d.packs.clear())), one("dispense_undone", "Claim.supportingInfo")),
        (
            found(|_| {}, |facts| facts.products[1] = Some(ProductKey([3; 32]))),
            one("upcoding", "Claim.item[1].productOrService"),
        ),
        (found(|_| {}, |facts| facts.products[0] = None), one("upcoding", "Claim.item[0].productOrService")),
        (
            found(
                |claim| {
                    let coding = claim["item"][0]["productOrService"]["coding"].as_array_mut().expect("codings");
                    coding.push(json!({"system": NDC, "code": "0001-0001-99"}));
                },
                |_| {},
            ),
            one("upcoding", "Claim.item[0].productOrService"),
        ),
        (found(|_| {}, |f| of(f, |d| dispensed(d, 1))), one("quantity_changed", "Claim.item[0].quantity")),
        (found(|_| {}, |f| of(f, |d| dispensed(d, 3))), one("quantity_changed", "Claim.item")),
        (found(|claim| claim["total"] = money(24.71), |_| {}), one("amount_wrong", "Claim.total")),
        (found(|claim| claim["item"][1]["unitPrice"] = money(0.09), |_| {}), one("amount_wrong", "Claim.item[1].net")),
        (
            found(|claim| claim["item"][1]["net"]["currency"] = json!("USD"), |_| {}),
            one("amount_wrong", "Claim.item[1].net"),
        ),
        (found(|claim| claim["created"] = json!("2026-02-03"), |_| {}), one("claim_before_dispense", "Claim.created")),
        (found(|claim| claim["created"] = json!("2027-01-01"), |_| {}), one("date_wrong", "Claim.created")),
        (
            found(|claim| claim["item"][0]["servicedDate"] = json!("2026-01-30"), |_| {}),
            one("date_wrong", "Claim.item[0].serviced"),
        ),
    ];
    for (number, (found, expected)) in cases.iter().enumerate() {
        assert_eq!(found, expected, "case {number}");
    }
    // What only a payer says is not found here.
    let reached: std::collections::BTreeSet<&str> =
        cases.iter().flat_map(|(_, all)| all.iter().map(|one| one.0)).collect();
    let said = [Reason::NotCovered, Reason::Other];
    let missing: Vec<_> = Reason::ALL.iter().filter(|r| !reached.contains(r.as_str()) && !said.contains(r)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn amounts_are_exact() {
    let tenths = |claim: &mut Value| {
        claim["item"][0]["quantity"] = json!({"value": 3});
        claim["item"][0]["unitPrice"] = money(0.1);
        claim["item"][0]["net"] = money(0.3);
        claim["total"] = money(0.4);
    };
    let three = |facts: &mut Facts| {
        facts.dispense.as_mut().expect("made").packs.insert(ProductKey([1; 32]), 3);
    };
    assert_eq!(found(tenths, three), [], "three times .1 is .3");
    for value in [json!(-1), json!(0.00001), json!(1e300), json!(1_234_567_890_123_456_i64)] {
        assert!(super::money(&json!({"value": value, "currency": "EUR"})).is_err(), "{value}");
    }
    for currency in [json!("eur"), json!("EURO"), json!(null)] {
        assert!(super::money(&json!({"value": 1, "currency": currency})).is_err(), "{currency}");
    }
    let read = super::money(&json!({"value": "12.3400", "currency": "EUR"})).expect("an amount");
    assert_eq!(read.json(), json!({"value": 12.34, "currency": "EUR"}));
}

#[test]
fn what_cannot_be_held_is_refused_where_it_stands() {
    let mut wrong = claim();
    wrong["use"] = json!("preauthorization");
    wrong["insurer"] = json!({"display": "some fund"});
    wrong["supportingInfo"] = json!([]);
    wrong["item"][0]["quantity"] = json!({"value": 1.5});
    wrong["item"][0]["net"] = json!({"value": -1, "currency": "EUR"});
    wrong["item"][1]["productOrService"] = json!({"text": "aspirin"});
    wrong["item"][1]["factor"] = json!(2);
    let issues = read(&wrong).expect_err("refused");
    let found: Vec<_> = issues.iter().map(|issue| issue.expression.as_deref().expect("a place")).collect();
    let expected = [
        "Claim.use",
        "Claim.insurer",
        "Claim.supportingInfo",
        "Claim.item[0].quantity",
        "Claim.item[0].net",
        "Claim.item[1].factor",
        "Claim.item[1].productOrService",
    ];
    assert_eq!(found, expected);
    let mut many = claim();
    many["item"] = json!(vec![claim()["item"][0].clone(); ITEMS_MAX + 1]);
    assert_eq!(read(&many).expect_err("refused")[0].expression.as_deref(), Some("Claim.item"));
}

#[test]
fn a_payer_gets_what_a_claim_needs() {
    let least = minimum(&claim(), "0707");
    assert_eq!(validate(Release::R4, "Claim", &least), Ok(()));
    assert_eq!(least["patient"], json!({"reference": "Patient/0707"}));
    let text = least.to_string();
    assert!(
        !["p-1", "E11", "MedicationRequest", "MedicationDispense"].iter().any(|told| text.contains(told)),
        "{text}"
    );
    assert_eq!((&least["total"], &least["item"][0]["net"]), (&money(24.7), &money(24.6)));
}

#[test]
fn a_decision_is_told_as_a_claim_response() {
    let queued = response(("c1", &claim()), &party("fund"), "0707", "2026-02-05T00:00:00.000Z", None);
    assert_eq!((&queued["outcome"], queued.get("total")), (&json!("queued"), None));
    let benefit = super::money(&json!({"value": "20", "currency": "EUR"})).expect("an amount");
    let decision = Decision {
        verdict: ClaimVerdict::Partly,
        reason: Some(Reason::NotCovered),
        benefit,
        note: Some("ceiling".into()),
    };
    let told = response(("c1", &claim()), &party("fund"), "0707", "2026-02-05T00:00:00.000Z", Some(&decision));
    assert_eq!((&told["outcome"], &told["disposition"]), (&json!("complete"), &json!("partly")));
    assert_eq!(told["adjudication"][0]["reason"]["coding"][0]["code"], "not_covered");
    assert_eq!(told["total"][1]["amount"], json!({"value": 20, "currency": "EUR"}));
}
