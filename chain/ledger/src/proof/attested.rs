//! What organisations of a channel signed of a transaction: each ran the chaincode's `attest` on its own peer's state, in
//! which only what is valid stands, and signed the answer. Checked against the certificates of the organisations'
//! authorities, with no peer at hand.
//!
//! The dates of the peers' certificates are not judged: what is signed has none, and the header's time is the creator's.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use borsh::BorshDeserialize as _;
use serde::{Deserialize, Serialize};

use super::{Base64, Receipt, Verified, VerifyError};
use crate::pki::{self, AuthorityCertificate};
use crate::wire::Attestation;

/// The part of a receipt that a channel's organisations sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestations {
    /// The channel.
    pub channel: String,
    /// The chaincode that runs the contract.
    pub chaincode: String,
    /// The block in which the transaction stands.
    pub block: u64,
    /// The channel's name for the transaction that brought it, maybe with others.
    pub tx_id: String,
    /// What the peers found when they validated that.
    pub validation_code: String,
    /// Answers of the organisations' peers.
    pub endorsements: Vec<Endorsement>,
}

/// An answer that a peer signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// Fabric's `ProposalResponsePayload`.
    pub payload: Base64,
    /// Fabric's `SerializedIdentity`: the organisation and the peer's certificate.
    pub endorser: Base64,
    /// ECDSA over SHA-256 of both, one after the other.
    pub signature: Base64,
}

/// An organisation as its MSP names it, with the certificate of its authority.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Its MSP identifier.
    pub msp_id: String,
    /// Certificate (DER) of the authority that its peers' certificates come from.
    pub authority: Vec<u8>,
}

/// Checks what organisations signed of a receipt that was verified; those whose peers vouch for it, each once.
pub fn verify_attestations(
    receipt: &Receipt,
    verified: &Verified,
    organisations: &[Organisation],
) -> Result<Vec<String>, VerifyError> {
    let failed = |problem: &str| VerifyError::Attestation(problem.to_owned());
    let Some(attestations) = &receipt.attestations else { return Err(failed("the receipt has none")) };
    let mut vouching = Vec::new();
    for endorsement in &attestations.endorsements {
        let msp_id = check(endorsement, organisations).map_err(|problem| failed(&problem))?;
        let stated = stated(&endorsement.payload.0, &attestations.chaincode)
            .ok_or_else(|| failed("what a peer signed is no answer of the chaincode"))?;
        let is_it = |stated: &Attestation| {
            let header = &verified.header;
            (stated.network, stated.tx, stated.body_root) == (header.network, verified.id, header.body_root)
        };
        if !stated.iter().any(is_it) {
            return Err(failed(&format!("a peer of {msp_id} signed for another transaction")));
        }
        if !vouching.contains(&msp_id) {
            vouching.push(msp_id);
        }
    }
    Ok(vouching)
}

/// The organisation of the peer, if it is one of these and the signature is the peer's.
fn check(endorsement: &Endorsement, organisations: &[Organisation]) -> Result<String, String> {
    let endorser = &endorsement.endorser.0;
    let identity = (bytes(endorser, 1), bytes(endorser, 2));
    let (Some(msp_id), Some(pem)) = identity else { return Err("an endorser's identity is malformed".to_owned()) };
    let msp_id = String::from_utf8(msp_id.to_vec()).map_err(|error| error.to_string())?;
    let organisation = organisations.iter().find(|organisation| organisation.msp_id == msp_id);
    let organisation = organisation.ok_or_else(|| format!("no certificate of the authority of {msp_id} was given"))?;
    let of = |error: pki::PkiError| format!("the peer of {msp_id}: {error}");
    let authority = AuthorityCertificate::parse(&organisation.authority).map_err(of)?;
    let pem = std::str::from_utf8(pem).map_err(|error| error.to_string())?;
    let key = pki::key_issued_by(&pki::parse_pem(pem).map_err(of)?, &authority).map_err(of)?;
    let signed = [endorsement.payload.0.as_slice(), endorser].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(&signed, &endorsement.signature.0)
        .map_err(|_| format!("the signature of the peer of {msp_id} does not hold"))?;
    Ok(msp_id)
}

/// What the chaincode answered: extension (2) of the payload, there the response (3) with status (1) and payload (3), and
/// the chaincode (4) with its name (2).
fn stated(payload: &[u8], chaincode: &str) -> Option<Vec<Attestation>> {
    let action = bytes(payload, 2)?;
    let response = bytes(action, 3)?;
    let name = bytes(bytes(action, 4)?, 2)?;
    let is_good = matches!(field(response, 1), Some(Field::Number(200))) && name == chaincode.as_bytes();
    is_good.then(|| Vec::<Attestation>::try_from_slice(bytes(response, 3)?).ok()).flatten()
}

/// A field of a protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn bytes(message: &[u8], number: u64) -> Option<&[u8]> {
    match field(message, number)? {
        Field::Bytes(bytes) => Some(bytes),
        Field::Number(_) => None,
    }
}

/// The last value of a field, as protobuf has it; nothing if it is not there or the message is malformed.
fn field(mut message: &[u8], number: u64) -> Option<Field<'_>> {
    let mut found = None;
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        let (value, rest) = match tag & 7 {
            0 => varint(rest).map(|(value, rest)| (Field::Number(value), rest))?,
            1 => rest.split_at_checked(8).map(|(value, rest)| (Field::Bytes(value), rest))?,
            2 => {
                let (length, rest) = varint(rest)?;
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Field::Bytes(value), rest)
            }
            5 => rest.split_at_checked(4).map(|(value, rest)| (Field::Bytes(value), rest))?,
            _ => return None,
        };
        if tag >> 3 == number {
            found = Some(value);
        }
        message = rest;
    }
    found
}

fn varint(message: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (place, byte) in message.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(place * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, &message[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests;
