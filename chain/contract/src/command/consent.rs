//! What a patient consents to.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::id::{ConsentId, PartyId, StudyId, Subject, Timestamp};

/// A patient's consent: who may do what, from when, until when.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Consent {
    /// Name of the consent.
    pub id: ConsentId,
    /// The patient's pseudonym for this consent alone.
    pub subject: Subject,
    /// What for.
    pub purpose: Purpose,
    /// Which data, in ascending order and each kind once; at least one.
    pub data: Vec<DataKind>,
    /// In the most telling form in which they may be given.
    pub form: DataForm,
    /// To whom; nobody named means any member that the purpose fits.
    pub grantee: Option<PartyId>,
    /// What the person who asks must be shown to be, besides what the purpose itself asks for.
    pub credential: Option<CredentialKind>,
    /// In force from this moment.
    pub from: Timestamp,
    /// In force until this moment, excluded; open without one.
    pub until: Option<Timestamp>,
    /// Whose signature stands for it, beside the custodian's on the transaction.
    pub signed_by: SignedBy,
}

/// Who signed a version of a consent. The signature itself lies in the version's document, to which the command commits: a patient's
/// key on the ledger would join all that it signed. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum SignedBy {
    /// The custodian alone, who witnessed the patient's word.
    Custodian = 0,
    /// The patient, with a key of the patient's own.
    Patient = 1,
}

/// What a consent is for. The order is part of the encoding. As text: the name in snake case, behind a colon the study or the
/// kind of study.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub enum Purpose {
    /// Recording a dispense with the patient attached.
    DispenseRecord,
    /// Treatment.
    Care,
    /// One clinical study.
    Study(StudyId),
    /// Any clinical study of a kind.
    StudyKind(StudyKind),
    /// Public-health research on anonymous data.
    PublicHealthResearch,
    /// Training models whose outputs tell of no person.
    ModelTraining,
    /// Being found by, and asked on behalf of, those who would pay for data.
    Marketplace,
}

/// The kinds of clinical study that registries tell apart (ClinicalTrials.gov, data element "Study Type"). The order is part
/// of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum StudyKind {
    /// Participants are assigned an intervention.
    Interventional = 0,
    /// Participants are watched.
    Observational = 1,
    /// A medicine is given before it is approved.
    ExpandedAccess = 2,
}

/// What data are about, by the FHIR resource that holds them. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum DataKind {
    /// What was supplied: `MedicationDispense`.
    Dispense = 0,
    /// What was prescribed: `MedicationRequest`.
    Prescription = 1,
    /// Who it is: `Patient`.
    Demographics = 2,
    /// What a laboratory found: `Observation` of category `laboratory`.
    Laboratory = 3,
    /// Genomic findings: `Observation` of the genomics reporting profiles.
    Genomics = 4,
}

/// In what form data are given, from the least to the most telling. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum DataForm {
    /// Counts and sums over many, small cells suppressed.
    Aggregated = 0,
    /// Records without what identifies.
    DeIdentified = 1,
    /// As they are.
    Full = 2,
}

/// What a credential shows its holder to be. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum CredentialKind {
    /// Treats patients.
    Clinician = 0,
    /// Does research under an ethics committee.
    Researcher = 1,
}

impl Consent {
    /// A consent to recording dispenses, to any pharmacy, from a moment on.
    pub fn to_dispense_record(id: ConsentId, subject: Subject, from: Timestamp) -> Self {
        let purpose = Purpose::DispenseRecord;
        let (data, form) = (vec![DataKind::Dispense], purpose.form_max());
        let signed_by = SignedBy::Custodian;
        Self { id, subject, purpose, data, form, grantee: None, credential: None, from, until: None, signed_by }
    }
}

impl Purpose {
    /// The most telling form in which data may be given for it, whatever a consent says.
    pub const fn form_max(self) -> DataForm {
        match self {
            Self::DispenseRecord | Self::Care => DataForm::Full,
            Self::Study(_) | Self::StudyKind(_) | Self::ModelTraining | Self::Marketplace => DataForm::DeIdentified,
            Self::PublicHealthResearch => DataForm::Aggregated,
        }
    }
}

const STUDY: &str = "study:";
const STUDY_KIND: &str = "study_kind:";

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DispenseRecord => f.write_str("dispense_record"),
            Self::Care => f.write_str("care"),
            Self::Study(study) => write!(f, "{STUDY}{study}"),
            Self::StudyKind(kind) => write!(f, "{STUDY_KIND}{}", kind.name()),
            Self::PublicHealthResearch => f.write_str("public_health_research"),
            Self::ModelTraining => f.write_str("model_training"),
            Self::Marketplace => f.write_str("marketplace"),
        }
    }
}

/// A text that names no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no purpose: write dispense_record, care, study: and the study's number, study_kind: and interventional, \
     observational or expanded_access, public_health_research, model_training or marketplace"
)]
pub struct NoPurpose(String);

impl FromStr for Purpose {
    type Err = NoPurpose;

    /// A study is given by its number in a registry, or by the identifier made of that.
    fn from_str(text: &str) -> Result<Self, NoPurpose> {
        let refused = || NoPurpose(text.chars().take(80).collect());
        if let Some(study) = text.strip_prefix(STUDY) {
            let study = StudyId::parse(study).ok().or_else(|| StudyId::of(study));
            return study.map(Self::Study).ok_or_else(refused);
        }
        if let Some(kind) = text.strip_prefix(STUDY_KIND) {
            let found = StudyKind::ALL.into_iter().find(|known| known.name() == kind);
            return found.map(Self::StudyKind).ok_or_else(refused);
        }
        match text {
            "dispense_record" => Ok(Self::DispenseRecord),
            "care" => Ok(Self::Care),
            "public_health_research" => Ok(Self::PublicHealthResearch),
            "model_training" => Ok(Self::ModelTraining),
            "marketplace" => Ok(Self::Marketplace),
            _ => Err(refused()),
        }
    }
}

impl TryFrom<String> for Purpose {
    type Error = NoPurpose;

    fn try_from(text: String) -> Result<Self, NoPurpose> {
        text.parse()
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.to_string()
    }
}

impl StudyKind {
    const ALL: [Self; 3] = [Self::Interventional, Self::Observational, Self::ExpandedAccess];

    /// The name as text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interventional => "interventional",
            Self::Observational => "observational",
            Self::ExpandedAccess => "expanded_access",
        }
    }
}
