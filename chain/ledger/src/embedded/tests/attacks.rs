//! Forged, malleated and replayed signatures, certificates that must not count.

use veridose_contract::{Action, IdempotencyKey, Signature, Timestamp};

use crate::signer::signature_holds;
use crate::testing::{Members, NOW, Random, issue, packs, validity};
use crate::{Embedded, SubmitError, Unauthentic};

fn refused(answer: Result<crate::Committed, SubmitError>) -> Unauthentic {
    match answer {
        Err(SubmitError::Unauthenticated(reason)) => reason,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn begun(members: &Members) -> (tempfile::TempDir, Embedded) {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    (folder, ledger)
}

#[test]
fn no_mutation_of_a_signed_header_or_its_signature_holds() {
    let members = Members::new();
    let transaction = members.commission(packs(0, 2));
    let key = crate::pki::subject_and_key(&members.maker.signer.certificate().der).expect("our own").1;
    assert!(signature_holds(&key, &transaction.header, &transaction.signature));
    let mut random = Random(1);
    for _ in 0..10_000 {
        let mut bytes = borsh::to_vec(&(&transaction.header, &transaction.signature)).expect("encodes");
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        let (header, signature): (_, Signature) = borsh::from_slice(&bytes).expect("fixed sizes decode");
        assert!(!signature_holds(&key, &header, &signature), "byte {at}");
    }
}

#[test]
fn the_second_form_of_a_signature_is_refused() {
    let members = Members::new();
    for _ in 0..50 {
        let transaction = members.commission(packs(0, 1));
        let key = crate::pki::subject_and_key(&members.maker.signer.certificate().der).expect("our own").1;
        let mut other = transaction.signature;
        crate::signer::negate(other.0.last_chunk_mut::<32>().expect("the second half"));
        assert_ne!(other, transaction.signature);
        assert!(!signature_holds(&key, &transaction.header, &other));
    }
}

#[tokio::test]
async fn a_transaction_for_another_network_is_refused() {
    let members = Members::new();
    let (_folder, ledger) = begun(&members).await;
    let elsewhere = Members::new();
    let transaction = elsewhere.commission(packs(0, 1));
    assert_eq!(refused(ledger.submit(transaction).await), Unauthentic::Network);
}

#[tokio::test]
async fn certificates_count_from_registration_to_revocation_and_within_their_dates() {
    let members = Members::new();
    let (_folder, ledger) = begun(&members).await;
    let (not_before, not_after) = validity();
    let second = issue(&members.maker.authority, members.maker.role, not_before, not_after);
    let commission = |signer: &crate::Signer, number: u64, time: Timestamp| {
        let mut key = [0xaa; 16];
        key[8..].copy_from_slice(&number.to_be_bytes());
        members.sign_as(signer, IdempotencyKey(key), time, vec![(Action::CommissionContainers, packs(number, 1))])
    };
    let early = ledger.submit(commission(&second, 1, NOW)).await;
    assert_eq!(refused(early), Unauthentic::UnknownCertificate);
    let register = Action::RegisterCertificate(second.certificate().clone());
    ledger.submit(members.sign(&members.maker, vec![(register, vec![])])).await.expect("a second certificate");
    ledger.submit(commission(&second, 2, NOW)).await.expect("signs now");

    let brief = issue(&members.maker.authority, members.maker.role, Timestamp(NOW.0 - 5_000), Timestamp(NOW.0 + 5_000));
    let register = Action::RegisterCertificate(brief.certificate().clone());
    ledger.submit(members.sign(&members.maker, vec![(register, vec![])])).await.expect("a brief certificate");
    ledger.submit(commission(&brief, 3, Timestamp(NOW.0 + 5_000))).await.expect("in its last second");
    for late in [6_000, -6_000] {
        let answer = ledger.submit(commission(&brief, 4, Timestamp(NOW.0 + late))).await;
        assert_eq!(refused(answer), Unauthentic::Expired);
    }

    let revoke = Action::RevokeCertificate(second.fingerprint());
    ledger.submit(members.sign(&members.maker, vec![(revoke, vec![])])).await.expect("revoked");
    assert_eq!(refused(ledger.submit(commission(&second, 5, NOW)).await), Unauthentic::Revoked);
}

#[tokio::test]
async fn a_certificate_of_another_members_authority_or_role_is_refused() {
    let members = Members::new();
    let (_folder, ledger) = begun(&members).await;
    let (not_before, not_after) = validity();
    let foreign = issue(&members.north.authority, members.north.role, not_before, not_after);
    let mut claimed = foreign.certificate().clone();
    claimed.party = members.maker.id.clone();
    let wrong_role = issue(&members.maker.authority, veridose_contract::Role::Regulator, not_before, not_after);
    let mut longer = issue(&members.maker.authority, members.maker.role, not_before, not_after).certificate().clone();
    longer.not_after = Timestamp(longer.not_after.0 + 1);
    for certificate in [claimed, wrong_role.certificate().clone(), longer] {
        let register = members.sign(&members.maker, vec![(Action::RegisterCertificate(certificate), vec![])]);
        assert!(matches!(refused(ledger.submit(register).await), Unauthentic::Certificate(_)));
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_refused_and_the_order_of_the_log_stays() {
    let members = Members::new();
    let (_folder, ledger) = begun(&members).await;
    let day = 24 * 3_600 * 1_000;
    for turn in 0..100 {
        let off = if turn % 2 == 0 { day } else { -day };
        members.set_clock(Timestamp(NOW.0 + off));
        let answer = ledger.submit(members.commission(packs(turn, 1))).await;
        assert_eq!(refused(answer), Unauthentic::Clock { off_ms: -off, max_ms: 600_000 });
        members.set_clock(NOW);
        let taken = ledger.submit(members.commission(packs(turn, 1))).await.expect("the clock is right again");
        assert_eq!(taken.index, 5 + turn);
    }
}

#[tokio::test]
async fn a_suspended_party_no_longer_acts() {
    let members = Members::new();
    let (_folder, ledger) = begun(&members).await;
    let suspend = Action::SuspendParty(members.maker.id.clone());
    ledger.submit(members.sign(&members.regulator, vec![(suspend, vec![])])).await.expect("suspended");
    assert_eq!(refused(ledger.submit(members.commission(packs(0, 1))).await), Unauthentic::Suspended);
}
