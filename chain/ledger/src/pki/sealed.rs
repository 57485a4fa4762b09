//! Secrets at rest: AES-256-GCM under a key that PBKDF2-HMAC-SHA-256 draws from a passphrase.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

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
pub struct Passphrase {
    text: Zeroizing<String>,
    /// Keys drawn so far. Drawing is slow on purpose; files that share a salt cost it once.
    drawn: Mutex<Vec<Drawn>>,
}

struct Drawn {
    salt: Vec<u8>,
    iterations: NonZeroU32,
    key: Zeroizing<[u8; 32]>,
}

/// Keys that are remembered; a folder of key files has one salt, or a few.
const DRAWN_MAX: usize = 16;

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
        Ok(Self { text: Zeroizing::new(text), drawn: Mutex::default() })
    }

    fn drawn(&self) -> MutexGuard<'_, Vec<Drawn>> {
        self.drawn.lock().expect("nothing panics while it holds the lock")
    }

    /// A salt that this passphrase was already drawn with, else a new one. Each file has a nonce of its own.
    fn salt(&self) -> Result<Vec<u8>, PkiError> {
        let known =
            self.drawn().iter().find(|drawn| drawn.iterations.get() == ITERATIONS).map(|drawn| drawn.salt.clone());
        known.map_or_else(|| random::<16>().map(Vec::from), Ok)
    }

    /// The key that encrypts, under a salt.
    fn cipher(&self, salt: &[u8], iterations: u32) -> Result<LessSafeKey, PkiError> {
        let iterations = NonZeroU32::new(iterations).ok_or(PkiError::Locked)?;
        let mut drawn = self.drawn();
        let at = drawn.iter().position(|drawn| drawn.salt == salt && drawn.iterations == iterations);
        let at = at.unwrap_or_else(|| {
            let mut key = Zeroizing::new([0u8; 32]);
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, self.text.as_bytes(), &mut *key);
            drawn.truncate(DRAWN_MAX - 1);
            drawn.insert(0, Drawn { salt: salt.to_vec(), iterations, key });
            0
        });
        let key = UnboundKey::new(&AES_256_GCM, &*drawn[at].key).map_err(|_| PkiError::Locked)?;
        Ok(LessSafeKey::new(key))
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
    let salt = passphrase.salt()?;
    let nonce = random::<12>()?;
    let mut bytes = secret.to_vec();
    passphrase
        .cipher(&salt, ITERATIONS)?
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
    let length = passphrase
        .cipher(&decode(&sealed.salt)?, sealed.iterations)?
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut bytes)
        .map_err(|_| PkiError::Locked)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Bytes from the operating system: salts, nonces and seeds, which no test may choose.
#[allow(clippy::disallowed_methods)]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], PkiError> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| PkiError::Key("the system has no randomness".to_owned()))?;
    Ok(bytes)
}
