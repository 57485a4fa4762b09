//! Problems in FHIR's words.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use veridose_fhir::{Issue, IssueCode};

use super::refused;
use crate::node::ActError;
use crate::problem::{Kind, Problem};

/// Why a FHIR request is not answered.
#[derive(Debug)]
pub(in crate::routes) enum Wrong {
    /// What any route may refuse.
    Problem(Problem),
    /// What is wrong with the resource, element by element.
    Resource(Vec<Issue>),
}

impl Wrong {
    /// One thing that is wrong with an element.
    pub(super) fn at(code: IssueCode, expression: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Resource(vec![Issue::at(code, expression, text)])
    }

    /// There is no such resource, or none that the caller may see.
    pub(super) fn not_found() -> Self {
        Problem::not_found("resource").into()
    }

    pub(super) fn issues(&self) -> Vec<Issue> {
        match self {
            Self::Resource(issues) => issues.clone(),
            Self::Problem(problem) => {
                let body = problem.body();
                let text = format!("{}: {}", body.code, body.detail);
                vec![Issue { code: code_of(problem.kind()), expression: body.field, text }]
            }
        }
    }
}

const fn code_of(kind: Kind) -> IssueCode {
    match kind {
        Kind::BadRequest | Kind::QueryParameter => IssueCode::Value,
        Kind::QueryTooLarge => IssueCode::TooCostly,
        Kind::Unauthenticated => IssueCode::Login,
        Kind::Forbidden | Kind::ForeignRequest | Kind::BudgetSpent => IssueCode::Forbidden,
        Kind::NotFound => IssueCode::NotFound,
        Kind::MethodNotAllowed | Kind::NotAcceptable | Kind::UnsupportedMedia => IssueCode::NotSupported,
        Kind::Conflict | Kind::PreconditionFailed | Kind::IdempotencyConflict => IssueCode::Conflict,
        Kind::Gone => IssueCode::Deleted,
        Kind::TooLarge => IssueCode::TooLong,
        Kind::Unprocessable => IssueCode::BusinessRule,
        Kind::TooManyRequests => IssueCode::Throttled,
        Kind::Internal => IssueCode::Exception,
        Kind::Unavailable => IssueCode::Transient,
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => problem.fmt(f),
            Self::Resource(issues) => write!(f, "a resource with {} issues", issues.len()),
        }
    }
}

impl ResponseError for Wrong {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Problem(problem) => problem.status_code(),
            // Understood but not kept here is 422, as R4 (3.1.0.8) has it; not a valid resource is 400.
            Self::Resource(issues) => {
                let invalid = |issue: &Issue| {
                    matches!(
                        issue.code,
                        IssueCode::Structure | IssueCode::Required | IssueCode::Value | IssueCode::Invariant
                    )
                };
                if issues.iter().any(invalid) {
                    StatusCode::BAD_REQUEST
                } else if issues.iter().any(|issue| issue.code == IssueCode::Duplicate) {
                    StatusCode::CONFLICT
                } else {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
            }
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = refused(self);
        if let Self::Problem(problem) = self {
            let plain = problem.error_response();
            for (name, value) in plain.headers().iter().filter(|(name, _)| *name != "content-type") {
                response.headers_mut().insert(name.clone(), value.clone());
            }
        }
        response
    }
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

macro_rules! through_problem {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Wrong {
            fn from(error: $error) -> Self {
                Self::Problem(error.into())
            }
        }
    )*};
}

through_problem!(
    ActError,
    veridose_store::StoreError,
    veridose_contract::StateError,
    veridose_ledger::LedgerError,
    veridose_ledger::Stale
);
