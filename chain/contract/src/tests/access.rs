//! Who may see what: row by row, and that no course of consents ever opens more than one of them allows.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::world::{DAY, START, World, consent, id};
use crate::access::{Access, AccessRequest, Aim, Asker, Emergency, GrantRule, RefusalRule, decide};
use crate::*;

const KINDS: [DataKind; 5] =
    [DataKind::Dispense, DataKind::Prescription, DataKind::Demographics, DataKind::Laboratory, DataKind::Genomics];

const CASE: CaseId = CaseId([7; 16]);

/// A row of the table: what is asked for, and what is given where everything is in order.
struct Row {
    purpose: Purpose,
    other: Purpose,
    party: &'static str,
    credential: CredentialKind,
    wrong: CredentialKind,
    rule: GrantRule,
    form: DataForm,
    refused: RefusalRule,
}

fn rows() -> [Row; 3] {
    let (this, other) = (Purpose::Study(StudyId([1; 16])), Purpose::Study(StudyId([2; 16])));
    let (clinician, researcher) = (CredentialKind::Clinician, CredentialKind::Researcher);
    let study = Row {
        purpose: this,
        other,
        party: "maker",
        credential: researcher,
        wrong: clinician,
        rule: GrantRule::Study,
        form: DataForm::DeIdentified,
        refused: RefusalRule::NoConsent,
    };
    let care = Row {
        purpose: Purpose::Care,
        other: Purpose::DispenseRecord,
        party: "pharm",
        credential: clinician,
        wrong: researcher,
        rule: GrantRule::Care,
        form: DataForm::Full,
        refused: RefusalRule::NoConsent,
    };
    let population = Row {
        purpose: Purpose::PublicHealthResearch,
        other: Purpose::ModelTraining,
        party: "reg",
        credential: researcher,
        wrong: clinician,
        rule: GrantRule::Population,
        form: DataForm::Aggregated,
        refused: RefusalRule::NoConsent,
    };
    [study, care, population]
}

/// Asks a day after the world began.
fn ask(party: &str, person: u8, credential: Option<CredentialKind>, aim: Aim, kinds: &[DataKind]) -> AccessRequest {
    let credentials = credential.into_iter().collect();
    AccessRequest {
        asker: Asker::Member { party: id(party), person: Person([person; 32]), credentials },
        aim,
        kinds: kinds.to_vec(),
        consents: (0..8).map(|number| ConsentId([number; 16])).collect(),
        now: Timestamp(START + DAY),
    }
}

fn granted(w: &World, request: &AccessRequest) -> access::Grant {
    match decide(&w.state, request).expect("readable") {
        Access::Granted(grant) => grant,
        Access::Refused(refusal) => panic!("{request:?}: {refusal:?}"),
    }
}

fn refused(w: &World, request: &AccessRequest) -> RefusalRule {
    match decide(&w.state, request).expect("readable") {
        Access::Refused(refusal) => {
            assert!(!refusal.needed.is_empty());
            refusal.rule
        }
        Access::Granted(grant) => panic!("{request:?}: {grant:?}"),
    }
}

