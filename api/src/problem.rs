//! The one place where an error becomes an answer: RFC 9457 `application/problem+json`.
//!
//! `code` is stable and what clients match on; `type` is the same as a URN; `detail` is for people and never holds internals.

use std::fmt;
use std::ops::RangeInclusive;

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError, UrlencodedError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::access::{Refusal, RefusalRule};
use veridose_contract::{Code, ItemKey, Rejection, StateError};
use veridose_ledger::{ChannelError, LedgerError, Stale, SubmitError};
use veridose_store::{PasskeyError, StoreError};

use crate::middleware::request_id;
use crate::node::ActError;

/// What kind of problem it is; each has one code, title and status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be understood.
    BadRequest,
    /// A parameter of an EPCIS query that is not answered here, or has a value that it cannot have.
    QueryParameter,
    /// An EPCIS query finds more than its asker allows.
    QueryTooLarge,
    /// No token, or one that is not accepted.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// A browser sent it with its session, and no page of the session asked for it.
    ForeignRequest,
    /// The budget of privacy does not reach.
    BudgetSpent,
    /// There is no such thing, or none that the caller may see.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// None of the accepted forms can be produced.
    NotAcceptable,
    /// The state of things forbids it.
    Conflict,
    /// It was there, and was deleted.
    Gone,
    /// What the request takes for the current version is not.
    PreconditionFailed,
    /// The idempotency key was used with another body.
    IdempotencyConflict,
    /// The body is larger than the limit.
    TooLarge,
    /// The body's media type or encoding is not one that is read here.
    UnsupportedMedia,
    /// Understood, and wrong in itself.
    Unprocessable,
    /// More requests than the limit.
    TooManyRequests,
    /// A defect of this node; the log has the cause under the request's id.
    Internal,
    /// The node cannot do it now: starting, stopping, or its disk is full.
    Unavailable,
}

impl Kind {
    /// Status, code and title.
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request", "The request cannot be understood"),
            Self::QueryParameter => {
                (StatusCode::BAD_REQUEST, "query_parameter", "A parameter of the query is wrong or not answered here")
            }
            Self::QueryTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "query_too_large", "The query finds too much"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "A valid access token is needed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The caller may not do this"),
            Self::ForeignRequest => (StatusCode::FORBIDDEN, "foreign_request", "No page of this session asked for it"),
            Self::BudgetSpent => (StatusCode::FORBIDDEN, "budget_spent", "The budget of privacy does not reach"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is no such thing"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The path has no such method")
            }
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not_acceptable", "No accepted form can be produced"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "The state of things forbids it"),
            Self::Gone => (StatusCode::GONE, "gone", "It was deleted"),
            Self::PreconditionFailed => {
                (StatusCode::PRECONDITION_FAILED, "precondition_failed", "It has changed meanwhile")
            }
            Self::IdempotencyConflict => {
                (StatusCode::CONFLICT, "idempotency_conflict", "The idempotency key was used for another request")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large"),
            Self::UnsupportedMedia => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body's form is not read here")
            }
            Self::Unprocessable => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request is wrong in itself"),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The node failed"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The node cannot do this now"),
        }
    }
}

impl Kind {
    /// The name that EPCIS 2.0 has for it.
    const fn exception(self) -> Option<&'static str> {
        match self {
            Self::QueryParameter => Some("epcisException:QueryParameterException"),
            Self::QueryTooLarge => Some("epcisException:QueryTooLargeException"),
            Self::BadRequest
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::ForeignRequest
            | Self::BudgetSpent
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::Conflict
            | Self::Gone
            | Self::PreconditionFailed
            | Self::IdempotencyConflict
            | Self::TooLarge
            | Self::UnsupportedMedia
            | Self::Unprocessable
            | Self::TooManyRequests
            | Self::Internal
            | Self::Unavailable => None,
        }
    }
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    detail: String,
    rejection: Option<Rejection>,
    field: Option<String>,
    access: Option<RefusalRule>,
    retry_after_seconds: Option<u64>,
    allow: Option<String>,
}

