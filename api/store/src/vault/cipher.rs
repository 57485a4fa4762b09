//! The vault's cryptography: AES-256-GCM with random nonces, HKDF-SHA-256, salted commitments, compression.

use std::io::{Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use veridose_contract::Commitment;
use zeroize::Zeroizing;

use crate::limits::DOCUMENT_BYTES_MAX;

/// A key of 32 bytes, wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

const NONCE_BYTES: usize = 12;
const SALT_BYTES: usize = 32;

/// A new random key.
pub(crate) fn random_key() -> Key {
    let mut key = Zeroizing::new([0; 32]);
    fill(key.as_mut());
    key
}

/// A random name of 16 bytes.
pub(crate) fn random_id() -> [u8; 16] {
    let mut id = [0; 16];
    fill(&mut id);
    id
}

#[expect(clippy::disallowed_methods, reason = "keys that anybody could choose would be no keys")]
fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system's random source answers");
}

/// A key (or pseudonym) for one purpose out of another key.
pub(crate) fn derive(key: &Key, purpose: &str, name: &[u8]) -> Key {
    let prk = Salt::new(HKDF_SHA256, b"veridose vault 1").extract(key.as_ref());
    let info = [purpose.as_bytes(), &[0], name];
    let mut derived = Zeroizing::new([0; 32]);
    prk.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(derived.as_mut())).expect("HKDF-SHA-256 gives 32 bytes");
    derived
}

/// Encrypts: nonce ‖ ciphertext ‖ tag.
pub(crate) fn encrypt(key: &Key, aad: &[u8], mut plain: Vec<u8>) -> Vec<u8> {
    let nonce = cipher(key)
        .seal_in_place_append_tag(Aad::from(aad), &mut plain)
        .expect("AES-GCM takes any plaintext under 64 GiB");
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut plain);
    sealed
}

/// Decrypts; `None` if one bit of key, context or ciphertext is another one.
pub(crate) fn decrypt(key: &Key, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let size = cipher(key).open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
    plain.truncate(size);
    Some(plain)
}

fn cipher(key: &Key) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).expect("AES-256 takes 32 bytes")
}

/// Wraps key material for one purpose and name. The wrapping key is derived from both, so that no number of wraps comes near
/// the limit that random nonces set to one AES-GCM key.
pub(crate) fn wrap(key: &Key, purpose: &str, name: &[u8], material: &[u8]) -> Vec<u8> {
    encrypt(&derive(key, purpose, name), purpose.as_bytes(), material.to_vec())
}

/// The material in a wrap.
pub(crate) fn unwrap(key: &Key, purpose: &str, name: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decrypt(&derive(key, purpose, name), purpose.as_bytes(), wrapped)
}

/// Material as a key.
pub(crate) fn key(material: &[u8]) -> Option<Key> {
    material.try_into().ok().map(Zeroizing::new)
}

/// A document's commitment and its sealed form: the salt and the deflated bytes, bound to commitment and group.
pub(crate) fn seal_document(key: &Key, group: &[u8; 16], document: &[u8]) -> (Commitment, Vec<u8>) {
    let salt = random_key();
    let commitment = commit(salt.as_ref(), document);
    let plain = deflate(salt.to_vec(), document);
    (commitment, encrypt(key, &aad(&commitment, group), plain))
}

/// The salt and the document, `None` if anything of it was altered.
pub(crate) fn open_document(
    key: &Key,
    group: &[u8; 16],
    commitment: &Commitment,
    sealed: &[u8],
) -> Option<([u8; SALT_BYTES], Vec<u8>)> {
    let plain = decrypt(key, &aad(commitment, group), sealed)?;
    let (salt, deflated) = plain.split_at_checked(SALT_BYTES)?;
    let document = inflate(deflated, DOCUMENT_BYTES_MAX)?;
    let opened = (salt.try_into().ok()?, document);
    (commit(salt, &opened.1) == *commitment).then_some(opened)
}

/// The deflated bytes after what `to` holds.
pub(crate) fn deflate(to: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(to, Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// The bytes, if they are not more than the limit.
pub(crate) fn inflate(deflated: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
    DeflateDecoder::new(deflated).take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= limit).then_some(bytes)
}

fn commit(salt: &[u8], document: &[u8]) -> Commitment {
    Commitment(Sha256::new().chain_update(salt).chain_update(document).finalize().into())
}

fn aad(commitment: &Commitment, group: &[u8; 16]) -> Vec<u8> {
    [b"veridose document 1".as_slice(), commitment.as_bytes(), group].concat()
}
