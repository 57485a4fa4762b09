//! The documents behind the ledger's commitments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use time::Date;
use uuid::Uuid;
use veridose_contract::{CaseId, Commitment, ConsentId, DataForm, DataKind, PartyId, Purpose, Subject, Timestamp};

/// A document that a command commits to. Its JSON bytes are what the commitment covers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// An EPCIS event in its 2.0 JSON form, kept byte for byte.
    Event(Box<RawValue>),
    /// Details of a product.
    Product(Product),
    /// Details of a lot.
    Lot(Lot),
    /// A patient's consent as it was given.
    Consent(ConsentDocument),
    /// A patient's word that a consent ends, signed by the patient.
    Revocation(RevocationDocument),
    /// Why goods are recalled.
    Recall(Recall),
    /// What a case is about.
    Case(Case),
    /// Words for people, for instance on a quarantine or a dispute.
    Note(Note),
    /// A frozen model with its card.
    Model(ModelFile),
    /// What a model looked at in a case, and what each of it added.
    Decision(DecisionDocument),
    /// What a clinical study is called.
    Study(Study),
    /// What a version of a study's document is.
    StudyVersion(StudyVersion),
    /// Who signed a version of a study's document.
    Signature(Signature),
    /// A resource about a patient.
    Fhir(FhirDocument),
}

/// Details of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Product {
    /// GTIN, 14 digits.
    pub gtin: String,
    /// Name, for people.
    pub name: String,
    /// National Drug Code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ndc: Option<String>,
    /// Strength, for instance `50 mg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
    /// Dosage form, for instance `tablet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dosage_form: Option<String>,
    /// Packs or units in a package, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// Details of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// GTIN of its product, 14 digits.
    pub gtin: String,
    /// The lot number.
    pub lot: String,
    /// Last day of use.
    #[serde(with = "crate::iso_date")]
    pub expiry: Date,
}

/// A FHIR resource about a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FhirDocument {
    /// How the patient is called by who keeps it; never leaves the vault.
    pub patient: String,
    /// The record that this is a version of, by the commitment to its first version; nothing in that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Commitment>,
    /// Which version it is, from 1.
    pub version: u32,
    /// Since when, in milliseconds since 1970.
    pub at: Timestamp,
    /// The resource as it came; nothing where this version says that the record was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<serde_json::Value>,
}

impl FhirDocument {
    /// The first version of a record.
    pub fn first(patient: String, at: Timestamp, resource: serde_json::Value) -> Self {
        Self { patient, record: None, version: 1, at, resource: Some(resource) }
    }

    /// What it says; null where it says that the record was deleted.
    pub fn content(&self) -> &serde_json::Value {
        self.resource.as_ref().unwrap_or(&serde_json::Value::Null)
    }
}

/// A consent as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentDocument {
    /// Which consent.
    pub consent: ConsentId,
    /// Which version of it.
    pub version: u32,
    /// Who keeps it.
    pub custodian: PartyId,
    /// How the patient is called by the custodian; never leaves the vault.
    pub patient: String,
    /// What hides the patient's name in the ledger's hash of it: whoever may open the document can show whose consent it is.
    pub salt: Uuid,
    /// What for.
    pub purpose: Purpose,
    /// Which data.
    pub data: Vec<DataKind>,
    /// In the most telling form in which they may be given.
    pub form: DataForm,
    /// From when.
    pub from: Timestamp,
    /// Until when, excluded.
    pub until: Option<Timestamp>,
    /// The words that the patient agreed to, or the FHIR Consent resource.
    pub terms: serde_json::Value,
    /// The patient's signature; none where the custodian witnessed the patient's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<PatientSignature>>,
}

/// That a patient took a consent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationDocument {
    /// Which consent.
    pub consent: ConsentId,
    /// Which version the revocation is.
    pub version: u32,
    /// Who keeps it.
    pub custodian: PartyId,
    /// The patient as the ledger knows it in this consent.
    pub subject: Subject,
    /// The patient's signature; none only while it is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<PatientSignature>>,
}

/// What a patient's passkey signed (WebAuthn Level 3, section 6.3.3): SHA-256 of the statement that the rest of the document and its
/// command make is the challenge. Bytes are base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatientSignature {
    /// What makes the statement unlike any other, 32 random bytes in hexadecimal.
    pub nonce: String,
    /// The relying party that the passkey is for.
    pub rp_id: String,
    /// The passkey's public key, a DER `SubjectPublicKeyInfo`.
    pub key: String,
    /// `authenticatorData`.
    pub authenticator_data: String,
    /// `clientDataJSON`.
    pub client_data_json: String,
    /// The ECDSA signature over `authenticatorData` and the SHA-256 of `clientDataJSON`.
    pub signature: String,
}

impl ConsentDocument {
    /// The patient as the ledger knows it.
    pub fn subject(&self) -> Subject {
        Subject(Sha256::new().chain_update(self.salt.as_bytes()).chain_update(&self.patient).finalize().into())
    }
}

/// Why goods are recalled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// The reason, for people.
    pub reason: String,
    /// What holders shall do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
}

/// What a case is about. It is for who raised it and for regulators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Case {
    /// What is suspected, in one line.
    pub title: String,
    /// Why, for people.
    #[serde(default)]
    pub explanation: String,
    /// Codes of the rules that found it.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Packs and containers, as element strings.
    #[serde(default)]
    pub items: Vec<String>,
    /// Members concerned.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub parties: Vec<PartyId>,
    /// What proves it: events, contributions of a model, positions, in the form that the finder gave.
    #[serde(default)]
    pub evidence: serde_json::Value,
}

/// Words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The words.
    pub text: String,
    /// The case that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl Note {
    /// Words that belong to no case.
    pub const fn new(text: String) -> Self {
        Self { text, case: None }
    }
}

/// A frozen model: its file, which holds its card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// The bytes, in base64.
    pub file: String,
}

/// What a clinical study is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Its number in a registry: `NCT…`, an EU CT number.
    pub number: String,
    /// Its title.
    pub title: String,
}

/// What a version of a study's document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StudyVersion {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What the document is called.
    pub title: String,
    /// What changed, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Who signed a version of a study's document (21 CFR 11.50(a)(1)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Signature {
    /// The signer's name, as printed.
    pub name: String,
    /// Words beside it, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a model looked at in a case, and what each of it added to the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionDocument {
    /// The features by name; the ledger holds the SHA-256 of this object's JSON, names in order and without spaces.
    pub features: BTreeMap<String, f64>,
    /// What each feature added, by the feature's name.
    pub contributions: BTreeMap<String, f64>,
}

impl DecisionDocument {
    /// SHA-256 of the features.
    pub fn features_sha256(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(&self.features).expect("names and numbers are JSON")).into()
    }
}