/// The JSON form of a problem.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The code as a URN, or the name that EPCIS has for an error of a query.
    #[schema(example = "urn:veridose:problem:not_found")]
    pub r#type: String,
    /// The kind of problem in a few words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Stable code to match on; a refusal by the ledger's contract has the contract's code.
    #[schema(example = "not_found")]
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub detail: String,
    /// This occurrence: the request's id as a URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Index of the command that the contract refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<u32>,
    /// Key of the item that the contract refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub item: Option<ItemKey>,
}

impl Problem {
    /// A problem of this kind; `detail` says what is wrong and how to mend it.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts {
            kind,
            detail,
            rejection: None,
            field: None,
            access: None,
            retry_after_seconds: None,
            allow: None,
        }))
    }

    /// A refusal by the contract.
    pub fn refused(rejection: Rejection) -> Self {
        let kind = kind_of(rejection.code);
        let mut problem = Self::new(kind, rejection.detail.clone());
        problem.0.rejection = Some(rejection);
        problem
    }

    /// Data of a patient are not given.
    pub fn no_access(refusal: &Refusal) -> Self {
        let kind = match refusal.rule {
            RefusalRule::NotCurrent | RefusalRule::NotAnchored => Kind::Unavailable,
            RefusalRule::NothingAsked => Kind::Unprocessable,
            RefusalRule::ScopeMissing
            | RefusalRule::CredentialRefused
            | RefusalRule::NoMember
            | RefusalRule::RoleNotAllowed
            | RefusalRule::EmergencyNotDeclared
            | RefusalRule::EmergencyOfOthers
            | RefusalRule::EmergencyUnconfirmed
            | RefusalRule::EmergencyOver
            | RefusalRule::NoConsent
            | RefusalRule::NotInStudy
            | RefusalRule::NotInClaim
            | RefusalRule::NoRelationship
            | RefusalRule::ConsentRevoked
            | RefusalRule::ConsentExpired
            | RefusalRule::ConsentNotYet
            | RefusalRule::DataNotCovered
            | RefusalRule::CredentialMissing => Kind::Forbidden,
        };
        let mut problem = Self::new(kind, format!("not given; what is needed: {}", refusal.needed));
        problem.0.access = Some(refusal.rule);
        problem.0.retry_after_seconds = (kind == Kind::Unavailable).then_some(1);
        problem
    }

    /// There is no such thing, or none that the caller may see: the same words, so that nobody learns which.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}, or it is not yours to see"))
    }

    /// A value of the request is wrong.
    pub fn field(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        let mut problem = Self::new(Kind::Unprocessable, detail.to_string());
        problem.0.field = Some(field.into());
        problem
    }

    /// Refuses a text of more or fewer characters.
    pub fn check_length(field: &'static str, text: &str, characters: RangeInclusive<usize>) -> Result<(), Self> {
        if characters.contains(&text.chars().count()) {
            return Ok(());
        }
        Err(Self::field(field, format!("give {} to {} characters", characters.start(), characters.end())))
    }

    /// A defect: the cause goes to the log, not to the client.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(Kind::Internal, "the node failed; its log has the cause under this request's id")
    }

    /// Too many requests; come back after so many seconds.
    pub fn slow_down(retry_after_seconds: u64) -> Self {
        let detail = format!("the rate limit of this client is used up; retry in {retry_after_seconds} s");
        let mut problem = Self::new(Kind::TooManyRequests, detail);
        problem.0.retry_after_seconds = Some(retry_after_seconds);
        problem
    }

    /// The path has other methods.
    pub fn method_not_allowed(allow: String) -> Self {
        let mut problem = Self::new(Kind::MethodNotAllowed, format!("this path has only {allow}"));
        problem.0.allow = Some(allow);
        problem
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code: the contract's own where it refused.
    pub fn code(&self) -> &'static str {
        let refused = self.0.rejection.as_ref().map(|rejection| rejection.code.as_str());
        refused.or_else(|| self.0.access.map(RefusalRule::as_str)).unwrap_or(self.0.kind.parts().1)
    }

    /// The JSON form.
    pub fn body(&self) -> ProblemBody {
        let (status, _, title) = self.0.kind.parts();
        ProblemBody {
            r#type: self
                .0
                .kind
                .exception()
                .map_or_else(|| format!("urn:veridose:problem:{}", self.code()), str::to_owned),
            title: if self.0.rejection.is_some() { "The ledger's contract refuses it" } else { title },
            status: status.as_u16(),
            code: self.code(),
            detail: self.0.detail.clone(),
            instance: request_id().map(|id| format!("urn:uuid:{id}")),
            field: self.0.field.clone(),
            command: self.0.rejection.as_ref().map(|rejection| rejection.command),
            item: self.0.rejection.as_ref().and_then(|rejection| rejection.item),
        }
    }
}