#[test]
fn rows_of_consents_by_what_may_be_wrong_with_them() {
    for row in rows() {
        let mut w = World::new();
        let terms = Consent {
            data: vec![DataKind::Dispense, DataKind::Laboratory],
            form: row.purpose.form_max(),
            credential: Some(row.credential),
            until: Some(Timestamp(START + 10 * DAY)),
            ..consent(1, Some(row.party), row.purpose)
        };
        let (key, credential) = (ConsentId([1; 16]), Some(row.credential));
        let purpose = Aim::Purpose(row.purpose);
        let good = ask(row.party, 1, credential, purpose.clone(), &[DataKind::Laboratory, DataKind::Genomics]);
        assert_eq!(refused(&w, &good), row.refused, "nothing was consented to");
        w.ok("corner", Action::RegisterConsent(terms.clone()), &[]);
        // Allowed: the kind that the consent names, and no other.
        let grant = granted(&w, &good);
        assert_eq!((grant.rule, grant.form, grant.kinds), (row.rule, row.form, vec![DataKind::Laboratory]));
        assert_eq!((grant.consent, grant.version, grant.until), (Some(key), Some(1), terms.until));
        // Expired: at the very moment, and not before.
        let at = |now| AccessRequest { now: Timestamp(now), ..good.clone() };
        granted(&w, &at(START + 10 * DAY - 1));
        assert_eq!(refused(&w, &at(START + 10 * DAY)), RefusalRule::ConsentExpired);
        assert_eq!(refused(&w, &at(START - DAY - 1)), RefusalRule::ConsentNotYet);
        // Wrong credential.
        for wrong in [None, Some(row.wrong)] {
            let request = ask(row.party, 1, wrong, purpose.clone(), &[DataKind::Laboratory]);
            assert_eq!(refused(&w, &request), RefusalRule::CredentialMissing, "{:?}", row.purpose);
        }
        // Wrong purpose: the answer does not tell that there is a consent to another one.
        let request = ask(row.party, 1, credential, Aim::Purpose(row.other), &[DataKind::Laboratory]);
        assert_eq!(refused(&w, &request), RefusalRule::NoConsent);
        // Other data, nothing, another member, a suspended one, and a consent that the host does not know as the patient's.
        let request = ask(row.party, 1, credential, purpose.clone(), &[DataKind::Genomics]);
        assert_eq!(refused(&w, &request), RefusalRule::DataNotCovered);
        let request = ask(row.party, 1, credential, purpose.clone(), &[]);
        assert_eq!(refused(&w, &request), RefusalRule::NothingAsked);
        let request = ask("corner", 1, credential, purpose.clone(), &[DataKind::Laboratory]);
        let other = if row.purpose == Purpose::Care { RefusalRule::NoRelationship } else { RefusalRule::NoConsent };
        assert_eq!(refused(&w, &request), other);
        assert_eq!(refused(&w, &ask("nobody", 1, credential, purpose, &KINDS)), RefusalRule::NoMember);
        assert_eq!(refused(&w, &AccessRequest { consents: vec![], ..good.clone() }), RefusalRule::NoConsent);
        // Revoked, and for good.
        w.ok("corner", Action::RevokeConsent { consent: key, version: 1, signed_by: SignedBy::Custodian }, &[]);
        assert_eq!(refused(&w, &good), RefusalRule::ConsentRevoked);
    }
}

#[test]
fn care_is_for_who_treats_and_whom_the_patient_named() {
    let mut w = World::new();
    let kinds = KINDS.to_vec();
    let open = Consent { data: kinds.clone(), ..consent(1, None, Purpose::Care) };
    w.ok("corner", Action::RegisterConsent(open), &[]);
    let care = |party| ask(party, 1, Some(CredentialKind::Clinician), Aim::Purpose(Purpose::Care), &KINDS);
    assert_eq!(refused(&w, &care("pharm")), RefusalRule::NoRelationship, "nobody is named");
    assert_eq!(refused(&w, &care("maker")), RefusalRule::RoleNotAllowed);
    let named = Consent { data: kinds.clone(), ..consent(2, Some("pharm"), Purpose::Care) };
    w.ok("corner", Action::RegisterConsent(named), &[]);
    let grant = granted(&w, &care("pharm"));
    assert_eq!((grant.kinds, grant.consent), (kinds, Some(ConsentId([2; 16]))));
    w.ok("reg", Action::SuspendParty(id("pharm")), &[]);
    assert_eq!(refused(&w, &care("pharm")), RefusalRule::NoMember);
}

