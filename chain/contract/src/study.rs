//! Clinical studies: who runs one, which version of which document held when, and who signed it with what meaning.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::command::StudyKind;
use crate::id::{ContentKey, DocumentId, PartyId};

/// What a member does about a study.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum StudyStep {
    /// Registers the study; the acting party is its sponsor.
    Register {
        /// What kind of study it is.
        kind: StudyKind,
        /// Who besides the sponsor may anchor and sign, in ascending order and each once.
        sites: Vec<PartyId>,
    },
    /// The sponsor says anew who besides it may anchor and sign.
    SetSites(Vec<PartyId>),
    /// Anchors a version of a document.
    Anchor(StudyDocument),
    /// Signs the current version of a document.
    Sign {
        /// The contents that are signed.
        content: ContentKey,
        /// What the signature means.
        meaning: SignatureMeaning,
    },
}

/// One version of a document of a study.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StudyDocument {
    /// The document, the same for all its versions.
    pub document: DocumentId,
    /// What kind of document it is; it stays over the versions.
    pub kind: DocumentKind,
    /// 1, then one more for each amendment.
    pub version: u32,
    /// What the version consists of.
    pub content: ContentKey,
}

/// Kinds of document, after the essential documents of ICH E6. The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum DocumentKind {
    /// How the study is done; the sponsor's.
    Protocol = 0,
    /// What participants are told and agree to; the sponsor's.
    ConsentForm = 1,
    /// What was found in a participant.
    CaseReportForm = 2,
    /// Any other that is signed: a delegation log, a monitoring report, an approval.
    Other = 3,
}

impl DocumentKind {
    /// Whether the sponsor alone writes such a document.
    pub const fn is_sponsors(self) -> bool {
        matches!(self, Self::Protocol | Self::ConsentForm)
    }
}

/// What a signature means (21 CFR 11.50(a)(3)). The order is part of the encoding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum SignatureMeaning {
    /// I wrote it.
    Authorship = 0,
    /// I have read it.
    Review = 1,
    /// I approve it.
    Approval = 2,
    /// I am responsible for it.
    Responsibility = 3,
}