/// Whether a refusal is about the request in itself, about who asks, about what does not exist, or about the state of things.
#[allow(clippy::too_many_lines)] // One line for each code, and no catch-all.
const fn kind_of(code: Code) -> Kind {
    match code {
        Code::UnsupportedVersion
        | Code::WrongNetwork
        | Code::EmptyTransaction
        | Code::LimitExceeded
        | Code::HappenedTooLate
        | Code::ItemsRequired
        | Code::ItemsNotAllowed
        | Code::PartyInvalid
        | Code::DuplicateItem
        | Code::NotAPack
        | Code::DiscrepancyInvalid
        | Code::RecallClass
        | Code::ConsentPeriod
        | Code::ConsentData
        | Code::ModelInvalid
        | Code::ScoreInvalid
        | Code::StudySites
        | Code::DocumentKind
        | Code::UnknownSite => Kind::Unprocessable,
        Code::RoleNotAllowed
        | Code::PartySuspended
        | Code::WrongParty
        | Code::NotProductOwner
        | Code::NotHolder
        | Code::NotReceiver
        | Code::NotSender
        | Code::NotIssuer
        | Code::NotCustodian
        | Code::ConsentGrantee
        | Code::NotLogKeeper
        | Code::SecondPersonRequired
        | Code::NotSponsor
        | Code::NotInStudy
        | Code::NotAuthor
        | Code::NotDispenser
        | Code::NotPayer
        | Code::CertificateMismatch
        | Code::CertificateRevoked => Kind::Forbidden,
        Code::UnknownParty
        | Code::UnknownCertificate
        | Code::UnknownProduct
        | Code::UnknownLot
        | Code::UnknownItem
        | Code::UnknownOffer
        | Code::UnknownConsent
        | Code::UnknownModel
        | Code::UnknownCase
        | Code::UnknownStudy
        | Code::UnknownDocument
        | Code::UnknownDispense
        | Code::UnknownClaim => Kind::NotFound,
        Code::IdempotencyConflict => Kind::IdempotencyConflict,
        Code::NotSuspended
        | Code::PartyExists
        | Code::SiteTaken
        | Code::ImmutableField
        | Code::AlreadyApproved
        | Code::CertificateExists
        | Code::ProductExists
        | Code::LotExists
        | Code::ItemExists
        | Code::NotActive
        | Code::Offered
        | Code::Expired
        | Code::Recalled
        | Code::Quarantined
        | Code::InContainer
        | Code::NotInParent
        | Code::ContainerEmpty
        | Code::ContainerCycle
        | Code::OfferExists
        | Code::OfferClosed
        | Code::NotInOffer
        | Code::NotDecommissioned
        | Code::UndoOtherPremises
        | Code::UndoTooLate
        | Code::UndoExpired
        | Code::UndoWithdrawn
        | Code::UndoSupplied
        | Code::AlreadyQuarantined
        | Code::NotQuarantined
        | Code::AlreadyRecalled
        | Code::NotRecalled
        | Code::AlreadyDisputed
        | Code::ConsentExists
        | Code::ConsentRevoked
        | Code::ConsentVersion
        | Code::ConsentPurpose
        | Code::ConsentIdentity
        | Code::ConsentNotInForce
        | Code::ModelExists
        | Code::ModelInUse
        | Code::ModelNotPromoted
        | Code::NothingToRollBack
        | Code::DecisionExists
        | Code::CaseExists
        | Code::CaseClosed
        | Code::CaseOpen
        | Code::CaseEscalated
        | Code::AnchorPlace
        | Code::CredentialRevoked
        | Code::StudyExists
        | Code::DocumentExists
        | Code::DocumentVersion
        | Code::DispenseUndone
        | Code::DispenseStands
        | Code::ClaimQuantity
        | Code::ClaimExists
        | Code::ClaimStage
        | Code::ClaimOrder
        | Code::AlreadyErased => Kind::Conflict,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.0.detail)
    }
}
impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if self.0.kind == Kind::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.0.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        response.body(serde_json::to_vec(&self.body()).expect("a problem is plain strings and numbers"))
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self::refused(rejection)
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Rejected(rejection) => rejection.into(),
            ActError::NoKey(_) | ActError::NoCertificate(_) => Self::new(Kind::Forbidden, error.to_string()),
            ActError::Store(error) => error.into(),
            ActError::Ledger(error) => error.into(),
            ActError::Log(error) => Self::internal(error),
            ActError::State(error) => Self::internal(error),
            ActError::Signing(error) => Self::internal(error),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Unauthenticated(_) => Self::new(Kind::Forbidden, error.to_string()),
            SubmitError::Overloaded { .. } => {
                let mut problem = Self::new(Kind::Unavailable, error.to_string());
                problem.0.retry_after_seconds = Some(1);
                problem
            }
            SubmitError::ReadOnly(cause) => {
                tracing::error!(cause, "the ledger is read-only");
                Self::new(Kind::Unavailable, "the ledger is read-only until its operator has looked; reads go on")
            }
            SubmitError::Failed(cause) => Self::internal(cause),
            SubmitError::Channel(error) => error.into(),
            SubmitError::Closed => Self::new(Kind::Unavailable, "the node is stopping"),
        }
    }
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        // What peers say names their addresses, which is for the log.
        tracing::warn!(%error, "the channel did not take a transaction");
        let detail = match &error {
            ChannelError::Unavailable(_) => "the channel cannot be reached: nothing was written, try again",
            ChannelError::Conflict { .. } => "others kept changing the same records: nothing was written, try again",
            ChannelError::NotEndorsed(_) => {
                "too few organisations endorse it at the moment: nothing was written, try again"
            }
            ChannelError::Refused(_) => "the channel refuses what this node sends, until its operator has looked",
            ChannelError::Unknown(_) => {
                "it may or may not have been taken: repeat it under the same Idempotency-Key to learn which"
            }
        };
        let mut problem = Self::new(Kind::Unavailable, detail);
        problem.0.retry_after_seconds = error.may_retry().then_some(1);
        problem
    }
}

