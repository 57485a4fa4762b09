//! Verifiable credentials of persons: W3C Verifiable Credentials Data Model 2.0, secured as JWT (VC-JOSE-COSE, section 3.1,
//! `application/vc+jwt`).
//!
//! Who may issue them is known from the ledger, where regulators of the network sign with a registered certificate, or from the
//! configuration. A credential holds for the person that it names, in its time, until its revocation stands on the ledger.

use std::collections::HashMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_contract::access::{Refusal, RefusalRule};
use veridose_contract::{CredentialId, CredentialKind, Fingerprint, PartyId, Role, Timestamp, read};
use veridose_ledger::{Signer, pki};

use crate::auth::{Caller, KeySet};
use crate::config::CredentialIssuer;
use crate::node::{Node, date_time};

/// Length of a credential, in bytes.
const CREDENTIAL_BYTES_MAX: usize = 16_384;
/// How members are named as issuers.
const MEMBER: &str = "urn:veridose:party:";
const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// The issuers of the configuration, with their keys.
#[derive(Default)]
pub struct CredentialIssuers(HashMap<String, (KeySet, Vec<CredentialKind>)>);

impl CredentialIssuers {
    /// Reads the files of keys.
    pub(crate) fn read(issuers: &[CredentialIssuer]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Jwks {
            keys: Vec<Value>,
        }
        let read = |issuer: &CredentialIssuer| {
            let path = issuer.keys.display();
            let text = std::fs::read_to_string(&issuer.keys).with_context(|| format!("failed to read {path}"))?;
            let jwks: Jwks = serde_json::from_str(&text).with_context(|| format!("{path} is no JWK set"))?;
            let keys = KeySet::from_jwks(&jwks.keys);
            anyhow::ensure!(!keys.is_empty(), "{path}: none of its keys is RS256, ES256 or EdDSA");
            Ok((issuer.issuer.clone(), (keys, issuer.kinds.clone())))
        };
        issuers.iter().map(read).collect::<anyhow::Result<_>>().map(Self)
    }
}

/// What of a credential is looked at. The signature covers all of it.
#[derive(Debug, Deserialize)]
struct Credential {
    #[serde(rename = "@context")]
    context: OneOrMany,
    #[serde(default)]
    id: Option<String>,
    #[serde(rename = "type")]
    types: OneOrMany,
    issuer: Named,
    #[serde(rename = "validFrom", default)]
    valid_from: Option<String>,
    #[serde(rename = "validUntil", default)]
    valid_until: Option<String>,
    #[serde(rename = "credentialSubject")]
    subject: Named,
    #[serde(rename = "credentialStatus", default)]
    status: Option<Value>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

impl OneOrMany {
    fn first(&self) -> Option<&str> {
        match self {
            Self::One(value) => value.as_str(),
            Self::Many(values) => values.first()?.as_str(),
        }
    }

    fn has(&self, text: &str) -> bool {
        match self {
            Self::One(value) => value == text,
            Self::Many(values) => values.iter().any(|value| value == text),
        }
    }
}

/// Somebody by name, or as an object with an `id`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Named {
    Name(String),
    Object { id: String },
}

impl Named {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Object { id: name } => name,
        }
    }
}

/// What the credentials show the caller to be. One that does not hold refuses the request: who shows it should know.
pub(super) fn check_all(
    node: &Node,
    caller: &Caller,
    credentials: &[String],
    now: Timestamp,
) -> Result<Vec<CredentialKind>, Refusal> {
    let refused = |needed: String| Refusal { rule: RefusalRule::CredentialRefused, needed };
    credentials.iter().map(|credential| check(node, caller, credential, now).map_err(refused)).collect()
}

/// The name of a credential on the ledger.
pub(crate) fn credential_id(issuer: &str, id: &str) -> CredentialId {
    CredentialId(Sha256::new().chain_update(issuer).chain_update([0]).chain_update(id).finalize().into())
}

/// How a credential must name its holder: the issuer of the person's tokens, `#` and that issuer's name for the person.
pub(crate) fn holder(issuer: &str, subject: &str) -> String {
    format!("{issuer}#{subject}")
}

