//! Named queries. Each binds the caller, so a party reads only what it owns or was party to.

mod cases;
mod claims;
mod events;
mod lists;
mod models;
mod rows;
mod studies;

use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;
use veridose_contract::{
    CaseId, CaseOutcome, Commitment, ConsentId, CredentialKind, DataForm, DataKind, DecommissionReason,
    DiscrepancyKind, Fingerprint, HandoffKind, ItemKey, LotKey, OfferId, PartyId, ProductKey, Purpose, Role, SignedBy,
    Site, Timestamp, TxId,
};

pub use claims::{ClaimRow, ClaimState};
pub use events::{EventFilter, EventOrder, MATCH_MAX, OrderBy};
pub use models::{DECISIONS_MAX, DecisionRow, ModelRow};
pub use studies::{StudyRow, StudyVersionRow};

use crate::database::Database;

/// Who asks, and so what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A member: sees what it owns or was party to.
    Party(PartyId),
    /// A regulator: sees everything.
    Regulator(PartyId),
}

/// Reads of the projection.
#[derive(Debug, Clone)]
pub struct Queries {
    pub(crate) view: Database,
}

/// What became of an event's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// It lies in the vault and was read when the row was made.
    Present,
    /// Its key was destroyed; what the row drew from it is gone.
    Erased,
    /// This node's vault has never had it.
    Absent,
}

/// One command of an accepted transaction, seen as an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventRow {
    /// Position of the transaction in the ledger.
    pub tx_index: u64,
    /// Position of the command in the transaction.
    pub command: u32,
    /// The transaction.
    #[schema(value_type = String)]
    pub tx: TxId,
    /// Who acted.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// Which command, in `snake_case`: `commission`, `offer`, `dispense`, ….
    pub kind: String,
    /// When it happened in the trade.
    #[schema(value_type = i64)]
    pub happened: Timestamp,
    /// When it was recorded: the transaction's time.
    #[schema(value_type = i64)]
    pub recorded: Timestamp,
    /// Where, as the command says.
    #[schema(value_type = Option<u64>)]
    pub site: Option<Site>,
    /// The document, to be opened in the vault.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// Whether the document is there.
    pub document: DocumentState,
    /// `eventID` of the EPCIS event, if the document is one.
    pub event_id: Option<String>,
    /// EPCIS type: `ObjectEvent` and so on.
    pub event_type: Option<String>,
    /// EPCIS `action`.
    pub action: Option<String>,
    /// EPCIS `bizStep`, as in the document.
    pub biz_step: Option<String>,
    /// EPCIS `disposition`, as in the document.
    pub disposition: Option<String>,
    /// EPCIS read point.
    pub read_point: Option<String>,
    /// EPCIS business location.
    pub biz_location: Option<String>,
    /// Items that the command names.
    pub items: u64,
}

/// State of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// Offered; something of it waits for an answer.
    Offered,
    /// Accepted whole.
    Accepted,
    /// Accepted with discrepancies.
    AcceptedInPart,
    /// What had no answer yet was rejected.
    Rejected,
    /// What had no answer yet was withdrawn by the sender.
    Withdrawn,
}

/// An offer and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HandoffRow {
    /// Its name.
    #[schema(value_type = String)]
    pub offer: OfferId,
    /// Sender.
    #[schema(value_type = String)]
    pub from: PartyId,
    /// Receiver.
    #[schema(value_type = String)]
    pub to: PartyId,
    /// Forward or back.
    #[schema(value_type = String)]
    pub kind: HandoffKind,
    /// Where it stands.
    pub state: HandoffState,
    /// Number of items offered.
    pub items: u64,
    /// Number of items that wait for an answer.
    pub remaining: u64,
    /// Number of discrepancies in the answers.
    pub discrepancies: u64,
    /// Document of the offer.
    #[schema(value_type = String)]
    pub offered: Commitment,
    /// Document of the last answer.
    #[schema(value_type = Option<String>)]
    pub answered: Option<Commitment>,
    /// When it was offered in the trade.
    #[schema(value_type = i64)]
    pub offered_at: Timestamp,
    /// When it was answered in the trade.
    #[schema(value_type = Option<i64>)]
    pub answered_at: Option<Timestamp>,
    /// Transaction of the offer.
    pub offered_index: u64,
    /// Transaction of the answer.
    pub answered_index: Option<u64>,
}