impl From<Stale> for Problem {
    fn from(stale: Stale) -> Self {
        tracing::warn!(%stale, "what must be current is not answered");
        let detail = format!(
            "this node has not heard from the other organisations for more than {} s, so it cannot say what is so now",
            stale.bound.as_secs()
        );
        let mut problem = Self::new(Kind::Unavailable, detail);
        problem.0.retry_after_seconds = Some(1);
        problem
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::NoCeremony => Self::new(Kind::NotFound, error.to_string()),
            PasskeyError::Unknown | PasskeyError::CounterBack => Self::field("credential", error),
            PasskeyError::Exists | PasskeyError::TooMany | PasskeyError::TooManyCeremonies | PasskeyError::Used => {
                Self::new(Kind::Conflict, error.to_string())
            }
        }
    }
}

impl From<crate::passkey::answer::Refused> for Problem {
    fn from(refused: crate::passkey::answer::Refused) -> Self {
        Self::field("credential", refused)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Passkey(problem) => problem.into(),
            StoreError::BudgetSpent { .. } => Self::new(Kind::BudgetSpent, error.to_string()),
            StoreError::RequestConflict { .. } => {
                Self::new(Kind::IdempotencyConflict, "the Idempotency-Key was used before with another request")
            }
            StoreError::TooLarge { .. } => Self::new(Kind::TooLarge, error.to_string()),
            StoreError::PageToken => Self::new(Kind::BadRequest, error.to_string()),
            StoreError::NotYours { .. } => Self::not_found("document"),
            StoreError::NoCaptureJob => Self::not_found("capture job"),
            StoreError::NoWebhook => Self::not_found("webhook"),
            StoreError::NoJob => Self::not_found("job"),
            StoreError::NoEmergency => Self::not_found("emergency"),
            StoreError::UploadReplaced
            | StoreError::PatientErased
            | StoreError::EmergencyConfirmed
            | StoreError::JobState { .. } => Self::new(Kind::Conflict, error.to_string()),
            StoreError::Unreachable(ref cause) => {
                tracing::warn!(%cause, "the database cannot be reached");
                let mut problem = Self::new(Kind::Unavailable, error.to_string());
                problem.0.retry_after_seconds = Some(1);
                problem
            }
            StoreError::DiskFull | StoreError::Busy | StoreError::QueueFull { .. } => {
                Self::new(Kind::Unavailable, error.to_string())
            }
            StoreError::NotRecorded(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "an access could not be recorded");
                Self::new(Kind::Unavailable, "the access could not be recorded, so nothing is given")
            }
            StoreError::Closing => Self::new(Kind::Unavailable, "the node is stopping"),
            StoreError::Database(_)
            | StoreError::UnknownDatabase
            | StoreError::Altered(_)
            | StoreError::KeyAltered(_)
            | StoreError::OtherMasterKey
            | StoreError::OlderThanKeys
            | StoreError::OtherRoot
            | StoreError::Root(_)
            | StoreError::File { .. }
            | StoreError::NotEmpty(_)
            | StoreError::NotOwner
            | StoreError::Malformed { .. }
            | StoreError::OtherNetwork { .. }
            | StoreError::Gap { .. }
            | StoreError::Unprojectable { .. } => Self::internal(error),
        }
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Self::internal(error)
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::internal(error)
    }
}

