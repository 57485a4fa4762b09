//! Names of 16 bytes that say again what they were made from: the first half of a SHA-256.

/// The first half of a SHA-256.
pub(crate) fn first_half(hash: impl Into<[u8; 32]>) -> [u8; 16] {
    let hash: [u8; 32] = hash.into();
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    name
}