/// An item of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoffItem {
    /// The item; for a surplus one that was never offered.
    pub item: ItemKey,
    /// Whether the receiver took it; without this and without a discrepancy it was not answered.
    pub accepted: bool,
    /// How it differed, if it did.
    pub discrepancy: Option<DiscrepancyKind>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductRow {
    /// Its key.
    #[schema(value_type = String)]
    pub product: ProductKey,
    /// Its manufacturer.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// Document with the details.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// Details, while the document is there.
    pub details: Option<crate::payload::Product>,
    /// Depth of the recall it stands under.
    pub recall: Option<u8>,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LotRow {
    /// Its key.
    #[schema(value_type = String)]
    pub lot: LotKey,
    /// Its product.
    #[schema(value_type = String)]
    pub product: ProductKey,
    /// Its manufacturer.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// Last day of use.
    #[serde(with = "crate::iso_date")]
    pub expiry: Date,
    /// Document with the details.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// GTIN, while the document is there.
    pub gtin: Option<String>,
    /// Lot number, while the document is there.
    pub number: Option<String>,
    /// Packs commissioned in it so far.
    pub commissioned: u64,
    /// Depth of the recall it stands under.
    pub recall: Option<u8>,
    /// Whether it is set apart.
    pub quarantined: bool,
}

/// Whether a party may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyState {
    /// Proposed, not yet approved by enough members.
    Proposed,
    /// A member.
    Member,
    /// Suspended by a regulator.
    Suspended,
}

/// A member organisation, or one proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartyRow {
    /// Short name.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// Name in full.
    pub name: String,
    /// What it does.
    #[schema(value_type = String)]
    pub role: Role,
    /// Its sites, the main one first.
    #[schema(value_type = Vec<u64>)]
    pub sites: Vec<Site>,
    /// SHA-256 of its certificate authority.
    #[schema(value_type = String)]
    pub ca: Fingerprint,
    /// Whether it may act.
    pub state: PartyState,
}

/// A registered certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// SHA-256 of it.
    pub fingerprint: Fingerprint,
    /// Whose it is.
    pub party: PartyId,
    /// End of its validity.
    pub not_after: Timestamp,
}

/// A consent, without anything of the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentRow {
    /// Its name.
    #[schema(value_type = String)]
    pub consent: ConsentId,
    /// Who registered it and keeps its document.
    #[schema(value_type = String)]
    pub custodian: PartyId,
    /// What for.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Which data.
    #[schema(value_type = Vec<String>)]
    pub data: Vec<DataKind>,
    /// In the most telling form in which they may be given.
    #[schema(value_type = String)]
    pub form: DataForm,
    /// What the person who asks must be shown to be.
    #[schema(value_type = Option<String>)]
    pub credential: Option<CredentialKind>,
    /// To whom.
    #[schema(value_type = Option<String>)]
    pub grantee: Option<PartyId>,
    /// From when.
    #[schema(value_type = i64)]
    pub from: Timestamp,
    /// Until when, excluded.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// The current version.
    pub version: u32,
    /// Document of that version.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// When it was revoked.
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<Timestamp>,
    /// Who signed the current version: the `patient`, or the `custodian` as witness.
    #[schema(value_type = String)]
    pub signed_by: SignedBy,
}

/// How a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Raised; nobody has it.
    New,
    /// A regulator has it.
    Investigating,
    /// With a higher authority.
    Escalated,
    /// Ended, with an outcome.
    Closed,
}

/// A case, without what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseRow {
    /// Its name.
    #[schema(value_type = String)]
    pub case: CaseId,
    /// Who raised it.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// When.
    #[schema(value_type = i64)]
    pub raised_at: Timestamp,
    /// How it stands.
    pub state: CaseState,
    /// What it turned out to be, once closed.
    #[schema(value_type = Option<String>)]
    pub outcome: Option<CaseOutcome>,
    /// The regulator that has it, or had it last.
    #[schema(value_type = Option<String>)]
    pub assignee: Option<PartyId>,
    /// The document that says what it is about.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// When something was last done about it.
    #[schema(value_type = i64)]
    pub moved_at: Timestamp,
}

