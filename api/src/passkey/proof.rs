//! Proof of who signed a consent: what somebody checks offline who has the versions' documents, the log's public key and no ledger.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use veridose_contract::{Action, Commitment, ConsentId, PartyId, SignedBy};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, CommandHead, Receipt};
use veridose_store::Payload;

use super::answer::{self, Refused};
use super::statement::{challenge, signature_of, statement};

/// The versions of a consent, as far as their documents are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentProof {
    /// The consent.
    pub consent: ConsentId,
    /// Its versions in their order.
    pub versions: Vec<VersionProof>,
}

/// What proves a version. The receipt's command commits to SHA-256(salt ‖ document).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionProof {
    /// The salt, in hexadecimal.
    pub salt: String,
    /// The document's JSON text, byte for byte.
    pub document: String,
    /// The receipt of the transaction.
    pub receipt: Receipt,
}

/// What is proven of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenVersion {
    /// Which version.
    pub version: u32,
    /// The command.
    pub act: &'static str,
    /// Place of its transaction in the log.
    pub index: u64,
    /// Who keeps the consent, as the document says.
    pub custodian: PartyId,
    /// Who signed: the patient, or the custodian as witness.
    pub signed_by: SignedBy,
    /// SHA-256 of the passkey's public key, in hexadecimal, where the patient signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The page on which the patient signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Why a version is not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The receipt proves nothing.
    #[error("the receipt proves nothing: {0}")]
    Receipt(String),
    /// The document is not what the ledger commits to.
    #[error("the ledger does not commit to this document: it was altered, or is of another transaction")]
    Document,
    /// Document and command differ.
    #[error("the document says something else than the command on the ledger")]
    Contradiction,
    /// The ledger says that the patient signed, and the document has no signature.
    #[error("the ledger says that the patient signed it, and there is no signature")]
    Unsigned,
    /// The signature does not hold.
    #[error("the patient's signature does not hold: {0}")]
    Signature(#[from] Refused),
    /// Another key signed.
    #[error("it is not signed by the passkey asked for")]
    OtherKey,
}

/// How a passkey's public key is told: its SHA-256 in hexadecimal.
pub fn fingerprint(key: &[u8]) -> String {
    hex::encode(Sha256::digest(key))
}

/// Checks a version: that the log holds its command, that the command commits to the document and both say the same, and that
/// the patient's key signed just that, where the ledger says so. `key` asks for a passkey by its fingerprint.
pub fn check(
    consent: ConsentId,
    version: &VersionProof,
    log: &LogVerifier,
    key: Option<&str>,
) -> Result<ProvenVersion, Unproven> {
    let verified = proof::verify(&version.receipt, None, log, None);
    let verified = verified.map_err(|error| Unproven::Receipt(error.to_string()))?;
    let salt = hex::decode(&version.salt).map_err(|_| Unproven::Document)?;
    let hash = Sha256::new().chain_update(salt).chain_update(&version.document).finalize();
    let commitment = Commitment(hash.into());
    let command = verified.commands.iter().find(|command| command.payload == commitment).ok_or(Unproven::Document)?;
    let document: Payload = serde_json::from_str(&version.document).map_err(|_| Unproven::Document)?;
    let (of, number, signed_by) = said(command).ok_or(Unproven::Contradiction)?;
    let custodian = match &document {
        Payload::Consent(document) => document.custodian.clone(),
        Payload::Revocation(document) => document.custodian.clone(),
        _ => return Err(Unproven::Contradiction),
    };
    let signature = signature_of(&document);
    let nonce = signature.map_or("", |signature| signature.nonce.as_str());
    let statement =
        statement(verified.header.network, &command.action, &document, nonce).ok_or(Unproven::Contradiction)?;
    if of != consent {
        return Err(Unproven::Contradiction);
    }
    let mut proven = ProvenVersion {
        version: number,
        act: command.action.name(),
        index: verified.index,
        custodian,
        signed_by,
        key: None,
        origin: None,
    };
    if signed_by == SignedBy::Patient {
        let signature = signature.ok_or(Unproven::Unsigned)?;
        let public = super::bytes(&signature.key).ok_or(Refused::Form("key"))?;
        let (client, data) = (&signature.client_data_json, &signature.authenticator_data);
        let asserted =
            answer::signed(&signature.rp_id, &challenge(&statement), &public, client, data, &signature.signature)?;
        (proven.key, proven.origin) = (Some(fingerprint(&public)), Some(asserted.origin));
    }
    if key.is_some_and(|key| proven.key.as_deref() != Some(key)) {
        return Err(Unproven::OtherKey);
    }
    Ok(proven)
}

/// Consent, version and signer of a command on a consent.
fn said(command: &CommandHead) -> Option<(ConsentId, u32, SignedBy)> {
    match &command.action {
        Action::RegisterConsent(consent) => Some((consent.id, 1, consent.signed_by)),
        Action::AmendConsent { consent, version } => Some((consent.id, version.checked_add(1)?, consent.signed_by)),
        Action::RevokeConsent { consent, version, signed_by } => Some((*consent, version.checked_add(1)?, *signed_by)),
        _ => None,
    }
}
