//! What is wrong with a resource, and the `OperationOutcome` that says so.

use serde_json::{Value, json};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Which kind of thing.
    pub code: IssueCode,
    /// Where, as `FHIRPath`; nothing where it is about the request as a whole.
    pub expression: Option<String>,
    /// What, and how to mend it; without a value of the resource.
    pub text: String,
}

/// Kinds of issue (code system `http://hl7.org/fhir/issue-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueCode {
    /// Not what the resource may hold.
    Structure,
    /// Something is missing.
    Required,
    /// A value is not of its type.
    Value,
    /// A rule between elements.
    Invariant,
    /// Understood, and not kept here.
    NotSupported,
    /// Against a rule of this service.
    BusinessRule,
    /// Larger than a limit.
    TooLong,
    /// More than can be answered.
    TooCostly,
    /// There is no such thing, or none that the caller may see.
    NotFound,
    /// It was there, and was deleted.
    Deleted,
    /// It is there already, or changed meanwhile.
    Conflict,
    /// The same was handed in before.
    Duplicate,
    /// No valid token.
    Login,
    /// Not allowed.
    Forbidden,
    /// The limit of requests.
    Throttled,
    /// Later, perhaps.
    Transient,
    /// A defect.
    Exception,
}

impl IssueCode {
    /// The code as FHIR has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::NotSupported => "not-supported",
            Self::BusinessRule => "business-rule",
            Self::TooLong => "too-long",
            Self::TooCostly => "too-costly",
            Self::NotFound => "not-found",
            Self::Deleted => "deleted",
            Self::Conflict => "conflict",
            Self::Duplicate => "duplicate",
            Self::Login => "login",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Exception => "exception",
        }
    }
}

impl Issue {
    /// An issue at a place.
    pub fn at(code: IssueCode, expression: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code, expression: Some(expression.into()), text: text.into() }
    }
}

/// The resource that tells of the issues.
pub fn outcome(issues: &[Issue]) -> Value {
    let issue = issues.iter().map(|issue| {
        let mut told = json!({"severity": "error", "code": issue.code.as_str(), "diagnostics": issue.text});
        if let Some(expression) = &issue.expression {
            told["expression"] = json!([expression]);
        }
        told
    });
    json!({"resourceType": "OperationOutcome", "issue": issue.collect::<Vec<_>>()})
}