/// What one credential shows the caller to be; otherwise what would be needed.
fn check(node: &Node, caller: &Caller, jwt: &str, now: Timestamp) -> Result<CredentialKind, String> {
    if jwt.len() > CREDENTIAL_BYTES_MAX {
        return Err(format!("a credential of at most {CREDENTIAL_BYTES_MAX} bytes"));
    }
    let header = jsonwebtoken::decode_header(jwt).map_err(|_| "a credential that is a signed JWT".to_owned())?;
    check_header(&header)?;
    let unverified: Credential = jsonwebtoken::dangerous::insecure_decode_claims(jwt).map_err(|_| malformed())?;
    let issuer = unverified.issuer.name();
    let (algorithm, key, kinds) = key(node, issuer, header.kid.as_deref(), now)?;
    let mut validation = Validation::new(algorithm);
    // The claims are those of a credential: its times are looked at below, by the node's clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let credential = jsonwebtoken::decode::<Credential>(jwt, &key, &validation);
    let credential = credential.map_err(|_| format!("a credential that {issuer} has signed"))?.claims;
    check_claims(&credential, caller, now)?;
    let kind = kind(&credential, &kinds)?;
    let id = credential.id.as_deref().ok_or_else(|| "a credential with an id, so that it can be revoked".to_owned())?;
    let revoked = read::revoked_credential(&node.ledger().state(), &credential_id(issuer, id));
    match revoked {
        Ok(None) => Ok(kind),
        Ok(Some(_)) => Err("a new credential: this one was revoked".to_owned()),
        Err(error) => {
            tracing::error!(%error, "the state cannot be read");
            Err("a node that can read its ledger".to_owned())
        }
    }
}

fn malformed() -> String {
    "a credential in the form of the Verifiable Credentials Data Model 2.0, with issuer, type and credentialSubject.id"
        .into()
}

/// `crit` names extensions that must be understood (RFC 7515, section 4.1.11), and none are.
fn check_header(header: &Header) -> Result<(), String> {
    if header.crit.is_some() {
        return Err("a credential without critical extensions".to_owned());
    }
    match header.typ.as_deref() {
        Some("vc+jwt" | "application/vc+jwt") => Ok(()),
        None | Some(_) => Err("a credential of type vc+jwt; a token is none".to_owned()),
    }
}

/// The issuer's key with the one algorithm that it verifies, and what the issuer may say.
fn key(
    node: &Node,
    issuer: &str,
    kid: Option<&str>,
    now: Timestamp,
) -> Result<(Algorithm, DecodingKey, Vec<CredentialKind>), String> {
    if let Some(party) = issuer.strip_prefix(MEMBER) {
        let key = member_key(node, party, kid, now)?;
        return Ok((Algorithm::ES256, key, Vec::new()));
    }
    let known = node.credential_issuers().0.get(issuer);
    let (keys, kinds) = known.ok_or_else(|| "a credential of an issuer that this node knows".to_owned())?;
    let pinned = keys.find(kid).ok_or_else(|| format!("a credential signed with a key that {issuer} has"))?;
    Ok((pinned.algorithm, (*pinned.key).clone(), kinds.clone()))
}

/// The key of a regulator's certificate, which `kid` names by its fingerprint.
fn member_key(node: &Node, party: &str, kid: Option<&str>, now: Timestamp) -> Result<DecodingKey, String> {
    let needed = || "a credential signed with a registered certificate of a regulator of this network".to_owned();
    let party = PartyId::parse(party).map_err(|_| needed())?;
    let fingerprint = kid.and_then(|kid| Fingerprint::parse(kid).ok()).ok_or_else(needed)?;
    let state = node.ledger().state();
    let member = read::party(&state, &party).ok().flatten().ok_or_else(needed)?;
    let known = read::certificate(&state, &fingerprint).ok().flatten().ok_or_else(needed)?;
    let certificate = known.certificate;
    let in_force = certificate.not_before <= now && now < certificate.not_after && known.revoked.is_none();
    let may = member.party.role == Role::Regulator && member.suspended.is_none() && certificate.party == party;
    if !in_force || !may {
        return Err(needed());
    }
    let (_, key) = pki::subject_and_key(&certificate.der).map_err(|_| needed())?;
    Ok(DecodingKey::from_ec_der(&key))
}