impl From<JsonPayloadError> for Problem {
    fn from(error: JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
                Self::new(Kind::TooLarge, format!("the body is larger than {limit} bytes"))
            }
            JsonPayloadError::ContentType => {
                Self::new(Kind::UnsupportedMedia, "send the body as Content-Type: application/json")
            }
            // The parser's own words name the line and the field, and repeat no value longer than a word.
            JsonPayloadError::Deserialize(error) => Self::new(Kind::BadRequest, format!("the body is wrong: {error}")),
            // The enum is not ours and is open: what is left is a body that broke off or did not decompress.
            error => Self::new(Kind::BadRequest, format!("the body cannot be read: {error}")),
        }
    }
}

impl From<QueryPayloadError> for Problem {
    fn from(error: QueryPayloadError) -> Self {
        Self::new(Kind::BadRequest, format!("the query is wrong: {error}"))
    }
}

impl From<UrlencodedError> for Problem {
    fn from(error: UrlencodedError) -> Self {
        match error {
            UrlencodedError::Overflow { limit, .. } => {
                Self::new(Kind::TooLarge, format!("the form is larger than {limit} bytes"))
            }
            // The enum is not ours and is open.
            error => Self::new(Kind::BadRequest, format!("the form cannot be read: {error}")),
        }
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        Self::new(Kind::NotFound, format!("the path names nothing: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_of_a_problem() {
        let body =
            serde_json::to_value(Problem::field("lot", "a lot has 1 to 20 characters").body()).expect("serialises");
        insta::assert_json_snapshot!(body);
    }

    #[test]
    fn rejection_keeps_its_code_and_item() {
        let rejection = Rejection {
            code: Code::LimitExceeded,
            command: 3,
            item: Some(ItemKey([7; 32])),
            detail: "too many".into(),
        };
        insta::assert_json_snapshot!(serde_json::to_value(Problem::from(rejection).body()).expect("serialises"));
    }
}