/// What a regulator did with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseMove {
    /// Gave it to a regulator.
    Assign,
    /// Raised it to a higher authority.
    Escalate,
    /// Ended it.
    Close,
    /// Took it up again.
    Reopen,
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseStepRow {
    /// Transaction that took it.
    pub tx_index: u64,
    /// What was done.
    pub step: CaseMove,
    /// To whom it was assigned, or the outcome.
    pub value: Option<String>,
    /// Who did it.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// When.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// Document with the words.
    #[schema(value_type = String)]
    pub commitment: Commitment,
}

/// Which cases are looked for. An empty list or `None` asks for nothing in particular.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// How they stand.
    pub states: Vec<CaseState>,
    /// Who has them.
    pub assignee: Option<PartyId>,
    /// Raised from this time on.
    pub from: Option<Timestamp>,
    /// Raised before this time.
    pub before: Option<Timestamp>,
}

/// A quarantine that was set because of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuarantineRow {
    /// Transaction that set it.
    pub tx_index: u64,
    /// Command in the transaction.
    pub command: u32,
    /// Who set it.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// What is set apart.
    #[schema(value_type = ScopeForm)]
    pub scope: RecallScope,
    /// Document with the words.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// When it was set.
    #[schema(value_type = i64)]
    pub set_at: Timestamp,
    /// When it was released.
    #[schema(value_type = Option<i64>)]
    pub released_at: Option<Timestamp>,
}

/// What a recall covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecallScope {
    /// Single items, this many.
    Items(u64),
    /// A lot.
    Lot(LotKey),
    /// A product.
    Product(ProductKey),
}

/// [`RecallScope`] as JSON has it, for descriptions of the API.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecallScope)]
#[expect(dead_code, reason = "it only describes")]
enum ScopeForm {
    /// Single items, this many.
    Items(u64),
    /// Key of a lot.
    Lot(String),
    /// Key of a product.
    Product(String),
}

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecallRow {
    /// Transaction that called it.
    pub tx_index: u64,
    /// Command in the transaction.
    pub command: u32,
    /// Who called it.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// What is recalled.
    #[schema(value_type = ScopeForm)]
    pub scope: RecallScope,
    /// Depth, 1 to 3.
    pub class: u8,
    /// Document with the reason.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// The reason, while the document is there.
    pub reason: Option<String>,
    /// When it was called.
    #[schema(value_type = i64)]
    pub called_at: Timestamp,
    /// When it was ended, if it was called in error.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Timestamp>,
}

/// A container that is known on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerRow {
    /// Its key.
    pub container: ItemKey,
    /// The container that it is in.
    pub parent: Option<ItemKey>,
    /// Who last took custody of it by name; the parent's while it is in one.
    pub holder: PartyId,
    /// Transaction that touched it last.
    pub tx_index: u64,
}

/// The word for [`PackState`] in its column; the reason stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PackStanding {
    Active,
    Decommissioned,
    Dispensed,
    Transformed,
}

/// The word for [`RecallScope`] in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    Items,
    Lot,
    Product,
}

/// What was last done with a pack that was touched on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum PackState {
    /// In the trade.
    Active,
    /// Out of the trade.
    Decommissioned(DecommissionReason),
    /// Given to a patient under a consent.
    Dispensed,
    /// Used up by repackaging.
    Transformed,
}

/// A pack that was touched on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackRow {
    /// Its key.
    pub pack: ItemKey,
    /// Who last acted on it or took custody of it by name; nobody where only a recall or quarantine named it.
    pub holder: Option<PartyId>,
    /// Where it stands.
    pub state: PackState,
    /// Whether it was itself set apart.
    pub quarantined: bool,
    /// Depth of a recall of the pack itself.
    pub recall: Option<u8>,
    /// Transaction that touched it last.
    pub tx_index: u64,
}

/// Which side of a handoff the caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoffSide {
    /// Offered to the caller.
    Incoming,
    /// Offered by the caller.
    Outgoing,
    /// Either.
    Both,
}
