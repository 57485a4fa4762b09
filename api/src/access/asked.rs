//! What a request for patients' data says in its headers: what for, and by which credentials.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use veridose_contract::CaseId;

use super::Use;
use crate::problem::{Kind, Problem};

/// Credentials of one request.
const CREDENTIALS_MAX: usize = 4;
const PURPOSE: &str = "veridose-purpose";
const CREDENTIAL: &str = "veridose-credential";
const EMERGENCY: &str = "emergency:";

/// The purpose and the credentials of a request, from the headers `Veridose-Purpose` and `Veridose-Credential`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedFor {
    /// What for. Without the header: one's own record, which is for patients alone.
    pub what_for: Use,
    /// Verifiable credentials as JWTs; the header comes once for each, or they stand behind each other with commas.
    pub credentials: Vec<String>,
}

/// Reads what data are asked for: a purpose (`care`, `study:NCT01234567` …) or `emergency:` and the emergency's name.
pub(crate) fn parse_use(text: &str) -> Result<Use, String> {
    if let Some(case) = text.strip_prefix(EMERGENCY) {
        return CaseId::parse(case).map(Use::Emergency).map_err(|error| error.to_string());
    }
    text.parse().map(Use::Purpose).map_err(|error: veridose_contract::NoPurpose| error.to_string())
}

/// Refuses more credentials than a request may show: each one's signature is checked.
pub(crate) fn check_count(credentials: &[String]) -> Result<(), String> {
    let few = credentials.len() <= CREDENTIALS_MAX;
    few.then_some(()).ok_or_else(|| format!("a request shows at most {CREDENTIALS_MAX} credentials"))
}

impl AskedFor {
    /// From a request's headers.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let wrong = |detail: String| Problem::new(Kind::BadRequest, detail);
        let what_for = match request.headers().get(PURPOSE) {
            None => Use::OwnRecord,
            Some(value) => {
                let text = value.to_str().map_err(|_| wrong("Veridose-Purpose is not ASCII".into()))?;
                parse_use(text.trim()).map_err(|problem| wrong(format!("Veridose-Purpose: {problem}")))?
            }
        };
        let mut credentials = Vec::new();
        for value in request.headers().get_all(CREDENTIAL) {
            let text = value.to_str().map_err(|_| wrong("Veridose-Credential is not ASCII".into()))?;
            credentials.extend(text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned));
        }
        check_count(&credentials).map_err(wrong)?;
        Ok(Self { what_for, credentials })
    }
}

impl FromRequest for AskedFor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
