//! Why a transaction was refused: a stable code, the rule in words, and the item.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ItemKey, TxId};
use crate::state::StateError;

/// A refusal. Nothing of the transaction was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// Index of the command in its transaction; 0 for what concerns all of it.
    pub command: u32,
    /// The item it is about, if one.
    pub item: Option<ItemKey>,
    /// What is wrong and which rule says so, for people.
    pub detail: String,
}

/// Why a transaction was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A rule of the contract forbids it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The same request was accepted before: nothing is written, and the first receipt answers it.
    #[error("the request was accepted before as transaction {first}")]
    Repeated {
        /// The transaction that it became then.
        first: TxId,
    },
    /// The state could not be read; says nothing about the transaction.
    #[error(transparent)]
    State(#[from] StateError),
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Stable codes of refusals; the text form is what clients match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }
        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    // The transaction as a whole.
    /// The header's version is not one that this contract knows.
    UnsupportedVersion = "unsupported_version",
    /// The transaction is meant for another network.
    WrongNetwork = "wrong_network",
    /// The request's key was used before with another body.
    IdempotencyConflict = "idempotency_conflict",
    /// A transaction without commands.
    EmptyTransaction = "empty_transaction",
    /// A limit of [`crate::limits`] was passed.
    LimitExceeded = "limit_exceeded",
    /// The command says that it happens in the future.
    HappenedTooLate = "happened_too_late",
    /// The site is none of the acting party's.
    UnknownSite = "unknown_site",
    /// The action needs items and has none.
    ItemsRequired = "items_required",
    /// The action takes no items.
    ItemsNotAllowed = "items_not_allowed",
    /// The acting party's role may not do this.
    RoleNotAllowed = "role_not_allowed",

    // Members.
    /// No such member.
    UnknownParty = "unknown_party",
    /// The party is suspended.
    PartySuspended = "party_suspended",
    /// A regulator lifts a suspension that is not there.
    NotSuspended = "not_suspended",
    /// The party is a member already.
    PartyExists = "party_exists",
    /// The action is not for the acting party itself, or only for itself.
    WrongParty = "wrong_party",
    /// The party's record is not well formed: name, sites or CA.
    PartyInvalid = "party_invalid",
    /// A site (GLN) that the party names belongs to another member.
    SiteTaken = "site_taken",
    /// Role and CA of a party do not change.
    ImmutableField = "immutable_field",
    /// This member approved the proposal before.
    AlreadyApproved = "already_approved",
    /// The certificate is registered already.
    CertificateExists = "certificate_exists",
    /// The certificate's party, role or site is not the acting party's.
    CertificateMismatch = "certificate_mismatch",
    /// No such certificate.
    UnknownCertificate = "unknown_certificate",
    /// The certificate is revoked.
    CertificateRevoked = "certificate_revoked",

    // Products, lots, items.
    /// The product is registered already.
    ProductExists = "product_exists",
    /// No such product.
    UnknownProduct = "unknown_product",
    /// The product belongs to another manufacturer.
    NotProductOwner = "not_product_owner",
    /// The lot is registered already.
    LotExists = "lot_exists",
    /// No such lot.
    UnknownLot = "unknown_lot",
    /// The item exists already: it was commissioned before.
    ItemExists = "item_exists",
    /// The item stands twice in the transaction.
    DuplicateItem = "duplicate_item",
    /// No such item: it was never commissioned.
    UnknownItem = "unknown_item",
    /// Another party holds the item.
    NotHolder = "not_holder",
    /// The item, or a container it lies in, is no longer in the trade.
    NotActive = "not_active",
    /// The item is part of an open offer.
    Offered = "offered",
    /// The last day of use has passed.
    Expired = "expired",
    /// The item, its lot or its product is recalled.
    Recalled = "recalled",
    /// The item, a container it lies in, or its lot is in quarantine.
    Quarantined = "quarantined",
    /// A container where a pack is required.
    NotAPack = "not_a_pack",

    // Containers.
    /// The item lies in a container already.
    InContainer = "in_container",
    /// The item does not lie in that container.
    NotInParent = "not_in_parent",
    /// There is nothing in the container.
    ContainerEmpty = "container_empty",
    /// A container would lie in itself.
    ContainerCycle = "container_cycle",

    // Offers.
    /// An offer of that name exists.
    OfferExists = "offer_exists",
    /// No such offer.
    UnknownOffer = "unknown_offer",
    /// The offer was answered or withdrawn already.
    OfferClosed = "offer_closed",
    /// The offer is for another party.
    NotReceiver = "not_receiver",
    /// The offer is another party's.
    NotSender = "not_sender",
    /// The item is not part of the offer, or was answered before.
    NotInOffer = "not_in_offer",
    /// The discrepancy is about an item that it cannot be about.
    DiscrepancyInvalid = "discrepancy_invalid",

    // The end of a pack, and its undoing.
    /// The item was not decommissioned or dispensed.
    NotDecommissioned = "not_decommissioned",
    /// Art. 13(1)(a): another party or other premises than those that decommissioned it.
    UndoOtherPremises = "undo_other_premises",
    /// Art. 13(1)(b): more than ten days have passed.
    UndoTooLate = "undo_too_late",
    /// Art. 13(1)(c): the pack has expired.
    UndoExpired = "undo_expired",
    /// Art. 13(1)(d): the pack is recalled, withdrawn, to be destroyed or stolen.
    UndoWithdrawn = "undo_withdrawn",
    /// Art. 13(1)(e): nobody declares that the pack was not supplied to the public.
    UndoSupplied = "undo_supplied",

    // Quarantine and recall.
    /// In quarantine already.
    AlreadyQuarantined = "already_quarantined",
    /// Not in quarantine.
    NotQuarantined = "not_quarantined",
    /// Recalled already, in the same or a more severe class.
    AlreadyRecalled = "already_recalled",
    /// Not recalled.
    NotRecalled = "not_recalled",
    /// The class of a recall is 1, 2 or 3.
    RecallClass = "recall_class",
    /// Only who set it, or a regulator, ends it.
    NotIssuer = "not_issuer",
    /// This party disputed the event before.
    AlreadyDisputed = "already_disputed",

    // Consents.
    /// A consent of that name exists.
    ConsentExists = "consent_exists",
    /// The consent ends before it begins.
    ConsentPeriod = "consent_period",
    /// No such consent.
    UnknownConsent = "unknown_consent",
    /// The consent is revoked.
    ConsentRevoked = "consent_revoked",
    /// Another version of the consent is current.
    ConsentVersion = "consent_version",
    /// The consent is for another purpose.
    ConsentPurpose = "consent_purpose",
    /// A consent names no kind of data, one twice or out of order, or a form that its purpose does not allow.
    ConsentData = "consent_data",
    /// An amendment changes whose consent it is or what for.
    ConsentIdentity = "consent_identity",
    /// The consent names another party.
    ConsentGrantee = "consent_grantee",
    /// The consent is not in force at that time.
    ConsentNotInForce = "consent_not_in_force",
    /// Another party keeps the consent.
    NotCustodian = "not_custodian",

    // Models.
    /// The party registered the model before.
    ModelExists = "model_exists",
    /// What the model says of itself is not well formed.
    ModelInvalid = "model_invalid",
    /// The party has no such model.
    UnknownModel = "unknown_model",
    /// The certificate that registered the model may not promote it: a second person does.
    SecondPersonRequired = "second_person_required",
    /// The model is in use already.
    ModelInUse = "model_in_use",
    /// The model was never in use.
    ModelNotPromoted = "model_not_promoted",
    /// No model of the kind was in use before the current one.
    NothingToRollBack = "nothing_to_roll_back",
    /// The score is no probability.
    ScoreInvalid = "score_invalid",
    /// What the model said of the case is recorded already.
    DecisionExists = "decision_exists",

    // Cases.
    /// A case of that name exists.
    CaseExists = "case_exists",
    /// No such case.
    UnknownCase = "unknown_case",
    /// The case is closed.
    CaseClosed = "case_closed",
    /// The case is not closed.
    CaseOpen = "case_open",
    /// The case is with the higher authority already.
    CaseEscalated = "case_escalated",

    // Access to patients' data.
    /// Another party anchors this log of accesses.
    NotLogKeeper = "not_log_keeper",
    /// The records do not follow those that were anchored before, or there are none.
    AnchorPlace = "anchor_place",
    /// The credential was revoked before.
    CredentialRevoked = "credential_revoked",

    // Clinical studies.
    /// The study is registered already.
    StudyExists = "study_exists",
    /// No such study.
    UnknownStudy = "unknown_study",
    /// The sites are not in ascending order and each once, or name the sponsor.
    StudySites = "study_sites",
    /// Only the study's sponsor may do this.
    NotSponsor = "not_sponsor",
    /// The party is neither the study's sponsor nor one of its sites.
    NotInStudy = "not_in_study",
    /// The study has no document of these contents.
    UnknownDocument = "unknown_document",
    /// The contents are anchored in the study already.
    DocumentExists = "document_exists",
    /// Another version of the document is the one that this needs.
    DocumentVersion = "document_version",
    /// The document is of another kind.
    DocumentKind = "document_kind",
    /// Another party anchored the document and alone amends it.
    NotAuthor = "not_author",

    // Claims.
    /// No such dispense: it was never made.
    UnknownDispense = "unknown_dispense",
    /// Another party made the dispense.
    NotDispenser = "not_dispenser",
    /// All packs of the dispense were taken back.
    DispenseUndone = "dispense_undone",
    /// The dispense stands as it was paid for: there is nothing to give back.
    DispenseStands = "dispense_stands",
    /// Other packs than those that were dispensed and not taken back are claimed.
    ClaimQuantity = "claim_quantity",
    /// The dispense is claimed already, or paid.
    ClaimExists = "claim_exists",
    /// There is no such claim for the dispense.
    UnknownClaim = "unknown_claim",
    /// The claim is for another payer.
    NotPayer = "not_payer",
    /// The claim does not stand so that this can be done.
    ClaimStage = "claim_stage",
    /// The step happens before the dispense, or before the step that came before.
    ClaimOrder = "claim_order",

    // Destruction.
    /// It is recorded as destroyed.
    AlreadyErased = "already_erased",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal on its way out, before its command is known; or a state that could not be read.
#[derive(Debug)]
pub(crate) enum Stop {
    Refused { code: Code, item: Option<ItemKey>, detail: String },
    State(StateError),
}

impl Stop {
    pub(crate) fn in_command(self, command: u32) -> ApplyError {
        match self {
            Self::Refused { code, item, detail } => Rejection { code, command, item, detail }.into(),
            Self::State(error) => error.into(),
        }
    }
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Refuses the command.
pub(crate) fn refuse<T>(code: Code, detail: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused { code, item: None, detail: detail.into() })
}

/// Refuses the command for an item.
pub(crate) fn refuse_item<T>(code: Code, item: &ItemKey, detail: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused { code, item: Some(*item), detail: detail.into() })
}
