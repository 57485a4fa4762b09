//! From a token to a caller.

use jsonwebtoken::{Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use veridose_contract::{PartyId, Site};

use super::keyset::PinnedKey;
use super::known::{self, Genuine, Known};
use super::remote::Remote;
use super::{Caller, Embedded, Role, Scopes};
use crate::config::{Config, IssuerConfig};
use crate::problem::Kind;

/// How far clocks may differ, in seconds.
pub(super) const LEEWAY_SECONDS: u64 = 30;
/// Length of a token, in bytes.
const TOKEN_BYTES_MAX: usize = 8_192;

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It is no signed token.
    #[error("not a signed token of an accepted form: {0}")]
    Form(&'static str),
    /// Its issuer is not one of ours.
    #[error("unknown issuer")]
    Issuer,
    /// Its issuer has no such key.
    #[error("the issuer has no key of that name")]
    Key,
    /// Signature, audience, time or another check failed.
    #[error("refused: {0}")]
    Refused(#[from] jsonwebtoken::errors::Error),
    /// It is genuine, and what it claims cannot be used.
    #[error("claim {claim}: {problem}")]
    Claim {
        /// Which claim.
        claim: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The issuer's keys cannot be had.
    #[error("the issuer cannot be reached: {0:#}")]
    Unreachable(anyhow::Error),
}

impl AuthError {
    /// The kind of problem it is to the client.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Form(_) | Self::Issuer | Self::Key | Self::Refused(_) => Kind::Unauthenticated,
            Self::Claim { .. } => Kind::Forbidden,
            Self::Unreachable(_) => Kind::Unavailable,
        }
    }

    /// What the client is told.
    pub fn public(&self) -> String {
        match self {
            Self::Form(_) | Self::Issuer | Self::Key | Self::Refused(_) => {
                "the token is not accepted: it is not signed by a known issuer, not for this audience, or not in force"
                    .into()
            }
            Self::Claim { claim, problem } => format!("the token's claim {claim} {problem}"),
            Self::Unreachable(_) => "the token's issuer cannot be reached now".into(),
        }
    }
}

/// Every issuer whose tokens are accepted.
pub struct Authority {
    embedded: Option<Embedded>,
    pub(super) remotes: Vec<Remote>,
    known: Known,
}

/// What must be known before the signature can be checked; believed only to choose the issuer.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// Where an issuer keeps what, and what it may say.
struct Terms<'a> {
    issuer: &'a str,
    audience: &'a str,
    party_claim: &'a str,
    role_claim: &'a str,
    patient_claim: &'a str,
    patient_prefix: &'a str,
    parties: &'a [PartyId],
    roles: &'a [Role],
}

impl Authority {
    /// The remote issuers of the configuration, and the embedded one where that is switched on.
    pub fn new(config: &Config, embedded: Option<Embedded>) -> anyhow::Result<Self> {
        let remotes = config.auth.issuers.iter().cloned().map(Remote::new).collect::<Result<_, _>>()?;
        Ok(Self { embedded, remotes, known: Known::default() })
    }

    /// The embedded issuer, where it is switched on.
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// The issuers of the configuration.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &IssuerConfig> {
        self.remotes.iter().map(|remote| &remote.config)
    }

    /// Verifies a token and reads who is calling.
    pub async fn caller(&self, token: &str) -> Result<Caller, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Form("longer than 8192 bytes"));
        }
        let name = known::name(token);
        if let Some(genuine) = self.known.get(&name)
            && let Ok((_, key)) = self.key(&genuine.issuer, genuine.kid.as_deref()).await
            && genuine.still(&key.key, jsonwebtoken::get_current_timestamp())
        {
            return Ok(genuine.caller.clone());
        }
        // This also refuses `none` and every algorithm that the library does not know.
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Form("its header"))?;
        check_header(&header)?;
        let unverified: Unverified =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| AuthError::Form("its claims"))?;
        let (terms, key) = self.key(&unverified.iss, header.kid.as_deref()).await?;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation(&key, &terms))?.claims;
        let caller = caller(&claims, &terms)?;
        if let Some(expiry) = claims.get("exp").and_then(Value::as_u64) {
            let (issuer, kid, key) = (unverified.iss, header.kid, key.key);
            let until = expiry.saturating_add(LEEWAY_SECONDS);
            self.known.keep(name, Genuine { caller: caller.clone(), issuer, kid, key, until });
        }
        Ok(caller)
    }

    async fn key(&self, issuer: &str, kid: Option<&str>) -> Result<(Terms<'_>, PinnedKey), AuthError> {
        if let Some(embedded) = self.embedded.as_ref().filter(|embedded| embedded.issuer == issuer) {
            let key = embedded.keys.find(kid).cloned().ok_or(AuthError::Key)?;
            return Ok((Terms::of_embedded(embedded), key));
        }
        let remote = self.remotes.iter().find(|remote| remote.config.issuer == issuer).ok_or(AuthError::Issuer)?;
        let key = remote.key(kid).await.map_err(AuthError::Unreachable)?.ok_or(AuthError::Key)?;
        Ok((Terms::of_remote(remote), key))
    }
}

