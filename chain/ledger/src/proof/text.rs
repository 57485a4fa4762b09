//! The text forms that a receipt is made of: base64 values and the C2SP tlog-proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::VerifyError;
use crate::log::Hash;

/// Bytes that are base64 in text; there is one text for each value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64(pub Vec<u8>);

impl From<Base64> for String {
    fn from(bytes: Base64) -> Self {
        STANDARD.encode(bytes.0)
    }
}

impl TryFrom<String> for Base64 {
    type Error = base64::DecodeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<Hash> for Base64 {
    fn from(hash: Hash) -> Self {
        Self(hash.to_vec())
    }
}

/// An inclusion proof with its checkpoint.
pub(crate) struct Proof {
    pub(crate) index: u64,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) checkpoint: String,
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";

impl Proof {
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\nindex {}\n", self.index);
        for hash in &self.hashes {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    pub(crate) fn parse(text: &str) -> Result<Self, VerifyError> {
        let malformed = |problem: &str| VerifyError::Malformed(format!("the inclusion proof: {problem}"));
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| malformed("it has no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(malformed("it does not start with the name of its form"));
        }
        let number = lines.next().and_then(|line| line.strip_prefix("index ")).unwrap_or_default();
        let index: u64 = number.parse().map_err(|_| malformed("it has no index"))?;
        if index.to_string() != number {
            return Err(malformed("the index is not in its one form"));
        }
        let hash = |line: &str| STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok());
        let hashes = lines.map(|line| hash(line).ok_or_else(|| malformed("a hash is not 32 bytes of base64")));
        Ok(Self { index, hashes: hashes.collect::<Result<_, _>>()?, checkpoint: checkpoint.to_owned() })
    }
}