#[test]
fn an_emergency_needs_two_persons_and_ends() {
    let mut w = World::new();
    let emergency = |second: Option<u8>| {
        let confirmed_by = second.map(|person| Person([person; 32]));
        let until = Timestamp(START + 2 * DAY);
        Aim::Emergency(Some(Emergency { case: CASE, declared_by: Person([1; 32]), confirmed_by, until }))
    };
    let clinician = Some(CredentialKind::Clinician);
    let by = |person, aim| ask("pharm", person, clinician, aim, &KINDS);
    // Wrong purpose: an emergency that nobody declared, or that stands on no ledger.
    assert_eq!(refused(&w, &by(1, Aim::Emergency(None))), RefusalRule::EmergencyNotDeclared);
    assert_eq!(refused(&w, &by(1, emergency(Some(2)))), RefusalRule::EmergencyNotDeclared);
    w.ok("pharm", Action::RaiseCase(CASE), &[]);
    assert_eq!(refused(&w, &by(1, emergency(None))), RefusalRule::EmergencyUnconfirmed);
    assert_eq!(refused(&w, &by(1, emergency(Some(1)))), RefusalRule::EmergencyUnconfirmed, "one person twice");
    // Allowed, without any consent.
    for person in [1, 2] {
        let grant = granted(&w, &by(person, emergency(Some(2))));
        assert_eq!((grant.rule, grant.form, grant.kinds), (GrantRule::Emergency, DataForm::Full, KINDS.to_vec()));
        assert_eq!((grant.emergency, grant.until), (Some(CASE), Some(Timestamp(START + 2 * DAY))));
    }
    // Wrong person, member, role, credential.
    assert_eq!(refused(&w, &by(3, emergency(Some(2)))), RefusalRule::EmergencyOfOthers);
    let request = ask("corner", 1, clinician, emergency(Some(2)), &KINDS);
    assert_eq!(refused(&w, &request), RefusalRule::EmergencyOfOthers);
    let request = ask("maker", 1, clinician, emergency(Some(2)), &KINDS);
    assert_eq!(refused(&w, &request), RefusalRule::RoleNotAllowed);
    for wrong in [None, Some(CredentialKind::Researcher)] {
        let request = ask("pharm", 1, wrong, emergency(Some(2)), &KINDS);
        assert_eq!(refused(&w, &request), RefusalRule::CredentialMissing);
    }
    // Expired, and ended by a regulator.
    let late = AccessRequest { now: Timestamp(START + 2 * DAY), ..by(1, emergency(Some(2))) };
    assert_eq!(refused(&w, &late), RefusalRule::EmergencyOver);
    w.ok("reg", Action::MoveCase { case: CASE, step: CaseStep::Close(CaseOutcome::Process) }, &[]);
    assert_eq!(refused(&w, &by(1, emergency(Some(2)))), RefusalRule::EmergencyOver);
}

#[test]
fn patients_see_what_is_theirs() {
    let w = World::new();
    let request = AccessRequest {
        asker: Asker::Patient,
        aim: Aim::Purpose(Purpose::Care),
        kinds: vec![DataKind::Genomics, DataKind::Dispense, DataKind::Dispense],
        consents: vec![],
        now: Timestamp(START),
    };
    let grant = granted(&w, &request);
    assert_eq!((grant.rule, grant.form), (GrantRule::OwnRecord, DataForm::Full));
    assert_eq!(grant.kinds, [DataKind::Dispense, DataKind::Genomics]);
}

/// What happens to consents.
#[derive(Debug, Clone)]
enum Happening {
    Register(Consent),
    Amend(Consent, u32),
    Revoke(u8, u32),
    Ask { party: &'static str, credentials: Vec<CredentialKind>, purpose: Purpose, kinds: Vec<DataKind> },
    Pass(i64),
}

fn purposes() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::DispenseRecord),
        Just(Purpose::Care),
        (0u8..2).prop_map(|study| Purpose::Study(StudyId([study; 16]))),
        Just(Purpose::StudyKind(StudyKind::Interventional)),
        Just(Purpose::PublicHealthResearch),
        Just(Purpose::ModelTraining),
        Just(Purpose::Marketplace),
    ]
}