fn check_claims(credential: &Credential, caller: &Caller, now: Timestamp) -> Result<(), String> {
    if credential.context.first() != Some(CONTEXT) || !credential.types.has("VerifiableCredential") {
        return Err(malformed());
    }
    if credential.iss.as_deref().is_some_and(|iss| iss != credential.issuer.name()) {
        return Err("a credential whose iss and issuer agree".to_owned());
    }
    if credential.status.is_some() {
        // A list that is kept elsewhere cannot be as current as the ledger; passing over it would take a revoked one as good.
        return Err("a credential without credentialStatus: here revocations stand on the ledger".to_owned());
    }
    let from = [moment(credential.valid_from.as_deref())?, credential.nbf.map(seconds)];
    let until = [moment(credential.valid_until.as_deref())?, credential.exp.map(seconds)];
    if from.into_iter().flatten().any(|from| now < from) {
        return Err("to wait: the credential is not in force yet".to_owned());
    }
    if until.into_iter().flatten().any(|until| until <= now) {
        return Err("a new credential: this one has expired".to_owned());
    }
    if credential.subject.name() != holder(&caller.issuer, &caller.subject) {
        return Err(
            "a credential whose credentialSubject.id is who calls: the token's issuer, # and its subject".to_owned()
        );
    }
    Ok(())
}

fn seconds(since_1970: i64) -> Timestamp {
    Timestamp(since_1970.saturating_mul(1_000))
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text else { return Ok(None) };
    let at = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| format!("a credential whose times are RFC 3339, not {text:?}"))?;
    Ok(Some(Timestamp(at.unix_timestamp().saturating_mul(1_000))))
}

fn kind(credential: &Credential, allowed: &[CredentialKind]) -> Result<CredentialKind, String> {
    let kinds =
        [("ClinicianCredential", CredentialKind::Clinician), ("ResearcherCredential", CredentialKind::Researcher)];
    let mut found = kinds.into_iter().filter(|(name, _)| credential.types.has(name)).map(|(_, kind)| kind);
    let (Some(kind), None) = (found.next(), found.next()) else {
        return Err(
            "a credential of the type ClinicianCredential or ResearcherCredential, and of one of them".to_owned()
        );
    };
    if !allowed.is_empty() && !allowed.contains(&kind) {
        return Err("a credential of a kind that its issuer may give".to_owned());
    }
    Ok(kind)
}

/// A credential to be issued.
#[derive(Debug)]
pub(crate) struct Issue<'a> {
    /// What the person is.
    pub(crate) kind: CredentialKind,
    /// The issuer of the person's tokens.
    pub(crate) holder_issuer: &'a str,
    /// That issuer's name for the person.
    pub(crate) holder: &'a str,
    /// From when it holds.
    pub(crate) from: Timestamp,
    /// For how long.
    pub(crate) days: u32,
}

/// A credential, signed by a member with its registered certificate's key.
pub(crate) fn issue(signer: &Signer, wanted: &Issue<'_>) -> anyhow::Result<String> {
    let kind = match wanted.kind {
        CredentialKind::Clinician => "ClinicianCredential",
        CredentialKind::Researcher => "ResearcherCredential",
    };
    let until = Timestamp(wanted.from.0.saturating_add(i64::from(wanted.days) * 86_400_000));
    let header = serde_json::json!({ "alg": "ES256", "typ": "vc+jwt", "kid": signer.fingerprint() });
    let credential = serde_json::json!({
        "@context": [CONTEXT],
        "id": format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "type": ["VerifiableCredential", kind],
        "issuer": format!("{MEMBER}{}", signer.certificate().party),
        "validFrom": date_time(wanted.from).format(&Rfc3339)?,
        "validUntil": date_time(until).format(&Rfc3339)?,
        "credentialSubject": { "id": holder(wanted.holder_issuer, wanted.holder) },
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(&header), part(&credential));
    let signature = signer.sign_bytes(input.as_bytes())?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.0)))
}
