//! Secrets at rest: AES-256-GCM under a key that PBKDF2-HMAC-SHA-256 draws from a passphrase.

use std::num::NonZeroU32;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::PkiError;

/// What OWASP asked of PBKDF2-HMAC-SHA-256 in 2023.
const ITERATIONS: u32 = 600_000;
/// A file that asks for more is an attempt to keep us busy.
const ITERATIONS_MAX: u32 = 10_000_000;

/// What unlocks a sealed key. It never comes from the command line, where other users of the machine can read it.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// From a file; one newline at its end is not part of it.
    pub fn from_file(path: &Path) -> Result<Self, PkiError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| PkiError::Read { from: path.display().to_string(), problem: error.to_string() })?;
        let text = Zeroizing::new(text);
        Self::new(text.strip_suffix('\n').unwrap_or(&text).to_owned(), &path.display().to_string())
    }

    /// From an environment variable.
    pub fn from_env(variable: &str) -> Result<Self, PkiError> {
        let text = std::env::var(variable)
            .map_err(|error| PkiError::Read { from: format!("${variable}"), problem: error.to_string() })?;
        Self::new(text, &format!("${variable}"))
    }

    /// From a text that the caller has; `from` is named in the error for an empty one.
    pub fn new(text: String, from: &str) -> Result<Self, PkiError> {
        if text.is_empty() {
            return Err(PkiError::Read { from: from.to_owned(), problem: "the passphrase is empty".to_owned() });
        }
        Ok(Self(Zeroizing::new(text)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    version: u8,
    /// What kind of secret it is; authenticated, so that one cannot be passed off as another.
    purpose: String,
    kdf: String,
    iterations: u32,
    salt: String,
    nonce: String,
    ciphertext: String,
}

const KDF: &str = "pbkdf2-hmac-sha256";

/// Seals a secret into a JSON text. `purpose` says what it is and must be the same at [`open`].
pub fn seal(secret: &[u8], purpose: &str, passphrase: &Passphrase) -> Result<String, PkiError> {
    let salt = random::<16>()?;
    let nonce = random::<12>()?;
    let mut bytes = secret.to_vec();
    cipher(passphrase, &salt, ITERATIONS)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut bytes)
        .map_err(|_| PkiError::Key("sealing failed".to_owned()))?;
    let sealed = Sealed {
        version: 1,
        purpose: purpose.to_owned(),
        kdf: KDF.to_owned(),
        iterations: ITERATIONS,
        salt: STANDARD.encode(salt),
        nonce: STANDARD.encode(nonce),
        ciphertext: STANDARD.encode(bytes),
    };
    let mut text = serde_json::to_string_pretty(&sealed).expect("a struct of texts and numbers is valid JSON");
    text.push('\n');
    Ok(text)
}

/// Opens what [`seal`] sealed.
pub fn open(text: &str, purpose: &str, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, PkiError> {
    let sealed: Sealed =
        serde_json::from_str(text).map_err(|error| PkiError::Key(format!("not a sealed key: {error}")))?;
    if sealed.version != 1 || sealed.kdf != KDF || sealed.iterations > ITERATIONS_MAX {
        return Err(PkiError::Key("sealed in a way this version does not know".to_owned()));
    }
    if sealed.purpose != purpose {
        return Err(PkiError::Key(format!("this is a {}, not a {purpose}", sealed.purpose)));
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| PkiError::Locked);
    let nonce = decode(&sealed.nonce)?.try_into().map_err(|_| PkiError::Locked)?;
    let mut bytes = Zeroizing::new(decode(&sealed.ciphertext)?);
    let length = cipher(passphrase, &decode(&sealed.salt)?, sealed.iterations)?
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut bytes)
        .map_err(|_| PkiError::Locked)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

fn cipher(passphrase: &Passphrase, salt: &[u8], iterations: u32) -> Result<LessSafeKey, PkiError> {
    let iterations = NonZeroU32::new(iterations).ok_or(PkiError::Locked)?;
    let mut key = Zeroizing::new([0u8; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, passphrase.0.as_bytes(), &mut *key);
    let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| PkiError::Locked)?;
    Ok(LessSafeKey::new(key))
}

/// Bytes from the operating system: salts, nonces and seeds, which no test may choose.
#[allow(clippy::disallowed_methods)]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], PkiError> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| PkiError::Key("the system has no randomness".to_owned()))?;
    Ok(bytes)
}
