//! What stands in the state under each key: a version byte, then the record in the canonical encoding.

mod item;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::case::CaseStage;
use crate::claim::ClaimVerdict;
use crate::command::{
    Certificate, Consent, Decision, DecommissionReason, Discrepancy, HandoffKind, Model, Party, StudyKind,
};
use crate::id::{
    BatchId, Commitment, ConsentId, ContentKey, Day, DispenseId, DocumentId, Fingerprint, ItemKey, LotKey, ModelId,
    NetworkId, OfferId, PartyId, ProductKey, Site, Timestamp, TxId,
};
use crate::state::StateError;
use crate::study::{DocumentKind, SignatureMeaning};

pub use item::{ItemKind, ItemRecord, Nest, ParentLink};

/// The version that this crate writes.
const VERSION: u8 = 1;

/// A record of the state.
pub(crate) trait Record: Sized {
    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Result<Self, StateError>;
}

/// Splits the version off and refuses one that this crate does not know.
fn versioned(bytes: &[u8]) -> Result<&[u8], StateError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((version, _)) => Err(StateError::corrupt(&format!("record of unknown version {version}"))),
        None => Err(StateError::corrupt("empty record")),
    }
}

macro_rules! records {
    ($($name:ident),* $(,)?) => {$(
        impl Record for $name {
            fn encode(&self) -> Vec<u8> {
                let mut bytes = vec![VERSION];
                bytes.extend(crate::transaction::encode(self));
                bytes
            }
            fn decode(bytes: &[u8]) -> Result<Self, StateError> {
                borsh::from_slice(versioned(bytes)?).map_err(StateError::new)
            }
        }
    )*};
}

records!(
    NetworkRecord,
    PartyRecord,
    SiteRecord,
    AdmissionRecord,
    CertificateRecord,
    IdempotencyRecord,
    ProductRecord,
    LotRecord,
    BatchRecord,
    DissolvedRecord,
    OfferRecord,
    ConsentRecord,
    DisputeRecord,
    ModelRecord,
    ModelInUseRecord,
    DecisionRecord,
    CaseRecord,
    AccessLogRecord,
    Mark,
    StudyRecord,
    DocumentRecord,
    VersionRecord,
    DispenseRecord,
    ClaimRecord,
);

/// The network: written once, at genesis.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NetworkRecord {
    /// Which network this is.
    pub id: NetworkId,
    /// Its name, for people.
    pub name: String,
    /// Distinct active members whose approval admits another.
    pub admit_threshold: u32,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PartyRecord {
    /// As admitted, or as last updated.
    pub party: Party,
    /// Set while a regulator has it suspended.
    pub suspended: Option<Mark>,
}

/// A place of a member. A GLN names one place of one organisation (GS1 General Specifications, 3.4.7).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SiteRecord {
    /// Whose it is.
    pub party: PartyId,
}

/// A proposed member that has fewer approvals than the threshold.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AdmissionRecord {
    /// Who proposed or approved, in order.
    pub approvals: Vec<PartyId>,
}

/// A certificate of a member.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CertificateRecord {
    /// The certificate.
    pub certificate: Certificate,
    /// Who revoked it, and when.
    pub revoked: Option<Mark>,
}

/// The transaction that a request of an organisation became.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct IdempotencyRecord {
    /// Root of its body.
    pub body_root: [u8; 32],
    /// Its name.
    pub tx: TxId,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ProductRecord {
    /// The manufacturer that claimed it.
    pub party: PartyId,
    /// The transaction that registered it.
    pub tx: TxId,
    /// A recall of the whole product.
    pub recall: Option<RecallMark>,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LotRecord {
    /// Its product.
    pub product: ProductKey,
    /// The product's manufacturer.
    pub party: PartyId,
    /// The last day on which a pack of it may be dispensed.
    pub expiry: Day,
    /// The transaction that registered it.
    pub tx: TxId,
    /// A recall of the whole lot.
    pub recall: Option<RecallMark>,
    /// A quarantine of the whole lot.
    pub quarantine: Option<Mark>,
}

/// Items that came into being in one command.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchRecord {
    /// Who commissioned them: holder of every loose item that was never handed over.
    pub party: PartyId,
    /// Their lot; containers have none.
    pub lot: Option<LotKey>,
    /// The transaction.
    pub tx: TxId,
    /// Index of the command in it.
    pub command: u32,
    /// Where.
    pub site: Option<Site>,
    /// When, in the trade.
    pub happened: Timestamp,
    /// How many.
    pub count: u32,
}

/// What the children of a container's earlier generation took with them when it was emptied in one go.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DissolvedRecord {
    /// Who held the container, and now holds each of them.
    pub holder: PartyId,
    /// A recall that stood on the container or above.
    pub recall: Option<RecallMark>,
    /// A quarantine that stood on the container or above.
    pub quarantine: Option<Mark>,
}

