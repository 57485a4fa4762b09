//! What a member can say. A command is an action on items, with the time at which it happened in the trade, the place,
//! and a commitment to the document that says so.

mod consent;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::case::CaseStep;
use crate::claim::ClaimStep;
use crate::id::{
    AccessLogId, CaseId, Commitment, ConsentId, CredentialId, Day, DispenseId, ErasureId, Fingerprint, ItemKey, LotKey,
    ModelId, OfferId, PartyId, ProductKey, Site, StudyId, Timestamp,
};
use crate::study::StudyStep;
pub use consent::{Consent, CredentialKind, DataForm, DataKind, NoPurpose, Purpose, SignedBy, StudyKind};

/// One action on a list of items.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Command {
    /// What is done.
    pub action: Action,
    /// When it happened in the trade; data, judged as such (see [`crate::limits`]).
    pub happened: Timestamp,
    /// Where it happened: a site of the party that acts.
    pub site: Option<Site>,
    /// Commitment to the document (an EPCIS event, a FHIR resource) that lies encrypted off the ledger.
    pub payload: Commitment,
    /// The packs and containers acted on; empty for actions that move none.
    pub items: Vec<ItemKey>,
}

/// Every action of the contract. The order is part of the encoding: new ones are added at the end.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Action {
    /// Proposes a member or approves one proposed in the same words; stands once the network's threshold is met.
    Admit(Party),
    /// A member changes its own name or sites; role and CA stay.
    UpdateParty(Party),
    /// A regulator suspends a party: it reads, but no longer acts.
    SuspendParty(PartyId),
    /// A regulator lifts a suspension.
    ReinstateParty(PartyId),
    /// Registers a certificate of the acting organisation; the first one registers itself.
    RegisterCertificate(Certificate),
    /// Revokes a certificate of the acting organisation; a regulator may revoke any.
    RevokeCertificate(Fingerprint),
    /// A manufacturer claims a product.
    RegisterProduct(ProductKey),
    /// A manufacturer registers a lot of its product, with the last day on which a pack of it may be dispensed.
    RegisterLot {
        /// The lot.
        lot: LotKey,
        /// Its product.
        product: ProductKey,
        /// The last day of use.
        expiry: Day,
    },
    /// Items come into being: packs (or serialised cases) of a lot.
    Commission {
        /// The lot they belong to.
        lot: LotKey,
    },
    /// Containers without a lot (SSCC) come into being.
    CommissionContainers,
    /// The items are put into the parent. A parent that is a container (SSCC) and unknown comes into being.
    Aggregate {
        /// The container.
        parent: ItemKey,
        /// Whether an unknown parent may be made: true for an SSCC.
        create: bool,
    },
    /// The items leave the parent; no items means all that is in it.
    Disaggregate {
        /// The container.
        parent: ItemKey,
    },
    /// Repackaging: the inputs end, the items begin in the lot.
    Transform {
        /// Packs that are used up.
        inputs: Vec<ItemKey>,
        /// The lot of the new packs.
        lot: LotKey,
    },
    /// Offers the items, each top-level, to another party. Custody stays until accepted.
    Offer {
        /// Name of the offer.
        offer: OfferId,
        /// Who shall receive.
        to: PartyId,
        /// A shipment forward or a return.
        kind: HandoffKind,
    },
    /// Accepts items of the offer; what is neither accepted nor a discrepancy stays offered.
    Accept {
        /// Which offer.
        offer: OfferId,
        /// What was not as offered.
        discrepancies: Vec<Discrepancy>,
    },
    /// Rejects the whole offer; custody stays with the sender.
    Reject {
        /// Which offer.
        offer: OfferId,
    },
    /// The sender withdraws an offer that nobody answered.
    Withdraw {
        /// Which offer.
        offer: OfferId,
    },
    /// Takes the items out of the trade for the reason.
    Decommission {
        /// Why.
        reason: DecommissionReason,
    },
    /// Supplies the packs to a patient under a consent.
    Dispense {
        /// Which consent.
        consent: ConsentId,
        /// The version of the consent that the pharmacist saw.
        version: u32,
        /// Salted commitment to the prescription.
        prescription: Commitment,
    },
    /// Undoes a decommissioning or dispense (Regulation (EU) 2016/161, Art. 13).
    Undo {
        /// The pharmacist declares that the pack was not handed to the public (Art. 13(1)(e)).
        not_supplied: bool,
    },
    /// Sets packs or a lot apart until released.
    Quarantine(QuarantineTarget),
    /// Ends a quarantine.
    Release(QuarantineTarget),
    /// Recalls a lot or a product, or the items.
    Recall {
        /// What is recalled.
        target: RecallTarget,
        /// Depth of the recall, 1 (most severe) to 3.
        class: u8,
    },
    /// Ends a recall that was called in error.
    EndRecall {
        /// What is no longer recalled.
        target: RecallTarget,
    },
    /// Records an event that moves no pack.
    Anchor,
    /// Records that an earlier event was wrong and could not be reversed; both partners see it.
    Dispute {
        /// Commitment of the event that is in error.
        event: Commitment,
        /// The other party concerned, if any.
        partner: Option<PartyId>,
    },
    /// Registers a consent, version 1.
    RegisterConsent(Consent),
    /// Revokes a consent; takes effect with this transaction.
    RevokeConsent {
        /// Which consent.
        consent: ConsentId,
        /// The version that is revoked; must be the current one.
        version: u32,
        /// Whose signature stands for the revocation.
        signed_by: SignedBy,
    },
    /// Registers a frozen model of the acting party; the payload is its card, with parameters and metrics.
    RegisterModel(Model),
    /// Puts a registered model to use. Another certificate of the party signs than the one that registered it.
    PromoteModel {
        /// Which model.
        model: ModelId,
    },
    /// Puts the model to use again that was in use before the current one of its kind.
    RollBackModel {
        /// Of which kind, see [`Model::kind`].
        kind: String,
    },
    /// Records what a model said of a case; the payload holds the features and what each contributed.
    RecordDecision(Decision),
    /// Raises a case: somebody saw, or a detector found, what may be a falsification.
    RaiseCase(CaseId),
    /// A regulator deals with a case.
    MoveCase {
        /// Which case.
        case: CaseId,
        /// What is done.
        step: CaseStep,
    },
    /// Replaces what a consent says by its next version; its subject and purpose stay.
    AmendConsent {
        /// The consent as it shall be.
        consent: Consent,
        /// The version that it replaces.
        version: u32,
    },
    /// Fixes the next records of a log of accesses; who reads them later sees whether one was altered or removed.
    AnchorAccess(AccessAnchor),
    /// A regulator registers that a credential of a person no longer holds. For good: who gets a new one gets another name for it.
    RevokeCredential(CredentialId),
    /// Takes a step with a clinical study: registers it, anchors a version of a document, signs one.
    MoveStudy {
        /// Which study.
        study: StudyId,
        /// What is done.
        step: StudyStep,
    },
    /// Records that the key of what was kept of a patient is destroyed: whoever restores older data destroys it there, too.
    Erase(ErasureId),
    /// Takes a step with the claim for a dispense: hands it in, decides on it, pays it.
    MoveClaim {
        /// The dispense.
        dispense: DispenseId,
        /// What is done.
        step: ClaimStep,
    },
}

