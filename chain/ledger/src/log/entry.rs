//! The bytes of a log entry.
//!
//! ```text
//! header     canonical encoding of the header (105 bytes in version 1)
//! signature  64 bytes
//! place      1 byte: 0 the body lies beside, under its root; 1 it follows
//! body       canonical encoding, if place is 1
//! ```

use veridose_contract::{Body, Header, Signature, Transaction};

/// A body up to this size goes into the entry; a larger one lies beside it. An entry can hold 65,535 bytes, but a receipt
/// carries the whole entry, and should stay small.
pub const INLINE_MAX: usize = 8_192;

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// What was signed.
    pub header: Header,
    /// By whom the header names.
    pub signature: Signature,
    /// The body, if it is small.
    pub body: Option<Body>,
}

impl LoggedEntry {
    /// Reads an entry; every byte must be accounted for.
    pub fn decode(mut bytes: &[u8]) -> std::io::Result<Self> {
        use borsh::BorshDeserialize as _;
        let header = Header::deserialize(&mut bytes)?;
        let signature = Signature::deserialize(&mut bytes)?;
        let body = Option::<Body>::deserialize(&mut bytes)?;
        if !bytes.is_empty() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "bytes follow the entry"));
        }
        Ok(Self { header, signature, body })
    }
}

/// A transaction's entry, and the body's bytes if they must lie beside it.
pub fn encode(transaction: &Transaction) -> (Vec<u8>, Option<Vec<u8>>) {
    let body = borsh::to_vec(&transaction.body).expect("writing to a Vec does not fail");
    let mut entry =
        borsh::to_vec(&(&transaction.header, &transaction.signature)).expect("writing to a Vec does not fail");
    if body.len() <= INLINE_MAX {
        entry.push(1);
        entry.extend(body);
        (entry, None)
    } else {
        entry.push(0);
        (entry, Some(body))
    }
}
