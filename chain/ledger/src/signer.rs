//! Signing a transaction, and judging a signature.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use veridose_contract::{
    Body, Certificate, Command, Fingerprint, Header, IdempotencyKey, NetworkId, Signature, Timestamp, Transaction,
};

use crate::pki::{self, PkiError};

/// Order of P-256, big-endian (SEC 2, section 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order halved: the greatest `s` of a low-s signature.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56,
    0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// A private key that signs transactions, with the certificate that says whose it is.
pub struct Signer {
    key: EcdsaKeyPair,
    certificate: Certificate,
}

impl Signer {
    /// From a PKCS#8 key and the certificate over it.
    pub fn new(pkcs8: &[u8], certificate: Certificate) -> Result<Self, PkiError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|error| PkiError::Key(error.to_string()))?;
        let (_, certified) = pki::subject_and_key(&certificate.der)?;
        if key.public_key().as_ref() != certified {
            return Err(PkiError::Key("the certificate is for another key".to_owned()));
        }
        Ok(Self { key, certificate })
    }

    /// The certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Fingerprint of the certificate: the creator of what this signs.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.certificate.fingerprint
    }

    /// Signs a header.
    pub fn sign(&self, header: &Header) -> Result<Signature, PkiError> {
        self.sign_bytes(&header.signing_bytes())
    }

    /// Signs bytes that begin with a domain label of their own, which keeps them apart from every header.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Result<Signature, PkiError> {
        let signature =
            self.key.sign(&SystemRandom::new(), bytes).map_err(|_| PkiError::Key("signing failed".to_owned()))?;
        let bytes: [u8; 64] =
            signature.as_ref().try_into().map_err(|_| PkiError::Key("the signature is not of 64 bytes".to_owned()))?;
        Ok(Signature(low_s(bytes)))
    }
}

/// A transaction that is still to be signed: what an organisation that keeps its key to itself is sent.
pub fn unsigned(
    network: NetworkId,
    creator: Fingerprint,
    idempotency_key: IdempotencyKey,
    time: Timestamp,
    commands: Vec<Command>,
) -> (Header, Body) {
    let body = Body { commands };
    let body_root = body.root();
    (Header { version: Header::VERSION, network, idempotency_key, time, creator, body_root }, body)
}

/// Builds and signs a transaction.
pub fn prepare(
    signer: &Signer,
    network: NetworkId,
    idempotency_key: IdempotencyKey,
    time: Timestamp,
    commands: Vec<Command>,
) -> Result<Transaction, PkiError> {
    let (header, body) = unsigned(network, signer.fingerprint(), idempotency_key, time, commands);
    let signature = signer.sign(&header)?;
    Ok(Transaction { header, signature, body })
}

/// Whether the signature is the key's over the header, in its one canonical form.
pub fn signature_holds(public_key: &[u8; 65], header: &Header, signature: &Signature) -> bool {
    signature_holds_over(public_key, &header.signing_bytes(), signature)
}

/// Whether the signature is the key's over these bytes, in its one canonical form.
pub fn signature_holds_over(public_key: &[u8; 65], bytes: &[u8], signature: &Signature) -> bool {
    let s: &[u8] = &signature.0[32..];
    s <= &HALF_ORDER[..]
        && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key).verify(bytes, &signature.0).is_ok()
}

/// The form of a signature whose `s` lies in the lower half; the other, `n - s`, is refused, so that nobody can make a
/// second signature out of a first.
pub(crate) fn low_s(mut signature: [u8; 64]) -> [u8; 64] {
    let s = signature.last_chunk_mut::<32>().expect("64 bytes have a second half");
    if *s > HALF_ORDER {
        negate(s);
    }
    signature
}

/// Whether the `s` of a DER signature lies in the lower half; the signature itself is judged elsewhere.
pub(crate) fn is_low_s(der: &[u8]) -> bool {
    // SEQUENCE { INTEGER r, INTEGER s }: the last up to 32 bytes after s's own length.
    let r_length = der.get(3).copied().map_or(0, usize::from);
    let s = der.get(6 + r_length..).unwrap_or_default();
    let s = s.strip_prefix(&[0]).unwrap_or(s);
    let Some(zeros) = 32usize.checked_sub(s.len()) else { return false };
    let mut padded = [0; 32];
    padded[zeros..].copy_from_slice(s);
    padded <= HALF_ORDER
}

/// The order less `s`: the other `s` under which the same signature would hold.
pub(crate) fn negate(s: &mut [u8; 32]) {
    let mut borrow = false;
    for (digit, order) in s.iter_mut().zip(ORDER).rev() {
        let (difference, first) = order.overflowing_sub(*digit);
        let (difference, second) = difference.overflowing_sub(u8::from(borrow));
        *digit = difference;
        borrow = first || second;
    }
}
