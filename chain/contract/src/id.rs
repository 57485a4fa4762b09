//! Identifiers of the ledger: fixed-size hashes, the party's name, time.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {problem}, got {given:?}")]
pub struct IdError {
    kind: &'static str,
    problem: &'static str,
    given: String,
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn parse_hex<const N: usize>(kind: &'static str, text: &str) -> Result<[u8; N], IdError> {
    let fail = |problem| IdError { kind, problem, given: text.chars().take(80).collect() };
    let mut bytes = [0u8; N];
    let mut digits = text.bytes();
    for byte in &mut bytes {
        let (Some(high), Some(low)) = (digits.next(), digits.next()) else {
            return Err(fail("too short for its hexadecimal form"));
        };
        match (hex_digit(high), hex_digit(low)) {
            (Some(high), Some(low)) if !high.is_ascii_uppercase() => *byte = (high << 4) | low,
            _ => return Err(fail("expected lower-case hexadecimal digits")),
        }
    }
    if digits.next().is_some() { Err(fail("too long for its hexadecimal form")) } else { Ok(bytes) }
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $size]);

        impl $name {
            /// Parses the lower-case hexadecimal form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse_hex(stringify!($name), text).map(Self)
            }
            /// The bytes themselves.
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }
    };
}

hash_id!(
    /// Which network: SHA-256 of the canonical network file, first 16 bytes.
    NetworkId, 16
);
hash_id!(
    /// SHA-256 of the canonical header: what a transaction is called.
    TxId, 32
);
hash_id!(
    /// SHA-256 of a DER certificate.
    Fingerprint, 32
);
hash_id!(
    /// First 16 bytes of the SHA-256 of what the client calls its request; unique within an organisation.
    IdempotencyKey, 16
);
hash_id!(
    /// A pack's or container's key: SHA-256(canonical identifier ‖ t). See [`crate::blind`].
    ItemKey, 32
);
hash_id!(
    /// Items that came into being in one command: see [`crate::record::batch_id`].
    BatchId, 16
);
hash_id!(
    /// SHA-256 of a model's file: what the model is called.
    ModelId, 32
);
hash_id!(
    /// Name of a case, chosen by who raises it.
    CaseId, 16
);
hash_id!(
    /// A product's blinded key.
    ProductKey, 32
);
hash_id!(
    /// A lot's blinded key.
    LotKey, 32
);
hash_id!(
    /// An offer to hand items over, chosen by the sender.
    OfferId, 16
);
hash_id!(
    /// A consent record, chosen at random by who registers it.
    ConsentId, 16
);
hash_id!(
    /// A clinical study: first 16 bytes of the SHA-256 of its number in a registry (`NCT…`, an EU CT number).
    StudyId, 16
);
hash_id!(
    /// A document of a study, the same for all its versions; chosen by who anchors the first.
    DocumentId, 16
);
hash_id!(
    /// What a version of a document consists of: the blinded SHA-256 of its file. See [`crate::blind`].
    ContentKey, 32
);
hash_id!(
    /// Packs that were dispensed in one command: see [`crate::record::dispense_id`].
    DispenseId, 16
);
hash_id!(
    /// What of a patient is destroyed, by a hash that only the keys of whoever kept it can tie to the patient.
    ErasureId, 32
);
hash_id!(
    /// A patient's pseudonym for one consent: salted, never the same for two consents.
    Subject, 32
);
hash_id!(
    /// A person, as SHA-256 of its issuer's name, a zero byte and the issuer's name for the person.
    Person, 32
);
hash_id!(
    /// A log of accesses, chosen at random by the node that keeps it.
    AccessLogId, 16
);
hash_id!(
    /// A verifiable credential: SHA-256 of its issuer's name, a zero byte and the credential's own.
    CredentialId, 32
);
hash_id!(
    /// SHA-256(salt ‖ payload) of a document that lives encrypted off the ledger.
    Commitment, 32
);

impl StudyId {
    /// Of the number that a registry gave: 1 to 40 ASCII letters, digits, `-`, `.` and `/`; case does not matter.
    pub fn of(number: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
        if !(1..=40).contains(&number.len()) || !number.bytes().all(fits) {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(number.to_ascii_uppercase()).into();
        hash.first_chunk().copied().map(Self)
    }
}

/// A party's short name, `[a-z0-9-]`, 1 to 32 characters, not starting or ending with `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartyId(String);

impl PartyId {
    /// Parses and checks the form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = !text.is_empty()
            && text.len() <= crate::limits::PARTY_ID_LENGTH_MAX
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                kind: "PartyId",
                problem: "expected 1 to 32 of a-z, 0-9 and inner hyphens",
                given: text.chars().take(80).collect(),
            })
        }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl BorshDeserialize for PartyId {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let text = String::deserialize_reader(reader)?;
        Self::parse(&text).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string()))
    }
}
impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<PartyId> for String {
    fn from(id: PartyId) -> Self {
        id.0
    }
}
impl TryFrom<String> for PartyId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

/// A place: a GLN as its number (13 digits, check digit included), so that it is 8 bytes on the ledger.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Site(pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The UTC day this moment lies in.
    pub const fn day(self) -> Day {
        // A day has 86,400,000 ms, so the quotient of any i64 fits an i64; the cast is exact for every year to 5.8 million.
        #[allow(clippy::cast_possible_truncation)]
        Day(self.0.div_euclid(86_400_000) as i32)
    }
}

/// Days since 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);
