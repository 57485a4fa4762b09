//! The embedded issuer: an Ed25519 key among the node's sealed keys, for the demo, for development and for small installations.
//!
//! It hands out no token over HTTP: whoever can run `veridose token` can unlock the key anyway.

use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use veridose_contract::{PartyId, Site};
use zeroize::Zeroizing;

use super::Role;
use super::keyset::KeySet;
use crate::config::Config;
use crate::node::KeyStore;

/// The embedded issuer.
pub struct Embedded {
    pub(crate) issuer: String,
    pub(super) audience: String,
    pub(super) keys: KeySet,
    jwk: Jwk,
    signer: EncodingKey,
}

/// What a token shall say.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who.
    pub subject: String,
    /// For which organisation.
    pub party: Option<PartyId>,
    /// In which capacity.
    pub role: Role,
    /// From which place.
    pub site: Option<Site>,
    /// The patient's pseudonym.
    pub patient: Option<String>,
    /// What it reaches of patients' data, as in SMART App Launch; all that the role may read where nothing is said.
    pub scope: Option<String>,
    /// For how long.
    pub lifetime: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<&'a PartyId>,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Site>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<&'a str>,
    scope: &'a str,
}

impl Embedded {
    /// Unlocks the key of the configuration's issuer, or makes one: a lost one costs no more than the tokens that it signed.
    pub fn open(keys: &KeyStore, config: &Config) -> anyhow::Result<Self> {
        let key = keys.sealed("issuer", generate)?;
        let signer = EncodingKey::from_ed_der(&key);
        let mut jwk = Jwk::from_encoding_key(&signer, Algorithm::EdDSA)
            .context("the key of the embedded issuer is not an Ed25519 key")?;
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let keys = KeySet::from_jwks(&[serde_json::to_value(&jwk)?]);
        let (issuer, audience) = (config.issuer().to_owned(), config.auth.audience.clone());
        Ok(Self { issuer, audience, keys, jwk, signer })
    }

    /// A signed token.
    pub fn mint(&self, grant: &Grant) -> anyhow::Result<String> {
        // Tokens live by the machine's clock, the one that checks them too, however the node's own clock is shifted.
        let now = jsonwebtoken::get_current_timestamp();
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &grant.subject,
            iat: now,
            nbf: now,
            exp: now.saturating_add(grant.lifetime.as_secs()),
            jti: uuid::Uuid::new_v4().to_string(),
            party: grant.party.as_ref(),
            role: grant.role,
            site: grant.site,
            patient: grant.patient.as_deref(),
            scope: grant.scope.as_deref().unwrap_or_else(|| scope_of(grant.role)),
        };
        let header = Header { kid: self.jwk.common.key_id.clone(), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.signer)?)
    }

    /// The public key set.
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [self.jwk] })
    }

    /// The discovery document (`OpenID` Connect Discovery 1.0).
    pub fn discovery(&self) -> serde_json::Value {
        serde_json::json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{}/.well-known/jwks.json", self.issuer.trim_end_matches('/')),
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        })
    }
}

/// What a role reads and writes of patients' data, as far as consents and the rules allow it.
const fn scope_of(role: Role) -> &'static str {
    match role {
        Role::Patient => "patient/*.cruds",
        Role::Manufacturer | Role::Distributor | Role::Pharmacy | Role::Regulator | Role::Payer => "user/*.cruds",
        Role::Operator => "",
    }
}

fn generate() -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let pair = Ed25519KeyPair::generate().map_err(|_| anyhow::anyhow!("failed to make an Ed25519 key"))?;
    let key = pair.to_pkcs8v1().map_err(|_| anyhow::anyhow!("failed to encode the Ed25519 key"))?;
    Ok(Zeroizing::new(key.as_ref().to_vec()))
}