impl<'a> Terms<'a> {
    fn of_embedded(embedded: &'a Embedded) -> Self {
        Self {
            issuer: &embedded.issuer,
            audience: &embedded.audience,
            party_claim: "party",
            role_claim: "role",
            patient_claim: "patient",
            patient_prefix: "",
            parties: &[],
            roles: &[],
        }
    }

    fn of_remote(remote: &'a Remote) -> Self {
        let config = &remote.config;
        Self {
            issuer: &config.issuer,
            audience: &config.audience,
            party_claim: &config.party_claim,
            role_claim: &config.role_claim,
            patient_claim: &config.patient_claim,
            patient_prefix: &config.patient_prefix,
            parties: &config.parties,
            roles: &config.roles,
        }
    }
}

/// `crit` names extensions that must be understood (RFC 7515 section 4.1.11), and we understand none. `jku`, `x5u`, `x5c` and `jwk`
/// are not looked at anywhere.
fn check_header(header: &Header) -> Result<(), AuthError> {
    if header.crit.is_some() {
        return Err(AuthError::Form("it has critical extensions"));
    }
    match header.typ.as_deref() {
        None | Some("JWT" | "jwt" | "at+jwt" | "application/at+jwt") => Ok(()),
        Some(_) => Err(AuthError::Form("its type is not that of an access token")),
    }
}

fn validation(key: &PinnedKey, terms: &Terms<'_>) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[terms.issuer]);
    validation.set_audience(&[terms.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

fn caller(claims: &Map<String, Value>, terms: &Terms<'_>) -> Result<Caller, AuthError> {
    let wrong = |claim: &str, problem| AuthError::Claim { claim: claim.to_owned(), problem };
    let text = |claim: &str| match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(wrong(claim, "is not a string")),
    };
    let subject = text("sub")?.filter(|subject| !subject.is_empty()).ok_or_else(|| wrong("sub", "is missing"))?;
    let party = text(terms.party_claim)?
        .map(|party| PartyId::parse(party).map_err(|_| wrong(terms.party_claim, "is not the name of a party")))
        .transpose()?;
    let role = match (claims.get(terms.role_claim), terms.roles) {
        (Some(role), _) => Role::deserialize(role).map_err(|_| wrong(terms.role_claim, "is not a role"))?,
        (None, [only]) => *only,
        (None, _) => return Err(wrong(terms.role_claim, "is missing")),
    };
    let site = match claims.get("site") {
        None | Some(Value::Null) => None,
        Some(site) => Some(Site(site.as_u64().ok_or_else(|| wrong("site", "is not a GLN as a number"))?)),
    };
    if !terms.roles.is_empty() && !terms.roles.contains(&role) {
        return Err(wrong(terms.role_claim, "is one that its issuer may not give"));
    }
    if !terms.parties.is_empty() && party.as_ref().is_some_and(|party| !terms.parties.contains(party)) {
        return Err(wrong(terms.party_claim, "is a party that its issuer may not speak for"));
    }
    let patient = text(terms.patient_claim)?.filter(|patient| !patient.is_empty() && role == Role::Patient);
    let patient = patient.map(|patient| format!("{}{patient}", terms.patient_prefix));
    if role == Role::Patient && patient.is_none() {
        return Err(wrong(terms.patient_claim, "is missing, and the role is patient"));
    }
    let scopes = Scopes::parse(text("scope")?.unwrap_or_default());
    let issuer = terms.issuer.to_owned();
    Ok(Caller { issuer, subject: subject.to_owned(), party, role, site, patient, scopes })
}
