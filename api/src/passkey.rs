//! Passkeys: patients sign their consents with keys of their own (W3C Web Authentication Level 3; ES256, the user verified).
//!
//! The challenge is the hash of a statement of what is signed, so the assertion is a signature over that consent, in that version,
//! and over nothing else. It lies in the version's document, under the patient's key, and the ledger commits to it.

pub mod answer;
pub mod proof;
pub(crate) mod statement;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use reqwest::Url;
use serde_json::{Value, json};
use veridose_store::KeptPasskey;

use crate::config::Config;

/// How long an authenticator is waited for (Level 3, section 15.1, recommends five to ten minutes where the user is verified).
pub(crate) const CEREMONY_MS: i64 = 600_000;
/// COSE's name of ECDSA on P-256 with SHA-256.
pub(crate) const ES256: i64 = -7;
/// The relying party that any port of this machine is.
const LOCALHOST: &str = "localhost";

/// For whom passkeys sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// A domain: keys of one are of no use to another.
    pub id: String,
    origins: Vec<String>,
}

impl RelyingParty {
    /// As configured; otherwise the host of the node's public URL, otherwise `localhost`.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let public = config.public_url.as_deref().map(parse).transpose()?;
        let given = &config.patients.passkeys;
        let host = public.as_ref().and_then(Url::host_str).unwrap_or(LOCALHOST);
        let id = given.rp_id.clone().unwrap_or_else(|| host.to_owned());
        let origins: Vec<Url> = match given.origins.as_slice() {
            [] => public.into_iter().collect(),
            origins => origins.iter().map(|origin| parse(origin)).collect::<anyhow::Result<_>>()?,
        };
        for origin in &origins {
            anyhow::ensure!(
                is_within(origin, &id),
                "patients.passkeys: {origin} is no https origin of the domain {id}: set rp_id and origins to those of the \
                 pages on which patients sign"
            );
        }
        let origins = origins.iter().map(|origin| origin.origin().ascii_serialization()).collect();
        Ok(Self { id, origins })
    }

    /// Whether patients sign on pages of this origin. Of `localhost` every port is the same machine.
    pub fn accepts(&self, origin: &str) -> bool {
        let local = self.id == LOCALHOST && Url::parse(origin).is_ok_and(|origin| is_within(&origin, LOCALHOST));
        local || self.origins.iter().any(|known| known == origin)
    }

    /// `PublicKeyCredentialCreationOptionsJSON` for a patient who has these passkeys; `user` tells nothing but the patients of this
    /// node from each other.
    pub(crate) fn creation(&self, challenge: &[u8], user: &[u8; 32], known: &[KeptPasskey]) -> Value {
        json!({
            "rp": { "id": self.id, "name": "Veridose" },
            "user": { "id": text(user), "name": "patient", "displayName": "patient" },
            "challenge": text(challenge),
            "pubKeyCredParams": [{ "type": "public-key", "alg": ES256 }],
            "timeout": CEREMONY_MS,
            "excludeCredentials": descriptors(known),
            "authenticatorSelection": { "residentKey": "preferred", "userVerification": "required" },
            "attestation": "none",
        })
    }

    /// `PublicKeyCredentialRequestOptionsJSON`.
    pub(crate) fn request(&self, challenge: &[u8], known: &[KeptPasskey]) -> Value {
        json!({
            "rpId": self.id,
            "challenge": text(challenge),
            "timeout": CEREMONY_MS,
            "allowCredentials": descriptors(known),
            "userVerification": "required",
        })
    }
}

fn descriptors(known: &[KeptPasskey]) -> Value {
    let descriptor = |kept: &KeptPasskey| json!({ "type": "public-key", "id": text(&kept.passkey.credential), "transports": kept.passkey.transports });
    known.iter().map(descriptor).collect()
}

fn parse(url: &str) -> anyhow::Result<Url> {
    Url::parse(url).with_context(|| format!("{url} is no URL"))
}

/// Whether the origin is of the domain, over TLS or on this machine.
pub(crate) fn is_within(origin: &Url, domain: &str) -> bool {
    let host = origin.host_str().unwrap_or_default();
    let inside = host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    inside && (origin.scheme() == "https" || (origin.scheme() == "http" && host == LOCALHOST))
}

/// Bytes as WebAuthn's JSON has them: base64url without padding.
pub(crate) fn text(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

/// The bytes of such a text.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}