/// An offer to hand items over.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OfferRecord {
    /// The sender.
    pub from: PartyId,
    /// The receiver.
    pub to: PartyId,
    /// Forward or back.
    pub kind: HandoffKind,
    /// The top-level items as offered, in ascending order.
    pub items: Vec<ItemKey>,
    /// Those of them that nobody answered; in ascending order. They are locked while the offer is open.
    pub remaining: Vec<ItemKey>,
    /// What was not as offered, so far.
    pub discrepancies: Vec<Discrepancy>,
    /// The transaction that made it.
    pub tx: TxId,
    /// When it was offered, in the trade.
    pub happened: Timestamp,
    /// How it stands.
    pub state: OfferState,
}

impl OfferRecord {
    /// What the receiver took, in ascending order.
    pub fn accepted(&self) -> impl Iterator<Item = &ItemKey> {
        let refused = |item: &ItemKey| self.discrepancies.iter().any(|discrepancy| discrepancy.item == *item);
        self.items.iter().filter(move |item| self.remaining.binary_search(item).is_err() && !refused(item))
    }
}

/// How an offer stands. Every state but the first is final.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum OfferState {
    /// Some of it has no answer yet.
    Open,
    /// The receiver took it, but for the discrepancies.
    Accepted {
        /// When the last item was answered.
        at: Timestamp,
    },
    /// The receiver wants none of what remained.
    Rejected {
        /// When.
        at: Timestamp,
    },
    /// The sender took back what remained.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

/// A consent and who keeps it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ConsentRecord {
    /// The consent as it stands, with who signed its current version.
    pub consent: Consent,
    /// The party that registered it and alone may revoke it.
    pub custodian: PartyId,
    /// Current version: 1, and one more for each amendment and for the revocation.
    pub version: u32,
    /// When it was revoked, by the revoking transaction's time.
    pub revoked: Option<Timestamp>,
}

/// A party's word that an event was wrong.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DisputeRecord {
    /// The other party concerned.
    pub partner: Option<PartyId>,
    /// The document that explains.
    pub payload: Commitment,
    /// The transaction.
    pub tx: TxId,
    /// When.
    pub at: Timestamp,
}

/// A model of a party.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ModelRecord {
    /// As registered.
    pub model: Model,
    /// Commitment to its card.
    pub card: Commitment,
    /// The transaction that registered it.
    pub tx: TxId,
    /// The certificate that registered it, which may not promote it.
    pub registrar: Fingerprint,
    /// How it last came into use; nothing before it did.
    pub promotion: Option<Promotion>,
}

/// How a model came into use.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Promotion {
    /// The certificate that signed it.
    pub by: Fingerprint,
    /// When, by the promoting transaction's time.
    pub at: Timestamp,
    /// The model that was in use before: a rollback puts it to use again.
    pub replaced: Option<ModelId>,
}

/// The model of one kind that a party has in use.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ModelInUseRecord {
    /// Which.
    pub model: ModelId,
    /// Since when, by the transaction's time.
    pub since: Timestamp,
}

/// What a model said of a case.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DecisionRecord {
    /// As recorded.
    pub decision: Decision,
    /// Commitment to the features and what each contributed.
    pub payload: Commitment,
    /// The transaction.
    pub tx: TxId,
    /// When, in the trade.
    pub at: Timestamp,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CaseRecord {
    /// Who raised it, and when.
    pub raised: Mark,
    /// The document that says why.
    pub payload: Commitment,
    /// The regulator that has it, or had it last.
    pub assignee: Option<PartyId>,
    /// How it stands.
    pub stage: CaseStage,
}

/// How far a log of accesses is anchored.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessLogRecord {
    /// The party that anchors it.
    pub party: PartyId,
    /// How many of its records are anchored.
    pub records: u64,
    /// The transaction that anchored the last of them.
    pub tx: TxId,
}

/// Packs that were dispensed together. That it is there shows that a consent covered it when it was made.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DispenseRecord {
    /// Under which consent.
    pub consent: ConsentId,
    /// The version that the pharmacist saw.
    pub version: u32,
    /// Salted commitment to the prescription.
    pub prescription: Commitment,
    /// Who, where and when.
    pub act: Act,
    /// How many packs were dispensed.
    pub packs: u32,
    /// How many of them were not taken back since.
    pub standing: u32,
    /// The transaction.
    pub tx: TxId,
}

