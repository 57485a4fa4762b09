//! A frozen model as a file: what it is, from what it was made, and itself.
//!
//! Layout, numbers with the least byte first: eight bytes `VDSMODEL`, the format's version (u16), the length (u32) and the bytes of the
//! [`Card`], the length (u64) and the bytes of the body, both in borsh, which writes equal values as equal bytes; then SHA-256 of
//! everything before. Nothing in it says when or where it was made: the same data, parameters and seed give the same bytes on the same kind of
//! processor. The hash of the whole file is the model's name.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::drift::Spread;

/// What a model file begins with.
const MAGIC: &[u8; 8] = b"VDSMODEL";
/// The version of the format that is read and written.
const VERSION: u16 = 2;
/// The largest file that is read.
pub const MODEL_BYTES_MAX: usize = 1 << 30;

const HASH_BYTES: usize = 32;

/// What can be frozen.
pub trait Body: BorshSerialize + BorshDeserialize {
    /// What kind of model it is, told in the card.
    const KIND: &'static str;

    /// That the parts fit together, which a file may only claim.
    fn check(&self) -> Result<(), String>;
}

/// From what a model was made, and how good it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Card {
    /// What kind of model it is; set when it is written.
    pub kind: String,
    /// The commit of the code that made it.
    pub code: String,
    /// SHA-256 of the lock file of that code, in hexadecimal.
    pub lock: String,
    /// The root of the data that it learnt from, in hexadecimal.
    pub snapshot: String,
    /// What chance was drawn from.
    pub seed: u64,
    /// What was set, by name.
    pub parameters: BTreeMap<String, String>,
    /// The columns that it takes, in order.
    pub features: Vec<String>,
    /// How good it was, by metric and slice.
    pub metrics: BTreeMap<String, f64>,
    /// How each column was spread.
    pub profile: BTreeMap<String, Spread>,
    /// The name of the model that it replaces, in hexadecimal.
    pub parent: Option<String>,
}

/// Why a model file is not read or written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    /// It is something else.
    #[error("not a model file: it does not begin with VDSMODEL")]
    Other,
    /// It was written by another version.
    #[error(
        "the model file has format {found}, this program reads {expected}: make the model again, or take the program that wrote it"
    )]
    Version {
        /// The file's.
        found: u16,
        /// The program's.
        expected: u16,
    },
    /// It ends too early, or goes on after its end.
    #[error("the model file has {found} bytes, expected {expected}: fetch it again")]
    Length {
        /// As it is.
        found: usize,
        /// As it says itself.
        expected: usize,
    },
    /// Its bytes are not those that were written.
    #[error("the model file is damaged: its SHA-256 is not the one at its end; fetch it again")]
    Damaged,
    /// Its bytes are as written, but make no model.
    #[error("the model file makes no sense: {0}")]
    Senseless(String),
    /// It is a model of another kind.
    #[error("the model is a `{found}`, expected a `{expected}`")]
    Kind {
        /// The file's.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// It is larger than a model may be.
    #[error("the model file has {found} bytes, at most {MODEL_BYTES_MAX}")]
    Limit {
        /// As it is.
        found: usize,
    },
}

/// The bytes of a model.
pub fn write<B: Body>(card: &Card, body: &B) -> Result<Vec<u8>, ModelError> {
    body.check().map_err(ModelError::Senseless)?;
    let senseless = |error: std::io::Error| ModelError::Senseless(error.to_string());
    let card = borsh::to_vec(&Card { kind: B::KIND.to_owned(), ..card.clone() }).map_err(senseless)?;
    let body = borsh::to_vec(body).map_err(senseless)?;
    let card_bytes = u32::try_from(card.len()).map_err(|_| ModelError::Limit { found: card.len() })?;
    let mut bytes = Vec::with_capacity(card.len() + body.len() + 64);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&card_bytes.to_le_bytes());
    bytes.extend_from_slice(&card);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&body);
    let hash = Sha256::digest(&bytes);
    bytes.extend_from_slice(&hash);
    if bytes.len() > MODEL_BYTES_MAX {
        return Err(ModelError::Limit { found: bytes.len() });
    }
    Ok(bytes)
}

/// The card and the model that the bytes hold.
pub fn read<B: Body>(bytes: &[u8]) -> Result<(Card, B), ModelError> {
    let (card, body) = parts(bytes)?;
    if card.kind != B::KIND {
        return Err(ModelError::Kind { found: card.kind, expected: B::KIND });
    }
    let body: B = borsh::from_slice(body).map_err(|error| ModelError::Senseless(error.to_string()))?;
    body.check().map_err(ModelError::Senseless)?;
    Ok((card, body))
}

/// The card alone, of a model of any kind.
pub fn card(bytes: &[u8]) -> Result<Card, ModelError> {
    Ok(parts(bytes)?.0)
}

/// The name of a model: the SHA-256 of its file.
pub fn hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::digest(bytes).into()
}

/// The card, and the bytes of the body.
fn parts(bytes: &[u8]) -> Result<(Card, &[u8]), ModelError> {
    if bytes.len() > MODEL_BYTES_MAX {
        return Err(ModelError::Limit { found: bytes.len() });
    }
    let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Other)?;
    let mut rest = Rest { bytes: rest, found: bytes.len() };
    let version = u16::from_le_bytes(rest.array()?);
    if version != VERSION {
        return Err(ModelError::Version { found: version, expected: VERSION });
    }
    let card_bytes = u32::from_le_bytes(rest.array()?);
    let card = rest.take(card_bytes as usize)?;
    let body_bytes = u64::from_le_bytes(rest.array()?);
    let body = rest.take(usize::try_from(body_bytes).unwrap_or(usize::MAX))?;
    let sum: [u8; HASH_BYTES] = rest.array()?;
    if !rest.bytes.is_empty() {
        return Err(ModelError::Length { found: bytes.len(), expected: bytes.len() - rest.bytes.len() });
    }
    if hash(&bytes[..bytes.len() - HASH_BYTES]) != sum {
        return Err(ModelError::Damaged);
    }
    let card = borsh::from_slice(card).map_err(|error| ModelError::Senseless(error.to_string()))?;
    Ok((card, body))
}

/// What of a file is not yet read.
struct Rest<'a> {
    bytes: &'a [u8],
    /// Of the whole file.
    found: usize,
}

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let read = self.found - self.bytes.len();
        let short = ModelError::Length { found: self.found, expected: read.saturating_add(count) };
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        Ok(self.take(N)?.try_into().expect("as many as were taken"))
    }
}

#[cfg(test)]
mod tests;