fn parties() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("pharm"), Just("corner"), Just("maker")]
}

fn credentials() -> impl Strategy<Value = Vec<CredentialKind>> {
    subsequence(vec![CredentialKind::Clinician, CredentialKind::Researcher], 0..=2)
}

fn terms() -> impl Strategy<Value = Consent> {
    let form = prop_oneof![Just(DataForm::Aggregated), Just(DataForm::DeIdentified), Just(DataForm::Full)];
    let grantee = prop::option::of(parties());
    let period = (0i64..20, prop::option::of(0i64..20));
    let named = (0u8..4, purposes(), grantee, prop::option::of(credentials()));
    (named, subsequence(KINDS.to_vec(), 1..=5), form, period).prop_map(
        |((number, purpose, grantee, credential), data, form, (from, until))| Consent {
            data,
            form,
            from: Timestamp(START + from * DAY),
            until: until.map(|until| Timestamp(START + until * DAY)),
            credential: credential.and_then(|kinds| kinds.first().copied()),
            ..consent(number, grantee, purpose)
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let ask = (parties(), credentials(), purposes(), subsequence(KINDS.to_vec(), 0..=5))
        .prop_map(|(party, credentials, purpose, kinds)| Happening::Ask { party, credentials, purpose, kinds });
    prop_oneof![
        3 => terms().prop_map(Happening::Register),
        2 => (terms(), 1u32..4).prop_map(|(terms, version)| Happening::Amend(terms, version)),
        1 => (0u8..4, 1u32..4).prop_map(|(number, version)| Happening::Revoke(number, version)),
        6 => ask,
        1 => (1i64..5).prop_map(Happening::Pass),
    ]
}

/// What each consent says, kept beside the contract, by its number.
type Kept = std::collections::BTreeMap<u8, (Consent, u32, bool)>;

fn happens(w: &mut World, kept: &mut Kept, action: Action) -> bool {
    let number = |consent: &ConsentId| consent.as_bytes()[0];
    let entry = w.transaction("corner", vec![w.command("corner", action.clone(), &[])]);
    let accepted = w.submit(entry).is_ok();
    match action {
        Action::RegisterConsent(terms) if accepted => drop(kept.insert(number(&terms.id), (terms, 1, false))),
        Action::AmendConsent { consent, version } if accepted => {
            kept.insert(number(&consent.id), (consent, version + 1, false));
        }
        Action::RevokeConsent { consent, version, signed_by: _ } if accepted => {
            let entry = kept.get_mut(&number(&consent)).expect("what is revoked was registered");
            (entry.1, entry.2) = (version + 1, true);
        }
        _ => {}
    }
    accepted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_course_of_consents_opens_more_than_one_of_them_allows(
        course in prop::collection::vec(happening(), 1..60)
    ) {
        let mut w = World::new();
        let mut kept = Kept::new();
        for happening in course {
            let (party, shown, purpose, kinds) = match happening {
                Happening::Register(terms) => {
                    happens(&mut w, &mut kept, Action::RegisterConsent(terms));
                    continue;
                }
                Happening::Amend(consent, version) => {
                    happens(&mut w, &mut kept, Action::AmendConsent { consent, version });
                    continue;
                }
                Happening::Revoke(number, version) => {
                    let consent = ConsentId([number; 16]);
                    let signed_by = SignedBy::Custodian;
                    happens(&mut w, &mut kept, Action::RevokeConsent { consent, version, signed_by });
                    continue;
                }
                Happening::Pass(days) => {
                    w.time += days * DAY;
                    continue;
                }
                Happening::Ask { party, credentials, purpose, kinds } => (party, credentials, purpose, kinds),
            };
            let asker =
                Asker::Member { party: id(party), person: Person([1; 32]), credentials: shown.clone() };
            let request = AccessRequest {
                asker,
                aim: Aim::Purpose(purpose),
                kinds: kinds.clone(),
                consents: (0..8).map(|number| ConsentId([number; 16])).collect(),
                now: Timestamp(w.time),
            };
            let valid = |terms: &Consent, revoked: bool| {
                !revoked
                    && terms.purpose == purpose
                    && terms.from.0 <= w.time
                    && terms.until.is_none_or(|until| w.time < until.0)
                    && terms.grantee.as_ref().is_none_or(|grantee| *grantee == id(party))
                    && terms.credential.is_none_or(|kind| shown.contains(&kind))
            };
            match decide(&w.state, &request).expect("readable") {
                Access::Granted(grant) => {
                    let cited = grant.consent.expect("cites one");
                    let (terms, version, revoked) = kept.get(&cited.as_bytes()[0]).expect("one that was registered");
                    prop_assert!(valid(terms, *revoked), "{:?} under {:?}", grant, terms);
                    prop_assert_eq!((grant.version, grant.until), (Some(*version), terms.until));
                    prop_assert!(!grant.kinds.is_empty());
                    prop_assert!(grant.kinds.iter().all(|kind| terms.data.contains(kind) && kinds.contains(kind)));
                    prop_assert!(grant.form <= terms.form && grant.form <= purpose.form_max());
                }
                // What all conditions of a consent allow is given: care besides names who treats, and who treats is a pharmacy.
                Access::Refused(refusal) => {
                    let treats = matches!(purpose, Purpose::Care | Purpose::DispenseRecord);
                    let named = |terms: &Consent| purpose != Purpose::Care || terms.grantee == Some(id(party));
                    let shows = match purpose {
                        Purpose::Care => shown.contains(&CredentialKind::Clinician),
                        Purpose::DispenseRecord | Purpose::PublicHealthResearch => true,
                        _ => shown.contains(&CredentialKind::Researcher),
                    };
                    let open = kept.values().any(|(terms, _, revoked)| {
                        valid(terms, *revoked) && named(terms) && terms.data.iter().any(|kind| kinds.contains(kind))
                    });
                    prop_assert!(!open || !shows || (treats && party == "maker"), "{refusal:?}");
                }
            }
        }
    }
}

#[test]
fn a_consent_to_a_kind_of_study_covers_a_registered_study_for_who_is_part_of_it() {
    let mut w = World::new();
    let (study, researcher) = (StudyId([1; 16]), Some(CredentialKind::Researcher));
    let aim = Aim::Purpose(Purpose::Study(study));
    let asks = |party| ask(party, 1, researcher, aim.clone(), &[DataKind::Dispense]);
    w.ok("pharm", Action::RegisterConsent(consent(1, None, Purpose::StudyKind(StudyKind::Interventional))), &[]);
    assert_eq!(refused(&w, &asks("maker")), RefusalRule::NoConsent, "nobody knows of what kind it is");
    let step = StudyStep::Register { kind: StudyKind::Interventional, sites: vec![id("pharm")] };
    w.ok("maker", Action::MoveStudy { study, step }, &[]);
    for party in ["maker", "pharm"] {
        assert_eq!(granted(&w, &asks(party)).consent, Some(ConsentId([1; 16])));
    }
    assert_eq!(refused(&w, &asks("corner")), RefusalRule::NotInStudy);
    w.ok("corner", Action::RegisterConsent(consent(2, None, Purpose::Study(study))), &[]);
    assert_eq!(refused(&w, &asks("corner")), RefusalRule::NotInStudy, "whatever was consented to");
    let other = StudyId([2; 16]);
    let step = StudyStep::Register { kind: StudyKind::Observational, sites: vec![] };
    w.ok("maker", Action::MoveStudy { study: other, step }, &[]);
    let request = ask("maker", 1, researcher, Aim::Purpose(Purpose::Study(other)), &[DataKind::Dispense]);
    assert_eq!(refused(&w, &request), RefusalRule::NoConsent, "it is of another kind");
}
