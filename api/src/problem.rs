//! The one place where an error becomes an answer: RFC 9457 `application/problem+json`.
//!
//! `code` is stable and what clients match on; `type` is the same as a URN; `detail` is for people and never holds internals.

use std::fmt;

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::{Code, ItemKey, Rejection};

use crate::middleware::request_id;

/// What kind of problem it is; each has one code, title and status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be understood.
    BadRequest,
    /// No token, or one that is not accepted.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// There is no such thing, or none that the caller may see.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// None of the accepted forms can be produced.
    NotAcceptable,
    /// The state of things forbids it.
    Conflict,
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
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "A valid access token is needed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The caller may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is no such thing"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The path has no such method")
            }
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not_acceptable", "No accepted form can be produced"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "The state of things forbids it"),
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

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    detail: String,
    rejection: Option<Rejection>,
    field: Option<String>,
    retry_after_seconds: Option<u64>,
    allow: Option<String>,
}

/// The JSON form of a problem.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The code as a URN.
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
        Self(Box::new(Parts { kind, detail, rejection: None, field: None, retry_after_seconds: None, allow: None }))
    }

    /// A refusal by the contract.
    pub fn refused(rejection: Rejection) -> Self {
        let wrong_in_itself = matches!(rejection.code, Code::LimitExceeded);
        let kind = if wrong_in_itself { Kind::Unprocessable } else { Kind::Conflict };
        let mut problem = Self::new(kind, rejection.detail.clone());
        problem.0.rejection = Some(rejection);
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
        self.0.rejection.as_ref().map_or(self.0.kind.parts().1, |rejection| rejection.code.as_str())
    }

    /// The JSON form.
    pub fn body(&self) -> ProblemBody {
        let (status, _, title) = self.0.kind.parts();
        ProblemBody {
            r#type: format!("urn:veridose:problem:{}", self.code()),
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
