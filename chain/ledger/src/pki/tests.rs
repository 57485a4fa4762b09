//! Authorities, certificates and sealed keys.

use veridose_contract::{PartyId, Role, Site, Timestamp};

use super::{Authority, AuthorityCertificate, Passphrase, PkiError, Request, check, open, parse_pem, seal, to_pem};
use crate::Signer;
use crate::testing::{NOW, Random, validity};

fn party(name: &str) -> PartyId {
    PartyId::parse(name).expect("a good name")
}

fn authority(name: &str) -> Authority {
    let (not_before, not_after) = validity();
    Authority::create(&party(name), not_before, not_after).expect("a new authority")
}

fn request(site: Option<Site>) -> Request {
    let (not_before, not_after) = validity();
    Request { role: Role::Pharmacy, site, not_before, not_after }
}

#[test]
fn a_certificate_says_organisation_role_and_gln() {
    let authority = authority("corner");
    let issued = authority.issue(&request(Some(Site(9_506_000_134_352)))).expect("issued");
    assert_eq!(issued.certificate.party, party("corner"));
    assert_eq!(issued.certificate.role, Role::Pharmacy);
    assert_eq!(issued.certificate.site, Some(Site(9_506_000_134_352)));
    assert_eq!((issued.certificate.not_before, issued.certificate.not_after), validity());
    assert_eq!(parse_pem(&to_pem(&issued.certificate.der)).expect("our own PEM"), issued.certificate.der);
    Signer::new(&issued.key, issued.certificate.clone()).expect("the key is the certificate's");
    let other = authority.issue(&request(None)).expect("issued");
    assert!(Signer::new(&other.key, issued.certificate).is_err(), "another key");
}

#[test]
fn an_authority_is_taken_up_again_and_issues_under_the_same_name() {
    let first = authority("corner");
    let again = Authority::load(&party("corner"), &first.key(), first.der()).expect("loads");
    let issued = again.issue(&request(None)).expect("issued");
    let certificate = AuthorityCertificate::parse(first.der()).expect("its own");
    check(&issued.certificate.der, &certificate, &party("corner")).expect("the first authority's");
    assert!(Authority::load(&party("corner"), &authority("corner").key(), first.der()).is_err(), "another key");
}

#[test]
fn only_the_partys_own_authority_counts() {
    let (own, other) = (authority("corner"), authority("corner"));
    let issued = other.issue(&request(None)).expect("issued");
    let certificate = AuthorityCertificate::parse(own.der()).expect("its own");
    let refused = check(&issued.certificate.der, &certificate, &party("corner"));
    assert!(matches!(refused, Err(PkiError::Foreign(_))), "the same name, another key");
    let mine = own.issue(&request(None)).expect("issued");
    assert!(check(&mine.certificate.der, &certificate, &party("other")).is_err(), "another party's name");
    assert!(check(own.der(), &certificate, &party("corner")).is_err(), "an authority signs no transactions");
    assert!(AuthorityCertificate::parse(&mine.certificate.der).is_err(), "a signer is no authority");
}

#[test]
fn a_signer_does_not_outlive_its_authority() {
    let authority = authority("corner");
    let late = Request { not_after: Timestamp(validity().1.0 + 1_000), ..request(None) };
    assert!(matches!(authority.issue(&late), Err(PkiError::Attribute { attribute: "validity", .. })));
    assert!(NOW < validity().1);
}

#[test]
fn no_changed_byte_of_a_certificate_goes_unnoticed() {
    let authority = authority("corner");
    let der = authority.issue(&request(Some(Site(9_506_000_134_352)))).expect("issued").certificate.der;
    let certificate = AuthorityCertificate::parse(authority.der()).expect("its own");
    let mut random = Random(6);
    for at in 0..der.len() {
        let mut bad = der.clone();
        bad[at] ^= 1 << random.below(8);
        assert!(check(&bad, &certificate, &party("corner")).is_err(), "byte {at}");
    }
}

#[test]
fn a_sealed_key_opens_with_its_passphrase_only() {
    let passphrase = Passphrase::new("correct horse".to_owned(), "the test").expect("not empty");
    let sealed = seal(b"secret", "signing key", &passphrase).expect("sealed");
    assert!(!sealed.contains("secret"));
    assert_eq!(*open(&sealed, "signing key", &passphrase).expect("opens"), b"secret");
    let wrong = Passphrase::new("battery staple".to_owned(), "the test").expect("not empty");
    assert!(matches!(open(&sealed, "signing key", &wrong), Err(PkiError::Locked)));
    assert!(open(&sealed, "log key", &passphrase).is_err(), "another purpose");
    assert!(open(&sealed.replace("600000", "1"), "signing key", &passphrase).is_err(), "weaker");
    assert!(Passphrase::new(String::new(), "the test").is_err());
}