/// The claim for a dispense.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimRecord {
    /// Who dispensed and asks to be paid.
    pub claimant: PartyId,
    /// Who is to pay.
    pub payer: PartyId,
    /// For how many packs.
    pub packs: u32,
    /// The claim itself, by which it is named.
    pub payload: Commitment,
    /// The transaction that handed it in.
    pub tx: TxId,
    /// How it stands.
    pub stage: ClaimStage,
    /// Since when, in the trade.
    pub moved: Timestamp,
    /// The document of the last step.
    pub latest: Commitment,
}

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ClaimStage {
    /// Handed in.
    Submitted,
    /// Decided on.
    Adjudicated(ClaimVerdict),
    /// Paid, all of it or in part.
    Paid(ClaimVerdict),
    /// Paid, and the money was given back.
    Reversed,
    /// Taken back.
    Withdrawn,
}

impl ClaimStage {
    /// Whether another claim for the same dispense would be a second one.
    pub const fn is_open_or_paid(self) -> bool {
        match self {
            Self::Submitted | Self::Adjudicated(ClaimVerdict::Accepted | ClaimVerdict::Partly) | Self::Paid(_) => true,
            Self::Adjudicated(ClaimVerdict::Refused) | Self::Reversed | Self::Withdrawn => false,
        }
    }
}

/// A clinical study.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StudyRecord {
    /// What kind of study it is.
    pub kind: StudyKind,
    /// Who besides the sponsor may anchor and sign, in ascending order.
    pub sites: Vec<PartyId>,
    /// Who registered it, and when.
    pub sponsor: Mark,
    /// The document that names it.
    pub payload: Commitment,
    /// The transaction that registered it.
    pub tx: TxId,
}

/// A document of a study as it stands.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DocumentRecord {
    /// Who anchored it and alone amends it.
    pub by: PartyId,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// The current version.
    pub version: u32,
    /// What that consists of.
    pub content: ContentKey,
}

/// A version of a document. It stands for good; only signatures come to it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct VersionRecord {
    /// The document.
    pub document: DocumentId,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// Its number.
    pub version: u32,
    /// Who anchored it, and when as it says.
    pub by: Mark,
    /// When, by the transaction's time.
    pub recorded: Timestamp,
    /// The certificate that anchored it.
    pub certificate: Fingerprint,
    /// The document that describes it.
    pub payload: Commitment,
    /// What the version before consists of.
    pub previous: Option<ContentKey>,
    /// The transaction.
    pub tx: TxId,
    /// Who signed it, in order.
    pub signatures: Vec<SignatureRecord>,
}

/// A signature under a version of a document (21 CFR 11.50); the signer's printed name is in the payload.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignatureRecord {
    /// For whom, and when as the signer says.
    pub by: Mark,
    /// When, by the transaction's time.
    pub recorded: Timestamp,
    /// The certificate that signed.
    pub certificate: Fingerprint,
    /// What the signature means.
    pub meaning: SignatureMeaning,
    /// The document with the signer's name.
    pub payload: Commitment,
    /// The transaction.
    pub tx: TxId,
}

/// Who set something, and when in the trade.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Mark {
    /// Who.
    pub by: PartyId,
    /// Since when.
    pub since: Timestamp,
}

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecallMark {
    /// 1 (most severe) to 3.
    pub class: u8,
    /// Who recalled.
    pub by: PartyId,
    /// Since when.
    pub since: Timestamp,
}

/// Where an item stands in its life.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ItemState {
    /// In the trade.
    Active,
    /// Out of the trade.
    Decommissioned {
        /// Why.
        reason: DecommissionReason,
        /// Who, where and when: what a lawful undo is measured against.
        act: Act,
    },
    /// Supplied to a patient.
    Dispensed {
        /// Under which consent.
        consent: ConsentId,
        /// The version that the pharmacist saw.
        version: u32,
        /// Who, where and when.
        act: Act,
        /// With which others.
        dispense: DispenseId,
    },
    /// Used up in repackaging.
    Transformed {
        /// Who, where and when.
        act: Act,
    },
}

/// Who did something, where and when.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Act {
    /// Who.
    pub by: PartyId,
    /// Where, if known.
    pub site: Option<Site>,
    /// When, in the trade.
    pub at: Timestamp,
}

/// The offer that an item is locked by, as [`crate::Standing`] shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingOffer {
    /// Which offer.
    pub id: OfferId,
    /// Who shall receive.
    pub to: PartyId,
}

/// First 16 bytes of SHA-256(transaction ‖ command index, u32 little-endian).
pub fn batch_id(tx: &TxId, command: u32) -> BatchId {
    BatchId(name_of_command(tx, command))
}

/// The same of the command that dispensed.
pub fn dispense_id(tx: &TxId, command: u32) -> DispenseId {
    DispenseId(name_of_command(tx, command))
}

fn name_of_command(tx: &TxId, command: u32) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] =
        Sha256::new().chain_update(tx.as_bytes()).chain_update(command.to_le_bytes()).finalize().into();
    let mut id = [0; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}
