//! An issuer's public keys, each pinned to the one algorithm that it may verify.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// Smallest RSA modulus that is accepted, in bytes.
const RSA_BYTES_MIN: usize = 256;
/// Keys that are kept of one issuer.
const KEYS_MAX: usize = 64;

/// A public key and its algorithm.
#[derive(Clone)]
pub(crate) struct PinnedKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Arc<DecodingKey>,
}

/// The keys of one issuer by their `kid`; a key without one is found only when it is alone.
#[derive(Clone, Default)]
pub(crate) struct KeySet(HashMap<Option<String>, PinnedKey>);

impl KeySet {
    /// Takes from a JWK set what can verify tokens here; keys of other kinds are left out, as RFC 7517 section 5 says.
    pub(crate) fn from_jwks(keys: &[serde_json::Value]) -> Self {
        let usable = keys.iter().take(KEYS_MAX).filter_map(|value| {
            let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
            Some((jwk.common.key_id.clone(), pin(&jwk)?))
        });
        Self(usable.collect())
    }

    /// The key a token names; a token without `kid` gets the only key of the set.
    pub(crate) fn find(&self, kid: Option<&str>) -> Option<&PinnedKey> {
        match kid {
            Some(kid) => self.0.get(&Some(kid.to_owned())),
            None if self.0.len() == 1 => self.0.values().next(),
            None => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The algorithm is decided by the kind of key; an `alg` in the key that says otherwise, or another use, drops the key.
fn pin(jwk: &Jwk) -> Option<PinnedKey> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            // Base64 holds six bits a character.
            (rsa.n.len() * 6 / 8 >= RSA_BYTES_MIN).then_some(Algorithm::RS256)?
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        // The enum is another crate's and open: symmetric keys and other curves verify nothing here.
        _ => return None,
    };
    let declared = jwk.common.key_algorithm.is_none_or(|declared| declared == KeyAlgorithm::from(algorithm));
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    (declared && signs)
        .then(|| DecodingKey::from_jwk(jwk).ok())
        .flatten()
        .map(|key| PinnedKey { algorithm, key: Arc::new(key) })
}
