//! Tokens whose signature was found to hold: a client sends the same token with every request, and its signature is the
//! dearest part of a verification at the counter.
//!
//! What is kept counts only as long as the issuer still has the very key that it was checked with and the token has not
//! expired, so a key that is withdrawn ends a known token as it ends an unknown one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::DecodingKey;

use super::Caller;

/// Tokens kept; past this the list starts anew, so that it cannot grow without end.
const TOKENS_MAX: usize = 10_000;

/// SHA-256 of a token: the tokens themselves are not kept.
pub(super) type Name = [u8; 32];

pub(super) fn name(token: &str) -> Name {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// What a genuine token says.
#[derive(Clone)]
pub(super) struct Genuine {
    pub(super) caller: Caller,
    pub(super) issuer: String,
    pub(super) kid: Option<String>,
    /// The key that its signature was checked with.
    pub(super) key: Arc<DecodingKey>,
    /// Seconds since 1970 from which on it is judged anew.
    pub(super) until: u64,
}

impl Genuine {
    /// Whether it still is, with the key that its issuer has now.
    pub(super) fn still(&self, key: &Arc<DecodingKey>, now: u64) -> bool {
        now < self.until && Arc::ptr_eq(&self.key, key)
    }
}

/// The genuine tokens of late.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<Name, Arc<Genuine>>>);

impl Known {
    pub(super) fn get(&self, name: &Name) -> Option<Arc<Genuine>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn keep(&self, name: Name, genuine: Genuine) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= TOKENS_MAX {
            known.clear();
        }
        known.insert(name, Arc::new(genuine));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Role, Scopes};

    #[test]
    fn a_known_token_ends_with_its_time_and_with_its_key() {
        let key = Arc::new(DecodingKey::from_secret(b"one"));
        let caller = Caller {
            issuer: "i".into(),
            subject: "anna".into(),
            party: None,
            role: Role::Operator,
            site: None,
            patient: None,
            scopes: Scopes::default(),
        };
        let genuine = Genuine { caller, issuer: "i".into(), kid: None, key: Arc::clone(&key), until: 100 };
        assert!(genuine.still(&key, 99));
        assert!(!genuine.still(&key, 100), "it has expired");
        assert!(!genuine.still(&Arc::new(DecodingKey::from_secret(b"one")), 99), "the key was fetched anew");
        let known = Known::default();
        for number in 0..=TOKENS_MAX {
            known.keep(name(&number.to_string()), genuine.clone());
        }
        assert!(known.get(&name("0")).is_none() && known.get(&name(&TOKENS_MAX.to_string())).is_some());
    }
}