impl Action {
    /// What it is called, in one word, wherever it is shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Admit(_) => "admit",
            Self::UpdateParty(_) => "update_party",
            Self::SuspendParty(_) => "suspend_party",
            Self::ReinstateParty(_) => "reinstate_party",
            Self::RegisterCertificate(_) => "register_certificate",
            Self::RevokeCertificate(_) => "revoke_certificate",
            Self::RegisterProduct(_) => "register_product",
            Self::RegisterLot { .. } => "register_lot",
            Self::Commission { .. } => "commission",
            Self::CommissionContainers => "commission_containers",
            Self::Aggregate { .. } => "aggregate",
            Self::Disaggregate { .. } => "disaggregate",
            Self::Transform { .. } => "transform",
            Self::Offer { .. } => "offer",
            Self::Accept { .. } => "accept",
            Self::Reject { .. } => "reject",
            Self::Withdraw { .. } => "withdraw",
            Self::Decommission { .. } => "decommission",
            Self::Dispense { .. } => "dispense",
            Self::Undo { .. } => "undo",
            Self::Quarantine(_) => "quarantine",
            Self::Release(_) => "release",
            Self::Recall { .. } => "recall",
            Self::EndRecall { .. } => "end_recall",
            Self::Anchor => "anchor",
            Self::Dispute { .. } => "dispute",
            Self::RegisterConsent(_) => "register_consent",
            Self::RevokeConsent { .. } => "revoke_consent",
            Self::RegisterModel(_) => "register_model",
            Self::PromoteModel { .. } => "promote_model",
            Self::RollBackModel { .. } => "roll_back_model",
            Self::RecordDecision(_) => "record_decision",
            Self::RaiseCase(_) => "raise_case",
            Self::MoveCase { step: CaseStep::Assign(_), .. } => "assign_case",
            Self::MoveCase { step: CaseStep::Escalate, .. } => "escalate_case",
            Self::MoveCase { step: CaseStep::Close(_), .. } => "close_case",
            Self::MoveCase { step: CaseStep::Reopen, .. } => "reopen_case",
            Self::AmendConsent { .. } => "amend_consent",
            Self::AnchorAccess(_) => "anchor_access",
            Self::RevokeCredential(_) => "revoke_credential",
            Self::MoveStudy { step: StudyStep::Register { .. }, .. } => "register_study",
            Self::MoveStudy { step: StudyStep::SetSites(_), .. } => "set_study_sites",
            Self::MoveStudy { step: StudyStep::Anchor(_), .. } => "anchor_document",
            Self::MoveStudy { step: StudyStep::Sign { .. }, .. } => "sign_document",
            Self::Erase(_) => "erase",
            Self::MoveClaim { .. } => "move_claim",
        }
    }
}

