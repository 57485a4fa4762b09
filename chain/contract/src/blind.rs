//! How a name of the trade becomes a key of the ledger without being told to outsiders.
//!
//! `t = HMAC-SHA-256(network key, name)`, `key = SHA-256(name ‖ t)`. The name is the bracketed GS1 element string, for
//! instance `(01)09506000134352(21)ABC`. A receipt discloses `t`; whoever has the pack and the receipt can check the key
//! with `sha256sum`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::id::{ContentKey, ItemKey, LotKey, ProductKey};

/// The secret that the members of a network share; it has epochs, and a new epoch blinds only new items.
#[derive(Clone)]
pub struct NetworkKey(Hmac<Sha256>);

impl NetworkKey {
    /// From its 32 bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length"))
    }

    /// The blinding value of a name.
    pub fn blind(&self, name: &str) -> [u8; 32] {
        self.0.clone().chain_update(name.as_bytes()).finalize().into_bytes().into()
    }

    /// Key of a pack or container, from its canonical name.
    pub fn item(&self, name: &str) -> ItemKey {
        ItemKey(key(name, &self.blind(name)))
    }

    /// Key of a product, from `(01)GTIN`.
    pub fn product(&self, name: &str) -> ProductKey {
        ProductKey(key(name, &self.blind(name)))
    }

    /// Key of a lot, from `(01)GTIN(10)LOT`.
    pub fn lot(&self, name: &str) -> LotKey {
        LotKey(key(name, &self.blind(name)))
    }

    /// Key of a file, from its SHA-256 in lower-case hexadecimal.
    pub fn content(&self, name: &str) -> ContentKey {
        ContentKey(key(name, &self.blind(name)))
    }
}

/// SHA-256(name ‖ t).
pub fn key(name: &str, t: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(name.as_bytes()).chain_update(t).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_public_tools_compute() {
        let network: Vec<u8> = (0..32).collect();
        let network = NetworkKey::new(network.as_slice().try_into().expect("32 bytes"));
        let name = "(01)09506000134352(21)ABC";
        assert_eq!(
            hex::encode(network.blind(name)),
            "f3d0a0ef9eb234f3f87ba7755e5557e790b33323b5567a4ed515741cad7038a2"
        );
        assert_eq!(network.item(name).to_string(), "7f53a5e4711a30fa35af73f39b5b2bd6ce77f90c351fcc78cd9cd5153b5cf46c");
    }
}
