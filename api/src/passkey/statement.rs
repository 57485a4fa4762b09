//! What a patient signs: one JSON text for an act on a consent, and nothing in it that only this node could know.

use serde::Serialize;
use sha2::{Digest, Sha256};
use veridose_contract::{
    Action, Consent, ConsentId, CredentialKind, DataForm, DataKind, NetworkId, PartyId, Purpose, Subject, Timestamp,
};
use veridose_store::Payload;
use veridose_store::payload::{ConsentDocument, PatientSignature};

/// The statement. Its JSON text, members in this order and without spaces, is what is hashed.
#[derive(Debug, Serialize)]
struct Statement<'a> {
    kind: &'static str,
    /// 32 random bytes in hexadecimal: two statements never have one hash.
    nonce: &'a str,
    network: NetworkId,
    custodian: &'a PartyId,
    act: &'static str,
    consent: ConsentId,
    version: u32,
    subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Terms<'a>>,
}

/// What is consented to.
#[derive(Debug, Serialize)]
struct Terms<'a> {
    purpose: Purpose,
    data: &'a [DataKind],
    form: DataForm,
    grantee: Option<&'a PartyId>,
    credential: Option<CredentialKind>,
    from: Timestamp,
    until: Option<Timestamp>,
    /// SHA-256 of the JSON text of the words, or of the FHIR resource, that the patient was shown.
    words_sha256: String,
}

/// The statement of a command on a consent and its document; nothing where these are no pair, or say different things.
pub(crate) fn statement(network: NetworkId, action: &Action, document: &Payload, nonce: &str) -> Option<String> {
    let (act, consent, version, subject, custodian, terms) = match (action, document) {
        (Action::RegisterConsent(consent), Payload::Consent(said)) => {
            ("register", consent.id, 1, said.subject(), &said.custodian, Some(terms(consent, 1, said)?))
        }
        (Action::AmendConsent { consent, version }, Payload::Consent(said)) => {
            let version = version.checked_add(1)?;
            ("amend", consent.id, version, said.subject(), &said.custodian, Some(terms(consent, version, said)?))
        }
        (Action::RevokeConsent { consent, version, .. }, Payload::Revocation(said)) => {
            let version = version.checked_add(1)?;
            let same = (said.consent, said.version) == (*consent, version);
            same.then_some(("revoke", *consent, version, said.subject, &said.custodian, None))?
        }
        _ => return None,
    };
    let kind = "veridose consent 1";
    let statement = Statement { kind, nonce, network, custodian, act, consent, version, subject, terms };
    Some(serde_json::to_string(&statement).expect("names, numbers and text are written as JSON"))
}

/// The terms, if ledger and document say the same.
fn terms<'a>(consent: &'a Consent, version: u32, document: &'a ConsentDocument) -> Option<Terms<'a>> {
    let same = (consent.id, version, consent.subject) == (document.consent, document.version, document.subject())
        && (consent.purpose, &consent.data, consent.form) == (document.purpose, &document.data, document.form)
        && (consent.from, consent.until) == (document.from, document.until);
    let words = serde_json::to_vec(&document.terms).expect("JSON is written as JSON");
    same.then(|| Terms {
        purpose: consent.purpose,
        data: &consent.data,
        form: consent.form,
        grantee: consent.grantee.as_ref(),
        credential: consent.credential,
        from: consent.from,
        until: consent.until,
        words_sha256: hex::encode(Sha256::digest(&words)),
    })
}

/// The challenge that stands for a statement.
pub(crate) fn challenge(statement: &str) -> [u8; 32] {
    Sha256::digest(statement).into()
}

/// The patient's signature in a document.
pub(crate) fn signature_of(document: &Payload) -> Option<&PatientSignature> {
    match document {
        Payload::Consent(document) => document.signature.as_deref(),
        Payload::Revocation(document) => document.signature.as_deref(),
        _ => None,
    }
}

/// The document with the patient's signature.
pub(crate) fn sign(document: Payload, signature: PatientSignature) -> Payload {
    match document {
        Payload::Consent(mut document) => {
            document.signature = Some(Box::new(signature));
            Payload::Consent(document)
        }
        Payload::Revocation(mut document) => {
            document.signature = Some(Box::new(signature));
            Payload::Revocation(document)
        }
        other => other,
    }
}
