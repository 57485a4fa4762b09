use proptest::prelude::*;
use serde_json::json;
use veridose_contract::{CredentialKind, DataForm, DataKind, PartyId, Purpose, StudyId, StudyKind, Timestamp};

use super::systems::KINDS;
use super::{Standing, Terms, Whose, read, release_of, write};
use crate::{Release, validate};

fn purposes() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::DispenseRecord),
        Just(Purpose::Care),
        any::<[u8; 16]>().prop_map(|id| Purpose::Study(StudyId(id))),
        Just(Purpose::StudyKind(StudyKind::Observational)),
        Just(Purpose::PublicHealthResearch),
        Just(Purpose::ModelTraining),
        Just(Purpose::Marketplace),
    ]
}

prop_compose! {
    fn terms()(
        purpose in purposes(),
        data in proptest::sample::subsequence(KINDS.to_vec(), 1..=5),
        coarse in any::<bool>(),
        grantee in proptest::option::of("[a-z]{1,8}"),
        credential in proptest::option::of(proptest::sample::select(vec![CredentialKind::Clinician, CredentialKind::Researcher])),
        from in 0i64..4_000_000_000_000,
        length in proptest::option::of(1i64..100_000_000_000),
    ) -> Terms {
        // A full form needs no label, so nothing said means the most telling one.
        let form = if coarse { DataForm::Aggregated } else { purpose.form_max() };
        Terms {
            whose: Whose::Id("abc".to_owned()),
            purpose,
            data,
            form: Some(form).filter(|form| *form != DataForm::Full),
            grantee: grantee.map(|name| PartyId::parse(&name).expect("a name")),
            credential,
            from: Some(Timestamp(from)),
            until: length.map(|length| Timestamp(from + length)),
        }
    }
}

proptest! {
    /// What is written is valid, and read again it says the same, also after a second time round with what was kept.
    #[test]
    fn what_is_written_reads_the_same(terms in terms(), r5 in any::<bool>(), revoked in any::<bool>()) {
        let release = if r5 { Release::R5 } else { Release::R4 };
        let custodian = PartyId::parse("harbour").expect("a name");
        let words = json!("the words");
        let standing = Standing { id: "c1", version: 3, patient: "abc", custodian: &custodian, revoked, terms: &terms, kept: &words };
        let mut written = write(release, &standing);
        prop_assert_eq!(validate(release, "Consent", &written), Ok(()));
        prop_assert_eq!(release_of(&written), release);
        prop_assert_eq!(&written["status"], if revoked { "inactive" } else { "active" });
        written["status"] = json!("active");
        prop_assert_eq!(read(release, &written), Ok(terms.clone()));
        let again = write(release, &Standing { revoked: false, kept: &written, ..standing });
        prop_assert_eq!(again, written);
    }
}

fn example() -> serde_json::Value {
    json!({"resourceType": "Consent", "status": "active", "scope": {"text": "care"}, "category": [{"text": "care"}],
        "patient": {"identifier": {"system": "urn:veridose:patient", "value": "p-1"}},
        "identifier": [{"value": "form 12"}], "dateTime": "2026-02-03",
        "policyRule": {"text": "opt in"},
        "provision": {"type": "permit", "period": {"start": "2026-02-03", "end": "2026-03"},
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest"}]}})
}

#[test]
fn a_period_ends_with_the_last_moment_of_what_was_said() {
    let terms = read(Release::R4, &example()).expect("read");
    assert_eq!(terms.whose, Whose::Named("p-1".to_owned()));
    assert_eq!(terms.data, [DataKind::Prescription]);
    // 2026-02-03T00:00:00Z to 2026-04-01T00:00:00Z.
    assert_eq!((terms.from, terms.until), (Some(Timestamp(1_770_076_800_000)), Some(Timestamp(1_775_001_600_000))));
    let custodian = PartyId::parse("harbour").expect("a name");
    let kept = example();
    let standing = Standing {
        id: "c",
        version: 1,
        patient: "x",
        custodian: &custodian,
        revoked: true,
        terms: &terms,
        kept: &kept,
    };
    let written = write(Release::R4, &standing);
    assert_eq!((&written["identifier"], &written["dateTime"]), (&kept["identifier"], &kept["dateTime"]));
    assert_eq!(written["provision"]["period"]["end"], "2026-03-31T23:59:59.999Z");
}

/// A change to the example, where it is refused, and why.
#[test]
fn what_cannot_be_held_to_is_refused_where_it_stands() {
    let deny = json!([{"type": "deny"}]);
    let cases = [
        ("/status", json!("draft"), "Consent.status"),
        ("/provision/type", json!("deny"), "Consent.provision.type"),
        ("/provision/provision", deny, "Consent.provision.provision"),
        ("/provision/dataPeriod", json!({"start": "2020"}), "Consent.provision.dataPeriod"),
        ("/provision/data", json!([{}]), "Consent.provision.data"),
        ("/provision/action", json!([{"text": "disclose"}]), "Consent.provision.action[0]"),
        ("/provision/actor", json!([{"reference": {"display": "Bob"}}]), "Consent.provision.actor[0]"),
        ("/provision/purpose", json!([{"system": "x", "code": "y"}]), "Consent.provision.purpose[0]"),
        ("/provision/purpose", json!([]), "Consent.provision.purpose"),
        ("/provision/securityLabel", json!([{"code": "R"}]), "Consent.provision.securityLabel[0]"),
        (
            "/provision/class",
            json!([{"system": "http://hl7.org/fhir/resource-types", "code": "Claim"}]),
            "Consent.provision.class[0]",
        ),
        (
            "/provision/class",
            json!([{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]),
            "Consent.provision.code",
        ),
        ("/provision/code", json!([{"text": "x"}]), "Consent.provision.code[0]"),
        ("/provision/modifierExtension", json!([{"url": "x"}]), "Consent.provision.modifierExtension"),
        ("/provision/period", json!({"start": "2026", "end": "2025"}), "Consent.provision.period"),
        ("/patient", json!({"display": "Bob"}), "Consent.patient"),
    ];
    for (pointer, value, expected) in cases {
        let mut consent = example();
        let (holder, name) = pointer.rsplit_once('/').expect("a pointer");
        consent.pointer_mut(holder).expect("is there")[name] = value;
        let issues = read(Release::R4, &consent).expect_err("refused");
        let places: Vec<_> = issues.iter().filter_map(|issue| issue.expression.as_deref()).collect();
        assert!(places.contains(&expected), "{pointer}: {places:?}");
        assert!(!format!("{issues:?}").contains("Bob"));
    }
}