/// A member organisation.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Party {
    /// Short name.
    pub id: PartyId,
    /// Name in full, for people.
    pub name: String,
    /// What it does in the trade.
    pub role: Role,
    /// Its sites (GLN); the first is its main one.
    pub sites: Vec<Site>,
    /// SHA-256 of its certificate authority's DER certificate.
    pub ca: Fingerprint,
    /// The certificate authority's DER certificate.
    pub ca_der: Vec<u8>,
}

/// What a party does in the trade.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum Role {
    /// Makes and serialises, also repackages.
    Manufacturer = 0,
    /// Wholesales.
    Distributor = 1,
    /// Supplies the public: pharmacy or hospital.
    Pharmacy = 2,
    /// Supervises.
    Regulator = 3,
    /// Pays for what was dispensed: an insurer or a health fund.
    Payer = 4,
}

/// A certificate as the ledger keeps it; the host has checked that these fields are the certificate's own.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Certificate {
    /// SHA-256 of `der`.
    pub fingerprint: Fingerprint,
    /// The organisation.
    pub party: PartyId,
    /// The role attribute.
    pub role: Role,
    /// The GLN attribute.
    pub site: Option<Site>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// The certificate, X.509 DER, ECDSA P-256.
    pub der: Vec<u8>,
}

/// Forward or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum HandoffKind {
    /// Towards the patient.
    Shipment = 0,
    /// Back towards the maker.
    Return = 1,
}

/// What was not as offered.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Discrepancy {
    /// An item of the offer, or something inside one.
    pub item: ItemKey,
    /// How it differs.
    pub kind: DiscrepancyKind,
}

/// How an item differs from the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum DiscrepancyKind {
    /// Offered and not there: custody stays with the sender, who must explain.
    Missing = 0,
    /// There, but broken: refused, custody stays with the sender.
    Damaged = 1,
    /// There and not wanted.
    Refused = 2,
    /// There and never offered: noted, custody does not move.
    Surplus = 3,
}

/// Why an item leaves the trade (Regulation (EU) 2016/161, Art. 16, 22, 23, 25 and the states of national systems).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum DecommissionReason {
    /// Supplied to the public without a patient record.
    Supplied = 0,
    /// Left the jurisdiction.
    Exported = 1,
    /// Stolen.
    Stolen = 2,
    /// Given to an authority as a sample.
    Sample = 3,
    /// Given away as a free sample.
    FreeSample = 4,
    /// Locked pending an inquiry.
    Locked = 5,
    /// To be destroyed, or destroyed.
    Destroyed = 6,
    /// Commissioned in error: never existed in the trade.
    Error = 7,
}

/// What a quarantine covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum QuarantineTarget {
    /// The command's items, and all that is in them.
    Items,
    /// Every pack of the lot.
    Lot(LotKey),
}

/// What a recall covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum RecallTarget {
    /// The command's items, and all that is in them.
    Items,
    /// Every pack of the lot.
    Lot(LotKey),
    /// Every pack of the product.
    Product(ProductKey),
}

/// A frozen model: from what it was made, so that who has the data can make it again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Model {
    /// Name of the model.
    pub id: ModelId,
    /// What it is for: of the models of one kind a party has one in use. Lower-case letters, digits and hyphens.
    pub kind: String,
    /// Root of the data that it learnt from.
    pub snapshot: [u8; 32],
    /// The commit of the code that made it, in hexadecimal.
    pub code: String,
    /// SHA-256 of that code's lock file.
    pub lock: [u8; 32],
    /// What chance was drawn from.
    pub seed: u64,
    /// The model of the same party that it shall replace.
    pub parent: Option<ModelId>,
}

/// What a model said of a case.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Decision {
    /// The model; it was in use once.
    pub model: ModelId,
    /// The case, by the commitment to its document.
    pub case: Commitment,
    /// SHA-256 of the features that it looked at.
    pub features: [u8; 32],
    /// The probability that it gave, in millionths.
    pub score_millionths: u32,
}

/// Records of a log of accesses that follow those that were anchored before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessAnchor {
    /// Which log.
    pub log: AccessLogId,
    /// Number of the first record; records are numbered from 0.
    pub first: u64,
    /// How many; at least one.
    pub count: u32,
    /// Root of the RFC 6962 tree over the records' leaves.
    pub root: [u8; 32],
}
