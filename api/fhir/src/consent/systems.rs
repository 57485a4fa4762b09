//! Code systems and identifiers that consents are written with.

use veridose_contract::{CredentialKind, DataForm, DataKind, Purpose};

/// Names of patients at a custodian, as `Identifier.system`.
pub const PATIENT: &str = "urn:veridose:patient";
/// Members of the network, as `Identifier.system`.
pub const PARTY: &str = "urn:veridose:party";
/// Purposes, in the words of the contract.
pub const PURPOSE: &str = "urn:veridose:purpose";
/// What a person must be shown to be.
pub const CREDENTIAL: &str = "urn:veridose:credential";
/// HL7's purposes of use.
pub const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// HL7's policies of consent.
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// HL7's words for data that were altered for privacy.
pub const OBSERVATION_VALUE: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
/// Names of resources.
pub const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";
/// The same, since R5.
pub const FHIR_TYPES: &str = "http://hl7.org/fhir/fhir-types";
/// Categories of observations.
pub const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// Diagnostic services, of which genetics is one.
pub const SERVICE_SECTION: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";
/// What may be done under a consent.
pub const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
/// Roles in an act, of which the recipient of information is one.
pub const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// Scopes of a consent.
pub const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
/// Global Trade Item Numbers.
pub const GTIN: &str = "https://www.gs1.org/gtin";
/// National Drug Codes.
pub const NDC: &str = "http://hl7.org/fhir/sid/ndc";
/// Why a claim is refused, in the words of this service.
pub const CLAIM_REASON: &str = "urn:veridose:claim-reason";
/// What an amount of a claim is.
pub const ADJUDICATION: &str = "http://terminology.hl7.org/CodeSystem/adjudication";
/// Kinds of payment.
pub const PAYMENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/ex-paymenttype";
/// Logical observation identifiers.
pub const LOINC: &str = "http://loinc.org";

/// HL7's code for a purpose, where it has one that says the same.
pub(super) const fn reason(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Care => Some("TREAT"),
        Purpose::PublicHealthResearch => Some("PUBHLTH"),
        Purpose::DispenseRecord
        | Purpose::Study(_)
        | Purpose::StudyKind(_)
        | Purpose::ModelTraining
        | Purpose::Marketplace => None,
    }
}

/// The scope that a purpose falls under.
pub(super) const fn scope(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Care => "treatment",
        Purpose::Study(_) | Purpose::StudyKind(_) | Purpose::PublicHealthResearch => "research",
        Purpose::DispenseRecord | Purpose::ModelTraining | Purpose::Marketplace => "patient-privacy",
    }
}

/// The resource that holds data of a kind.
pub const fn resource(kind: DataKind) -> &'static str {
    match kind {
        DataKind::Dispense => "MedicationDispense",
        DataKind::Prescription => "MedicationRequest",
        DataKind::Demographics => "Patient",
        DataKind::Laboratory | DataKind::Genomics => "Observation",
    }
}

/// The category that tells kinds of observations apart.
pub const fn category(kind: DataKind) -> Option<(&'static str, &'static str)> {
    match kind {
        DataKind::Laboratory => Some((OBSERVATION_CATEGORY, "laboratory")),
        DataKind::Genomics => Some((SERVICE_SECTION, "GE")),
        DataKind::Dispense | DataKind::Prescription | DataKind::Demographics => None,
    }
}

/// The label of a form; a full one needs none.
pub(super) const fn label(form: DataForm) -> Option<&'static str> {
    match form {
        DataForm::Aggregated => Some("AGGRED"),
        DataForm::DeIdentified => Some("ANONYED"),
        DataForm::Full => None,
    }
}

pub(super) const CREDENTIALS: [(CredentialKind, &str); 2] =
    [(CredentialKind::Clinician, "clinician"), (CredentialKind::Researcher, "researcher")];

/// Every kind of data.
pub const KINDS: [DataKind; 5] =
    [DataKind::Dispense, DataKind::Prescription, DataKind::Demographics, DataKind::Laboratory, DataKind::Genomics];

/// The kind of data that a resource holds; an observation must say by its category what it is.
pub fn kind_of(resource: &serde_json::Value) -> Option<DataKind> {
    let name = resource["resourceType"].as_str()?;
    let categories = || resource["category"].as_array().into_iter().flatten();
    let codings = || categories().filter_map(|concept| concept["coding"].as_array()).flatten();
    let is_of = |kind: &DataKind| match category(*kind) {
        None => true,
        Some((system, code)) => codings().any(|coding| coding["system"] == system && coding["code"] == code),
    };
    // What is both is the more telling: genomics.
    KINDS.into_iter().rev().find(|kind| self::resource(*kind) == name && is_of(kind))
}
